"""How many sessions and calls of each day and of each quarter hour have a facet."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from sqlalchemy import Table, delete, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import day_of, quarter_of
from aftercall.core.overview.session_summary import FACET_ALL
from aftercall.store.engine.record_mapping import insert_into
from aftercall.store.sessions import people_counts
from aftercall.store.sessions.counted import CountedVerdict
from aftercall.store.tables import schema

Tally = tuple[str, int]
"""A facet, and a day or a quarter hour."""

Numbers = list[int]
"""Sessions, bad sessions, measured calls and bad calls."""

_NUMBERS: Final = ("sessions", "bad_sessions", "measured", "bad")
_KEYS: Final = 200
"""Rows that one statement names."""


class Tallies:
    """Changes of the counts of one app."""

    def __init__(self) -> None:
        self.days: dict[Tally, Numbers] = {}
        self.quarters: dict[Tally, Numbers] = {}
        """Of all facets but those of people, which no breakdown has."""

    def add(self, counted: CountedVerdict | None, sign: int = 1) -> None:
        """Count a session, or with the sign -1 no longer."""
        if counted is None:
            return
        day, quarter = day_of(counted.created_at), quarter_of(counted.created_at)
        for name, (measured, bad) in counted.facets.items():
            numbers = [sign * each for each in (1, int(counted.is_bad), measured, bad)]
            _add(self.days, (name, day), numbers)
            if not name.startswith(people_counts.PERSON):
                _add(self.quarters, (name, quarter), numbers)


def _add(sums: dict[Tally, Numbers], key: Tally, numbers: Numbers) -> None:
    known = sums.setdefault(key, [0, 0, 0, 0])
    for place, number in enumerate(numbers):
        known[place] += number


async def save_tallies(tx: AsyncConnection, app_id: str, tallies: Tallies) -> None:
    """Write changes of the counts. Those of facets that no session has any more are deleted: a
    facet may name a person or a place. The caller holds the locks of the days."""
    await _save_days(tx, app_id, tallies.days)
    await _write(tx, schema.quarter_tallies, "quarter", app_id, tallies.quarters)
    await _write_totals(tx, app_id, tallies.quarters)
    for table, column, changes in (
        (schema.facet_tallies, "day", tallies.days),
        (schema.quarter_tallies, "quarter", tallies.quarters),
    ):
        c = table.c
        keys = sorted(key for key, (sessions, *_) in changes.items() if sessions < 0)
        for start in range(0, len(keys), _KEYS):
            await tx.execute(
                delete(table).where(
                    c.app_id == app_id,
                    tuple_(c.facet, c[column]).in_(keys[start : start + _KEYS]),
                    c.sessions == 0,
                )
            )


async def _save_days(
    tx: AsyncConnection, app_id: str, changes: Mapping[Tally, Sequence[int]]
) -> None:
    people: dict[int, dict[str, int]] = {}
    for (facet, day), (sessions, *_) in changes.items():
        if sessions and facet.startswith(people_counts.PERSON):
            people.setdefault(day, {})[facet] = sessions
    if people:
        await people_counts.lock_people(tx, app_id)
    # A day after the other: what one counts for depends on those before and after it.
    for day in sorted({day for _, day in changes}):
        of_day = people.get(day, {})
        before = await people_counts.sessions_of_people(tx, app_id, of_day, day)
        here = {key: numbers for key, numbers in changes.items() if key[1] == day}
        await _write(tx, schema.facet_tallies, "day", app_id, here)
        were = before.keys()
        are = {facet for facet, more in of_day.items() if before.get(facet, 0) + more > 0}
        await people_counts.update_people_counts(tx, app_id, day, are - were, were - are)


async def _write(
    tx: AsyncConnection,
    table: Table,
    column: str,
    app_id: str,
    changes: Mapping[Tally, Sequence[int]],
) -> None:
    # By key, so that two transactions lock tallies in the same order.
    rows = [
        {"app_id": app_id, "facet": facet, column: at} | dict(zip(_NUMBERS, numbers, strict=True))
        for (facet, at), numbers in sorted(changes.items())
        if any(numbers) and (table is schema.facet_tallies or facet != FACET_ALL)
    ]
    await _add_rows(tx, table, ["app_id", "facet", column], _NUMBERS, rows)


async def _write_totals(
    tx: AsyncConnection, app_id: str, changes: Mapping[Tally, Sequence[int]]
) -> None:
    """Add the calls of all sessions to the quarters that `quarter_counts` keeps."""
    rows = [
        {"app_id": app_id, "quarter": quarter, "sessions": 0, "minutes": 0.0}
        | dict(zip(_NUMBERS[1:], numbers[1:], strict=True))
        for (facet, quarter), numbers in sorted(changes.items())
        if facet == FACET_ALL and any(numbers[1:])
    ]
    await _add_rows(tx, schema.session_quarters, ["app_id", "quarter"], _NUMBERS[1:], rows)


async def _add_rows(
    tx: AsyncConnection,
    table: Table,
    key: list[str],
    numbers: Iterable[str],
    rows: list[dict[str, object]],
) -> None:
    if not rows:
        return
    statement = insert_into(tx.dialect.name, table)
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=key,
            set_={name: table.c[name] + statement.excluded[name] for name in numbers},
        ),
        rows,
    )
