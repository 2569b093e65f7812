"""What the ended sessions of a span of time come to, and who took part in them.

Whole UTC days are read from the tallies, the parts of days at both ends from the sessions.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    func,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.calendar_periods import PartDay, UtcDays
from aftercall.core.instants import DAY_MS, EpochMs
from aftercall.store.engine.array_params import among, is_among
from aftercall.store.engine.lookup import Lookup, fetch
from aftercall.store.people import Person
from aftercall.store.sessions.day_counts import EVERY_SIZE
from aftercall.store.sessions.people_counts import PERSON, people_of_days
from aftercall.store.tables import schema

LATEST_JOIN_MS: Final = 31 * DAY_MS
"""A person's calls are found by when the person joined, which is at most so long after the session
was created. Chosen: no session lasts a month."""

EARLIEST_JOIN_MS: Final = DAY_MS


class SessionSum(NamedTuple):
    """Ended sessions and the minutes of their participants."""

    sessions: int
    minutes: float


class PersonCall(NamedTuple):
    """A person's participant in a session."""

    person: str
    session_id: str
    participant_id: str


async def sum_sessions(tx: AsyncConnection, app_id: str, days: UtcDays) -> SessionSum:
    """The sessions that were created in the span and have ended."""
    sessions, minutes = 0, 0.0
    if days.first <= days.last:
        whole = await fetch(
            tx, _WHOLE_DAYS, app_id=app_id, first_day=days.first, last_day=days.last
        )
        sessions, minutes = int(whole[0][0] or 0), float(whole[0][1] or 0)
    for part in days.parts:
        [(more, spent)] = await fetch(tx, _PART_OF_DAY, app_id=app_id, **_bounds(part))
        sessions, minutes = sessions + int(more), minutes + float(spent or 0)
    return SessionSum(sessions, round(minutes, 4))


async def count_people(tx: AsyncConnection, app_id: str, days: UtcDays) -> int:
    """How many people took part in the sessions of the span that were folded."""
    people = 0
    if days.first <= days.last:
        _, people = await people_of_days(tx, app_id, days.first, days.last)
    also: set[str] = set()
    for part in days.parts:
        rows = await fetch(tx, _PEOPLE_OF_PART, app_id=app_id, **_bounds(part))
        also.update(f"{PERSON}{person}" for (person,) in rows)
    if also and days.first <= days.last:
        facets = among(tx.dialect.name, "facets", sorted(also))
        known = await fetch(
            tx, _KNOWN_PEOPLE, app_id=app_id, first_day=days.first, last_day=days.last, **facets
        )
        also -= {facet for (facet,) in known}
    return people + len(also)


async def people_seen(
    tx: AsyncConnection,
    app_id: str,
    first_day: int,
    last_day: int,
    *,
    before: tuple[EpochMs, str] | None,
    limit: int,
) -> list[Person]:
    """People who were in a folded session of any of the UTC days, those with the latest call
    first; `before` is the `(last_at, person)` of the last one seen."""
    p, t = schema.people.c, schema.facet_tallies.c
    was_there = (
        select(t.day)
        .where(
            t.app_id == p.app_id,
            t.facet == PERSON + p.person,
            t.day >= first_day,
            t.day <= last_day,
            t.sessions > 0,
        )
        .exists()
    )
    # Who was not seen since the days began was in none of their sessions.
    since = first_day * DAY_MS - EARLIEST_JOIN_MS
    where = [p.app_id == app_id, p.last_at >= since, was_there]
    if before is not None:
        where.append(tuple_(p.last_at, p.person) < before)
    rows = await tx.execute(
        select(schema.people).where(*where).order_by(p.last_at.desc(), p.person.desc()).limit(limit)
    )
    return [Person(**row._mapping) for row in rows]


async def calls_of_people(
    tx: AsyncConnection, app_id: str, people: Sequence[str], start: EpochMs, end: EpochMs
) -> list[PersonCall]:
    """The calls of these people in folded sessions that were created in the span."""
    rows = await fetch(
        tx,
        _CALLS,
        app_id=app_id,
        start=start,
        end=end,
        joined_from=start - EARLIEST_JOIN_MS,
        joined_before=end + LATEST_JOIN_MS,
        **among(tx.dialect.name, "people", list(people)),
    )
    return [PersonCall(*row) for row in rows]


def _bounds(part: PartDay) -> dict[str, int]:
    return {"day": part.day, "start": part.start, "end": part.end}


_APP: Final = bindparam("app_id", type_=Text)
_FIRST: Final = bindparam("first_day", type_=Integer)
_LAST: Final = bindparam("last_day", type_=Integer)
_START: Final = bindparam("start", type_=BigInteger)
_END: Final = bindparam("end", type_=BigInteger)
_S: Final = schema.sessions.c
_V: Final = schema.peer_verdicts.c
_OF_PART: Final = (
    _S.app_id == _APP,
    _S.day == bindparam("day", type_=Integer),
    _S.created_at >= _START,
    _S.created_at < _END,
)


def _whole_days(_dialect: str) -> Select[Any]:
    t = schema.session_tallies.c
    return select(func.sum(t.sessions), func.sum(t.minutes)).where(
        t.app_id == _APP, t.day >= _FIRST, t.day <= _LAST, t.total_participants == EVERY_SIZE
    )


def _part_of_day(_dialect: str) -> Select[Any]:
    sums: tuple[ColumnElement[Any], ...] = (func.count(), func.sum(_S.minutes_consumed))
    return select(*sums).where(*_OF_PART, _S.ordinal.is_not(None))


def _people_of_part(_dialect: str) -> Select[Any]:
    participant = schema.participants.c
    is_of_session = and_(_V.app_id == _S.app_id, _V.session_id == _S.id)
    is_of_verdict = and_(
        participant.app_id == _V.app_id,
        participant.session_id == _V.session_id,
        participant.id == _V.participant_id,
    )
    return (
        select(_V.person)
        .distinct()
        .join_from(schema.sessions, schema.peer_verdicts, is_of_session)
        .join(schema.participants, is_of_verdict)
        .where(*_OF_PART, participant.is_hidden.is_(False))
    )


def _known_people(dialect: str) -> Select[Any]:
    t = schema.facet_tallies.c
    return (
        select(t.facet)
        .distinct()
        .where(
            t.app_id == _APP,
            is_among(dialect, t.facet, "facets", Text),
            t.day >= _FIRST,
            t.day <= _LAST,
            t.sessions > 0,
        )
    )


def _calls(dialect: str) -> Select[Any]:
    is_of_session = and_(_S.app_id == _V.app_id, _S.id == _V.session_id)
    return (
        select(_V.person, _V.session_id, _V.participant_id)
        .join_from(schema.peer_verdicts, schema.sessions, is_of_session)
        .where(
            _V.app_id == _APP,
            is_among(dialect, _V.person, "people", Text),
            _V.joined_at >= bindparam("joined_from", type_=BigInteger),
            _V.joined_at < bindparam("joined_before", type_=BigInteger),
            _S.created_at >= _START,
            _S.created_at < _END,
        )
    )


_WHOLE_DAYS: Final = Lookup(_whole_days)
_PART_OF_DAY: Final = Lookup(_part_of_day)
_PEOPLE_OF_PART: Final = Lookup(_people_of_part)
_KNOWN_PEOPLE: Final = Lookup(_known_people)
_CALLS: Final = Lookup(_calls)
