"""Spans: union, intersection and difference, compared with sets of milliseconds."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.instants import EpochMs
from aftercall.core.spans import (
    Span,
    covers,
    intersection,
    lasting,
    length_ms,
    overlap_ms,
    union,
    without,
)

MOST = 40


def span(start: int, end: int) -> Span:
    return EpochMs(start), EpochMs(end)


any_spans = st.lists(
    st.tuples(st.integers(0, MOST), st.integers(1, MOST)).map(
        lambda pair: span(pair[0], pair[0] + pair[1])
    ),
    max_size=8,
)
lists = any_spans.map(union)
"""Ascending spans that do not touch."""


def instants(spans: Sequence[Span]) -> set[int]:
    return {instant for start, end in spans for instant in range(start, end)}


def is_a_list(spans: Sequence[Span]) -> bool:
    return all(start < end for start, end in spans) and all(
        one[1] < next_[0] for one, next_ in pairwise(spans)
    )


@given(any_spans)
def test_a_union_contains_every_instant_of_any_span(spans: list[Span]) -> None:
    joined = union(spans)
    assert is_a_list(joined)
    assert instants(joined) == instants(spans)
    assert length_ms(joined) == len(instants(spans))


@given(lists, lists)
def test_an_intersection_contains_the_instants_of_both(one: list[Span], other: list[Span]) -> None:
    both = intersection(one, other)
    assert is_a_list(both)
    assert instants(both) == instants(one) & instants(other)
    assert overlap_ms(one, other) == len(instants(both))


@given(lists, lists)
def test_a_difference_contains_the_instants_of_the_first_only(
    one: list[Span], other: list[Span]
) -> None:
    rest = without(one, other)
    assert is_a_list(rest)
    assert instants(rest) == instants(one) - instants(other)


@given(any_spans, st.integers(0, MOST))
def test_a_union_closes_gaps_up_to_the_given_width(spans: list[Span], within_ms: int) -> None:
    exact, joined = union(spans), union(spans, within_ms=within_ms)
    gaps = [
        span(one[1], next_[0]) for one, next_ in pairwise(exact) if next_[0] - one[1] <= within_ms
    ]
    assert instants(joined) == instants(exact) | instants(gaps)


@pytest.mark.parametrize(("least_ms", "kept"), [(9, 2), (10, 2), (11, 1), (21, 0)])
def test_a_span_lasts_from_the_minimum_duration(least_ms: int, kept: int) -> None:
    assert len(lasting([span(0, 10), span(20, 40)], least_ms)) == kept


@pytest.mark.parametrize(
    ("when", "is_covered"),
    [
        ([], False),
        ([span(100, 149)], False),
        ([span(100, 150)], True),
        ([span(100, 125), span(175, 300)], True),
        ([span(0, 100), span(200, 300)], False),
    ],
)
def test_a_span_is_covered_from_half_of_its_length(when: list[Span], is_covered: bool) -> None:
    assert covers(when, span(100, 200)) is is_covered
