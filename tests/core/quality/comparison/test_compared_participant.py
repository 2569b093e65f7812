from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.instants import EpochMs
from aftercall.core.quality.comparison.compared_participant import are_most
from aftercall.core.spans import Span, covers


def _span(start: int, end: int) -> Span:
    return (EpochMs(start), EpochMs(end))


def test_most_participants_are_three_quarters_of_several() -> None:
    assert are_most("abc", "abcd") and are_most("ab", "ab")
    assert not are_most("ab", "abc") and not are_most("a", "a")


def test_spans_cover_a_span_from_half_of_its_length() -> None:
    assert covers([_span(0, 5)], _span(0, 10))
    assert not covers([_span(0, 4)], _span(0, 10))
    assert not covers([], _span(5, 5))


def test_the_covered_parts_are_added_up() -> None:
    assert covers([_span(0, 3), _span(8, 30)], _span(0, 10))
    assert not covers([_span(0, 3), _span(9, 30)], _span(0, 10))


@given(st.integers(0, 50), st.integers(0, 50))
def test_one_of_two_complementary_parts_covers_any_span(length: int, cut: int) -> None:
    cut = min(cut, length)
    whole = _span(0, length)
    assert covers([_span(0, cut)], whole) or covers([_span(cut, length)], whole)
