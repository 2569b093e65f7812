"""The search terms of a title."""

from hypothesis import given
from hypothesis import strategies as st

from aftercall.store.sessions.tokenizer import LONGEST_WORD, MOST_WORDS, words_of


def test_words_are_lowercase_without_accents_and_distinct() -> None:
    assert words_of("Équipe: équipe_DATEN-2 Straße") == ["equipe", "daten", "2", "strasse"]
    assert words_of(" –!? ") == []


@given(st.text())
def test_tokenizing_words_again_gives_the_same_words(text: str) -> None:
    words = words_of(text)
    assert len(words) <= MOST_WORDS
    assert all(0 < len(word) <= LONGEST_WORD for word in words)
    assert words_of(" ".join(words)) == words
