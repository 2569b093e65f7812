"""The terms that lead to a session."""

from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.instants import DAY_MS, HOUR_MS, MINUTE_MS, EpochMs
from aftercall.core.search_terms import words_of
from aftercall.store.sessions.terms import (
    TITLE,
    WORD,
    Wanted,
    terms_of_end,
    terms_of_verdict,
    wanted_word,
)

TEXTS = st.text("ab cdé-1", max_size=12)


def is_led_to(wanted: Wanted, terms: frozenset[str]) -> bool:
    if wanted.end is None:
        return wanted.first in terms
    return any(wanted.first <= term < wanted.end for term in terms)


@given(TEXTS, TEXTS)
def test_a_session_is_found_by_what_a_word_begins_with_and_by_nothing_else(
    title: str, search: str
) -> None:
    by_title = terms_of_end(id="i", meeting_id="m", title=title, total_participants=0)
    by_name = terms_of_verdict(
        [f"word:{word}" for word in words_of(title)], [], created_at=EpochMs(0), level=None
    )
    for word in words_of(search):
        is_there = any(each.startswith(word) for each in words_of(title))
        assert is_led_to(wanted_word(TITLE, word), by_title) == is_there
        assert is_led_to(wanted_word(WORD, word), by_name) == is_there


def test_an_ended_session_is_found_by_its_meeting_its_size_and_beginnings_of_ids() -> None:
    found = terms_of_end(id="5a-é", meeting_id="m1", title="", total_participants=5)
    assert found == {
        "meeting:m1", "session~5", "session~5a", "session~5a-", "meeting~m", "meeting~m1",
        "size:0", "size:2",
    }  # fmt: skip


def test_a_verdict_adds_ids_its_quarter_and_what_each_call_is_found_by() -> None:
    found = terms_of_verdict(
        ["id:U~1", "word:li"],
        [["bad", "browser:Chrome"], [], ["browser:Chrome"]],
        created_at=EpochMs(DAY_MS + 3 * HOUR_MS + 30 * MINUTE_MS),
        level=2,
    )
    assert found == {
        "id:U~1", "measured", "level:2", "word~l", "word~li", "quarter:14",
        "call:0:bad", "call:0:browser:Chrome", "call:2:browser:Chrome",
    }  # fmt: skip
