"""What sentences do, by their wording."""

import pytest

from aftercall.core.instants import EpochMs
from aftercall.core.summary.cues import (
    has_due_date,
    is_concern,
    is_decision,
    is_question,
    is_unsure,
    task_owner,
    weight,
)
from aftercall.core.summary.sentences import Sentence, terms_of

NAMES = {"ana": "Ana", "ben": "Ben"}


def _sentence(text: str, speaker: str = "Ana") -> Sentence:
    return Sentence(
        position=0,
        turn=0,
        speaker=speaker,
        speaker_key=speaker,
        at=EpochMs(0),
        text=text,
        terms=terms_of(text),
    )


@pytest.mark.parametrize(
    "text",
    [
        "We decided to postpone the release.",
        "Let's go with variant B.",
        "The decision is to keep the old contract.",
        "They have all agreed on the new price.",
        "We’ll go ahead with the migration.",
        "Hemos decidido aplazar el lanzamiento.",
        "Wir haben beschlossen, das Angebot anzunehmen.",
    ],
)
def test_decisions_are_recognised(text: str) -> None:
    assert is_decision(_sentence(text))


@pytest.mark.parametrize(
    "text",
    [
        "We haven't decided on the price.",
        "Have we agreed on the price?",
        "Let's go with the flow if we can decide whether it matters.",
        "The release is in October.",
        "I agreed with my wife on dinner.",
    ],
)
def test_undecided_sentences_are_no_decisions(text: str) -> None:
    assert not is_decision(_sentence(text))


@pytest.mark.parametrize(
    ("text", "owner"),
    [
        ("I'll send the contract tomorrow.", "Ana"),
        ("I can prepare the invoice announcement.", "Ana"),
        ("Ben will add the missing tests.", "Ben"),
        ("I would like Ben to check the logs.", "Ben"),
        ("Ben, can you deploy the pricing page?", "Ben"),
        ("Could you review the draft, Ben?", "Ben"),
        ("We need to clarify the discount with sales.", ""),
        ("Action item: schedule the review by Friday.", ""),
    ],
)
def test_a_task_has_the_named_owner(text: str, owner: str) -> None:
    assert task_owner(_sentence(text), NAMES, []) == owner


@pytest.mark.parametrize(
    "text",
    [
        "I'll share my screen now.",
        "Can you hear me?",
        "I'll be honest about the numbers.",
        "The plan to ship early failed.",
        "Should we send the contract?",
        "I think the contract is fine.",
    ],
)
def test_small_talk_and_opinions_are_no_tasks(text: str) -> None:
    assert task_owner(_sentence(text), NAMES, []) is None


def test_an_unaddressed_request_is_a_task_of_whoever_accepts_it() -> None:
    request = _sentence("Can you send the contract to legal?")
    assert task_owner(request, NAMES, [_sentence("Sure, will do.", "Ben")]) == "Ben"
    assert task_owner(request, NAMES, [_sentence("What contract?", "Ben")]) is None
    assert task_owner(request, NAMES, []) is None


def test_questions_need_content_to_answer() -> None:
    assert is_question(_sentence("How many tickets came in last month?"), has_marks=True)
    assert not is_question(_sentence("Can you hear me?"), has_marks=True)
    assert not is_question(_sentence("Really?"), has_marks=True)


def test_without_question_marks_the_opening_decides() -> None:
    sentence = _sentence("How many tickets came in last month.")
    assert is_question(sentence, has_marks=False)
    assert not is_question(sentence, has_marks=True)


def test_concerns_are_recognised_unless_solved() -> None:
    assert is_concern(_sentence("We are blocked by the sandbox."))
    assert not is_concern(_sentence("We fixed the sandbox issue."))
    assert not is_concern(_sentence("Is there any risk?"))


@pytest.mark.parametrize("text", ["by Friday", "tomorrow", "before the end of the month", "asap"])
def test_due_dates_are_recognised(text: str) -> None:
    assert has_due_date(_sentence(f"Send it {text}."))


def test_a_sentence_without_a_date_has_no_due_date() -> None:
    assert not has_due_date(_sentence("Send it to the monitoring team."))


def test_an_unsure_answer_leaves_the_question_open() -> None:
    assert is_unsure("I'm not sure, let me find out.")
    assert not is_unsure("Forty.")


def test_a_sentence_weighs_by_its_wording() -> None:
    plain = weight(_sentence("The garden is green."))
    assert weight(_sentence("The most important deadline is in 2027.")) > plain
    assert weight(_sentence("It is green.")) < plain
    assert weight(_sentence("Is the garden green?")) < plain
