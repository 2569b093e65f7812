"""Sums over a period: the whole UTC days within it from the daily counts, what is left at both
ends from those of quarter hours. So a period begins and ends when a day of any zone does, and is
read as fast as UTC days are."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    Integer,
    Select,
    Text,
    bindparam,
    func,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import QUARTER_MS, QUARTERS_OF_DAY
from aftercall.core.overview.periods import Clock, QuarterSpan, Sum
from aftercall.core.search_terms import LAST
from aftercall.store.engine.array_params import among, is_among
from aftercall.store.engine.lookup import Lookup, fetch
from aftercall.store.tables import schema
from aftercall.store.tables.facets import IS_BAD_MEETING

_APP: Final = bindparam("app_id", type_=Text)
_FACETS: Final = schema.facet_tallies.c
_QUARTERS: Final = schema.quarter_tallies.c


class _Days(NamedTuple):
    """The whole UTC days of a period, and the quarter hours beside them."""

    days: list[int]
    quarters: list[int]


def _days_of(period: QuarterSpan) -> _Days:
    first = -(-period.first // QUARTERS_OF_DAY)
    end = period.end // QUARTERS_OF_DAY
    if first >= end:
        return _Days([], list(range(period.first, period.end)))
    edges = [
        *range(period.first, first * QUARTERS_OF_DAY),
        *range(end * QUARTERS_OF_DAY, period.end),
    ]
    return _Days(list(range(first, end)), edges)


class Totals(NamedTuple):
    """Ended sessions and their minutes; of the folded ones the bad sessions and calls."""

    sessions: int
    minutes: float
    bad_sessions: int
    measured: int
    bad: int


NOTHING: Final = Totals(0, 0.0, 0, 0, 0)


async def totals_by_day(
    tx: AsyncConnection, app_id: str, clock: Sequence[Clock]
) -> dict[int, Totals]:
    """Each day, by the clock of a zone, that has any session."""
    return await _totals_by(tx, app_id, clock, _BY_DAY)


async def totals_by_hour(
    tx: AsyncConnection, app_id: str, clock: Sequence[Clock]
) -> dict[int, Totals]:
    """The hours of the day by the clock of a zone, of all days together."""
    return await _totals_by(tx, app_id, clock, _BY_HOUR)


async def _totals_by(
    tx: AsyncConnection, app_id: str, clock: Sequence[Clock], lookup: Lookup
) -> dict[int, Totals]:
    found: dict[int, Totals] = {}
    for each in clock:
        rows = await fetch(tx, lookup, app_id=app_id, **each._asdict())
        for at, *numbers in rows:
            known = found.get(int(at), NOTHING)
            found[int(at)] = Totals(*(a + b for a, b in zip(known, numbers, strict=True)))
    return {
        at: Totals(
            int(one.sessions), round(float(one.minutes), 4), *(int(each) for each in one[2:])
        )
        for at, one in found.items()
    }


def _totals(at: Any) -> Lookup:
    t = schema.session_quarters.c
    numbers = (t.sessions, t.minutes, t.bad_sessions, t.measured, t.bad)
    first, end = (bindparam(name, type_=Integer) for name in ("first", "end"))
    statement = (
        select(at.label("at"), *(func.sum(each) for each in numbers))
        .where(t.app_id == _APP, t.quarter >= first, t.quarter < end)
        .group_by(literal_column("at"))
    )
    return Lookup(lambda _dialect: statement)


_LOCAL: Final = schema.session_quarters.c.quarter + bindparam("offset", type_=Integer)
_QUARTERS_OF_HOUR: Final = literal_column("4", Integer)
_OF_DAY: Final = literal_column(str(QUARTERS_OF_DAY), Integer)
_BY_DAY: Final = _totals(_LOCAL // _OF_DAY)
_BY_HOUR: Final = _totals(_LOCAL % _OF_DAY // _QUARTERS_OF_HOUR)


async def live_sessions_between(tx: AsyncConnection, app_id: str, period: QuarterSpan) -> list[int]:
    """The quarter hours in which the sessions that go on were created."""
    rows = await fetch(tx, _LIVE, app_id=app_id, first=period.from_at, last=period.to_at)
    return [created_at // QUARTER_MS for (created_at,) in rows]


def _live(_dialect: str) -> Select[Any]:
    s = schema.sessions.c
    first, last = (bindparam(name, type_=BigInteger) for name in ("first", "last"))
    return select(s.created_at).where(
        s.app_id == _APP,
        s.phase != literal_column("'ended'"),
        s.created_at >= first,
        s.created_at <= last,
    )


_LIVE: Final = Lookup(_live)


async def sums_of_kind(
    tx: AsyncConnection, app_id: str, kind: str, period: QuarterSpan
) -> dict[str, Sum]:
    """The sessions and calls with each value of a kind of facet."""
    # Named one by one, so that of each day no facet of another kind is read.
    parts = _days_of(period)
    dialect = tx.dialect.name
    given = {
        "app_id": app_id,
        "first": f"{kind}:",
        "end": f"{kind}:{LAST}",
        **among(dialect, "days", parts.days),
        **among(dialect, "quarters", parts.quarters),
    }
    return _sums(kind, await fetch(tx, _OF_KIND, **given))


def _of_kind(dialect: str) -> Select[Any]:
    # Hidden in an expression, the group does not tempt SQLite to the key, which has all days.
    first, end = (bindparam(name, type_=Text) for name in ("first", "end"))
    hidden = literal_column("''", Text)
    of_days = _summed(_FACETS, _FACETS.facet + hidden).where(
        is_among(dialect, _FACETS.day, "days", Integer),
        _FACETS.facet >= first,
        _FACETS.facet < end,
    )
    of_quarters = _summed(_QUARTERS, _QUARTERS.facet + hidden).where(
        is_among(dialect, _QUARTERS.quarter, "quarters", Integer),
        _QUARTERS.facet >= first,
        _QUARTERS.facet < end,
    )
    return _united(of_days, of_quarters)


def _summed(c: Any, name: Any) -> Select[Any]:
    return (
        select(
            name.label("name"),
            func.sum(c.sessions).label("sessions"),
            func.sum(c.bad_sessions).label("bad_sessions"),
            func.sum(c.measured).label("measured"),
            func.sum(c.bad).label("bad"),
        )
        .where(c.app_id == _APP)
        .group_by(literal_column("name"))
    )


def _united(*parts: Select[Any]) -> Select[Any]:
    every = union_all(*parts).subquery()
    c = every.c
    return (
        select(
            c.name, func.sum(c.sessions), func.sum(c.bad_sessions), func.sum(c.measured),
            func.sum(c.bad),
        )
        .group_by(c.name)
        .having(func.sum(c.sessions) > literal_column("0"))
    )  # fmt: skip


_OF_KIND: Final = Lookup(_of_kind)


async def worst_meetings(
    tx: AsyncConnection, app_id: str, period: QuarterSpan, limit: int
) -> list[str]:
    """The meetings with the most bad sessions. Only the counts of bad meetings are read."""
    parts = _days_of(period)
    given = {
        "app_id": app_id,
        "first_day": parts.days[0] if parts.days else 0,
        "last_day": parts.days[-1] if parts.days else -1,
        **among(tx.dialect.name, "quarters", parts.quarters),
        "limit": limit,
    }
    rows = await fetch(tx, _MOST_BAD, **given)
    return [name.partition(":")[2] for name, _ in rows]


def _most_bad(dialect: str) -> Select[Any]:
    first, last = (bindparam(name, type_=Integer) for name in ("first_day", "last_day"))
    of_days = select(_FACETS.facet.label("name"), _FACETS.bad_sessions.label("bad")).where(
        _FACETS.app_id == _APP, _FACETS.day >= first, _FACETS.day <= last, IS_BAD_MEETING
    )
    of_quarters = select(_QUARTERS.facet, _QUARTERS.bad_sessions).where(
        _QUARTERS.app_id == _APP,
        is_among(dialect, _QUARTERS.quarter, "quarters", Integer),
        _QUARTERS.facet >= literal_column("'meeting:'", Text),
        _QUARTERS.facet < literal_column("'meeting;'", Text),
        _QUARTERS.bad_sessions > literal_column("0"),
    )
    every = union_all(of_days, of_quarters).subquery()
    bad = func.sum(every.c.bad)
    return (
        select(every.c.name, bad)
        .group_by(every.c.name)
        .order_by(bad.desc(), every.c.name)
        .limit(bindparam("limit", type_=Integer))
    )


_MOST_BAD: Final = Lookup(_most_bad)


async def sums_of_meetings(
    tx: AsyncConnection, app_id: str, meeting_ids: Sequence[str], period: QuarterSpan
) -> dict[str, Sum]:
    """The sessions and calls of some meetings."""
    if not meeting_ids:
        return {}
    parts = _days_of(period)
    dialect = tx.dialect.name
    given = {
        "app_id": app_id,
        "first_day": parts.days[0] if parts.days else 0,
        "last_day": parts.days[-1] if parts.days else -1,
        **among(dialect, "names", [f"meeting:{id}" for id in meeting_ids]),
        **among(dialect, "quarters", parts.quarters),
    }
    return _sums("meeting", await fetch(tx, _OF_MEETINGS, **given))


def _of_meetings(dialect: str) -> Select[Any]:
    first, last = (bindparam(name, type_=Integer) for name in ("first_day", "last_day"))
    of_days = _summed(_FACETS, _FACETS.facet).where(
        is_among(dialect, _FACETS.facet, "names", Text), _FACETS.day >= first, _FACETS.day <= last
    )
    of_quarters = _summed(_QUARTERS, _QUARTERS.facet).where(
        is_among(dialect, _QUARTERS.quarter, "quarters", Integer),
        is_among(dialect, _QUARTERS.facet, "names", Text),
    )
    return _united(of_days, of_quarters)


_OF_MEETINGS: Final = Lookup(_of_meetings)


def _sums(kind: str, rows: Sequence[Sequence[Any]]) -> dict[str, Sum]:
    start = len(kind) + 1
    return {row[0][start:]: Sum(*(int(each) for each in row[1:])) for row in rows}


async def titles_of_meetings(
    tx: AsyncConnection, app_id: str, meeting_ids: Sequence[str]
) -> dict[str, str]:
    """What the meetings are called: their own title, else that of a session of theirs."""
    dialect = tx.dialect.name
    own = await fetch(tx, _TITLES, app_id=app_id, **among(dialect, "ids", list(meeting_ids)))
    titles: dict[str, str] = {id: title for id, title in own if title}
    if untitled := [id for id in meeting_ids if id not in titles]:
        rows = await fetch(tx, _SESSION_TITLES, app_id=app_id, **among(dialect, "ids", untitled))
        titles.update(rows)
    return titles


def _titles(dialect: str) -> Select[Any]:
    m = schema.meetings.c
    return select(m.id, m.title).where(m.app_id == _APP, is_among(dialect, m.id, "ids", Text))


def _session_titles(dialect: str) -> Select[Any]:
    s = schema.sessions.c
    return (
        select(s.meeting_id, func.max(s.title))
        .where(s.app_id == _APP, is_among(dialect, s.meeting_id, "ids", Text))
        .group_by(s.meeting_id)
    )


_TITLES: Final = Lookup(_titles)
_SESSION_TITLES: Final = Lookup(_session_titles)
