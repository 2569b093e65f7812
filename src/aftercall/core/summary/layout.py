"""How a summary is laid out: its kinds, their sections, and a page with room for so many words."""

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
    """The sort of call; it decides which sections there are and what they are called."""

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


class Part(StrEnum):
    POINTS = "points"
    DECISIONS = "decisions"
    CONCERNS = "concerns"
    TASKS = "tasks"
    OPEN_QUESTIONS = "open_questions"
    ANSWERS = "answers"


_PLAIN_PARTS: Final = (
    (Part.POINTS, "Key points"),
    (Part.DECISIONS, "Decisions"),
    (Part.TASKS, "Action items"),
    (Part.OPEN_QUESTIONS, "Open questions"),
)
_CLIENT_PARTS: Final = (
    (Part.POINTS, "What was discussed"),
    (Part.CONCERNS, "Concerns"),
    (Part.DECISIONS, "Agreements"),
    (Part.TASKS, "Next steps"),
    (Part.OPEN_QUESTIONS, "Open questions"),
)
PARTS: Final[Mapping[SummaryKind, Sequence[tuple[Part, str]]]] = {
    SummaryKind.GENERAL: _PLAIN_PARTS,
    SummaryKind.TEAM_MEETING: _PLAIN_PARTS,
    SummaryKind.SALES_CALL: _CLIENT_PARTS,
    SummaryKind.CLIENT_CHECK_IN: _CLIENT_PARTS,
    SummaryKind.INTERVIEW: (
        (Part.ANSWERS, "Questions and answers"),
        (Part.POINTS, "Key points"),
        (Part.TASKS, "Next steps"),
    ),
    SummaryKind.DAILY_STANDUP: (
        (Part.POINTS, "Updates"),
        (Part.CONCERNS, "Blockers"),
        (Part.TASKS, "Action items"),
    ),
    SummaryKind.ONE_ON_ONE_MEETING: _PLAIN_PARTS,
    SummaryKind.LECTURE: ((Part.POINTS, "Key points"), (Part.ANSWERS, "Questions and answers")),
    SummaryKind.CODE_REVIEW: (
        (Part.POINTS, "Key points"),
        (Part.CONCERNS, "Problems found"),
        (Part.TASKS, "Requested changes"),
        (Part.DECISIONS, "Decisions"),
        (Part.OPEN_QUESTIONS, "Open questions"),
    ),
}
SHARES: Final[Mapping[Part, float]] = {
    Part.TASKS: 0.3,
    Part.DECISIONS: 0.25,
    Part.CONCERNS: 0.2,
    Part.ANSWERS: 0.45,
    Part.OPEN_QUESTIONS: 0.15,
    Part.POINTS: 1.0,
}
"""The part of the words each may take before the others have had their turn, in the order in
which they are served: what binds somebody comes first, what was merely said fills the rest."""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the summary."""

    sentence: Sentence
    speaker: str
    text: str
    value: float


class SummaryPage:
    """A summary in the making, which never takes more words than it may."""

    def __init__(self, options: SummaryOptions, *, started_at: EpochMs) -> None:
        self._options = options
        self._started_at = started_at
        self._headings = dict(PARTS[options.kind])
        self._opening: list[str] = []
        self._items: dict[Part, list[Item]] = {}
        self._words = 0

    def open_with(self, paragraphs: Sequence[str]) -> None:
        """Adds what stands above the sections, as far as it fits."""
        for paragraph in paragraphs:
            written = self._escaped(paragraph)
            if self._takes(count_words(written)):
                self._opening.append(written)

    def fill(self, found: Mapping[Part, Sequence[Item]]) -> None:
        """Adds items, best first: each part up to its share, then whatever still fits."""
        for may_exceed in (False, True):
            for part, share in SHARES.items():
                if part in self._headings:
                    limit = self._options.word_limit * (1.0 if may_exceed else share)
                    self._fill_part(part, found.get(part, ()), limit)

    def _fill_part(self, part: Part, items: Sequence[Item], limit: float) -> None:
        taken = self._items.get(part, [])
        used = sum(count_words(self._line(part, item)) for item in taken)
        for item in items:
            if item in taken:
                continue
            words = count_words(self._line(part, item))
            heading = 0 if taken else count_words(self._heading(part))
            if used + words + heading <= limit and self._takes(words + heading):
                taken.append(item)
                used += words
        if taken:
            self._items[part] = taken

    def _takes(self, words: int) -> bool:
        if self._words + words > self._options.word_limit:
            return False
        self._words += words
        return True

    def text(self) -> str:
        """The page; the items of each section in order of time."""
        blocks = ["\n\n".join(self._opening)]
        for part in self._headings:
            if part in self._items:
                items = sorted(self._items[part], key=lambda item: item.sentence.position)
                lines = [self._line(part, item) for item in items]
                blocks.append("\n".join([self._heading(part), "", *lines]))
        return "\n\n".join(block for block in blocks if block) + "\n"

    def _heading(self, part: Part) -> str:
        title = self._headings[part]
        return f"## {title}" if self._options.is_markdown else f"{title}:"

    def _line(self, part: Part, item: Item) -> str:
        at = clock(max(0, item.sentence.at - self._started_at))
        speaker, text = self._escaped(item.speaker), self._escaped(item.text)
        if not self._options.is_markdown:
            return f"- {speaker}: {text} ({at})"
        box = "[ ] " if part is Part.TASKS else ""
        return f"- {box}**{speaker}**: {text} ({at})"

    def _escaped(self, text: str) -> str:
        if not self._options.is_markdown:
            return text
        return _MARKDOWN.sub(r"\\\g<0>", text.replace("&", "&amp;").replace("<", "&lt;"))


_MARKDOWN: Final = re.compile(r"[\\`*_\[\]~|#>]")


def clock(ms: int) -> str:
    """`1:02:03`, or `2:03` within the first hour."""
    hours, ms = divmod(ms, HOUR_MS)
    minutes, ms = divmod(ms, MINUTE_MS)
    seconds = ms // SECOND_MS
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
