"""Sums over days, from the tallies."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import DAY_MS
from aftercall.core.overview.session_summary import FACET_ALL
from aftercall.store.sessions.tokenizer import LAST
from aftercall.store.tables import schema


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


async def people_of_days(
    tx: AsyncConnection, app_id: str, first_day: int, last_day: int
) -> tuple[dict[int, int], int]:
    """How many people there were on each day, and in all."""
    t = schema.facet_tallies.c
    where = [
        t.app_id == app_id,
        t.day >= first_day,
        t.day <= last_day,
        t.facet >= "person:",
        t.facet < "person:" + LAST,
        t.sessions > 0,
    ]
    rows = await tx.execute(select(t.day, func.count()).where(*where).group_by(t.day))
    days = {day: people for day, people in rows}
    every = await tx.execute(select(func.count(t.facet.distinct())).where(*where))
    return days, every.scalar_one()


async def sums_of_facets(
    tx: AsyncConnection, app_id: str, kind: str, first_day: int, last_day: int, *, limit: int
) -> list[Sum]:
    """What each value of a kind of facet comes to over the days; the most sessions first, of
    meetings the worst."""
    t = schema.facet_tallies.c
    sessions, bad = func.sum(t.sessions), func.sum(t.bad_sessions)
    order = [bad.desc(), sessions.desc()] if kind == "meeting" else [sessions.desc()]
    statement = (
        select(t.facet, sessions, bad, func.sum(t.measured), func.sum(t.bad))
        .where(
            t.app_id == app_id,
            t.day >= first_day,
            t.day <= last_day,
            t.facet >= f"{kind}:",
            t.facet < f"{kind}:{LAST}",
        )
        .group_by(t.facet)
        .having((bad if kind == "meeting" else sessions) > 0)
        .order_by(*order, t.facet)
        .limit(limit)
    )
    rows = await tx.execute(statement)
    start = len(kind) + 1
    return [Sum(row[0][start:], *(int(number) for number in row[1:])) for row in rows]


async def titles_of_meetings(
    tx: AsyncConnection, app_id: str, meeting_ids: Sequence[str]
) -> dict[str, str]:
    """What the meetings are called: their own title, else that of a session of theirs."""
    s, m = schema.sessions.c, schema.meetings.c
    by_session = await tx.execute(
        select(s.meeting_id, func.max(s.title))
        .where(s.app_id == app_id, s.meeting_id.in_(list(meeting_ids)))
        .group_by(s.meeting_id)
    )
    titles = {meeting_id: title for meeting_id, title in by_session}
    own = await tx.execute(
        select(m.id, m.title).where(m.app_id == app_id, m.id.in_(list(meeting_ids)))
    )
    titles.update({id: title for id, title in own if title})
    return titles
