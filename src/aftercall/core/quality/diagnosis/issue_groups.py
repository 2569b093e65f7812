"""Groups of issues with one cause: their time, values and severity."""

from collections.abc import Iterable, Sequence
from typing import Final

from aftercall.core.instants import SECOND_MS
from aftercall.core.quality.issues import SEVERITY_RANKS, Issue, Severity, StreamRef, severity_of
from aftercall.core.spans import Span, overlap_ms, union

SAME_MS: Final = 30 * SECOND_MS
"""Episodes of one kind of trouble this close are one episode."""


class IssueGroup:
    """Issues of one kind of trouble, at least one. `episodes` are the spans in which they lie,
    `span` reaches from the first to the last."""

    def __init__(self, issues: Iterable[Issue]) -> None:
        self.issues = sorted(issues, key=lambda issue: (issue.first_at, issue.last_at))
        self.episodes = union(((i.first_at, i.last_at) for i in self.issues), within_ms=SAME_MS)
        self.span: Span = (self.episodes[0][0], self.episodes[-1][1])
        self.names = sorted(
            {issue.name for issue in self.issues},
            key=lambda name: (SEVERITY_RANKS[severity_of(name)], name),
        )
        """The most severe first."""

    def worst(self, measure: str, *, lowest: bool = False) -> float | None:
        """The worst value of one report."""
        values = [issue.worst[measure] for issue in self.issues if measure in issue.worst]
        if not values:
            return None
        return min(values) if lowest else max(values)

    def mean(self, measure: str) -> float | None:
        """The mean over the time affected; a severe issue within another one of its stream counts
        once."""
        return _mean([issue for issue in self.issues if measure in issue.typical], measure)

    def median_worst(self, measure: str) -> float | None:
        """The median of the streams' worst values: what a path does to all streams that use it,
        whatever else affected one of them."""
        return _middle([part.worst(measure) for part in self._by_stream()])

    def median_mean(self, measure: str) -> float | None:
        """The median of the streams' means."""
        return _middle([part.mean(measure) for part in self._by_stream()])

    def _by_stream(self) -> "list[IssueGroup]":
        group_by_stream: dict[StreamRef, list[Issue]] = {}
        for issue in self.issues:
            group_by_stream.setdefault(issue.stream, []).append(issue)
        return [IssueGroup(issues) for issues in group_by_stream.values()]

    @property
    def severity(self) -> Severity:
        """The worst severity of the issues."""
        return min((issue.severity for issue in self.issues), key=SEVERITY_RANKS.__getitem__)


def group_of(issues: Iterable[Issue]) -> IssueGroup | None:
    """The issues as one group, `None` if there are none."""
    every = list(issues)
    return IssueGroup(every) if every else None


def spans_of(issues: Iterable[Issue]) -> list[Span]:
    """When any of the issues lasted."""
    return union((issue.first_at, issue.last_at) for issue in issues)


def during(issues: Iterable[Issue], spans: Sequence[Span]) -> list[Issue]:
    """The issues of which half or more lies in the spans."""
    return [issue for issue in issues if _lies_in(issue, spans)]


def apart_from(issues: Iterable[Issue], spans: Sequence[Span]) -> list[Issue]:
    """The issues of which less than half lies in the spans."""
    return [issue for issue in issues if not _lies_in(issue, spans)]


def _lies_in(issue: Issue, spans: Sequence[Span]) -> bool:
    length_ms = issue.last_at - issue.first_at
    return 2 * overlap_ms(spans, [(issue.first_at, issue.last_at)]) >= max(1, length_ms)


def _mean(issues: Sequence[Issue], measure: str) -> float | None:
    total = weighed = 0.0
    counted_until: dict[StreamRef, int] = {}
    for issue in sorted(issues, key=lambda issue: (issue.first_at, -issue.last_at)):
        if issue.last_at <= counted_until.get(issue.stream, -1):
            continue
        counted_until[issue.stream] = issue.last_at
        ms = max(1, issue.last_at - issue.first_at)
        total += ms
        weighed += ms * issue.typical[measure]
    return round(weighed / total, 3) if total else None


def _middle(values: Iterable[float | None]) -> float | None:
    known = sorted(value for value in values if value is not None)
    return known[(len(known) - 1) // 2] if known else None
