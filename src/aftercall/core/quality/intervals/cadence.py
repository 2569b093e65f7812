"""How many reports were expected from a peer, and when none came.

A client that reports by itself does so at the interval it announced, or at the one that the answer
to its join asked for; its reports show which. The collector samples half as often while its page is
hidden, and takes extra samples when something happens.
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
"""The number of consecutive missing reports that make a gap; the catalogue's `stats_gap`."""

HIDDEN_FACTOR: Final = 2
"""The factor by which the interval of a hidden page is longer."""

_VISIBILITY: Final = {"browser_backgrounded": True, "browser_foregrounded": False}

Span = tuple[EpochMs, EpochMs]

_FOREVER: Final = EpochMs(2**62)


class PageVisibility(NamedTuple):
    """Whether the page was hidden at a sample."""

    at: EpochMs
    is_hidden: bool


class PageVisibilities:
    """Whether the page was hidden at each sample of a peer, in the order of the samples."""

    def __init__(self) -> None:
        self._every: list[PageVisibility] = []
        self._edges: list[PageVisibility] = []

    def add(self, seen: PageVisibility) -> None:
        """Add a sample's."""
        self._every.append(seen)
        edges = self._edges
        # The second of three alike shows nothing, unless an event lies between. Of two samples of
        # one instant, the one that says hidden counts as the later one.
        if (
            len(edges) > 1
            and edges[-2].is_hidden == edges[-1].is_hidden == seen.is_hidden
            and edges[-2].at < edges[-1].at < seen.at
            and (len(edges) == 2 or edges[-3].at < edges[-2].at)
        ):
            edges.pop()
        edges.append(seen)

    def beside(self, events: Iterable[StoredPeerEvent]) -> Sequence[PageVisibility]:
        """What matters beside the peer's events: without a change by an event, only the first and
        the last sample of a time in which the page was hidden throughout, or shown."""
        has_changes = any(event.name in _VISIBILITY for event in events)
        return self._every if has_changes else self._edges


class ExpectedReports(NamedTuple):
    """The number of reports expected in a stay, how many of them are missing, and the gaps."""

    reports: int
    missing: int
    gaps: list[Span]


LEAST_REPORTS: Final = 3
"""The number of reports from which the interval can be recognised."""


class _Visibility(NamedTuple):
    at: EpochMs
    is_hidden: bool
    is_change: bool
    """An event marks the change itself; a sample only shows the state."""


def hidden_spans(
    events: Iterable[StoredPeerEvent], visibilities: Iterable[PageVisibility]
) -> list[Span]:
    """When a peer's page was hidden, as far as its samples and events show. The last known state
    holds for ever."""
    changes = _changes_of(events, visibilities)
    return [
        (EpochMs(before.at), _FOREVER if after is None else EpochMs(after.at))
        for before, after in pairwise([*changes, None])
        if before is not None and _is_hidden_between(before, after)
    ]


def _changes_of(
    events: Iterable[StoredPeerEvent], visibilities: Iterable[PageVisibility]
) -> "list[_Visibility]":
    changes = [
        _Visibility(visibility.at, visibility.is_hidden, False) for visibility in visibilities
    ]
    changes += [
        _Visibility(event.at, _VISIBILITY[event.name], True)
        for event in events
        if event.name in _VISIBILITY
    ]
    return sorted(changes)


class Cadence:
    """When the reports of one peer are expected."""

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
        """The speed at which intervals pass from that instant on, in units of a hidden page's."""
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
        """The number of intervals between two instants."""
        return self._intervals(self._until(start_at), self._until(end_at))

    def _intervals(self, start: int, end: int) -> float:
        return (end - start) / (HIDDEN_FACTOR * self._interval_ms)

    def stay(
        self, start_at: EpochMs, end_at: EpochMs, arrived: Sequence[EpochMs]
    ) -> ExpectedReports:
        """The reports expected in a stay, by those of `arrived` that came within it. An extra
        report does not stand for a missing one."""
        import numpy as np  # noqa: PLC0415 - only who folds loads it

        came = np.sort(np.asarray(arrived, dtype=np.int64))
        came = came[(came >= start_at) & (came <= end_at)]
        edges = np.concatenate([[start_at], came, [max(start_at, end_at)]]).astype(np.int64)
        places = np.searchsorted(self._ats, edges, side="right") - 1
        ats, paces, passed = (
            np.array(each, dtype=np.int64) for each in (self._ats, self._paces, self._elapsed)
        )
        elapsed = passed[places] + (edges - ats[places]) * paces[places]
        stretches = np.diff(elapsed) / (HIDDEN_FACTOR * self._interval_ms)
        intervals_between = int(self.intervals_between(start_at, EpochMs(int(edges[-1]))))
        # Each part ends with a report or with the stay.
        missing = int(np.maximum(np.rint(stretches) - 1, 0).sum())
        gaps = np.flatnonzero(stretches > GAP_REPORTS)
        return ExpectedReports(
            intervals_between,
            min(intervals_between, missing) if len(came) else intervals_between,
            [
                (EpochMs(one), EpochMs(other))
                for one, other in zip(edges[gaps].tolist(), edges[gaps + 1].tolist(), strict=True)
            ],
        )


def best_cadence(cadences: Sequence[Cadence], moments: Iterable[EpochMs]) -> Cadence:
    """The cadence that the reports keep: the one whose interval is closest to the median distance
    of reports. The first one if there are too few reports."""
    if len(cadences) == 1:
        return cadences[0]
    apart = [(one, other) for one, other in pairwise(sorted(moments)) if other > one]
    if len(apart) < LEAST_REPORTS - 1:
        return cadences[0]
    return min(
        cadences,
        key=lambda each: abs(
            log(median(each.intervals_between(one, other) for one, other in apart))
        ),
    )


def _is_hidden_between(before: _Visibility | None, after: _Visibility | None) -> bool:
    """Whether the page counts as hidden between two observations; between two samples of which one
    was hidden, it may have been so all the time."""
    if before is not None and before.is_change:
        return before.is_hidden
    if after is not None and after.is_change:
        return not after.is_hidden
    return any(each is not None and each.is_hidden for each in (before, after))
