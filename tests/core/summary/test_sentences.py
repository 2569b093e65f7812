"""Turns, sentences and words of a transcript."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.instants import EpochMs
from aftercall.core.records import TranscriptLine
from aftercall.core.summary.sentences import (
    count_words,
    sentences_of,
    stem,
    terms_of,
    tidy,
    turns_of,
)


def _line(
    text: str, *, name: str = "Ana", at: int = 0, user_id: str | None = None
) -> TranscriptLine:
    return TranscriptLine(
        app_id="a",
        session_id="s",
        id=f"{at:09}",
        peer_id=None,
        user_id=user_id or f"u-{name}",
        custom_participant_id=None,
        display_name=name,
        start_at=EpochMs(at),
        end_at=EpochMs(at + 1_000),
        text=text,
    )


def _texts(*lines: TranscriptLine) -> list[str]:
    return [sentence.text for sentence in sentences_of(turns_of(lines))]


def test_lines_of_one_speaker_make_one_turn() -> None:
    turns = turns_of([_line("one", at=0), _line("two", at=2_000), _line("x", name="Ben", at=4_000)])
    assert [(turn.speaker, len(turn.lines)) for turn in turns] == [("Ana", 2), ("Ben", 1)]


def test_a_long_silence_ends_a_turn() -> None:
    assert len(turns_of([_line("one", at=0), _line("two", at=60_000)])) == 2


def test_two_users_of_one_name_are_two_speakers() -> None:
    lines = [_line("one", user_id="u-1"), _line("two", at=1_000, user_id="u-2")]
    assert len(turns_of(lines)) == 2


def test_lines_may_arrive_in_any_order() -> None:
    lines = [_line("Second sentence here.", at=5_000), _line("First sentence here.", at=0)]
    assert _texts(*lines) == ["First sentence here.", "Second sentence here."]


def test_a_sentence_may_span_several_lines() -> None:
    assert _texts(
        _line("The quarterly budget", at=0),
        _line("was approved. The office move", at=1_500),
        _line("is delayed.", at=3_000),
    ) == ["The quarterly budget was approved.", "The office move is delayed."]


def test_a_sentence_has_the_time_of_its_first_line() -> None:
    sentences = sentences_of(
        turns_of([_line("The budget", at=0), _line("was approved. Offices move", at=1_500)])
    )
    assert [sentence.at for sentence in sentences] == [0, 1_500]


def test_lines_without_punctuation_are_sentences_by_themselves() -> None:
    assert _texts(_line("budget was approved", at=0), _line("office move delayed", at=1_500)) == [
        "Budget was approved.",
        "Office move delayed.",
    ]


def test_abbreviations_and_numbers_end_no_sentence() -> None:
    assert _texts(_line("Dr. Miller paid 3.5 million, e.g. for servers. Fine servers.")) == [
        "Dr. Miller paid 3.5 million, e.g. for servers.",
        "Fine servers.",
    ]


def test_scripts_without_spaces_are_split_at_their_own_full_stops() -> None:
    assert _texts(_line("予算は承認されました。引っ越しは延期です。")) == [
        "予算は承認されました。",
        "引っ越しは延期です。",
    ]


def test_sentences_without_content_are_left_out() -> None:
    assert _texts(_line("Yeah. Okay. Uh-huh. You know. Budget approved.")) == ["Budget approved."]


@pytest.mark.parametrize(
    ("raw", "tidied"),
    [
        ("um, we have, uh, a budget", "We have, a budget."),
        ("Okay, so we decided that", "We decided that."),
        ("By the way, tests are slow", "Tests are slow."),
        ("Do you know the answer?", "Do you know the answer?"),
        ("Well done", "Well done."),
        ("So what?", "So what?"),
        ("  ", ""),
        ("Yeah.", ""),
    ],
)
def test_only_fillers_and_empty_openings_are_removed(raw: str, tidied: str) -> None:
    assert tidy(raw) == tidied


def test_inflected_forms_have_one_stem() -> None:
    for forms in (
        ("test", "tests", "testing", "tested"),
        ("policy", "policies"),
        ("plan", "planned"),
    ):
        assert len({stem(form) for form in forms}) == 1, forms


def test_stop_words_are_no_terms() -> None:
    assert terms_of("It is the budget that we’re going to have") == ("budget",)


def test_words_are_counted_by_spaces_and_by_cjk_characters() -> None:
    assert count_words("two words") == 2
    assert count_words("- item, one") == 3
    assert count_words("予算 ok") == 3


_SPEECH = st.text("abum ,.!?…予。'\n", max_size=60)


@given(st.lists(_SPEECH, max_size=8))
def test_splitting_any_text_invents_no_words(texts: list[str]) -> None:
    lines = [_line(text, at=i * 1_500) for i, text in enumerate(texts)]
    stated = set(re.findall(r"[a-z]+|予", " ".join(texts)))
    for sentence in sentences_of(turns_of(lines)):
        assert sentence.terms
        assert set(re.findall(r"[a-z]+|予", sentence.text.lower())) <= stated


@given(st.lists(st.text(max_size=60), max_size=8))
def test_any_text_can_be_split_into_sentences(texts: list[str]) -> None:
    lines = [_line(text, at=i * 1_500) for i, text in enumerate(texts)]
    positions = [sentence.position for sentence in sentences_of(turns_of(lines))]
    assert positions == list(range(len(positions)))
