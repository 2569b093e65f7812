"""Rows of PostgreSQL's partitioned tables that nobody reads any more, and that wait until their
partition is dropped.

A partition is dropped when no session that was recorded on its day has its kind of data. Sessions
of one day end, and are past their time, within hours: until the last of them is, the rows of the
others stay where they are, instead of being deleted one by one.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from sqlalchemy import Table, delete, func, literal, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import EpochMs
from aftercall.core.retention import DataKind
from aftercall.store.engine.record_mapping import insert_into
from aftercall.store.tables import schema

PARTITIONED: Final[Mapping[str, DataKind]] = {
    schema.segments.name: DataKind.SAMPLES,
    schema.reports.name: DataKind.REPORTS,
}
"""The partitioned tables, and the kind of data that they hold."""

NOTHING_WAITS: Final[Mapping[int, int]] = {}
"""Of no day does any kind wait."""


class LastEnd(NamedTuple):
    """When the last session of an app ended of those that still have a kind of data; `None` while
    one goes on."""

    app_id: str
    ended_at: EpochMs | None


async def note_waiting(tx: AsyncConnection, day: int, kinds: int) -> None:
    """Note that rows of these kinds, a sum of bits, wait in the partitions of a day."""
    rows = [{"recorded_day": day, "kind": kind.bit} for kind in DataKind if kinds & kind.bit]
    if rows:
        statement = insert_into(tx.dialect.name, schema.waiting_removals)
        await tx.execute(statement.on_conflict_do_nothing(), rows)


async def find_waiting(tx: AsyncConnection) -> list[tuple[int, DataKind]]:
    """The days of which rows wait, with the kind of data."""
    c = schema.waiting_removals.c
    by_bit = {kind.bit: kind for kind in DataKind}
    rows = await tx.execute(select(c.recorded_day, c.kind).order_by(c.recorded_day, c.kind))
    return [(day, by_bit[bit]) for day, bit in rows]


async def forget_waiting(tx: AsyncConnection, day: int, kind: DataKind) -> None:
    """Note that no rows of a kind wait any more."""
    c = schema.waiting_removals.c
    await tx.execute(
        delete(schema.waiting_removals).where(c.recorded_day == day, c.kind == kind.bit)
    )


async def is_kept(tx: AsyncConnection, day: int, kind: DataKind) -> bool:
    """Whether any session that was recorded on the day has the kind."""
    found = await tx.execute(select(literal(1)).where(*_has(day, kind)).limit(1))
    return found.first() is not None


async def last_ends(tx: AsyncConnection, day: int, kind: DataKind) -> list[LastEnd]:
    """Of each app that has sessions of the day with the kind: the last end of them."""
    c = schema.sessions.c
    goes_on = func.count().filter(c.ended_at.is_(None))
    rows = await tx.execute(
        select(c.app_id, func.max(c.ended_at), goes_on).where(*_has(day, kind)).group_by(c.app_id)
    )
    return [LastEnd(app_id, None if live else ended_at) for app_id, ended_at, live in rows]


def _has(day: int, kind: DataKind) -> list[Any]:
    c = schema.sessions.c
    return [c.recorded_day == day, c.kept_kinds.bitwise_and(kind.bit) != 0]


async def delete_waiting(
    tx: AsyncConnection, day: int, kind: DataKind, limit: int, *, app_id: str | None = None
) -> int:
    """Delete up to `limit` rows of a kind and a day whose session has the kind no more, of one app
    or of all; returns how many."""
    deleted = 0
    for name, its_kind in PARTITIONED.items():
        if its_kind is kind and deleted < limit:
            table = schema.metadata.tables[name]
            deleted += await _delete_some(tx, table, day, kind, limit - deleted, app_id)
    return deleted


async def _delete_some(
    tx: AsyncConnection, table: Table, day: int, kind: DataKind, limit: int, app_id: str | None
) -> int:
    c, session = table.c, schema.sessions
    mine = [c.recorded_day == day, *([] if app_id is None else [c.app_id == app_id])]
    key = [c.app_id, c.peer_id]
    joined = table.outerjoin(
        session, (session.c.app_id == c.app_id) & (session.c.id == c.session_id)
    )
    some = (
        select(*key)
        .select_from(joined)
        .where(
            *mine,
            or_(session.c.id.is_(None), session.c.kept_kinds.bitwise_and(kind.bit) == 0),
        )
        .limit(limit)
    )
    done = await tx.execute(delete(table).where(*mine, tuple_(*key).in_(some)))
    return done.rowcount
