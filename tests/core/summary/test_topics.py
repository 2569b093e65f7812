"""Weights, stretches and subjects."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.instants import EpochMs
from aftercall.core.summary.sentences import Sentence, terms_of
from aftercall.core.summary.topics import (
    centroid,
    overlap,
    similarity,
    split_by_topic,
    subjects_of,
    weigh_terms,
)


def _sentences(*texts: str) -> list[Sentence]:
    return [
        Sentence(
            position=position,
            turn=position,
            speaker="Ana",
            speaker_key="u-1",
            at=EpochMs(position),
            text=text,
            terms=terms_of(text),
        )
        for position, text in enumerate(texts)
    ]


def test_a_term_weighs_more_if_frequent_in_few_sentences() -> None:
    weights = weigh_terms(
        _sentences("meeting budget budget", "meeting garden", "meeting tree", "meeting house")
    )
    assert weights["budget"] > weights["garden"]
    assert weights["meet"] < weights["budget"]


def test_a_sentence_is_most_similar_to_its_own_centroid() -> None:
    sentences = _sentences("budget invoice price", "garden tree flower")
    weights = weigh_terms(sentences)
    middle = centroid(sentences[:1], weights)
    assert similarity(sentences[0], middle, weights) == pytest.approx(1)
    assert similarity(sentences[1], middle, weights) == 0


def test_overlap_is_the_share_of_the_shorter_sentence() -> None:
    long, short, other = _sentences("budget invoice price", "budget garden", "tree")
    assert overlap(long, short) == 0.5
    assert overlap(long, other) == 0


def test_a_call_is_split_where_its_subject_changes() -> None:
    money = ["The budget and the invoice price are open."] * 22
    garden = ["The garden tree and the flowers need water."] * 22
    sentences = _sentences(*money, *garden)
    segments = split_by_topic(sentences, weigh_terms(sentences))
    assert [len(segment) for segment in segments] == [22, 22]


@given(st.integers(0, 300))
def test_segments_contain_the_whole_call_in_order(count: int) -> None:
    sentences = _sentences(*(f"word{n % 7} word{n % 11}" for n in range(count)))
    segments = split_by_topic(sentences, weigh_terms(sentences))
    assert [s for segment in segments for s in segment] == sentences


def test_subjects_are_repeated_phrases_in_their_usual_spelling() -> None:
    sentences = _sentences(
        "The payment provider is late.",
        "Payment provider contracts end.",
        "Our Payment Provider and Kubernetes.",
        "Kubernetes is fine.",
    )
    subjects = subjects_of(sentences, weigh_terms(sentences), limit=5)
    assert subjects == ["payment provider", "Kubernetes"]


def test_a_term_said_once_or_a_number_is_no_subject() -> None:
    sentences = _sentences("Budget 2026.", "Garden 2026.", "Tree 2026.")
    assert subjects_of(sentences, weigh_terms(sentences), limit=5) == []
