"""The layout of a summary with a word limit."""

import pytest

from aftercall.core.instants import EpochMs
from aftercall.core.summary.layout import (
    SECTION_SHARES,
    SECTIONS,
    SummaryItem,
    SummaryKind,
    SummaryOptions,
    SummaryPage,
    SummarySection,
    format_offset,
)
from aftercall.core.summary.sentences import Sentence, count_words


def _item(position: int, text: str, speaker: str = "Ana") -> SummaryItem:
    sentence = Sentence(
        position=position,
        turn=0,
        speaker=speaker,
        speaker_key=speaker,
        at=EpochMs(1_000 * position),
        text=text,
        terms=(),
    )
    return SummaryItem(sentence=sentence, speaker=speaker, text=text, value=1.0)


def _page(**options: object) -> SummaryPage:
    return SummaryPage(
        SummaryOptions(**options),  # type: ignore[arg-type]  # options by name
        started_at=EpochMs(0),
    )


def test_sections_are_ordered_by_kind_and_items_by_time() -> None:
    page = _page()
    page.open_with(["Ana spoke."])
    page.fill(
        {
            SummarySection.TASKS: [_item(9, "Send it.")],
            SummarySection.POINTS: [_item(5, "Later."), _item(2, "Earlier.")],
        }
    )
    assert page.text() == (
        "Ana spoke.\n\n"
        "## Key points\n\n- **Ana**: Earlier. (0:02)\n- **Ana**: Later. (0:05)\n\n"
        "## Action items\n\n- [ ] **Ana**: Send it. (0:09)\n"
    )


def test_plain_text_has_no_markup() -> None:
    page = _page(is_markdown=False)
    page.fill({SummarySection.TASKS: [_item(9, "Send *it* <now>.")]})
    assert page.text() == "Action items:\n\n- Ana: Send *it* <now>. (0:09)\n"


def test_markdown_in_the_transcript_is_escaped() -> None:
    page = _page()
    page.fill(
        {SummarySection.POINTS: [_item(1, "**x** <img src=a> [l](u) `c` # | A&amp;B", "_A_")]}
    )
    assert page.text() == (
        "## Key points\n\n- **\\_A\\_**: \\*\\*x\\*\\* &lt;img src=a\\> \\[l\\](u) \\`c\\` \\# \\| "
        "A&amp;amp;B (0:01)\n"
    )


def test_a_section_that_the_kind_does_not_have_is_left_out() -> None:
    page = _page(kind=SummaryKind.LECTURE)
    page.fill({SummarySection.TASKS: [_item(1, "Send it.")]})
    assert page.text() == "\n"


def test_no_section_crowds_out_the_others_and_spare_words_are_used() -> None:
    many = [_item(n, f"Do the thing number {n} now.") for n in range(60)]
    crowded = _page(word_limit=150)
    crowded.fill({SummarySection.TASKS: many, SummarySection.POINTS: many})
    tasks, points = (crowded.text().split("## ")[n] for n in (2, 1))
    assert count_words(tasks) < count_words(points)
    alone = _page(word_limit=150)
    alone.fill({SummarySection.TASKS: many})
    assert 130 < count_words(alone.text()) <= 150


def test_a_paragraph_that_does_not_fit_is_left_out_entirely() -> None:
    page = _page(word_limit=150)
    page.open_with(["word " * 151, "It fits."])
    assert page.text() == "It fits.\n"


@pytest.mark.parametrize(("ms", "shown"), [(0, "0:00"), (61_999, "1:01"), (3_723_000, "1:02:03")])
def test_times_are_shown_as_offsets_from_the_start(ms: int, shown: str) -> None:
    assert format_offset(ms) == shown


def test_every_kind_has_points_and_every_section_has_a_share() -> None:
    assert set(SECTIONS) == set(SummaryKind)
    assert all(SummarySection.POINTS in dict(sections) for sections in SECTIONS.values())
    assert set(SECTION_SHARES) == set(SummarySection)
