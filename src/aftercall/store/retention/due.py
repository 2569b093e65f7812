"""Finds the ended sessions whose data are past their time.

`kept_kinds` of a session are the kinds that have not been deleted. They are few different sets, so
that the sessions that have a kind are a few ranges of `ix_sessions_kept`, each in the order of the
end, whatever else has been deleted of them.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Table, and_, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import EpochMs
from aftercall.core.retention import DataKind
from aftercall.store.tables import schema

_SESSIONS: Final = schema.sessions.c


class DueSession(NamedTuple):
    """A session that has data past their time."""

    ended_at: EpochMs
    id: str
    participants: int
    recorded_day: int


async def find_due(
    tx: AsyncConnection, app_id: str, kind: DataKind, ended_by: EpochMs, limit: int
) -> list[DueSession]:
    """Up to `limit` sessions that ended by then and still have the kind, the earliest first; of all
    kinds but whole sessions only those that no job is at work on."""
    found: list[DueSession] = []
    for kept_kinds in await _sets_with(tx, app_id, kind):
        statement = (
            select(
                _SESSIONS.ended_at,
                _SESSIONS.id,
                _SESSIONS.total_participants,
                _SESSIONS.recorded_day,
            )
            .where(*_is_due(app_id, kept_kinds, ended_by))
            .order_by(_SESSIONS.ended_at, _SESSIONS.id)
            .limit(limit)
        )
        if kind is not DataKind.SESSIONS:
            statement = statement.where(~_has_job(app_id))
        found += [DueSession(*row) for row in await tx.execute(statement)]
    return sorted(found)[:limit]


async def count_due(
    tx: AsyncConnection, app_id: str, kind: DataKind, ended_by: EpochMs
) -> tuple[int, int]:
    """How many sessions have the kind and ended by then, and how many rows of it they have."""
    sessions, rows = await count_sessions(tx, app_id, kind, ended_by), 0
    for kept_kinds in await _sets_with(tx, app_id, kind):
        where = _is_due(app_id, kept_kinds, ended_by)
        for table in _TABLES[kind]:
            rows += (await tx.execute(_count_rows(table, where))).scalar_one()
    return sessions, rows


async def count_sessions(
    tx: AsyncConnection, app_id: str, kind: DataKind, ended_by: EpochMs
) -> int:
    """How many sessions have the kind and ended by then."""
    sessions = 0
    for kept_kinds in await _sets_with(tx, app_id, kind):
        where = _is_due(app_id, kept_kinds, ended_by)
        sessions += (await tx.execute(select(func.count()).where(*where))).scalar_one()
    return sessions


async def earliest_end(tx: AsyncConnection, app_id: str, kind: DataKind) -> EpochMs | None:
    """When the first of the sessions ended that still have the kind."""
    ends = [
        (
            await tx.execute(
                select(func.min(_SESSIONS.ended_at)).where(
                    _SESSIONS.app_id == app_id,
                    _SESSIONS.kept_kinds == kept_kinds,
                    _SESSIONS.ended_at.is_not(None),
                )
            )
        ).scalar()
        for kept_kinds in await _sets_with(tx, app_id, kind)
    ]
    return min((EpochMs(end) for end in ends if end is not None), default=None)


async def _sets_with(tx: AsyncConnection, app_id: str, kind: DataKind) -> list[int]:
    """The sets of kinds, as they are stored, that any ended session of the app has and that the
    kind is in. Each step finds the next one in the index."""
    sets: list[int] = []
    last = -1
    while True:
        found = await tx.execute(
            select(func.min(_SESSIONS.kept_kinds)).where(
                _SESSIONS.app_id == app_id,
                _SESSIONS.ended_at.is_not(None),
                _SESSIONS.kept_kinds > last,
            )
        )
        following = found.scalar()
        if following is None:
            return [each for each in sets if each & kind.bit]
        last = int(following)
        sets.append(last)


def _is_due(app_id: str, kept_kinds: int, ended_by: EpochMs) -> list[Any]:
    return [
        _SESSIONS.app_id == app_id,
        _SESSIONS.kept_kinds == kept_kinds,
        _SESSIONS.ended_at.is_not(None),
        _SESSIONS.ended_at <= ended_by,
    ]


def _has_job(app_id: str) -> Any:
    """Whether the session's end, or late facts, are yet to be dealt with."""
    j = schema.jobs.c
    lane = literal(f"session:{app_id}:") + _SESSIONS.id
    return select(1).where(j.dead_at.is_(None), j.lane == lane).correlate(schema.sessions).exists()


_TABLES: Final[dict[DataKind, Sequence[Table]]] = {
    DataKind.SAMPLES: (schema.samples, schema.segments),
    DataKind.REPORTS: (schema.reports,),
    DataKind.CHAT: (schema.chat_messages,),
    DataKind.TRANSCRIPTS: (schema.transcript_lines,),
    DataKind.SUMMARIES: (schema.summaries,),
    DataKind.ADDRESSES: (schema.notes,),
    DataKind.SESSIONS: (schema.sessions,),
}


def _count_rows(table: Table, where: Sequence[Any]) -> Any:
    if table is schema.sessions:
        return select(func.count()).where(*where)
    of_session = and_(table.c.app_id == _SESSIONS.app_id)
    if table in (schema.samples, schema.segments):
        peer = schema.peers.c
        joined = schema.sessions.join(
            schema.peers, and_(peer.app_id == _SESSIONS.app_id, peer.session_id == _SESSIONS.id)
        ).join(table, and_(of_session, table.c.peer_id == peer.id))
    else:
        joined = schema.sessions.join(table, and_(of_session, table.c.session_id == _SESSIONS.id))
    return select(func.count()).select_from(joined).where(*where)
