"""Sentences in parts: each name is a part of its own, whatever it looks like."""

from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.quality.diagnosis.named_text import MarkedPeople, TextPart, plain
from aftercall.core.quality.diagnosis.wording import Mentions, People

NAMES = {"ann": "Ann Lee", "bob": "Bob", "eve": "10:00:00 UTC \u202edlrow"}


def test_names_are_parts_and_words_between_them_are_others() -> None:
    people = MarkedPeople(NAMES)
    mentions = Mentions(people)
    sentence = f"{mentions.possessive('ann')} uplink; {mentions.join_names(['eve', 'bob'])}"
    sentence += f" noticed {mentions.name('ann')}"
    assert people.cut(sentence) == [
        TextPart("Ann Lee", "ann"),
        TextPart("'s uplink; "),
        TextPart("10:00:00 UTC \u202edlrow", "eve"),
        TextPart(" and "),
        TextPart("Bob", "bob"),
        TextPart(" noticed "),
        TextPart("Ann", "ann"),
    ]


def test_a_participant_without_a_known_name_is_called_by_the_id() -> None:
    people = MarkedPeople(NAMES)
    assert people.cut(f"{people.full('stranger')} left") == [
        TextPart("stranger", "stranger"),
        TextPart(" left"),
    ]


@given(
    st.dictionaries(st.text(min_size=1, max_size=4), st.text(max_size=12), min_size=1, max_size=6),
    st.text(max_size=30),
)
def test_the_parts_joined_are_the_sentence_with_names(names: dict[str, str], words: str) -> None:
    people, ordinary = MarkedPeople(names), People(names)
    between = "".join(each for each in words if each not in "\x02\x03")
    marked, wanted = Mentions(people), Mentions(ordinary)
    sentence = between.join([marked.name(each) for each in names] * 2)
    assert plain(people.cut(sentence)) == between.join([wanted.name(each) for each in names] * 2)


def test_marks_in_words_of_others_are_dropped() -> None:
    people = MarkedPeople(NAMES)
    assert people.cut("a \x02000099f\x03 b") == [TextPart("a 000099f b")]
