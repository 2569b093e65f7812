"""The matrix of senders and listeners; a pair `ba` is what Bob received from Ada."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.instants import EpochMs
from aftercall.core.quality.comparison.impairment_matrix import (
    ImpairmentMatrix,
    PathSpans,
    culprits_among_unnamed,
    impaired_for_everybody,
    spans_with_share_between,
)
from aftercall.core.spans import Span, intersection, union, without

CALL: Span = (EpochMs(0), EpochMs(600))
BAD: Span = (EpochMs(100), EpochMs(200))


def _received(people: str, missed: str = "") -> dict[str, dict[str, PathSpans]]:
    pairs = missed.split()
    return {
        listener: {
            sender: PathSpans([CALL], [BAD] if listener + sender in pairs else [])
            for sender in people.replace(listener, "")
        }
        for listener in people
    }


def _unnamed(people: str, missed: str) -> dict[str, dict[str, PathSpans]]:
    return {
        listener: {f"?{sender}": each for sender, each in slots.items()}
        for listener, slots in _received(people, missed).items()
    }


def _full(matrix: ImpairmentMatrix) -> tuple[str, str]:
    """The senders and the listeners whose lines are impaired and unexplained by others."""
    senders = [name for name, line in matrix.senders.items() if line.unexplained]
    listeners = [name for name, line in matrix.listeners.items() if line.unexplained]
    return "".join(senders), "".join(listeners)


@pytest.mark.parametrize(
    ("missed", "senders", "listeners"),
    [
        ("", "", ""),
        ("ba", "", ""),
        ("ba ca da", "a", ""),
        ("ab ac ad", "", "a"),
        ("ba ca da ab ac ad", "a", "a"),
        ("ba ca da ab cb db", "ab", ""),
    ],
    ids=["nothing", "one pair", "an uplink", "a downlink", "both ways", "two uplinks"],
)
def test_the_matrix_finds_the_senders_and_listeners_at_fault(
    missed: str, senders: str, listeners: str
) -> None:
    assert _full(ImpairmentMatrix(_received("abcd", missed), "abcd")) == (senders, listeners)


def test_a_line_explained_by_others_is_impaired_but_not_at_fault() -> None:
    """Three of four uplinks fill three quarters of what Dan hears, and all of it."""
    matrix = ImpairmentMatrix(_received("abcd", "ba ca da ab cb db ac bc dc"), "abcd")
    assert _full(matrix) == ("abc", "")
    line = matrix.listeners["d"]
    assert (line.most, line.every, line.unexplained) == ([BAD], [BAD], [])


def test_three_quarters_of_a_line_are_most_but_not_all_of_it() -> None:
    line = ImpairmentMatrix(_received("abcde", "ab ac ad"), "abcde").listeners["a"]
    assert (line.several, line.most, line.every) == ([CALL], [BAD], [])
    assert ImpairmentMatrix(_received("abcde", "ab ac"), "abcde").listeners["a"].most == []


def test_one_field_is_no_line() -> None:
    line = ImpairmentMatrix(_received("ab", "ab"), "ab").listeners["a"]
    assert (line.several, line.most, line.every) == ([], [], [])


def test_a_stream_without_sender_counts_for_its_listener_only() -> None:
    matrix = ImpairmentMatrix(_unnamed("abc", "ab ac"), "abc")
    assert matrix.listeners["a"].unexplained == [BAD]
    assert all(line.several == [] for line in matrix.senders.values())


def test_impairment_while_no_stream_was_received_does_not_count() -> None:
    absent = PathSpans([(EpochMs(300), EpochMs(400))], [BAD])
    there = PathSpans([CALL], [])
    matrix = ImpairmentMatrix({"a": {"b": absent, "c": absent, "d": there, "e": there}}, "abcde")
    line = matrix.listeners["a"]
    assert (line.several, line.most, line.every) == ([CALL], [], [])


def _everybody(people: str) -> str:
    return " ".join(one + other for one in people for other in people if one != other)


@pytest.mark.parametrize(
    ("people", "missed", "found"),
    [
        ("abc", _everybody("abc"), [BAD]),
        ("abc", _everybody("abc").replace("ab", ""), []),
        ("abcd", _everybody("abcd").replace("ab", ""), [BAD]),
        ("ab", _everybody("ab"), []),
    ],
    ids=["all", "five of six", "eleven of twelve", "two people"],
)
def test_an_impairment_for_everybody_affects_most_of_three_or_more_listeners(
    people: str, missed: str, found: list[Span]
) -> None:
    assert impaired_for_everybody(_received(people, missed).values()) == found


@pytest.mark.parametrize(("count", "found"), [(0, []), (1, []), (2, [BAD]), (3, []), (4, [])])
def test_spans_are_selected_by_a_share_within_both_bounds(count: int, found: list[Span]) -> None:
    fields = [PathSpans([CALL], [BAD] if n < count else []) for n in range(4)]
    assert spans_with_share_between(fields, 0.25, 0.75) == found


@pytest.mark.parametrize(
    ("missed", "culprits"),
    [
        ("ba ca da", "a"),
        ("ba ca da ab cb db", "ab"),
        ("ba ca", ""),
        ("ba ca da bc bd", "a"),
        (_everybody("abcd"), ""),
        ("", ""),
    ],
    ids=["one", "two", "one listener is spared", "beside a downlink", "all", "none"],
)
def test_among_unnamed_streams_the_culprit_is_impaired_at_one_fewer(
    missed: str, culprits: str
) -> None:
    found = culprits_among_unnamed(_unnamed("abcd", missed))
    assert found == {name: [BAD] for name in culprits}


def test_at_most_three_simultaneous_uplinks_are_found() -> None:
    people = "abcdefg"
    for culprits, found in (("abc", "abc"), ("abcd", "")):
        missed = " ".join(one + other for other in culprits for one in people if one != other)
        assert set(culprits_among_unnamed(_unnamed(people, missed))) == set(found)


_spans = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 40)).map(
        lambda pair: (EpochMs(pair[0]), EpochMs(pair[0] + pair[1]))
    ),
    max_size=4,
).map(union)


@given(
    st.dictionaries(
        st.sampled_from("abcd"),
        st.dictionaries(st.sampled_from("abcd?"), st.builds(PathSpans, _spans, _spans), max_size=4),
        max_size=4,
    )
)
def test_every_implies_most_and_most_implies_several(
    heard: Mapping[str, Mapping[str, PathSpans]],
) -> None:
    matrix = ImpairmentMatrix(heard, "abcd")
    for line in (*matrix.listeners.values(), *matrix.senders.values()):
        assert without(line.every, line.most) == without(line.most, line.several) == []
        assert intersection(line.unexplained, line.most) == line.unexplained
