"""How many people there were on each day, kept as sessions are folded.

People of several days are counted once. Each day a person is there is kept with the last day before
on which that person was there: so of some days, a person is counted on the first of them, whose day
before lies outside. Sums of these counts are exact for every range of days.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
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
    literal_column,
    select,
    text,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.store.engine.array_params import values_in, values_table
from aftercall.store.engine.lookup import Lookup, fetch
from aftercall.store.engine.record_mapping import Insert, insert_into
from aftercall.store.tables import schema

NEVER: Final = -1
"""The day before of a person's first day."""

PERSON: Final = "person:"
"""What the facets of people begin with."""

Gap = tuple[int, int]
"""A day on which a person was there, and the last such day before."""

_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:app_id, 7266))")
"""The number keeps the lock apart from others by the same app; chosen."""

_KEYS: Final = {"facet": Text, "day": Integer}


def gaps_of(days: Iterable[int]) -> Iterator[Gap]:
    """What a person counts for who was there on these days."""
    before = NEVER
    for day in sorted(days):
        yield day, before
        before = day


async def lock_people(tx: AsyncConnection, app_id: str) -> None:
    """Until the transaction ends nobody else changes the days of the app's people: what a day
    counts for depends on those before and after it, whoever writes them."""
    if tx.dialect.name == "postgresql":
        await tx.execute(_LOCK, {"app_id": app_id})


async def sessions_of_people(
    tx: AsyncConnection, app_id: str, facets: Iterable[str], day: int
) -> dict[str, int]:
    """In how many sessions of a day the people of these facets were, if in any."""
    rows = [(facet, day) for facet in sorted(facets)]
    if not rows:
        return {}
    values = values_in(tx.dialect.name, _KEYS, rows)
    found = await tx.execute(_read_sessions(tx.dialect.name), {"app": app_id, **values})
    return {facet: sessions for facet, sessions in found if sessions > 0}


async def update_people_counts(
    tx: AsyncConnection, app_id: str, day: int, came: set[str], went: set[str]
) -> None:
    """Count the people of facets who `came` to a day on which they had not been, and no longer
    those who `went`."""
    if not came and not went:
        return
    values = values_in(tx.dialect.name, _KEYS, [(facet, day) for facet in sorted(came | went)])
    found = await tx.execute(_read_neighbours(tx.dialect.name), {"app": app_id, **values})
    changes: dict[Gap, int] = {}
    for facet, before, after in found:
        sign = 1 if facet in came else -1
        last = NEVER if before is None else before
        gaps = {(day, last): sign}
        if after is not None:
            gaps |= {(after, last): -sign, (after, day): sign}
        for gap, people in gaps.items():
            changes[gap] = changes.get(gap, 0) + people
    await _add_counts(tx, app_id, changes)


async def people_of_days(
    tx: AsyncConnection, app_id: str, first_day: int, last_day: int
) -> tuple[dict[int, int], int]:
    """How many people there were on each day that has any, and in all."""
    rows = await fetch(tx, _OF_DAYS, app_id=app_id, first_day=first_day, last_day=last_day)
    found = [(day, int(people), int(newcomers)) for day, people, newcomers in rows]
    return (
        {day: people for day, people, _ in found if people},
        sum(newcomers for *_, newcomers in found),
    )


def _of_days(_dialect: str) -> Select[Any]:
    t = schema.people_tallies.c
    first, last = (bindparam(name, type_=Integer) for name in ("first_day", "last_day"))
    is_first = t.previous_day < first
    return (
        select(t.day, func.sum(t.people), func.sum(case((is_first, t.people), else_=_NOBODY)))
        .where(t.app_id == bindparam("app_id", type_=Text), t.day >= first, t.day <= last)
        .group_by(t.day)
    )


_NOBODY: Final[ColumnElement[int]] = literal_column("0", Integer)
_OF_DAYS: Final = Lookup(_of_days)


async def _add_counts(tx: AsyncConnection, app_id: str, changes: Mapping[Gap, int]) -> None:
    rows = [
        {"app_id": app_id, "day": day, "previous_day": previous_day, "people": people}
        for (day, previous_day), people in sorted(changes.items())
        if people
    ]
    if rows:
        await tx.execute(_add(tx.dialect.name), rows)
        c = schema.people_tallies.c
        fewer = sorted({gap for gap, people in changes.items() if people < 0})
        await tx.execute(
            delete(schema.people_tallies).where(
                c.app_id == app_id, tuple_(c.day, c.previous_day).in_(fewer), c.people == 0
            )
        )


@cache
def _read_sessions(dialect: str) -> Select[Any]:
    t, wanted = schema.facet_tallies.c, values_table(dialect, _KEYS)
    return (
        select(t.facet, t.sessions)
        .join_from(
            wanted,
            schema.facet_tallies,
            (t.facet == wanted.c.facet) & (t.day == wanted.c.day),
        )
        .where(t.app_id == _app())
    )


@cache
def _read_neighbours(dialect: str) -> Select[Any]:
    """For each facet and day wanted, the nearest days with sessions before and after it."""
    t, wanted = schema.facet_tallies.c, values_table(dialect, _KEYS)
    of_person = (t.app_id == _app(), t.facet == wanted.c.facet, t.sessions > 0)
    before = select(func.max(t.day)).where(*of_person, t.day < wanted.c.day)
    after = select(func.min(t.day)).where(*of_person, t.day > wanted.c.day)
    return select(
        wanted.c.facet,
        before.correlate(wanted).scalar_subquery(),
        after.correlate(wanted).scalar_subquery(),
    )


@cache
def _add(dialect: str) -> Insert:
    statement = insert_into(dialect, schema.people_tallies)
    c, new = schema.people_tallies.c, statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["app_id", "day", "previous_day"],
        set_={"people": c.people + new.people},
    )


def _app() -> Any:
    return bindparam("app", type_=Text)
