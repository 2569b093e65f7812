"""Issues that are told together, and the words for numbers and times."""

from collections.abc import Iterable, Sequence
from typing import Final

from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.quality.attribution.traces import Span, union
from aftercall.core.quality.rows import iso
from aftercall.core.quality.rules.issues import Issue, Severity, StreamRef, severity_of

SAME_MS: Final = 30 * SECOND_MS
"""Stretches of one kind of trouble this close are told as one."""

RANKS: Final[dict[Severity, int]] = {"severe": 0, "warning": 1, "information": 2}
"""The worst is the least."""


MOST_SPELLS: Final = 3
"""More stretches than this are counted, not listed."""


class Group:
    """Issues of one kind of trouble, told together. `spells` are the stretches of time in which
    they lie, `span` reaches from the first to the last."""

    def __init__(self, issues: Iterable[Issue]) -> None:
        self.issues = sorted(issues, key=lambda issue: (issue.first_at, issue.last_at))
        self.spells = union(((i.first_at, i.last_at) for i in self.issues), within_ms=SAME_MS)
        self.span: Span = (self.spells[0][0], self.spells[-1][1])
        self.names = sorted(
            {issue.name for issue in self.issues}, key=lambda name: (RANKS[severity_of(name)], name)
        )
        """The worst first."""

    def worst(self, measure: str, *, lowest: bool = False) -> float | None:
        values = [issue.worst[measure] for issue in self.issues if measure in issue.worst]
        if not values:
            return None
        return min(values) if lowest else max(values)

    def mean(self, measure: str) -> float | None:
        """The mean of a measure over the time affected, each issue as long as it lasted."""
        known = [
            (max(1, issue.last_at - issue.first_at), issue.typical[measure])
            for issue in self.issues
            if measure in issue.typical
        ]
        total = sum(length for length, _ in known)
        return round(sum(ms * value for ms, value in known) / total, 3) if known else None

    def typical(self, measure: str) -> float | None:
        """The middle one of the streams' worst: what a path does to all that use it, whatever
        else befell one of them."""
        worst: dict[StreamRef, float] = {}
        for issue in self.issues:
            if measure in issue.worst:
                value = issue.worst[measure]
                worst[issue.stream] = max(value, worst.get(issue.stream, value))
        values = sorted(worst.values())
        return values[(len(values) - 1) // 2] if values else None

    @property
    def severity(self) -> Severity:
        return min((issue.severity for issue in self.issues), key=RANKS.__getitem__)

    @property
    def when(self) -> str:
        return when(self.spells)


def group_of(issues: Iterable[Issue]) -> Group | None:
    """The issues as one group, if there are any."""
    every = list(issues)
    return Group(every) if every else None


def clock(moment: EpochMs) -> str:
    """Time of day in UTC, `10:02:10`."""
    return iso(moment)[11:19]


def when(spells: Sequence[Span]) -> str:
    """`from 10:02:10 to 10:05:40 UTC`, `at 10:02:10 UTC`, several of them joined; of many,
    `7 times between 10:02:10 and 10:31:40 UTC, 4 min 20 s in all`."""
    if len(spells) > MOST_SPELLS:
        total = length(sum(end - start for start, end in spells))
        first, last = clock(spells[0][0]), clock(spells[-1][1])
        return f"{len(spells)} times between {first} and {last} UTC, {total} in all"
    return f"{listed([_stretch(*spell) for spell in spells])} UTC"


def _stretch(start_at: EpochMs, end_at: EpochMs) -> str:
    if clock(start_at) == clock(end_at):
        return f"at {clock(start_at)}"
    return f"from {clock(start_at)} to {clock(end_at)}"


def listed(words: Sequence[str]) -> str:
    """`one`, `one and two`, `one, two and three`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def length(ms: float) -> str:
    """`9 s`, `3 min 30 s`, `1 h 5 min`."""
    seconds = round(ms / SECOND_MS)
    if seconds < 60:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def percent(value: float) -> str:
    return f"{value:.0f} %" if value >= 10 else f"{value:.1f} %"
