"""The sessions of one meeting, the latest first, a batch at a time."""

from typing import Any

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import EpochMs
from aftercall.core.records import Session
from aftercall.store.sessions.rows import SESSION
from aftercall.store.tables import schema

Place = tuple[EpochMs, str]
"""Where a session is in the list: its `created_at` and its id."""


async def sessions_of_meeting(
    tx: AsyncConnection,
    app_id: str,
    meeting_id: str,
    *,
    created_from: EpochMs | None,
    created_before: EpochMs | None,
    after: Place | None,
    limit: int,
) -> list[Session]:
    """The sessions created in the period, the latest first, that follow `after`."""
    c = schema.sessions.c
    where = _within(app_id, meeting_id, created_from, created_before)
    if after is not None:
        where.append(tuple_(c.created_at, c.id) < after)
    rows = await tx.execute(
        SESSION.select.where(*where).order_by(c.created_at.desc(), c.id.desc()).limit(limit)
    )
    return [SESSION.from_row(row) for row in rows]


async def count_sessions_of_meeting(
    tx: AsyncConnection,
    app_id: str,
    meeting_id: str,
    *,
    created_from: EpochMs | None,
    created_before: EpochMs | None,
) -> int:
    """How many there are in the period."""
    where = _within(app_id, meeting_id, created_from, created_before)
    return int((await tx.execute(select(func.count()).where(*where))).scalar_one())


def _within(
    app_id: str, meeting_id: str, created_from: EpochMs | None, created_before: EpochMs | None
) -> list[Any]:
    c = schema.sessions.c
    where: list[Any] = [c.app_id == app_id, c.meeting_id == meeting_id]
    if created_from is not None:
        where.append(c.created_at >= created_from)
    if created_before is not None:
        where.append(c.created_at < created_before)
    return where
