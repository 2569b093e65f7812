"""Names are found without their accents, apostrophes and hyphens, and still with them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.search_terms import (
    LONGEST_WORD,
    MOST_WORDS,
    is_found,
    spaced_words_of,
    wanted_of,
    words_of,
)


@pytest.mark.parametrize(
    ("name", "searches"),
    [
        ("Siobhán O'Brien", ["obrien", "o'brien", "O’Brien", "brien", "siobhan o", "OBRI", "o'b"]),
        ("Siobhán O\u2019Brien", ["obrien", "o'brien", "oʼbrien", "o`brien"]),
        ("OBrien", ["obrien", "o'brien", "O\u2019Brien"]),
        ("Jürgen Müller", ["muller", "müller", "mu\u0308ller", "JURGEN MULL"]),
        ("Anna-Lena Meier", ["annalena", "anna-lena", "anna lena", "lena", "anna\u2011lena"]),
        ("Annalena", ["anna-lena", "anna"]),
        ("Søren Łukasz", ["soren", "søren", "lukasz", "SØR"]),
        ("Straße", ["strasse", "straße"]),
        ("D'Arc-Dupont", ["darcdupont", "d'arc", "dupont"]),
        ("co\u00adoperation", ["cooperation"]),
        ("Ｏ＇Ｂｒｉｅｎ", ["obrien"]),
    ],
)
def test_a_name_is_found_with_and_without_its_marks(name: str, searches: list[str]) -> None:
    for search in searches:
        assert is_found(search, spaced_words_of(name)), search


@pytest.mark.parametrize("search", ["rien", "obriens", "sio x", "", "'", "-"])
def test_other_words_find_nothing(search: str) -> None:
    assert not is_found(search, spaced_words_of("Siobhán O'Brien"))


@given(st.text(max_size=40))
def test_a_text_is_found_by_itself(text: str) -> None:
    assert is_found(text, spaced_words_of(text)) or not words_of(text)


@given(st.text(alphabet="aö ø'-’O\u0301", max_size=24))
def test_every_spelling_asked_for_is_one_that_is_kept(text: str) -> None:
    kept = set(words_of(text))
    assert all(word in kept for each in wanted_of(text) for spelling in each for word in spelling)


def test_words_are_lowercase_without_accents_and_distinct() -> None:
    assert words_of("Équipe: équipe_DATEN-2 Straße") == [
        "equipe",
        "daten",
        "2",
        "strasse",
        "daten2",
    ]
    assert words_of(" –!? ") == []


@given(st.text())
def test_tokenizing_words_again_gives_the_same_words(text: str) -> None:
    words = words_of(text)
    assert len(words) <= MOST_WORDS
    assert all(0 < len(word) <= LONGEST_WORD for word in words)
    assert words_of(" ".join(words)) == words
