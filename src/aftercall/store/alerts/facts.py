"""What alert rules are evaluated from: live sessions, newest reports, counts."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Select, Text, and_, bindparam, func, literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import QUARTER_MS, EpochMs
from aftercall.core.records import Phase, Session
from aftercall.store.engine.array_params import among, is_among
from aftercall.store.engine.lookup import Lookup, fetch
from aftercall.store.engine.record_mapping import Shape
from aftercall.store.tables import schema

_SESSION: Final = Shape(Session, schema.sessions)


async def live_sessions(tx: AsyncConnection, app_ids: Sequence[str]) -> list[Session]:
    """The sessions of apps that have not ended and in which somebody is."""
    c = schema.sessions.c
    rows = await tx.execute(
        _SESSION.select.where(
            c.app_id.in_(list(app_ids)),
            c.phase != literal_column(f"'{Phase.ENDED.value}'"),
            c.live_participants > 0,
        )
    )
    return [_SESSION.from_row(row) for row in rows]


class NewestRow(NamedTuple):
    """One of the newest rows of a peer's samples."""

    session_id: str
    peer_id: str
    sequence: int
    at: EpochMs
    body: bytes


def _newest(dialect: str) -> Select[Any]:
    peer, sample = schema.peers, schema.samples
    newest = schema.samples.alias("newest")
    last_but_one = (
        select(newest.c.sequence)
        .where(newest.c.app_id == peer.c.app_id, newest.c.peer_id == peer.c.id)
        .order_by(newest.c.sequence.desc())
        .limit(2)
        .correlate(peer)
        .subquery("last_two")
    )
    since = select(func.min(last_but_one.c.sequence)).scalar_subquery()
    return (
        select(peer.c.session_id, peer.c.id, sample.c.sequence, sample.c.at, sample.c.body)
        .select_from(peer)
        .join(
            sample,
            and_(
                sample.c.app_id == peer.c.app_id,
                sample.c.peer_id == peer.c.id,
                sample.c.sequence >= since,
            ),
        )
        .where(
            peer.c.app_id == bindparam("app_id", type_=Text),
            is_among(dialect, peer.c.session_id, "session_ids", Text),
            peer.c.left_at.is_(None),
        )
        .order_by(peer.c.session_id, peer.c.id, sample.c.sequence)
    )


_NEWEST: Final = Lookup(_newest)


async def newest_rows(
    tx: AsyncConnection, app_id: str, session_ids: Sequence[str]
) -> list[NewestRow]:
    """The two newest rows of the samples of each peer that is present in the sessions, by peer and
    in order."""
    ids = among(tx.dialect.name, "session_ids", list(session_ids))
    return [NewestRow(*row) for row in await fetch(tx, _NEWEST, app_id=app_id, **ids)]


class WindowSums(NamedTuple):
    """Measured and bad calls of ended sessions."""

    measured: int
    bad: int


async def sums_of_window(
    tx: AsyncConnection, app_id: str, first_quarter: int, last_quarter: int
) -> WindowSums:
    """The calls of sessions created in quarter hours, both included."""
    c = schema.session_quarters.c
    row = (
        await tx.execute(
            select(func.coalesce(func.sum(c.measured), 0), func.coalesce(func.sum(c.bad), 0)).where(
                c.app_id == app_id, c.quarter >= first_quarter, c.quarter <= last_quarter
            )
        )
    ).one()
    return WindowSums(int(row[0]), int(row[1]))


async def is_any_since(
    tx: AsyncConnection, app_id: str, since: EpochMs, meeting_id: str | None
) -> bool:
    """Whether a session goes on or was created since."""
    c = schema.sessions.c
    where = [c.app_id == app_id]
    if meeting_id is not None:
        where.append(c.meeting_id == meeting_id)
    live = c.phase != literal_column(f"'{Phase.ENDED.value}'")
    for condition in (live, c.created_at >= since):
        if (await tx.execute(select(c.id).where(*where, condition).limit(1))).first():
            return True
    return False


async def count_between(
    tx: AsyncConnection, app_id: str, first: EpochMs, end: EpochMs, meeting_id: str | None
) -> int:
    """Sessions created from `first` to before `end`; of all meetings, by quarter hours."""
    if meeting_id is None:
        q = schema.session_quarters.c
        found = await tx.execute(
            select(func.coalesce(func.sum(q.sessions), 0)).where(
                q.app_id == app_id,
                q.quarter >= first // QUARTER_MS,
                q.quarter <= (end - 1) // QUARTER_MS,
            )
        )
        return int(found.scalar_one())
    c = schema.sessions.c
    found = await tx.execute(
        select(func.count()).where(
            c.app_id == app_id,
            c.meeting_id == meeting_id,
            c.created_at >= first,
            c.created_at < end,
        )
    )
    return int(found.scalar_one())


@cache
def _sources(_dialect: str) -> Select[Any]:
    peer, session, heartbeat = schema.peers, schema.sessions, schema.pulses
    at = func.max(func.coalesce(heartbeat.c.last_received_at, peer.c.last_received_at))
    return (
        select(peer.c.source, at, func.max(peer.c.last_received_at))
        .select_from(session)
        .join(peer, and_(peer.c.app_id == session.c.app_id, peer.c.session_id == session.c.id))
        .outerjoin(
            heartbeat, and_(heartbeat.c.app_id == peer.c.app_id, heartbeat.c.peer_id == peer.c.id)
        )
        .where(
            session.c.app_id == bindparam("app_id", type_=Text),
            or_(
                session.c.phase != literal_column(f"'{Phase.ENDED.value}'"),
                session.c.created_at >= bindparam("since"),
            ),
        )
        .group_by(peer.c.source)
    )


async def sources_heard(tx: AsyncConnection, app_id: str, since: EpochMs) -> dict[str, EpochMs]:
    """When each source was last heard, among sessions that go on or were created since."""
    rows = await tx.execute(_sources(tx.dialect.name), {"app_id": app_id, "since": since})
    return {source: EpochMs(max(one, other)) for source, one, other in rows}


async def dead_jobs(tx: AsyncConnection, app_id: str, *, without_task: str) -> int:
    """The dead jobs of an app, apart from those of one task."""
    c = schema.jobs.c
    rows = await tx.execute(
        select(func.count()).where(
            c.dead_at.is_not(None),
            c.task != without_task,
            c.payload.contains(f'"app_id":"{app_id}"', autoescape=True),
        )
    )
    return int(rows.scalar_one())
