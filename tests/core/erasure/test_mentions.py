"""PersonMentions of a person are found in texts, and little else is."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.erasure.mentions import KnownAs, PersonMentions

P = "erased-5f1c02ab"
NEW = "Erased 5f1c02ab"


def replaced(text: str, *names: str, kept: tuple[str, ...] = (), ids: tuple[str, ...] = ()) -> str:
    known = KnownAs(pseudonym=P, names=list(names), ids=list(ids))
    return PersonMentions(known, kept).replace(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ada Lovelace spoke", f"{NEW} spoke"),
        ("ada lovelace spoke", f"{NEW} spoke"),
        ("thanks Ada!", f"thanks {NEW}!"),
        ("Ada's voice", f"{NEW}'s voice"),
        ("the ada compiler", "the ada compiler"),
        ("Adaptive bitrate", "Adaptive bitrate"),
        ("(Lovelace)", f"({NEW})"),
        ("nothing here", "nothing here"),
    ],
)
def test_a_name_and_its_words_are_replaced_where_they_stand_alone(text: str, expected: str) -> None:
    assert replaced(text, "Ada Lovelace") == expected


def test_a_word_that_another_participant_is_called_by_stays() -> None:
    assert replaced("Ada and Ada Lovelace", "Ada Lovelace", kept=("Ada Byron",)) == f"Ada and {NEW}"


def test_the_whole_name_of_another_participant_stays() -> None:
    assert replaced("Guest left", "Guest", kept=("Guest",)) == "Guest left"


def test_ordinary_words_of_a_long_name_stay() -> None:
    name = "Sales team room three"
    assert replaced("The Sales figures", name) == "The Sales figures"
    assert replaced(f"{name} left", name) == f"{NEW} left"


def test_ids_are_replaced_by_the_pseudonym() -> None:
    assert replaced("user crm-1 of crm-12", ids=("crm-1",)) == f"user {P} of crm-12"


def test_names_without_spaces_between_words_are_found_inside_text() -> None:
    assert replaced("田中さんの声", "田中") == f"{NEW}さんの声"


def test_a_name_is_found_in_either_normal_form() -> None:
    for form in ("NFC", "NFD"):
        assert (
            replaced(unicodedata.normalize(form, "José Núñez left"), "José Núñez") == f"{NEW} left"
        )


def test_texts_are_replaced_at_any_depth() -> None:
    mentions = PersonMentions(KnownAs(pseudonym=P, names=["Ada Lovelace"]))
    assert mentions.replace_in({"a": ["Ada Lovelace", 3, None, {"b": "Ada"}]}) == {
        "a": [NEW, 3, None, {"b": NEW}]
    }


@given(name=st.text(min_size=2, max_size=20), before=st.text(max_size=20))
def test_no_text_with_the_name_apart_from_other_letters_keeps_it(name: str, before: str) -> None:
    if len(name.strip()) < 2 or name.strip().casefold() in NEW.casefold():
        return
    text = replaced(f"{before} {name} .", name)
    assert f" {name.strip()} " not in text
