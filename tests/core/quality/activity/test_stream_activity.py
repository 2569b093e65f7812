from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.instants import EpochMs
from aftercall.core.spans import Span, intersection, overlap_ms, union

_SPANS = st.lists(
    st.tuples(st.integers(0, 50), st.integers(1, 10)).map(
        lambda pair: (EpochMs(pair[0]), EpochMs(pair[0] + pair[1]))
    ),
    max_size=8,
)


def _moments(spans: list[Span]) -> set[int]:
    return {moment for start, end in spans for moment in range(start, end)}


@given(_SPANS)
def test_a_union_covers_what_any_span_covers(spans: list[Span]) -> None:
    merged = union(spans)
    assert _moments(merged) == _moments(spans)
    assert all(one[1] < other[0] for one, other in pairwise(merged))


@given(_SPANS, _SPANS)
def test_an_intersection_covers_what_both_cover(one: list[Span], other: list[Span]) -> None:
    both = intersection(union(one), union(other))
    assert _moments(both) == _moments(one) & _moments(other)
    assert overlap_ms(union(one), union(other)) == len(_moments(one) & _moments(other))


def test_a_union_can_close_short_gaps() -> None:
    spans = [(EpochMs(0), EpochMs(10)), (EpochMs(15), EpochMs(20))]
    assert union(spans) == spans
    assert union(spans, within_ms=5) == [(0, 20)]
