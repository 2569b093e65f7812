"""What is kept of a model's answer, and how a transcript is laid before it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.summary.layout import SummaryKind, SummaryOptions
from aftercall.core.summary.model_text import (
    ANSWER_TOKENS,
    BYTES_A_TOKEN,
    ask_for_summary,
    keep_text,
    split_into_parts,
)

PLAIN = SummaryOptions(is_markdown=False, word_limit=150)
MARKDOWN = SummaryOptions(is_markdown=True, word_limit=150)


def test_headings_points_and_paragraphs_are_kept() -> None:
    answer = "<think>first\nI think</think>\n# **Summary**\n\nThey *met*.\n\n\n1. one\n* two\n"
    assert keep_text(answer, PLAIN) == "Summary:\n\nThey *met*.\n\n- one\n- two\n"
    assert keep_text(answer, MARKDOWN) == "## Summary\n\nThey \\*met\\*.\n\n- one\n- two\n"


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        ("see https://evil.example/x?y=1 now", "see (link left out) now"),
        ("see www.evil.example", "see (link left out)"),
        ("javascript:alert(1)", "(link left out)"),
        ("[click](javascript:alert(1))", "click"),
        ("![](https://evil.example/pixel.png)", ""),
        ("<script>alert(1)</script>", "alert(1)"),
        ("a\u202eb\x1b[31m\u200bc", "ab[31mc"),
        ("10:30 at the office: yes", "10:30 at the office: yes"),
    ],
)
def test_links_and_markup_are_left_out(answer: str, kept: str) -> None:
    assert keep_text(answer, PLAIN) == (kept and f"{kept}\n")


@given(st.text(st.sampled_from("<>[]()!*_`#-+ \n\\&;:/.wabhtps1\u202e|~"), max_size=200))
def test_no_answer_becomes_markup_or_a_link(answer: str) -> None:
    kept = keep_text(answer, MARKDOWN)
    assert "<" not in kept.replace("&lt;", "") and "://" not in kept
    for line in kept.splitlines():
        text = line.removeprefix("## ").removeprefix("- ")
        for place, character in enumerate(text):
            if character in "[`*":
                before = text[:place]
                assert (len(before) - len(before.rstrip("\\"))) % 2 == 1


@given(st.text(max_size=2_000), st.integers(1, 20))
def test_a_kept_text_is_bounded(answer: str, limit: int) -> None:
    kept = keep_text(answer * 20, SummaryOptions(is_markdown=False, word_limit=limit))
    words = [word for word in kept.split() if word not in {"-", "…"}]
    assert len(words) <= limit
    assert max(map(len, words), default=0) <= 101


def test_parts_hold_every_line_and_fit() -> None:
    lines = [json.dumps({"text": "é" * length}, ensure_ascii=False) for length in range(0, 900, 7)]
    parts = split_into_parts(lines, context_tokens=4_000)
    most = (4_000 - ANSWER_TOKENS) * BYTES_A_TOKEN
    assert len(parts) > 1 and max(len(part.encode()) for part in parts) <= most
    assert "\n".join(parts).split("\n") == lines
    assert [len(part) for part in split_into_parts(["x" * 99_999], context_tokens=4_000)] == [most]
    assert split_into_parts([], context_tokens=4_000) == []


def test_the_kind_of_the_call_decides_the_sections() -> None:
    asked = ask_for_summary(SummaryOptions(kind=SummaryKind.DAILY_STANDUP, word_limit=200))
    assert "Updates, Blockers, Action items" in asked and "at most 200 words" in asked
