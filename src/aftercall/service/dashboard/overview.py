"""Sums of sessions and calls over two periods, and where bad calls differ."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.errors import Malformed
from aftercall.core.instants import Clock, EpochMs, day_of, quarter_of
from aftercall.core.list_queries import SessionQuery
from aftercall.core.overview.day_facts import DayCount
from aftercall.core.overview.periods import (
    BreakdownFacts,
    ComparisonFacts,
    PeriodFacts,
    QuarterSpan,
    SpanFacts,
    Sum,
    rank_values,
)
from aftercall.core.overview.periods import (
    Clock as ZoneClock,
)
from aftercall.service.zones import Zone, period_of
from aftercall.store.engine.database import Database
from aftercall.store.sessions import day_sums, filtered_sums, people_counts, period_sums
from aftercall.store.sessions.filtered_sums import FilteredCalls
from aftercall.store.sessions.period_sums import Totals

MOST_DAYS: Final = 366
USUAL_DAYS: Final = 30
COMPARED_DAYS: Final = 14
"""Days of a period that nobody names."""

MOST_SINGLE_DAYS: Final = 90
"""Days that are shown one by one; more are shown in runs of seven."""

DAYS_OF_WEEK: Final = 7
MOST_VALUES: Final = 200
MOST_MEETINGS: Final = 50
HOUR: Final = "hour"
MEETING: Final = "meeting"


class Days(NamedTuple):
    """Dates by the clock of a zone, in days since 1970-01-01; both are included."""

    first: int
    last: int


class Compared(NamedTuple):
    """Two periods in one zone."""

    zone: Zone
    this: Days
    other: Days


class Overviews:
    """The use cases of sums over days."""

    def __init__(self, *, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def compared(
        self, zone: Zone, this: tuple[int | None, int | None], other: tuple[int | None, int | None]
    ) -> Compared:
        """The periods that are asked for. Of one without a first day the last fourteen are taken;
        without another period, it is as many days before this one. Raises `Malformed`."""
        first, last = this
        last = zone.day_of(quarter_of(self._clock())) if last is None else last
        first = last - COMPARED_DAYS + 1 if first is None else first
        check_days(first, last, field="from")
        length = last - first + 1
        other_first, other_last = other
        if other_last is None:
            other_last = first - 1 if other_first is None else other_first + length - 1
        if other_first is None:
            other_first = other_last - length + 1
        check_days(other_first, other_last, field="against_from")
        return Compared(zone, Days(first, last), Days(other_first, other_last))

    async def compare(
        self, app_id: str, compared: Compared, only: SessionQuery | None = None
    ) -> ComparisonFacts:
        """What the sessions and calls of both periods come to; the calls that a query leaves
        `only`, if there is one. The periods are its bounds."""
        async with self._db.read() as tx:
            this, other = [
                await _period(tx, app_id, compared.zone, days)
                if only is None
                else await _filtered_period(tx, only, compared.zone, days)
                for days in (compared.this, compared.other)
            ]
        return ComparisonFacts(compared.zone.name, self._clock(), this, other)

    async def break_down(
        self,
        app_id: str,
        compared: Compared,
        dimension: str,
        only: SessionQuery | None = None,
    ) -> BreakdownFacts:
        """The calls of both periods by the values of a dimension, an hour of the day or the worst
        meetings; the calls that a query leaves `only`, if there is one."""
        zone = compared.zone
        this, other = (period_of(zone.clock_of(*days)) for days in (compared.this, compared.other))
        titles: Mapping[str, str] = {}
        async with self._db.read() as tx:
            if only is not None:
                return await _filtered_breakdown(tx, only, compared, dimension)
            all = _all(await period_sums.totals_by_day(tx, app_id, zone.clock_of(*compared.this)))
            if dimension == HOUR:
                values = await _by_hour(tx, app_id, zone, compared.this)
                other_values = await _by_hour(tx, app_id, zone, compared.other)
            elif dimension == MEETING:
                ids = await period_sums.worst_meetings(tx, app_id, this, MOST_MEETINGS)
                values = await period_sums.sums_of_meetings(tx, app_id, ids, this)
                other_values = await period_sums.sums_of_meetings(tx, app_id, ids, other)
                titles = await period_sums.titles_of_meetings(tx, app_id, ids)
            else:
                values = await period_sums.sums_of_kind(tx, app_id, dimension, this)
                other_values = await period_sums.sums_of_kind(tx, app_id, dimension, other)
        return _ranked(compared, dimension, all, values, other_values, titles)

    async def by_day(
        self, app_id: str, first_at: EpochMs | None, last_at: EpochMs | None
    ) -> list[DayCount]:
        """Every day of the range, the earliest first. The last thirty by default.
        Raises `Malformed` for more than a year, or for days that run backwards."""
        last = day_of(self._clock() if last_at is None else last_at)
        first = last - USUAL_DAYS + 1 if first_at is None else day_of(first_at)
        check_days(first, last)
        async with self._db.read() as tx:
            sums = {each.day: each for each in await day_sums.sums_of_days(tx, app_id, first, last)}
        return [
            DayCount(
                day=day,
                sessions=sums[day].sessions if day in sums else 0,
                minutes=round(sums[day].minutes, 4) if day in sums else 0.0,
            )
            for day in range(first, last + 1)
        ]


def check_days(first: int, last: int, field: str | None = None) -> None:
    """Raises `Malformed` for more than a year, or for days that run backwards. `field` names the
    parameter to blame."""
    if first > last:
        raise Malformed("The first day must not be after the last", code="bad_range", field=field)
    if last - first >= MOST_DAYS:
        message = f"At most {MOST_DAYS} days can be asked for"
        raise Malformed(message, code="bad_range", field=field)


async def _period(tx: AsyncConnection, app_id: str, zone: Zone, days: Days) -> PeriodFacts:
    clock = zone.clock_of(*days)
    period = period_of(clock)
    totals = await period_sums.totals_by_day(tx, app_id, clock)
    for quarter in await period_sums.live_sessions_between(tx, app_id, period):
        day = zone.day_of(quarter)
        known = totals.get(day, period_sums.NOTHING)
        totals[day] = known._replace(sessions=known.sessions + 1)
    _, people = await people_counts.people_of_days(tx, app_id, *days)
    return PeriodFacts(days.first, days.last, period, people, _spans(zone, totals, days))


class _FilteredPeriod(NamedTuple):
    """The calls of one of the periods that a query leaves."""

    query: SessionQuery
    clock: list[ZoneClock]
    calls: FilteredCalls


async def _calls_of(
    tx: AsyncConnection, only: SessionQuery, zone: Zone, days: Days
) -> _FilteredPeriod:
    clock = zone.clock_of(*days)
    period = period_of(clock)
    query = replace(only, created_from=period.from_at, created_to=period.to_at, is_live=False)
    return _FilteredPeriod(query, clock, await filtered_sums.find_filtered(tx, query))


async def _filtered_period(
    tx: AsyncConnection, only: SessionQuery, zone: Zone, days: Days
) -> PeriodFacts:
    found = await _calls_of(tx, only, zone, days)
    by_day = await filtered_sums.sums_by_day(tx, found.query, found.clock, found.calls)
    totals = {
        day: Totals(each.sessions, 0.0, each.bad_sessions, each.measured, each.bad)
        for day, each in by_day.items()
    }
    spans = [each._replace(minutes=None) for each in _spans(zone, totals, days)]
    return PeriodFacts(days.first, days.last, period_of(found.clock), None, spans)


async def _filtered_breakdown(
    tx: AsyncConnection, only: SessionQuery, compared: Compared, dimension: str
) -> BreakdownFacts:
    this, other = [
        await _calls_of(tx, only, compared.zone, days) for days in (compared.this, compared.other)
    ]
    titles: Mapping[str, str] = {}
    if dimension == MEETING:
        ids = await filtered_sums.worst_meetings(tx, only.app_id, this.calls, MOST_MEETINGS)
        titles = await period_sums.titles_of_meetings(tx, only.app_id, ids)
        both = [
            await filtered_sums.sums_of_meetings(tx, each.query, ids, each.calls)
            for each in (this, other)
        ]
    elif dimension == HOUR:
        both = [await filtered_sums.sums_by_hour(tx, *each) for each in (this, other)]
    else:
        both = [
            await filtered_sums.sums_of_kind(tx, each.query, dimension, each.calls)
            for each in (this, other)
        ]
    # A call may have several values. Those beside the one asked for have no list of their own.
    named = _named_in(only, dimension)
    values, other_values = (
        {value: sums for value, sums in each.items() if named in (None, value)} for each in both
    )
    all = this.calls.sum_of(this.calls.sessions)
    return _ranked(compared, dimension, all, values, other_values, titles)


def _named_in(only: SessionQuery, dimension: str) -> str | None:
    """The value of a dimension that a query asks for."""
    if dimension == MEETING:
        return only.meeting_id
    if dimension == HOUR:
        return None if only.hours is None else str(only.hours.hour)
    start = f"{dimension}:"
    return next((each[len(start) :] for each in only.facets if each.startswith(start)), None)


def _ranked(
    compared: Compared,
    dimension: str,
    all: Sum,
    values: Mapping[str, Sum],
    other_values: Mapping[str, Sum],
    titles: Mapping[str, str],
) -> BreakdownFacts:
    zone = compared.zone
    this, other = (period_of(zone.clock_of(*days)) for days in (compared.this, compared.other))
    ranked = rank_values(values, other_values, all)
    return BreakdownFacts(
        dimension=dimension,
        zone=zone.name,
        this=this,
        other=other,
        all=all,
        values=[each._replace(title=titles.get(each.value)) for each in ranked[:MOST_VALUES]],
        left_out=max(0, len(ranked) - MOST_VALUES),
    )


def _spans(zone: Zone, totals: Mapping[int, Totals], days: Days) -> list[SpanFacts]:
    length = days.last - days.first + 1
    width = 1 if length <= MOST_SINGLE_DAYS else DAYS_OF_WEEK
    return [
        _span(zone, totals, first, min(first + width - 1, days.last))
        for first in range(days.first, days.last + 1, width)
    ]


def _span(zone: Zone, totals: Mapping[int, Totals], first: int, last: int) -> SpanFacts:
    of_days = [totals[day] for day in range(first, last + 1) if day in totals]
    period: QuarterSpan = period_of(zone.clock_of(first, last))
    return SpanFacts(first, last, period, *_added(of_days))


def _added(totals: list[Totals]) -> Totals:
    numbers = [sum(each) for each in zip(*totals, strict=True)] or list(period_sums.NOTHING)
    return Totals(int(numbers[0]), round(numbers[1], 4), *(int(each) for each in numbers[2:]))


def _all(totals: Mapping[int, Totals]) -> Sum:
    return _sum(_added(list(totals.values())))


def _sum(totals: Totals) -> Sum:
    return Sum(totals.sessions, totals.bad_sessions, totals.measured, totals.bad)


async def _by_hour(tx: AsyncConnection, app_id: str, zone: Zone, days: Days) -> dict[str, Sum]:
    found = await period_sums.totals_by_hour(tx, app_id, zone.clock_of(*days))
    return {str(hour): _sum(totals) for hour, totals in found.items()}
