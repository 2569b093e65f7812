"""How many people there were on days."""

from collections import defaultdict
from collections.abc import Set

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import delete

from aftercall.core.instants import DAY_MS, EpochMs
from aftercall.core.overview.session_summary import (
    FACET_ALL,
    FacetCount,
    SessionSummary,
    SessionVerdict,
    facet,
)
from aftercall.store.engine.database import Database
from aftercall.store.sessions.facets import save_verdict
from aftercall.store.sessions.people_counts import people_of_days
from aftercall.store.tables import schema

FIRST_DAY = 20_000
DAYS = st.integers(0, 6)
PEOPLE = st.sets(st.sampled_from("abcd"))
CHANGES = st.lists(
    st.tuples(st.integers(0, 4), st.none() | st.tuples(DAYS, PEOPLE)), min_size=1, max_size=12
)
"""Sessions by number: the day and the people of a new verdict, or that it counts nobody."""


def verdict(
    id: str, day: int, people: Set[str] = frozenset(), *, meeting: str = "m", is_bad: bool = False
) -> SessionVerdict:
    names = [FACET_ALL, facet("meeting", meeting), *(facet("person", each) for each in people)]
    return SessionVerdict(
        app_id="a",
        session_id=id,
        created_at=EpochMs((FIRST_DAY + day) * DAY_MS + 1),
        rank=1.0,
        summary=SessionSummary(),
        is_bad=is_bad,
        facets={name: FacetCount(1, int(is_bad)) for name in names},
        calls=[],
        marks=[],
    )


@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(CHANGES)
async def test_people_of_any_days_are_counted_once_whatever_changed_before(
    db: Database, changes: list[tuple[int, tuple[int, set[str]] | None]]
) -> None:
    known: dict[int, tuple[int, set[str]]] = {}
    async with db.write() as tx:
        for table in (
            schema.session_verdicts,
            schema.facet_tallies,
            schema.quarter_tallies,
            schema.session_quarters,
            schema.people_tallies,
        ):
            await tx.execute(delete(table))
        for number, change in changes:
            known.pop(number, None)
            made = verdict(f"s{number}", *(change or (0, frozenset())))
            if change is None:
                made = replace(made, facets={})
            else:
                known[number] = change
            await save_verdict(tx, made, [])
    there: dict[int, set[str]] = defaultdict(set)
    for day, people in known.values():
        there[FIRST_DAY + day] |= people
    async with db.read() as tx:
        for first in range(FIRST_DAY, FIRST_DAY + 7):
            for last in range(first, FIRST_DAY + 7):
                days = {day: len(there[day]) for day in range(first, last + 1) if there[day]}
                everybody = set[str]().union(*(there[day] for day in days))
                assert await people_of_days(tx, "a", first, last) == (days, len(everybody))
