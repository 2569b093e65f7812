"""Meetings, the durable rooms, and their members."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.list_queries import MeetingQuery, Page
from aftercall.core.records import Meeting, Member
from aftercall.store.engine.record_mapping import Shape, upsert
from aftercall.store.tables import schema

_MEETING = Shape(Meeting, schema.meetings)
_MEMBER = Shape(Member, schema.members)


async def save_meeting(tx: AsyncConnection, meeting: Meeting) -> None:
    """Write a meeting, new or changed."""
    await upsert(tx, _MEETING, [meeting])


async def find_meeting(tx: AsyncConnection, app_id: str, meeting_id: str) -> Meeting | None:
    c = schema.meetings.c
    row = (await tx.execute(_MEETING.select.where(c.app_id == app_id, c.id == meeting_id))).first()
    return None if row is None else _MEETING.from_row(row)


async def lock_meeting(tx: AsyncConnection, app_id: str, meeting_id: str) -> Meeting | None:
    """A meeting that nobody else can change until this transaction ends."""
    c = schema.meetings.c
    where = (c.app_id == app_id, c.id == meeting_id)
    row = (await tx.execute(_MEETING.select.where(*where).with_for_update())).first()
    return None if row is None else _MEETING.from_row(row)


async def list_meetings(tx: AsyncConnection, query: MeetingQuery) -> Page[Meeting]:
    """The meetings that match, in the order of their making. `search` is a part of the title,
    in any case, or the beginning of the id."""
    c = schema.meetings.c
    where = _meeting_conditions(query)
    order = [c.created_at.desc(), c.id.desc()] if query.is_descending else [c.created_at, c.id]
    total = (await tx.execute(select(func.count()).where(*where))).scalar_one()
    rows = await tx.execute(
        _MEETING.select.where(*where).order_by(*order).offset(query.offset).limit(query.limit)
    )
    return Page(items=[_MEETING.from_row(row) for row in rows], offset=query.offset, total=total)


def _meeting_conditions(query: MeetingQuery) -> list[ColumnElement[Any]]:
    c = schema.meetings.c
    where: list[ColumnElement[Any]] = [c.app_id == query.app_id]
    if query.created_from is not None:
        where.append(c.created_at >= query.created_from)
    if query.created_to is not None:
        where.append(c.created_at <= query.created_to)
    if query.status is not None:
        where.append(c.status == query.status.value)
    if query.search:
        where.append(
            or_(
                func.lower(c.title).contains(query.search.lower(), autoescape=True),
                c.id.startswith(query.search, autoescape=True),
            )
        )
    return where


async def save_member(tx: AsyncConnection, member: Member) -> None:
    """Write a member, new or changed."""
    await upsert(tx, _MEMBER, [member])


async def find_member(
    tx: AsyncConnection, app_id: str, meeting_id: str, member_id: str
) -> Member | None:
    """A member, removed or not."""
    c = schema.members.c
    row = (
        await tx.execute(
            _MEMBER.select.where(c.app_id == app_id, c.meeting_id == meeting_id, c.id == member_id)
        )
    ).first()
    return None if row is None else _MEMBER.from_row(row)


async def lock_member(
    tx: AsyncConnection, app_id: str, meeting_id: str, member_id: str
) -> Member | None:
    """A member, removed or not, that nobody else can change until this transaction ends."""
    c = schema.members.c
    where = (c.app_id == app_id, c.meeting_id == meeting_id, c.id == member_id)
    row = (await tx.execute(_MEMBER.select.where(*where).with_for_update())).first()
    return None if row is None else _MEMBER.from_row(row)


async def list_members(
    tx: AsyncConnection, app_id: str, meeting_id: str, offset: int = 0, limit: int = 25
) -> Page[Member]:
    """The members of a meeting that were not removed, oldest first."""
    c = schema.members.c
    where = [c.app_id == app_id, c.meeting_id == meeting_id, c.removed_at.is_(None)]
    total = (await tx.execute(select(func.count()).where(*where))).scalar_one()
    rows = await tx.execute(
        _MEMBER.select.where(*where).order_by(c.created_at, c.id).offset(offset).limit(limit)
    )
    return Page(items=[_MEMBER.from_row(row) for row in rows], offset=offset, total=total)


async def find_members(
    tx: AsyncConnection,
    app_id: str,
    meeting_id: str,
    ids: Sequence[str] = (),
    custom_ids: Sequence[str] = (),
) -> list[Member]:
    """The members, removed or not, that have one of the ids or one of the custom ids."""
    c = schema.members.c
    rows = await tx.execute(
        _MEMBER.select.where(
            c.app_id == app_id,
            c.meeting_id == meeting_id,
            or_(c.id.in_(list(ids)), c.custom_participant_id.in_(list(custom_ids))),
        ).order_by(c.created_at, c.id)
    )
    return [_MEMBER.from_row(row) for row in rows]
