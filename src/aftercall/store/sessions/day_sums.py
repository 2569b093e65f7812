"""Sums over days, from the tallies."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import BigInteger, Integer, Select, Text, bindparam, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import DAY_MS
from aftercall.core.overview.session_summary import FACET_ALL
from aftercall.store.engine.array_params import among, is_among
from aftercall.store.engine.lookup import Lookup, fetch
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


_APP: Final = bindparam("app_id", type_=Text)
_FIRST: Final = bindparam("first_day", type_=Integer)
_LAST: Final = bindparam("last_day", type_=Integer)
_LIMIT: Final = bindparam("limit", type_=Integer)

_FACETS: Final = schema.facet_tallies.c
_SESSIONS: Final = func.sum(_FACETS.sessions)
_BAD: Final = func.sum(_FACETS.bad_sessions)
_SUMS: Final = (
    _FACETS.facet,
    _SESSIONS,
    _BAD,
    func.sum(_FACETS.measured),
    func.sum(_FACETS.bad),
)
_WITHIN: Final = (_FACETS.app_id == _APP, _FACETS.day >= _FIRST, _FACETS.day <= _LAST)


async def sums_of_days(
    tx: AsyncConnection, app_id: str, first_day: int, last_day: int
) -> list[DaySum]:
    """The days that have any session, those that go on included."""
    found: dict[int, DaySum] = {}
    days = {"first_day": first_day, "last_day": last_day}
    for day, sessions, minutes, participants in await fetch(tx, _OF_ENDED, app_id=app_id, **days):
        found[day] = DaySum(day, int(sessions), float(minutes), int(participants))
    within = {"start": first_day * DAY_MS, "end": (last_day + 1) * DAY_MS}
    for day, sessions in await fetch(tx, _OF_LIVE, app_id=app_id, **within):
        known = found.get(day, DaySum(day, 0, 0.0, 0))
        found[day] = known._replace(sessions=known.sessions + sessions)
    return [found[day] for day in sorted(found)]


def _of_ended(_dialect: str) -> Select[Any]:
    t = schema.session_tallies.c
    return (
        select(
            t.day,
            func.sum(t.sessions),
            func.sum(t.minutes),
            func.sum(t.sessions * t.total_participants),
        )
        .where(t.app_id == _APP, t.day >= _FIRST, t.day <= _LAST, t.total_participants >= 0)
        .group_by(t.day)
    )


def _of_live(_dialect: str) -> Select[Any]:
    s = schema.sessions.c
    return (
        select(s.day, func.count())
        .where(
            s.app_id == _APP,
            s.phase != literal_column("'ended'"),
            s.created_at >= bindparam("start", type_=BigInteger),
            s.created_at < bindparam("end", type_=BigInteger),
        )
        .group_by(s.day)
    )


_OF_ENDED: Final = Lookup(_of_ended)
_OF_LIVE: Final = Lookup(_of_live)


async def quality_of_days(
    tx: AsyncConnection, app_id: str, first_day: int, last_day: int
) -> dict[int, Sum]:
    """How good the calls of each day were."""
    rows = await fetch(tx, _QUALITY, app_id=app_id, first_day=first_day, last_day=last_day)
    return {day: Sum(FACET_ALL, *numbers) for day, *numbers in rows}


_QUALITY: Final = Lookup(
    lambda _dialect: select(
        _FACETS.day, _FACETS.sessions, _FACETS.bad_sessions, _FACETS.measured, _FACETS.bad
    ).where(*_WITHIN, _FACETS.facet == literal_column(f"'{FACET_ALL}'"))
)


async def sums_of_facets(
    tx: AsyncConnection, app_id: str, kind: str, first_day: int, last_day: int, *, limit: int
) -> list[Sum]:
    """What each value of a kind of facet comes to over the days; the most sessions first."""
    # Named one by one, so that of each day no facet of another kind is read.
    days = among(tx.dialect.name, "days", list(range(first_day, last_day + 1)))
    kinds = {"first": f"{kind}:", "end": f"{kind}:{LAST}"}
    rows = await fetch(tx, _OF_KIND, app_id=app_id, **kinds, **days, limit=limit)
    return _sums(kind, rows)


def _of_kind(dialect: str) -> Select[Any]:
    # Hidden in an expression, the group does not tempt SQLite to the key, which has all days.
    name = _FACETS.facet + literal_column("''", Text)
    return (
        select(name, *_SUMS[1:])
        .where(
            _FACETS.app_id == _APP,
            is_among(dialect, _FACETS.day, "days", Integer),
            _FACETS.facet >= bindparam("first", type_=Text),
            _FACETS.facet < bindparam("end", type_=Text),
        )
        .group_by(name)
        .having(literal_column("0") < _SESSIONS)
        .order_by(_SESSIONS.desc(), name)
        .limit(_LIMIT)
    )


_OF_KIND: Final = Lookup(_of_kind)


async def sums_of_worst_meetings(
    tx: AsyncConnection, app_id: str, first_day: int, last_day: int, *, limit: int
) -> list[Sum]:
    """What the meetings with the most bad sessions come to over the days, the worst first. Only
    the tallies of bad meetings are read, and all of those that may be among the worst."""
    given = {"app_id": app_id, "first_day": first_day, "last_day": last_day, "limit": limit}
    names = [name for (name,) in await fetch(tx, _MOST_BAD, **given)]
    if not names:
        return []
    rows = await fetch(tx, _OF_WORST, **given, **among(tx.dialect.name, "names", names))
    return _sums(MEETING, rows)


def _most_bad(_dialect: str) -> Select[Any]:
    """The meetings that have as many bad sessions as the last of the worst, or more."""
    ranked = (
        select(_FACETS.facet, func.rank().over(order_by=_BAD.desc()).label("place"))
        .where(*_WITHIN, IS_BAD_MEETING)
        .group_by(_FACETS.facet)
        .subquery()
    )
    return select(ranked.c.facet).where(ranked.c.place <= _LIMIT)


def _of_worst(dialect: str) -> Select[Any]:
    return (
        select(*_SUMS)
        .where(*_WITHIN, is_among(dialect, _FACETS.facet, "names", Text))
        .group_by(_FACETS.facet)
        .order_by(_BAD.desc(), _SESSIONS.desc(), _FACETS.facet)
        .limit(_LIMIT)
    )


_MOST_BAD: Final = Lookup(_most_bad)
_OF_WORST: Final = Lookup(_of_worst)


def _sums(kind: str, rows: Iterable[Sequence[Any]]) -> list[Sum]:
    start = len(kind) + 1
    return [Sum(row[0][start:], *(int(each) for each in row[1:])) for row in rows]


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
