"""How many of a peer's reports were due, and when none came.

A client that reports by itself does so at the interval it said, or at the one it was asked for in
the answer to its join: its reports show at which. The collector takes half as many
samples while its page is hidden, and others besides when something happens.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from math import log
from statistics import median
from typing import Final, NamedTuple

from aftercall.core.instants import EpochMs
from aftercall.core.records import StoredPeerEvent

GAP_REPORTS: Final = 3
"""Reports missing in a row before it is called a gap; the catalogue's `stats_gap`."""

HIDDEN_FACTOR: Final = 2
"""How many times as long a hidden page's intervals are."""

_VISIBILITY: Final = {"browser_backgrounded": True, "browser_foregrounded": False}

Span = tuple[EpochMs, EpochMs]

_FOREVER: Final = EpochMs(2**62)


class PageVisibility(NamedTuple):
    """A sample that said whether its page was hidden."""

    at: EpochMs
    is_hidden: bool


class ExpectedReports(NamedTuple):
    """How many reports a stay was due, how many of them are missing, and the times without."""

    reports: int
    missing: int
    gaps: list[Span]


LEAST_REPORTS: Final = 3
"""Before that many, nothing shows at which interval they come."""


class _Change(NamedTuple):
    at: EpochMs
    is_hidden: bool
    is_change: bool
    """A note tells when it changed; a sample only that it is so."""


def hidden_spans(
    events: Iterable[StoredPeerEvent], visibilities: Iterable[PageVisibility]
) -> list[Span]:
    """When a peer's page was hidden, as far as its samples and notes tell. What holds at the last
    of them holds on for ever."""
    changes = _changes_of(events, visibilities)
    return [
        (EpochMs(before.at), _FOREVER if after is None else EpochMs(after.at))
        for before, after in pairwise([*changes, None])
        if before is not None and _is_hidden_between(before, after)
    ]


def _changes_of(
    events: Iterable[StoredPeerEvent], visibilities: Iterable[PageVisibility]
) -> "list[_Change]":
    changes = [_Change(visibility.at, visibility.is_hidden, False) for visibility in visibilities]
    changes += [
        _Change(event.at, _VISIBILITY[event.name], True)
        for event in events
        if event.name in _VISIBILITY
    ]
    return sorted(changes)


class Cadence:
    """When the reports of one peer are due."""

    def __init__(
        self,
        interval_ms: int,
        events: Iterable[StoredPeerEvent] = (),
        visibilities: Iterable[PageVisibility] = (),
    ) -> None:
        changes = _changes_of(events, visibilities)
        self._interval_ms = interval_ms
        self._ats: list[int] = []
        self._paces: list[int] = []
        """How much of an interval passes in the time of a hidden page's, from then on."""
        for before, after in pairwise([None, *changes, None]):
            self._ats.append(0 if before is None else before.at)
            self._paces.append(1 if _is_hidden_between(before, after) else HIDDEN_FACTOR)
        lengths = (end - start for start, end in pairwise(self._ats))
        elapsed = (length * pace for length, pace in zip(lengths, self._paces, strict=False))
        self._elapsed = list(accumulate(elapsed, initial=0))

    def _until(self, at: int) -> int:
        place = bisect_right(self._ats, at) - 1
        return self._elapsed[place] + (at - self._ats[place]) * self._paces[place]

    def intervals_between(self, start_at: EpochMs, end_at: EpochMs) -> float:
        """How many intervals lie between two moments."""
        return (self._until(end_at) - self._until(start_at)) / (HIDDEN_FACTOR * self._interval_ms)

    def stay(
        self, start_at: EpochMs, end_at: EpochMs, arrived: Sequence[EpochMs]
    ) -> ExpectedReports:
        """What a stay was due. A report that came besides stands for none that is missing."""
        edges = [start_at, *sorted(arrived), max(start_at, end_at)]
        stretches = [
            (one, other, self.intervals_between(one, other)) for one, other in pairwise(edges)
        ]
        intervals_between = int(self.intervals_between(start_at, edges[-1]))
        # Each stretch ends with a report or with the stay.
        missing = sum(max(0, round(intervals) - 1) for *_, intervals in stretches)
        return ExpectedReports(
            intervals_between,
            min(intervals_between, missing) if arrived else intervals_between,
            [(one, other) for one, other, intervals in stretches if intervals > GAP_REPORTS],
        )


def best_cadence(cadences: Sequence[Cadence], moments: Iterable[EpochMs]) -> Cadence:
    """The one that the reports keep to: of which most come after just one interval. The first,
    where too few came."""
    apart = [(one, other) for one, other in pairwise(sorted(moments)) if other > one]
    if len(cadences) == 1 or len(apart) < LEAST_REPORTS - 1:
        return cadences[0]
    return min(
        cadences,
        key=lambda each: abs(
            log(median(each.intervals_between(one, other) for one, other in apart))
        ),
    )


def _is_hidden_between(before: _Change | None, after: _Change | None) -> bool:
    """Between two samples of which one was hidden, it may have been so all the time."""
    if before is not None and before.is_change:
        return before.is_hidden
    if after is not None and after.is_change:
        return not after.is_hidden
    return any(each is not None and each.is_hidden for each in (before, after))
