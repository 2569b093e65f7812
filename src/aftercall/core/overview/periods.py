"""Periods that are compared, by the clock of a zone, and what their calls come to."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from aftercall.core.instants import QUARTER_MS, EpochMs
from aftercall.core.overview.proportions import (
    FEWEST,
    ConfidenceInterval,
    is_higher_than_the_rest,
    newcombe,
    wilson,
)


class QuarterSpan(NamedTuple):
    """Quarter hours since 1970, `end` not included."""

    first: int
    end: int

    @property
    def from_at(self) -> EpochMs:
        return EpochMs(self.first * QUARTER_MS)

    @property
    def to_at(self) -> EpochMs:
        """The last millisecond."""
        return EpochMs(self.end * QUARTER_MS - 1)


class Clock(NamedTuple):
    """A span of quarter hours during which a zone is so many quarters ahead of UTC."""

    first: int
    end: int
    offset: int


class Sum(NamedTuple):
    """Sessions, and the measured and the bad calls of them."""

    sessions: int
    bad_sessions: int
    measured: int
    bad: int


class SpanFacts(NamedTuple):
    """The days of a period, or its runs of seven days; both ends are included. Sessions that go
    on count among `sessions` alone. Where calls are filtered, sessions are those with a measured
    one, and minutes `None`."""

    first_day: int
    last_day: int
    period: QuarterSpan
    sessions: int
    minutes: float | None
    bad_sessions: int
    measured: int
    bad: int


class PeriodFacts(NamedTuple):
    """One of the two periods. `people` were there on the UTC days of the same dates; `None` where
    calls are filtered."""

    first_day: int
    last_day: int
    period: QuarterSpan
    people: int | None
    spans: Sequence[SpanFacts]


class ComparisonFacts(NamedTuple):
    """A period and the one that it is compared with."""

    zone: str
    now: EpochMs
    this: PeriodFacts
    other: PeriodFacts


class ValueFacts(NamedTuple):
    """The calls of both periods with one value of a dimension. Shares and their difference are
    `None` of too few calls; `is_high`: more were bad than of the others, 99 % sure."""

    value: str
    title: str | None
    this: Sum
    other: Sum
    share: ConfidenceInterval | None
    other_share: ConfidenceInterval | None
    difference: ConfidenceInterval | None
    is_high: bool


class BreakdownFacts(NamedTuple):
    """The calls of both periods by the values of a dimension: the highest lower bound of the share
    of bad calls comes first. `left_out` values follow."""

    dimension: str
    zone: str
    this: QuarterSpan
    other: QuarterSpan
    all: Sum
    values: Sequence[ValueFacts]
    left_out: int


def share_of(calls: Sum) -> ConfidenceInterval | None:
    """The share of bad calls; `None` of too few."""
    return wilson(calls.bad, calls.measured) if calls.measured >= FEWEST else None


def difference_of(this: Sum, other: Sum) -> ConfidenceInterval | None:
    """By how much the share of bad calls is higher; `None` of too few on either side."""
    if this.measured < FEWEST or other.measured < FEWEST:
        return None
    return newcombe(this.bad, this.measured, other.bad, other.measured)


NOTHING: Final = Sum(0, 0, 0, 0)


def rank_values(
    values: Mapping[str, Sum], other_values: Mapping[str, Sum], all: Sum
) -> list[ValueFacts]:
    """Those values that any measured call of the first period has. Ties are broken by the number of
    bad calls, of calls, then by name."""
    found = [
        ValueFacts(
            value=value,
            title=None,
            this=this,
            other=(other := other_values.get(value, NOTHING)),
            share=share_of(this),
            other_share=share_of(other),
            difference=difference_of(this, other),
            is_high=is_higher_than_the_rest(this.bad, this.measured, all.bad, all.measured),
        )
        for value, this in values.items()
        if this.measured
    ]
    return sorted(found, key=_place_of)


def _place_of(one: ValueFacts) -> tuple[float, int, int, str]:
    low = -1.0 if one.share is None else one.share.low
    return -low, -one.this.bad, -one.this.measured, one.value
