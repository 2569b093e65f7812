"""Two periods: their numbers are those of the calls, and each leads to exactly these."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.errors import Malformed
from aftercall.core.instants import DAY_MS, MINUTE_MS, EpochMs, quarter_of
from aftercall.core.list_queries import DayHours, SessionQuery
from aftercall.core.overview.call_facets import FACET_MEASURED, facets_of
from aftercall.core.overview.session_summary import FACET_BAD, CallFacets, facet
from aftercall.core.records import Phase, Session
from aftercall.service.dashboard.overview import MOST_DAYS, Overviews
from aftercall.service.zones import find_zone
from aftercall.store.engine.database import Database
from aftercall.store.sessions import rows as session_rows
from aftercall.store.sessions.facets import save_verdict
from aftercall.store.sessions.pages import list_sessions
from aftercall.store.tables import schema
from tests.store.record_builder import T0, session, verdict

ZONES = ["UTC", "Asia/Kathmandu", "America/New_York", "Europe/Berlin"]
DAY0 = (date(2026, 3, 26) - date(1970, 1, 1)).days
"""Three days before the clocks of Berlin are changed."""

NOW = EpochMs((DAY0 + 6) * DAY_MS)
VALUES = {
    "browser": ["Edge", "Chrome"],
    "provider": ["AS1 A~B", "AS2"],
    "country": ["DE"],
    "issue": ["high_rtt"],
}
CALLS = st.builds(
    lambda chosen, person, judged, bad: CallFacets(
        frozenset(
            [facet(kind, value) for kind, value in chosen.items() if value]
            + [facet("person", person)]
        ),
        judged,
        judged and bad,
    ),
    st.fixed_dictionaries(
        {kind: st.sampled_from([None, *values]) for kind, values in VALUES.items()}
    ),
    st.sampled_from("abc"),
    st.booleans(),
    st.booleans(),
)


class Made(NamedTuple):
    """A session and its calls; without any it goes on."""

    at: EpochMs
    meeting: str
    calls: list[CallFacets]


MADE = st.builds(
    Made,
    st.integers(0, 6 * DAY_MS // MINUTE_MS).map(lambda m: EpochMs(DAY0 * DAY_MS + m * MINUTE_MS)),
    st.sampled_from("mn"),
    st.lists(CALLS, max_size=10),
)


async def store(tx: AsyncConnection, made: Sequence[Made]) -> None:
    for table in (
        schema.sessions, schema.session_verdicts, schema.session_postings, schema.session_days,
        schema.facet_tallies, schema.quarter_tallies, schema.session_quarters,
        schema.people_tallies, schema.session_tallies, schema.minute_tallies,
    ):  # fmt: skip
        await tx.execute(delete(table))
    for number, one in enumerate(made):
        row = session_of(number, one)
        await session_rows.save_session(tx, row)
        if one.calls:
            await save_verdict(
                tx,
                verdict(
                    row.id,
                    created_at=one.at,
                    is_bad=any(call.is_bad for call in one.calls),
                    facets=facets_of(row, one.calls),
                    calls=one.calls,
                ),
                [],
            )


def session_of(number: int, one: Made) -> Session:
    phase = Phase.ENDED if one.calls else Phase.LIVE
    values: dict[str, Any] = {"phase": phase, "at": one.at - T0}
    if one.calls:
        values |= {"ended_at": EpochMs(one.at + MINUTE_MS), "end_reason": "emptied"}
    values |= {"total_participants": len(one.calls), "minutes_consumed": 1.0 * len(one.calls)}
    values |= {"live_participants": int(not one.calls)}
    meeting = one.meeting if one.calls else f"live {number}"
    return session(f"s{number:02}", meeting, **values)


def local_day(zone: str, at: EpochMs) -> int:
    return find_zone(zone).day_of(quarter_of(at))


@settings(
    deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(MADE, max_size=12),
    st.sampled_from(ZONES),
    st.tuples(st.integers(0, 5), st.integers(0, 3)),
)
async def test_every_number_leads_to_exactly_its_calls(
    db: Database, made: list[Made], zone: str, days: tuple[int, int]
) -> None:
    async with db.write() as tx:
        await store(tx, made)
    overviews = Overviews(db=db, clock=lambda: NOW)
    first, last = DAY0 + days[0], DAY0 + sum(days)
    compared = overviews.compared(find_zone(zone), (first, last), (None, None))
    found = await overviews.compare("a", compared)
    for period in (found.this, found.other):
        spans = [(each.first_day, each.last_day, each) for each in period.spans]
        for first_day, last_day, span in spans:
            mine = [one for one in made if first_day <= local_day(zone, one.at) <= last_day]
            calls = [call for one in mine for call in one.calls if call.is_judged]
            assert span.sessions == len(mine)
            assert span.minutes == sum(len(one.calls) for one in mine)
            assert (span.measured, span.bad) == (len(calls), sum(call.is_bad for call in calls))
            bounds: dict[str, Any] = {
                "created_from": span.period.from_at,
                "created_to": span.period.to_at,
            }
            assert await number_of(db, (FACET_MEASURED,), **bounds) == span.measured
            assert await number_of(db, (FACET_BAD,), **bounds) == span.bad
            async with db.read() as tx:
                page = await list_sessions(tx, SessionQuery(app_id="a", **bounds))
            assert page.total == span.sessions
    for dimension in (*VALUES, "hour", "meeting"):
        broken_down = await overviews.break_down("a", compared, dimension)
        for value in broken_down.values:
            rest: dict[str, Any] = {
                "created_from": broken_down.this.from_at,
                "created_to": broken_down.this.to_at,
            }
            own: tuple[str, ...] = ()
            if dimension == "hour":
                rest["hours"] = DayHours(int(value.value), find_zone(zone).offsets)
            elif dimension == "meeting":
                rest["meeting_id"] = value.value
            else:
                own = (facet(dimension, value.value),)
            assert await number_of(db, (*own, FACET_MEASURED), **rest) == value.this.measured
            assert await number_of(db, (*own, FACET_BAD), **rest) == value.this.bad
        if dimension in VALUES:
            expected = {
                value
                for value in VALUES[dimension]
                for one in made
                for call in one.calls
                if call.is_judged
                and facet(dimension, value) in call.facets
                and first <= local_day(zone, one.at) <= last
            }
            assert {each.value for each in broken_down.values} == expected


@settings(
    deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(MADE, max_size=12), st.sampled_from(ZONES), st.data())
async def test_filtered_numbers_are_those_of_the_calls_that_the_filter_leaves(
    db: Database, made: list[Made], zone: str, data: st.DataObject
) -> None:
    async with db.write() as tx:
        await store(tx, made)
    names = sorted({facet(kind, value) for kind, values in VALUES.items() for value in values})
    names += [facet("person", person) for person in "abc"]
    clock = find_zone(zone)
    query = SessionQuery(
        app_id="a",
        facets=tuple(data.draw(st.lists(st.sampled_from(names), max_size=2, unique=True))),
        meeting_id=data.draw(st.none() | st.sampled_from("mn")),
        min_participants=data.draw(st.none() | st.integers(1, 9)),
        hours=data.draw(st.none() | st.integers(0, 23).map(lambda h: DayHours(h, clock.offsets))),
    )
    first = DAY0 + data.draw(st.integers(1, 5))
    overviews = Overviews(db=db, clock=lambda: NOW)
    compared = overviews.compared(clock, (first, first + 1), (None, None))

    def hour_of(at: EpochMs) -> int:
        return (quarter_of(at) + clock.offset_at(quarter_of(at))) // 4 % 24

    left = [
        (one, call)
        for one in made
        if query.meeting_id in (None, one.meeting)
        and len(one.calls) >= (query.min_participants or 0)
        and (query.hours is None or hour_of(one.at) == query.hours.hour)
        for call in one.calls
        if call.is_judged and set(query.facets) <= call.facets
    ]
    found = await overviews.compare("a", compared, query)
    for period in (found.this, found.other):
        assert period.people is None
        for span in period.spans:
            mine = [(one, call) for one, call in left if local_day(zone, one.at) == span.first_day]
            assert (span.measured, span.bad) == (len(mine), sum(call.is_bad for _, call in mine))
            assert span.sessions == len({id(one) for one, _ in mine})
            assert span.bad_sessions == len({id(one) for one, call in mine if call.is_bad})
            assert span.minutes is None
    of_period = [(one, call) for one, call in left if first <= local_day(zone, one.at) <= first + 1]
    for dimension in (*VALUES, "hour", "meeting"):
        expected: dict[str, list[CallFacets]] = {}
        for one, call in of_period:
            values = {"hour": [str(hour_of(one.at))], "meeting": [one.meeting]}.get(
                dimension,
                [v for v in VALUES.get(dimension, ()) if facet(dimension, v) in call.facets],
            )
            for value in values:
                if facet(dimension, value) in query.facets or not any(
                    each.startswith(f"{dimension}:") for each in query.facets
                ):
                    expected.setdefault(value, []).append(call)
        if dimension == "meeting":
            expected = {v: calls for v, calls in expected.items() if any(c.is_bad for c in calls)}
        broken_down = await overviews.break_down("a", compared, dimension, query)
        assert {v.value: (v.this.measured, v.this.bad) for v in broken_down.values} == {
            value: (len(calls), sum(call.is_bad for call in calls))
            for value, calls in expected.items()
        }
        assert broken_down.all.measured == len(of_period)


async def number_of(db: Database, facets: tuple[str, ...], **rest: Any) -> int:
    """The calls behind a filter, which must be in the sessions that it finds."""
    async with db.read() as tx:
        page = await list_sessions(tx, SessionQuery(app_id="a", facets=facets, limit=200, **rest))
    assert page.calls is not None
    assert len(page.items) == page.total <= page.calls or page.calls == page.total == 0
    return page.calls


@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(MADE, max_size=12), st.data())
async def test_conditions_hold_for_one_and_the_same_participant(
    db: Database, made: list[Made], data: st.DataObject
) -> None:
    async with db.write() as tx:
        await store(tx, made)
    every = sorted({name for one in made for call in one.calls for name in call.facets})
    every += [FACET_BAD, FACET_MEASURED, "browser:Unknown"]
    wanted = data.draw(st.lists(st.sampled_from(every), min_size=1, max_size=4, unique=True))
    hour = data.draw(st.none() | st.integers(0, 23))
    zone = find_zone(data.draw(st.sampled_from(ZONES)))

    def has(call: CallFacets) -> bool:
        names = set(call.facets)
        names |= {FACET_BAD} if call.is_bad else set()
        names |= {FACET_MEASURED} if call.is_judged else set()
        return set(wanted) <= names

    def is_of_hour(at: EpochMs) -> bool:
        local = quarter_of(at) + zone.offset_at(quarter_of(at))
        return hour is None or local // 4 % 24 == hour

    matching = {
        f"s{number:02}": calls
        for number, one in enumerate(made)
        if is_of_hour(one.at) and (calls := sum(has(call) for call in one.calls))
    }
    hours = None if hour is None else DayHours(hour, zone.offsets)
    async with db.read() as tx:
        page = await list_sessions(
            tx, SessionQuery(app_id="a", facets=tuple(wanted), hours=hours, limit=200)
        )
    assert {each.session.id for each in page.items} == matching.keys()
    assert (page.total, page.calls) == (len(matching), sum(matching.values()))


def test_the_other_period_is_as_long_and_directly_before(db: Database) -> None:
    overviews = Overviews(db=db, clock=lambda: NOW)
    utc = find_zone("UTC")
    assert overviews.compared(utc, (None, None), (None, None))[1:] == (
        (DAY0 + 6 - 13, DAY0 + 6),
        (DAY0 + 6 - 27, DAY0 + 6 - 14),
    )
    assert overviews.compared(utc, (100, 106), (None, None)).other == (93, 99)
    assert overviews.compared(utc, (100, 106), (50, None)).other == (50, 56)
    assert overviews.compared(utc, (100, 106), (None, 50)).other == (44, 50)
    assert overviews.compared(utc, (100, 106), (40, 50)).other == (40, 50)


@pytest.mark.parametrize(
    ("this", "other", "field"),
    [
        ((9, 8), (None, None), "from"),
        ((0, MOST_DAYS), (None, None), "from"),
        ((1, 2), (9, 8), "against_from"),
        ((1, 2), (0, MOST_DAYS), "against_from"),
    ],
)
def test_periods_that_cannot_be_compared_are_refused_by_name(
    db: Database,
    this: tuple[int, int],
    other: tuple[int | None, int | None],
    field: str,
) -> None:
    overviews = Overviews(db=db, clock=lambda: NOW)
    with pytest.raises(Malformed) as refused:
        overviews.compared(find_zone("UTC"), this, other)
    assert refused.value.field == field
