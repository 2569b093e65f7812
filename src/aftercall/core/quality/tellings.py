"""Issues that are told together, and the words for numbers and times."""

from collections.abc import Iterable, Sequence
from typing import Final

from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.quality.issues import Issue, Severity, StreamRef
from aftercall.core.quality.rows import iso
from aftercall.core.quality.traces import Span, union

SAME_MS: Final = 30 * SECOND_MS
"""Stretches of one kind of trouble this close are told as one."""

RANKS: Final[dict[Severity, int]] = {"severe": 0, "warning": 1, "information": 2}
"""The worst is the least."""


class Group:
    """Issues of one kind of trouble that lie together in time."""

    def __init__(self, issues: Sequence[Issue]) -> None:
        self.issues = issues
        self.span: Span = (
            min(issue.first_at for issue in issues),
            max(issue.last_at for issue in issues),
        )
        self.names = sorted({issue.name for issue in issues})

    def worst(self, measure: str, *, lowest: bool = False) -> float | None:
        values = [issue.worst[measure] for issue in self.issues if measure in issue.worst]
        if not values:
            return None
        return min(values) if lowest else max(values)

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
        return when(*self.span)


def groups_of(issues: Iterable[Issue]) -> list[Group]:
    """The issues by stretches of time that lie apart."""
    every = sorted(issues, key=lambda issue: issue.first_at)
    stretches = union(((i.first_at, i.last_at) for i in every), within_ms=SAME_MS)
    return [Group([i for i in every if start <= i.first_at <= end]) for start, end in stretches]


def clock(moment: EpochMs) -> str:
    """Time of day in UTC, `10:02:10`."""
    return iso(moment)[11:19]


def when(start_at: EpochMs, end_at: EpochMs) -> str:
    """`from 10:02:10 to 10:05:40 UTC`, or `at 10:02:10 UTC`."""
    if clock(start_at) == clock(end_at):
        return f"at {clock(start_at)} UTC"
    return f"from {clock(start_at)} to {clock(end_at)} UTC"


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
