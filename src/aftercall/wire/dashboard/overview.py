"""Two periods beside each other, and the calls of both by what they have in common.

A call is one person in one session; those that have an overall level are the measured ones. Shares
are percent, differences points, both with the bounds of their interval of 95 %.
"""

from typing import Final, Literal

import msgspec

from aftercall.core.instants import EpochMs, format_day, format_iso
from aftercall.core.overview.periods import (
    BreakdownFacts,
    ComparisonFacts,
    PeriodFacts,
    QuarterSpan,
    SpanFacts,
    Sum,
    ValueFacts,
    difference_of,
    share_of,
)
from aftercall.core.overview.proportions import ConfidenceInterval, is_certain
from aftercall.wire.dashboard.attendance import csv_rows

Filter = dict[str, str]
"""Query parameters of the list behind a number: with `measured` or `bad` of the calls, without of
the sessions."""

NO_FILTER: Final[Filter] = {}


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """The bad ones among measured calls, in percent, with Wilson's interval."""

    percent: float
    low: float
    high: float


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """By how many points a share is higher than before, with Newcombe's interval; `is_certain`: it
    leaves out 0."""

    points: float
    low: float
    high: float
    is_certain: bool


class CallCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Measured calls. `share` is null of fewer than twenty."""

    measured_participants: int
    bad_participants: int
    share: Share | None


class OverviewSpan(
    msgspec.Struct, frozen=True, kw_only=True, rename={"from_day": "from", "to_day": "to"}
):
    """A day, or a run of seven; both dates are included. Live sessions count among `sessions`
    alone. Where calls are filtered, `sessions` have a measured one, and `minutes` are null."""

    from_day: str
    to_day: str
    sessions: int
    minutes: float | None
    bad_sessions: int
    calls: CallCounts
    filter: Filter


class OverviewPeriod(
    msgspec.Struct, frozen=True, kw_only=True, rename={"from_day": "from", "to_day": "to"}
):
    """A period; both dates are included. `people` were there on the UTC days of these dates, which
    `people_filter` names. Where calls are filtered, `sessions` are those with a measured one, and
    `minutes` and `people` null."""

    from_day: str
    to_day: str
    days: int
    sessions: int
    minutes: float | None
    people: int | None
    bad_sessions: int
    calls: CallCounts
    spans: list[OverviewSpan]
    filter: Filter
    people_filter: Filter


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """A period and the one that it is compared with, in days of the zone."""

    zone: str
    now: EpochMs
    span: Literal["day", "week"]
    this: OverviewPeriod
    other: OverviewPeriod
    difference: Difference | None


class BreakdownRow(msgspec.Struct, frozen=True, kw_only=True):
    """The calls with one value. `is_high`: more of them were bad than of all others, 99 % sure."""

    value: str
    title: str | None
    calls: CallCounts
    other_calls: CallCounts
    difference: Difference | None
    is_high: bool
    filter: Filter
    other_filter: Filter


class Breakdown(msgspec.Struct, frozen=True, kw_only=True):
    """The calls of both periods by one dimension; `left_out` is the number of values that are not
    listed."""

    by: str
    all: CallCounts
    rows: list[BreakdownRow]
    left_out: int


class Breakdowns(msgspec.Struct, frozen=True, kw_only=True):
    """The breakdowns that were asked for, in the order of the documented dimensions."""

    breakdowns: list[Breakdown]


COLUMNS: Final = (
    "by",
    "value",
    "title",
    "calls",
    "bad_calls",
    "bad_percent",
    "bad_percent_low",
    "bad_percent_high",
    "other_calls",
    "other_bad_calls",
    "other_bad_percent",
    "points",
    "is_high",
)


def write_breakdowns(found: Breakdowns) -> bytes:
    """The breakdowns as a CSV file, one line a value. Shares of few calls are empty."""
    return csv_rows(
        [COLUMNS, *(_cells(each, row) for each in found.breakdowns for row in each.rows)]
    )


def _cells(breakdown: Breakdown, row: BreakdownRow) -> list[object]:
    share, other = row.calls.share, row.other_calls.share
    return [
        breakdown.by,
        row.value,
        row.title,
        row.calls.measured_participants,
        row.calls.bad_participants,
        None if share is None else share.percent,
        None if share is None else share.low,
        None if share is None else share.high,
        row.other_calls.measured_participants,
        row.other_calls.bad_participants,
        None if other is None else other.percent,
        None if row.difference is None else row.difference.points,
        "true" if row.is_high else "false",
    ]


def encode_overview(found: ComparisonFacts, only: Filter = NO_FILTER) -> Overview:
    """Each number comes with the query of the list behind it, which has the parameters of `only`,
    by which calls were filtered."""
    only = _with_zone(only, found.zone)
    this, other = _period(found.this, only), _period(found.other, only)
    spans = found.this.spans
    is_by_day = all(each.first_day == each.last_day for each in spans)
    return Overview(
        zone=found.zone,
        now=found.now,
        span="day" if is_by_day else "week",
        this=this,
        other=other,
        difference=_difference(difference_of(_sum(found.this), _sum(found.other))),
    )


def encode_breakdowns(found: list[BreakdownFacts], only: Filter = NO_FILTER) -> Breakdowns:
    """The filters of rows have the parameters of `only`, by which calls were filtered."""
    return Breakdowns(breakdowns=[_breakdown(each, only) for each in found])


def _breakdown(found: BreakdownFacts, only: Filter) -> Breakdown:
    return Breakdown(
        by=found.dimension,
        all=_calls(found.all),
        rows=[_row(found, each, only) for each in found.values],
        left_out=found.left_out,
    )


def _row(found: BreakdownFacts, one: ValueFacts, only: Filter) -> BreakdownRow:
    own: Filter = {**only, _PARAMETERS.get(found.dimension, found.dimension): one.value}
    own = _with_zone(own, found.zone)
    return BreakdownRow(
        value=one.value,
        title=one.title,
        calls=_calls(one.this),
        other_calls=_calls(one.other),
        difference=_difference(one.difference),
        is_high=one.is_high,
        filter=_filter(found.this) | own,
        other_filter=_filter(found.other) | own,
    )


_PARAMETERS: Final = {"meeting": "meeting_id"}


def _with_zone(only: Filter, zone: str) -> Filter:
    """An hour is one by the clock of the zone."""
    return {**only, "tz": zone} if "hour" in only else only


def _period(found: PeriodFacts, only: Filter) -> OverviewPeriod:
    spans = found.spans
    first, last = format_day(found.first_day), format_day(found.last_day)
    return OverviewPeriod(
        from_day=first,
        to_day=last,
        days=found.last_day - found.first_day + 1,
        sessions=sum(each.sessions for each in spans),
        minutes=_minutes(found),
        people=found.people,
        bad_sessions=sum(each.bad_sessions for each in spans),
        calls=_calls(_sum(found)),
        spans=[_span(each, only) for each in spans],
        filter=_filter(found.period) | only,
        people_filter={"from": first, "to": last},
    )


def _minutes(found: PeriodFacts) -> float | None:
    known = [each.minutes for each in found.spans if each.minutes is not None]
    return round(sum(known), 4) if len(known) == len(found.spans) else None


def _span(found: SpanFacts, only: Filter) -> OverviewSpan:
    calls = Sum(found.sessions, found.bad_sessions, found.measured, found.bad)
    return OverviewSpan(
        from_day=format_day(found.first_day),
        to_day=format_day(found.last_day),
        sessions=found.sessions,
        minutes=found.minutes,
        bad_sessions=found.bad_sessions,
        calls=_calls(calls),
        filter=_filter(found.period) | only,
    )


def _sum(found: PeriodFacts) -> Sum:
    spans = found.spans
    return Sum(
        sum(each.sessions for each in spans),
        sum(each.bad_sessions for each in spans),
        sum(each.measured for each in spans),
        sum(each.bad for each in spans),
    )


def _calls(calls: Sum) -> CallCounts:
    share = share_of(calls)
    return CallCounts(
        measured_participants=calls.measured,
        bad_participants=calls.bad,
        share=None
        if share is None
        else Share(
            percent=_hundred(share.value), low=_hundred(share.low), high=_hundred(share.high)
        ),
    )


def _difference(found: ConfidenceInterval | None) -> Difference | None:
    if found is None:
        return None
    return Difference(
        points=_hundred(found.value),
        low=_hundred(found.low),
        high=_hundred(found.high),
        is_certain=is_certain(found),
    )


def _hundred(fraction: float) -> float:
    return round(100 * fraction, 3)


def _filter(period: QuarterSpan) -> Filter:
    return {"from": format_iso(period.from_at), "to": format_iso(period.to_at)}
