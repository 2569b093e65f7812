"""Sums over days, from the tallies."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Integer, Text, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import DAY_MS
from aftercall.core.overview.session_summary import FACET_ALL
from aftercall.store.engine.array_params import among, is_among
from aftercall.store.sessions.terms import MEETING
from aftercall.store.sessions.tokenizer import LAST
from aftercall.store.tables import schema
from aftercall.store.tables.facets import IS_BAD_MEETING


class Sum(NamedTuple):
    """What the sessions with a facet come to."""

    name: str
    sessions: int
    bad_sessions: int
    measured: int
    bad: int


class DaySum(NamedTuple):
    """What the sessions of a day come to; participants are counted in ended ones only."""

    day: int
    sessions: int
    minutes: float
    participants: int


async def sums_of_days(
    tx: AsyncConnection, app_id: str, first_day: int, last_day: int
) -> list[DaySum]:
    """The days that have any session, those that go on included."""
    t, s = schema.session_tallies.c, schema.sessions.c
    found: dict[int, DaySum] = {}
    rows = await tx.execute(
        select(
            t.day,
            func.sum(t.sessions),
            func.sum(t.minutes),
            func.sum(t.sessions * t.total_participants),
        )
        .where(
            t.app_id == app_id,
            t.day >= first_day,
            t.day <= last_day,
            t.total_participants >= 0,
        )
        .group_by(t.day)
    )
    for day, sessions, minutes, participants in rows:
        found[day] = DaySum(day, int(sessions), float(minutes), int(participants))
    live = await tx.execute(
        select(s.day, func.count())
        .where(
            s.app_id == app_id,
            s.phase != literal_column("'ended'"),
            s.created_at >= first_day * DAY_MS,
            s.created_at < (last_day + 1) * DAY_MS,
        )
        .group_by(s.day)
    )
    for day, sessions in live:
        known = found.get(day, DaySum(day, 0, 0.0, 0))
        found[day] = known._replace(sessions=known.sessions + sessions)
    return [found[day] for day in sorted(found)]


async def quality_of_days(
    tx: AsyncConnection, app_id: str, first_day: int, last_day: int
) -> dict[int, Sum]:
    """How good the calls of each day were."""
    t = schema.facet_tallies.c
    rows = await tx.execute(
        select(t.day, t.sessions, t.bad_sessions, t.measured, t.bad).where(
            t.app_id == app_id, t.facet == FACET_ALL, t.day >= first_day, t.day <= last_day
        )
    )
    return {row.day: Sum(FACET_ALL, *row[1:]) for row in rows}


async def sums_of_facets(
    tx: AsyncConnection, app_id: str, kind: str, first_day: int, last_day: int, *, limit: int
) -> list[Sum]:
    """What each value of a kind of facet comes to over the days; the most sessions first."""
    t = schema.facet_tallies.c
    sessions = func.sum(t.sessions)
    days = list(range(first_day, last_day + 1))
    # Named one by one, so that of each day no facet of another kind is read.
    where = [
        t.app_id == app_id,
        is_among(tx.dialect.name, t.day, "days", Integer),
        t.facet >= f"{kind}:",
        t.facet < f"{kind}:{LAST}",
    ]
    rows = await tx.execute(
        select(t.facet, sessions, *_SUMS)
        .where(*where)
        .group_by(t.facet)
        .having(sessions > 0)
        .order_by(sessions.desc(), t.facet)
        .limit(limit),
        among(tx.dialect.name, "days", days),
    )
    return _sums(kind, rows)


async def sums_of_worst_meetings(
    tx: AsyncConnection, app_id: str, first_day: int, last_day: int, *, limit: int
) -> list[Sum]:
    """What the meetings with the most bad sessions come to over the days, the worst first. Only
    the tallies of bad meetings are read, and all of those that may be among the worst."""
    t = schema.facet_tallies.c
    within = (t.app_id == app_id, t.day >= first_day, t.day <= last_day)
    bad = func.sum(t.bad_sessions)
    ranked = (
        select(t.facet.label("facet"), func.rank().over(order_by=bad.desc()).label("place"))
        .where(*within, IS_BAD_MEETING)
        .group_by(t.facet)
        .subquery()
    )
    worst = select(ranked.c.facet).where(ranked.c.place <= limit)
    names = [name for (name,) in await tx.execute(worst)]
    if not names:
        return []
    sessions = func.sum(t.sessions)
    rows = await tx.execute(
        select(t.facet, sessions, *_SUMS)
        .where(*within, is_among(tx.dialect.name, t.facet, "names", Text))
        .group_by(t.facet)
        .order_by(bad.desc(), sessions.desc(), t.facet)
        .limit(limit),
        among(tx.dialect.name, "names", names),
    )
    return _sums(MEETING, rows)


_SUMS: Final = tuple(
    func.sum(schema.facet_tallies.c[name]) for name in ("bad_sessions", "measured", "bad")
)


def _sums(kind: str, rows: Iterable[Any]) -> list[Sum]:
    start = len(kind) + 1
    return [Sum(row[0][start:], *(int(each) for each in row[1:])) for row in rows]


async def titles_of_meetings(
    tx: AsyncConnection, app_id: str, meeting_ids: Sequence[str]
) -> dict[str, str]:
    """What the meetings are called: their own title, else that of a session of theirs."""
    s, m = schema.sessions.c, schema.meetings.c
    own = await tx.execute(
        select(m.id, m.title).where(m.app_id == app_id, m.id.in_(list(meeting_ids)))
    )
    titles = {id: title for id, title in own if title}
    if untitled := [id for id in meeting_ids if id not in titles]:
        by_session = await tx.execute(
            select(s.meeting_id, func.max(s.title))
            .where(s.app_id == app_id, s.meeting_id.in_(untitled))
            .group_by(s.meeting_id)
        )
        titles |= {meeting_id: title for meeting_id, title in by_session}
    return titles
