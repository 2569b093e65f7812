"""Periods, and the order of what calls have in common."""

from aftercall.core.overview.periods import (
    QuarterSpan,
    Sum,
    difference_of,
    rank_values,
    share_of,
)


def test_a_period_ends_a_millisecond_before_the_next_quarter() -> None:
    period = QuarterSpan(4, 8)
    assert (period.from_at, period.to_at) == (3_600_000, 7_199_999)


def test_values_are_ordered_by_what_is_certain_and_ties_are_broken() -> None:
    values = {
        "many": Sum(90, 20, 1_000, 100),
        "few, all bad": Sum(3, 3, 19, 19),
        "worse": Sum(40, 20, 200, 40),
        "b": Sum(20, 0, 50, 0),
        "a": Sum(20, 0, 50, 0),
        "more": Sum(20, 0, 60, 0),
        "nobody measured": Sum(5, 0, 0, 0),
    }
    ranked = rank_values(values, {"many": Sum(90, 9, 1_000, 50)}, Sum(200, 43, 1_400, 159))
    # Of none, the lower bound is 0 however many calls there are: more calls come first.
    assert [one.value for one in ranked] == ["worse", "many", "more", "a", "b", "few, all bad"]
    worse, many, *_, few = ranked
    assert worse.is_high and not many.is_high and not few.is_high
    assert many.difference is not None and round(many.difference.value, 3) == 0.05
    assert worse.difference is None and worse.other == (0, 0, 0, 0)
    assert few.share is None


def test_of_too_few_calls_nothing_is_said() -> None:
    assert share_of(Sum(9, 9, 19, 19)) is None
    assert share_of(Sum(9, 9, 20, 20)) is not None
    assert difference_of(Sum(9, 9, 20, 20), Sum(9, 9, 19, 0)) is None
