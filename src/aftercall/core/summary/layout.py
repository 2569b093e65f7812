"""The layout of a summary: its kinds, their sections, and a page with a word limit."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from aftercall.core.instants import HOUR_MS, MINUTE_MS, SECOND_MS, EpochMs
from aftercall.core.summary.sentences import Sentence, count_words

LEAST_WORD_LIMIT: Final = 150
MOST_WORD_LIMIT: Final = 1_000
DEFAULT_WORD_LIMIT: Final = 500


class SummaryKind(StrEnum):
    """The kind of call; it decides which sections there are and their headings."""

    GENERAL = "general"
    TEAM_MEETING = "team_meeting"
    SALES_CALL = "sales_call"
    CLIENT_CHECK_IN = "client_check_in"
    INTERVIEW = "interview"
    DAILY_STANDUP = "daily_standup"
    ONE_ON_ONE_MEETING = "one_on_one_meeting"
    LECTURE = "lecture"
    CODE_REVIEW = "code_review"


class SummaryOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`word_limit` counts every word of the text, headings included."""

    word_limit: int = DEFAULT_WORD_LIMIT
    is_markdown: bool = True
    kind: SummaryKind = SummaryKind.GENERAL


class SummarySection(StrEnum):
    """The content of a section."""

    POINTS = "points"
    DECISIONS = "decisions"
    CONCERNS = "concerns"
    TASKS = "tasks"
    OPEN_QUESTIONS = "open_questions"
    ANSWERS = "answers"


_PLAIN_SECTIONS: Final = (
    (SummarySection.POINTS, "Key points"),
    (SummarySection.DECISIONS, "Decisions"),
    (SummarySection.TASKS, "Action items"),
    (SummarySection.OPEN_QUESTIONS, "Open questions"),
)
_CLIENT_SECTIONS: Final = (
    (SummarySection.POINTS, "What was discussed"),
    (SummarySection.CONCERNS, "Concerns"),
    (SummarySection.DECISIONS, "Agreements"),
    (SummarySection.TASKS, "Next steps"),
    (SummarySection.OPEN_QUESTIONS, "Open questions"),
)
SECTIONS: Final[Mapping[SummaryKind, Sequence[tuple[SummarySection, str]]]] = {
    SummaryKind.GENERAL: _PLAIN_SECTIONS,
    SummaryKind.TEAM_MEETING: _PLAIN_SECTIONS,
    SummaryKind.SALES_CALL: _CLIENT_SECTIONS,
    SummaryKind.CLIENT_CHECK_IN: _CLIENT_SECTIONS,
    SummaryKind.INTERVIEW: (
        (SummarySection.ANSWERS, "Questions and answers"),
        (SummarySection.POINTS, "Key points"),
        (SummarySection.TASKS, "Next steps"),
    ),
    SummaryKind.DAILY_STANDUP: (
        (SummarySection.POINTS, "Updates"),
        (SummarySection.CONCERNS, "Blockers"),
        (SummarySection.TASKS, "Action items"),
    ),
    SummaryKind.ONE_ON_ONE_MEETING: _PLAIN_SECTIONS,
    SummaryKind.LECTURE: (
        (SummarySection.POINTS, "Key points"),
        (SummarySection.ANSWERS, "Questions and answers"),
    ),
    SummaryKind.CODE_REVIEW: (
        (SummarySection.POINTS, "Key points"),
        (SummarySection.CONCERNS, "Problems found"),
        (SummarySection.TASKS, "Requested changes"),
        (SummarySection.DECISIONS, "Decisions"),
        (SummarySection.OPEN_QUESTIONS, "Open questions"),
    ),
}
SECTION_SHARES: Final[Mapping[SummarySection, float]] = {
    SummarySection.TASKS: 0.3,
    SummarySection.DECISIONS: 0.25,
    SummarySection.CONCERNS: 0.2,
    SummarySection.ANSWERS: 0.45,
    SummarySection.OPEN_QUESTIONS: 0.15,
    SummarySection.POINTS: 1.0,
}
"""The share of the words that each section may take before the others have had their turn, in the
order in which they are filled: commitments first, key points fill the rest."""


class SummaryItem(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the summary."""

    sentence: Sentence
    speaker: str
    text: str
    value: float


class SummaryPage:
    """A summary under construction, which never exceeds its word limit."""

    def __init__(self, options: SummaryOptions, *, started_at: EpochMs) -> None:
        self._options = options
        self._started_at = started_at
        self._headings = dict(SECTIONS[options.kind])
        self._opening: list[str] = []
        self._items: dict[SummarySection, list[SummaryItem]] = {}
        self._words = 0

    def open_with(self, paragraphs: Sequence[str]) -> None:
        """Add the paragraphs above the sections, as far as they fit."""
        for paragraph in paragraphs:
            written = self._escaped(paragraph)
            if self._takes(count_words(written)):
                self._opening.append(written)

    def fill(self, found: Mapping[SummarySection, Sequence[SummaryItem]]) -> None:
        """Add items, best first: each section up to its share, then whatever still fits."""
        for may_exceed in (False, True):
            for section, share in SECTION_SHARES.items():
                if section in self._headings:
                    limit = self._options.word_limit * (1.0 if may_exceed else share)
                    self._fill_section(section, found.get(section, ()), limit)

    def _fill_section(
        self, section: SummarySection, items: Sequence[SummaryItem], limit: float
    ) -> None:
        taken = self._items.get(section, [])
        used = sum(count_words(self._line(section, item)) for item in taken)
        for item in items:
            if item in taken:
                continue
            words = count_words(self._line(section, item))
            heading = 0 if taken else count_words(self._heading(section))
            if used + words + heading <= limit and self._takes(words + heading):
                taken.append(item)
                used += words
        if taken:
            self._items[section] = taken

    def _takes(self, words: int) -> bool:
        if self._words + words > self._options.word_limit:
            return False
        self._words += words
        return True

    def text(self) -> str:
        """The page; the items of each section are ordered by time."""
        blocks = ["\n\n".join(self._opening)]
        for section in self._headings:
            if section in self._items:
                items = sorted(self._items[section], key=lambda item: item.sentence.position)
                lines = [self._line(section, item) for item in items]
                blocks.append("\n".join([self._heading(section), "", *lines]))
        return "\n\n".join(block for block in blocks if block) + "\n"

    def _heading(self, section: SummarySection) -> str:
        title = self._headings[section]
        return f"## {title}" if self._options.is_markdown else f"{title}:"

    def _line(self, section: SummarySection, item: SummaryItem) -> str:
        at = format_offset(max(0, item.sentence.at - self._started_at))
        speaker, text = self._escaped(item.speaker), self._escaped(item.text)
        if not self._options.is_markdown:
            return f"- {speaker}: {text} ({at})"
        box = "[ ] " if section is SummarySection.TASKS else ""
        return f"- {box}**{speaker}**: {text} ({at})"

    def _escaped(self, text: str) -> str:
        return escape_markdown(text) if self._options.is_markdown else text


def escape_markdown(text: str) -> str:
    """The text such that no reader of Markdown takes any of it for markup."""
    return _MARKDOWN.sub(r"\\\g<0>", text.replace("&", "&amp;").replace("<", "&lt;"))


_MARKDOWN: Final = re.compile(r"[\\`*_\[\]~|#>]")


def format_offset(ms: int) -> str:
    """`1:02:03`, or `2:03` within the first hour."""
    hours, ms = divmod(ms, HOUR_MS)
    minutes, ms = divmod(ms, MINUTE_MS)
    seconds = ms // SECOND_MS
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
