"""Words for numbers, times and people."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from aftercall.core.instants import SECOND_MS, EpochMs, format_iso
from aftercall.core.spans import Span, length_ms

MOST_SPANS_LISTED: Final = 3
"""More spans than this are counted, not listed."""

MOST_NAMED: Final = 3
"""More people than this are counted, not named."""

NAMELESS: Final = "a person without a name"


class People:
    """The participants of a session by id, and the name of each in a sentence."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._full = {participant_id: _one_line(name) for participant_id, name in names.items()}
        firsts = {participant_id: _first_name(name) for participant_id, name in self._full.items()}
        # "Ann" must not be mistaken for "Ann Lee".
        uses = Counter(first.casefold() for first in firsts.values())
        self._first = {
            participant_id: first if uses[first.casefold()] == 1 else self._full[participant_id]
            for participant_id, first in firsts.items()
        }

    def full(self, participant_id: str) -> str:
        """The whole name, or the id of a participant without a name."""
        return self._full.get(participant_id, participant_id)

    def short(self, participant_id: str) -> str:
        """The first name if nobody else in the session has it, else the whole name."""
        return self._first.get(participant_id, participant_id)


class Mentions:
    """The names in one sentence: the whole name at the first mention, then the first name. Pronouns
    are avoided, since nothing says which are right."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._mentioned: set[str] = set()
        self.opening: str | None = None
        """The first name used."""

    def name(self, participant_id: str) -> str:
        """The name of a participant at this point of the sentence."""
        if participant_id in self._mentioned:
            return self._people.short(participant_id)
        self._mentioned.add(participant_id)
        name = self._people.full(participant_id)
        self.opening = self.opening or name
        return name

    def possessive(self, participant_id: str) -> str:
        """`Ann's`."""
        return f"{self.name(participant_id)}'s"

    def join_names(self, participant_ids: Iterable[str]) -> str:
        """`Ann, Bob and Cy`; for many, `5 people`."""
        rows = sorted(set(participant_ids), key=self._people.full)
        if len(rows) > MOST_NAMED:
            return f"{len(rows)} people"
        return join_words([self.name(participant_id) for participant_id in rows])


def _one_line(name: str) -> str:
    """The name without line breaks and control characters."""
    visible = "".join(" " if unicodedata.category(each) == "Cc" else each for each in name)
    return " ".join(visible.split()) or NAMELESS


def _first_name(name: str) -> str:
    """The first word of a name, unless it is an initial, a title or no name at all."""
    first = name.partition(" ")[0]
    is_name = len(first) > 1 and first.replace("-", "").replace("'", "").isalpha()
    return first if is_name and name != NAMELESS else name


def format_clock(moment: EpochMs) -> str:
    """Time of day in UTC, `10:02:10`."""
    return format_iso(moment)[11:19]


def format_spans(spans: Sequence[Span]) -> str:
    """`from 10:02:10 to 10:05:40 UTC`, `at 10:02:10 UTC`, several of them joined; for many, `7
    times between 10:02:10 and 10:31:40 UTC, 4 min 20 s in all`."""
    if len(spans) > MOST_SPANS_LISTED:
        total = format_duration(length_ms(spans))
        first, last = format_clock(spans[0][0]), format_clock(spans[-1][1])
        return f"{len(spans)} times between {first} and {last} UTC, {total} in all"
    return f"{join_words([_format_span(*span) for span in spans])} UTC"


def _format_span(start_at: EpochMs, end_at: EpochMs) -> str:
    start, end = format_clock(start_at), format_clock(end_at)
    return f"at {start}" if start == end else f"from {start} to {end}"


def format_outages(spans: Sequence[Span]) -> str:
    """`for 10 s at 10:01:00 UTC`; for many, their number and total length."""
    if len(spans) > MOST_SPANS_LISTED:
        total = format_duration(length_ms(spans))
        return f"{len(spans)} times, for {total} in all, first at {format_clock(spans[0][0])} UTC"
    return f"{join_words([_format_outage(*span) for span in spans])} UTC"


def _format_outage(start_at: EpochMs, end_at: EpochMs) -> str:
    if end_at - start_at < SECOND_MS:
        return f"at {format_clock(start_at)}"
    return f"for {format_duration(end_at - start_at)} at {format_clock(start_at)}"


def join_words(words: Sequence[str]) -> str:
    """`one`, `one and two`, `one, two and three`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def format_duration(ms: float) -> str:
    """`9 s`, `3 min 30 s`, `1 h 5 min`."""
    seconds = round(ms / SECOND_MS)
    if seconds < 60:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def format_amount(value: float, unit: str) -> str:
    """`12 %`, `340 ms`, `0.4 %`: one decimal below three."""
    digits = 0 if value >= 3 or float(value).is_integer() else 1
    return f"{value:.{digits}f} {_UNIT_WORDS.get(unit, unit)}"


_UNIT_WORDS: Final = {"frames/s": "frames a second", "px": "pixels", "times/s": "times a second"}
