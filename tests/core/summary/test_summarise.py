"""The summary as a whole."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from aftercall.core.instants import EpochMs
from aftercall.core.records import TranscriptLine
from aftercall.core.summary.layout import SummaryKind, SummaryOptions
from aftercall.core.summary.sentences import count_words
from aftercall.core.summary.summarise import summarise
from tests.core.summary.transcripts import START, lines_of, meeting


def _summary(lines: list[TranscriptLine], **options: object) -> str:
    wishes = SummaryOptions(**options)  # type: ignore[arg-type]  # options by name
    return summarise(lines, wishes, started_at=START)


def _section(text: str, title: str) -> str:
    return text.partition(f"## {title}\n")[2].partition("\n## ")[0]


def test_a_summary_opens_with_speakers_duration_and_subjects() -> None:
    opening = _summary(meeting()).split("\n\n")[:2]
    assert opening == [
        "Ana, Ben and Chloé spoke for 2 min, mostly about pricing page, enterprise discount, "
        "migration, payment and tests.",
        "Share of the words: Ana 43%, Ben 33%, Chloé 25%.",
    ]


def test_decisions_are_listed() -> None:
    decisions = _section(_summary(meeting()), "Decisions")
    assert "- **Ana**: Let's go with variant B then. (0:46)" in decisions
    assert "We decided to postpone the invoice export to November." in decisions


def test_action_items_have_owners() -> None:
    tasks = _section(_summary(meeting()), "Action items")
    assert re.findall(r"- \[ \] \*\*(.+?)\*\*: (\w+ ?\w*)", tasks) == [
        ("Ben", "I"),
        ("Ben", "Ben"),
        ("No owner yet", "We need"),
        ("Chloé", "I can"),
        ("Ben", "Ben will"),
    ]


def test_only_unanswered_questions_are_open() -> None:
    questions = _section(_summary(meeting()), "Open questions")
    assert "enterprise discount on the pricing page?" in questions
    assert "support tickets" not in questions


def test_an_interview_pairs_questions_with_answers() -> None:
    answers = _section(_summary(meeting(), kind=SummaryKind.INTERVIEW), "Questions and answers")
    assert (
        "- **Chloé**: How many support tickets did we get about invoices last month? — Ben: About "
        "forty, and most of them were about the VAT number. (1:48)" in answers
    )


def test_a_standup_lists_every_speaker_and_their_blockers() -> None:
    text = _summary(meeting(), kind=SummaryKind.DAILY_STANDUP, word_limit=200)
    updates = _section(text, "Updates")
    assert all(f"**{name}**" in updates for name in ("Ana", "Ben", "Chloé"))
    assert "behind schedule" in _section(text, "Blockers")


def test_small_talk_is_left_out() -> None:
    text = _summary(meeting(), word_limit=1_000)
    for chatter in ("hear me", "loud and clear", "Anything else", "bye", "um,"):
        assert chatter not in text


@pytest.mark.parametrize("kind", list(SummaryKind))
@pytest.mark.parametrize("is_markdown", [True, False])
def test_every_kind_stays_within_its_word_limit(kind: SummaryKind, is_markdown: bool) -> None:
    lines = [
        replace(line, id=f"{n}-{line.id}", start_at=EpochMs(line.start_at + n * 200_000))
        for n in range(12)
        for line in meeting()
    ]
    for limit in (150, 300, 1_000):
        text = _summary(lines, kind=kind, is_markdown=is_markdown, word_limit=limit)
        assert 0 < count_words(text) <= limit


def test_the_same_lines_in_any_order_give_the_same_summary() -> None:
    lines = meeting()
    assert _summary(lines[::-1]) == _summary(lines)


def test_a_repeated_sentence_is_listed_once() -> None:
    text = _summary(lines_of("Ana|We decided to move to Lisbon.\n" * 3), word_limit=1_000)
    assert text.count("move to Lisbon") == 1


def test_a_silent_call_has_no_summary() -> None:
    assert _summary([]) == ""
    assert _summary(lines_of("Ana|Yeah.\nBen|Uh-huh.")) == ""


def test_a_call_in_another_script_is_summarised() -> None:
    text = _summary(lines_of("Yuki|予算は承認されました。引っ越しは来月に延期です。"))
    assert "予算は承認されました。" in text


_LINES = st.lists(
    st.tuples(
        st.sampled_from(["Ana", "Ben", "", "<b>", "a\nb"]),
        st.text(max_size=80) | st.text("we decided will send ?.!,|\n*", max_size=80),
        st.integers(-5_000, 5_000_000),
        st.integers(-5_000, 60_000),
    ),
    max_size=25,
)


@settings(max_examples=60)
@given(_LINES, st.sampled_from(list(SummaryKind)), st.integers(150, 1_000))
def test_any_transcript_can_be_summarised(
    stated: list[tuple[str, str, int, int]], kind: SummaryKind, limit: int
) -> None:
    lines = [
        TranscriptLine(
            app_id="a",
            session_id="s",
            id=str(number),
            peer_id=None,
            user_id=None,
            custom_participant_id=None,
            display_name=name,
            start_at=EpochMs(START + at),
            end_at=EpochMs(START + at + length),
            text=text,
        )
        for number, (name, text, at, length) in enumerate(stated)
    ]
    text = _summary(lines, kind=kind, word_limit=limit)
    assert count_words(text) <= limit
    assert text == _summary(lines, kind=kind, word_limit=limit)
