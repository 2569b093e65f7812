"""Participants: the rows of a session's attendance."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Text,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.list_queries import Page, ParticipantOrder, ParticipantQuery
from aftercall.core.records import Participant
from aftercall.store.engine.lookup import Lookup, fetch
from aftercall.store.engine.record_mapping import Shape, upsert
from aftercall.store.tables import schema

_PARTICIPANT = Shape(Participant, schema.participants)


async def save_participants(tx: AsyncConnection, participants: Iterable[Participant]) -> None:
    """Write participants, new or changed."""
    await upsert(tx, _PARTICIPANT, participants)


async def delete_participants(
    tx: AsyncConnection, app_id: str, session_id: str, participant_ids: Sequence[str]
) -> None:
    """Forget rows that turned out to be part of another."""
    c = schema.participants.c
    await tx.execute(
        delete(schema.participants).where(
            c.app_id == app_id, c.session_id == session_id, c.id.in_(list(participant_ids))
        )
    )


async def participants_of_session(
    tx: AsyncConnection, app_id: str, session_id: str
) -> list[Participant]:
    """All participants of a session, hidden ones too, in the order of joining."""
    c = schema.participants.c
    rows = await tx.execute(
        _PARTICIPANT.select.where(c.app_id == app_id, c.session_id == session_id).order_by(
            c.joined_at, c.id
        )
    )
    return [_PARTICIPANT.from_row(row) for row in rows]


async def list_participants(tx: AsyncConnection, query: ParticipantQuery) -> Page[Participant]:
    """The participants that match; hidden ones never do. `search` is a part of the display
    name or of the custom id, in any case, or the beginning of the row's id or of the user's."""
    if not (query.search or "").strip():
        return await _list_all(tx, query)
    c = schema.participants.c
    where = _conditions(query)
    by_duration = query.order is ParticipantOrder.DURATION
    columns = [c.duration_minutes if by_duration else c.joined_at, c.id]
    order = [column.desc() if query.is_descending else column.asc() for column in columns]
    total = (await tx.execute(select(func.count()).where(*where))).scalar_one()
    rows = await tx.execute(
        _PARTICIPANT.select.where(*where).order_by(*order).offset(query.offset).limit(query.limit)
    )
    items = [_PARTICIPANT.from_row(row) for row in rows]
    return Page(items=items, offset=query.offset, total=total)


async def _list_all(tx: AsyncConnection, query: ParticipantQuery) -> Page[Participant]:
    of = {"app_id": query.app_id, "session_id": query.session_id}
    ((total,),) = await fetch(tx, _VISIBLE, **of)
    page = _PAGES[query.order, query.is_descending]
    rows = await fetch(tx, page, **of, limit=query.limit, offset=query.offset)
    items = [_PARTICIPANT.from_row(row) for row in rows]
    return Page(items=items, offset=query.offset, total=total)


def _visible(of: Select[Any]) -> Select[Any]:
    c = schema.participants.c
    return of.where(
        c.app_id == bindparam("app_id", type_=Text),
        c.session_id == bindparam("session_id", type_=Text),
        c.is_hidden.is_(False),
    )


def _page_lookup(order: ParticipantOrder, is_descending: bool) -> Lookup:
    c = schema.participants.c
    by = [c.duration_minutes if order is ParticipantOrder.DURATION else c.joined_at, c.id]
    return Lookup(
        lambda _dialect: (
            _visible(_PARTICIPANT.select)
            .order_by(*(column.desc() if is_descending else column.asc() for column in by))
            .limit(bindparam("limit", type_=Integer))
            .offset(bindparam("offset", type_=Integer))
        )
    )


_VISIBLE: Final = Lookup(
    lambda _dialect: _visible(select(func.count()).select_from(schema.participants))
)
_PAGES: Final = {
    (order, is_descending): _page_lookup(order, is_descending)
    for order in ParticipantOrder
    for is_descending in (False, True)
}


def _conditions(query: ParticipantQuery) -> list[ColumnElement[Any]]:
    c = schema.participants.c
    where: list[ColumnElement[Any]] = [
        c.app_id == query.app_id,
        c.session_id == query.session_id,
        c.is_hidden.is_(False),
    ]
    search = (query.search or "").strip()
    if search:
        lowered = search.lower()
        where.append(
            or_(
                func.lower(c.display_name).contains(lowered, autoescape=True),
                func.lower(c.custom_participant_id).contains(lowered, autoescape=True),
                c.id.startswith(search, autoescape=True),
                c.user_id.startswith(search, autoescape=True),
            )
        )
    return where


async def find_participant(
    tx: AsyncConnection, app_id: str, session_id: str, any_id: str
) -> Participant | None:
    """A participant by the id of its row, else by that of any of its peers, else by its
    `user_id` if only one row of the session has it."""
    p, c = schema.peers.c, schema.participants.c
    by_peer = select(p.participant_id).where(
        p.app_id == app_id, p.session_id == session_id, p.id == any_id
    )
    rank = case((c.id == any_id, 0), (c.id.in_(by_peer), 1), else_=2).label("rank")
    rows = (
        await tx.execute(
            select(*_PARTICIPANT.columns, rank)
            .where(
                c.app_id == app_id,
                c.session_id == session_id,
                or_(c.id == any_id, c.id.in_(by_peer), c.user_id == any_id),
            )
            .order_by(rank)
            .limit(2)
        )
    ).all()
    if not rows or (len(rows) == 2 and rows[0].rank == 2):
        return None
    return _PARTICIPANT.from_row(rows[0])


async def participants_of_user(
    tx: AsyncConnection,
    app_id: str,
    session_ids: Sequence[str],
    *,
    user_id: str | None = None,
    custom_participant_id: str | None = None,
) -> list[Participant]:
    """The rows that one user has in these sessions, found by either of his ids, in the order
    of joining."""
    c = schema.participants.c
    who = []
    if user_id is not None:
        who.append(c.user_id == user_id)
    if custom_participant_id is not None:
        who.append(c.custom_participant_id == custom_participant_id)
    if not who:
        return []
    rows = await tx.execute(
        _PARTICIPANT.select.where(
            c.app_id == app_id, c.session_id.in_(list(session_ids)), or_(*who)
        ).order_by(c.joined_at, c.id)
    )
    return [_PARTICIPANT.from_row(row) for row in rows]
