"""Calls in the postings: conditions on one participant, whatever the others have."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.overview.call_facets import MOST_CALLS
from aftercall.store.codecs import bitset
from aftercall.store.sessions.call_postings import (
    calls_with,
    count_calls,
    planes_of,
    sessions_of,
    stored_term,
)
from aftercall.store.sessions.postings import BLOCK_SIZE, Bits, both, stored_bit
from aftercall.store.sessions.terms import call_term

NAMES = ["bad", "browser:Edge", "browser:Edge~001", "person:a"]
CALLS = st.dictionaries(
    st.tuples(st.integers(0, 3), st.integers(0, BLOCK_SIZE - 1), st.integers(0, MOST_CALLS - 1)),
    st.sets(st.sampled_from(NAMES)),
    max_size=30,
)
"""What calls have, by their block, the session's place and the participant's."""


def stored(calls: Mapping[tuple[int, int, int], set[str]]) -> dict[str, Bits]:
    found: dict[str, Bits] = {}
    for (block, place, participant), names in calls.items():
        for name in names:
            term, bit = stored_bit(call_term(participant, name), 1 << place)
            of_term = found.setdefault(term, {})
            of_term[block] = of_term.get(block, 0) | bit
    return found


@given(CALLS, st.sets(st.sampled_from(NAMES), min_size=1))
def test_calls_are_found_that_have_all_of_some_facets(
    calls: dict[tuple[int, int, int], set[str]], wanted: set[str]
) -> None:
    by_term = {
        term: {block: bitset.decode(bitset.encode(bits)) for block, bits in of_term.items()}
        for term, of_term in stored(calls).items()
    }
    first, *others = sorted(wanted)
    found = calls_with(by_term, first)
    for name in others:
        found = both(found, calls_with(by_term, name))
    matching = [key for key, names in calls.items() if wanted <= names]
    sessions: Bits = {}
    for block, place, _ in matching:
        sessions[block] = sessions.get(block, 0) | 1 << place
    assert {k: v for k, v in sessions_of(found, BLOCK_SIZE).items() if v} == sessions
    assert count_calls(found, sessions, BLOCK_SIZE) == len(matching)
    kept = {block: bits for block, bits in sessions.items() if block < 2}
    assert count_calls(found, kept, BLOCK_SIZE) == sum(block < 2 for block, *_ in matching)


@given(CALLS)
def test_a_row_says_which_terms_its_sessions_have(
    calls: dict[tuple[int, int, int], set[str]],
) -> None:
    expected = {
        (call_term(participant, name), block, place)
        for (block, place, participant), names in calls.items()
        for name in names
    }
    found = {
        (term, block, place)
        for stored_as, of_term in stored(calls).items()
        for block, bits in of_term.items()
        for term, places in planes_of(stored_as, bits, BLOCK_SIZE)
        for place in bitset.members(places)
    }
    assert found == expected


def test_other_terms_are_stored_as_they_are() -> None:
    assert stored_term("word:call") == ("word:call", 0)
    assert planes_of("word:call", 5, BLOCK_SIZE) == [("word:call", 5)]
    assert stored_term("call:9:browser:A:B") == ("call~browser:A:B~001", 1)
