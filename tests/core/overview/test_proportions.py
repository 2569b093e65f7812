"""Shares and differences, against the figures that Newcombe published in 1998."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.overview.proportions import (
    FEWEST,
    Z_99,
    is_certain,
    is_higher_than_the_rest,
    newcombe,
    wilson,
)

SHARES = [
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0000, 0.1611),
    (1, 29, 0.0061, 0.1718),
]
"""Statistics in Medicine 17, pages 857-872, table I, method 3."""

DIFFERENCES = [
    (56, 70, 48, 80, 0.0524, 0.3339),
    (9, 10, 3, 10, 0.1705, 0.8090),
    (6, 7, 2, 7, 0.0582, 0.8062),
    (5, 56, 0, 29, -0.0381, 0.1926),
    (0, 10, 0, 20, -0.1611, 0.2775),
    (0, 10, 0, 10, -0.2775, 0.2775),
    (10, 10, 0, 20, 0.6791, 1.0000),
    (10, 10, 0, 10, 0.6075, 1.0000),
]
"""Statistics in Medicine 17, pages 873-890, table II, method 10."""


@pytest.mark.parametrize(("part", "whole", "low", "high"), SHARES)
def test_a_share_has_the_interval_that_was_published(
    part: int, whole: int, low: float, high: float
) -> None:
    found = wilson(part, whole)
    assert found.value == part / whole
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize(("a", "m", "b", "n", "low", "high"), DIFFERENCES)
def test_a_difference_has_the_interval_that_was_published(
    a: int, m: int, b: int, n: int, low: float, high: float
) -> None:
    found = newcombe(a, m, b, n)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


COUNTS = st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(COUNTS, COUNTS)
def test_intervals_hold_their_value_stay_within_bounds_and_turn_around(
    one: tuple[int, int], other: tuple[int, int]
) -> None:
    share = wilson(*one)
    assert 0 <= share.low <= share.value <= share.high <= 1
    assert wilson(*one, Z_99).low <= share.low
    there, back = newcombe(*one, *other), newcombe(*other, *one)
    assert -1 <= there.low <= there.value <= there.high <= 1
    assert there.low == pytest.approx(-back.high)
    assert is_certain(there) == is_certain(back)


def test_nothing_is_certain_about_equal_shares() -> None:
    assert not is_certain(newcombe(5, 100, 5, 100))
    assert is_certain(newcombe(30, 100, 5, 100))


def test_only_enough_calls_that_are_worse_than_all_others_are_high() -> None:
    assert is_higher_than_the_rest(30, 100, 60, 1_000)
    assert not is_higher_than_the_rest(8, 100, 60, 1_000)
    assert not is_higher_than_the_rest(FEWEST - 1, FEWEST - 1, 60, 1_000)
    # All calls have no others to be worse than.
    assert not is_higher_than_the_rest(60, 1_000, 60, 1_000)
