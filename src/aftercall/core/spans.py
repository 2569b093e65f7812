"""Spans of time and their arithmetic: union, intersection, difference, overlap.

A span is a half-open interval between two instants in ms. Lists of spans are ascending and
disjoint, except where a function says that it accepts any order.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from aftercall.core.instants import EpochMs

Span = tuple[EpochMs, EpochMs]

MATCHING_SHARE: Final = 0.5
"""Trouble is of the same time as a span if it holds for this share of the span. Chosen."""


def length_ms(spans: Iterable[Span]) -> int:
    """How long the spans last together, in ms."""
    return sum(end - start for start, end in spans)


def overlap_ms(one: Sequence[Span], other: Sequence[Span]) -> int:
    """How long both lists of spans hold at the same time, in ms."""
    return length_ms(intersection(one, other))


def intersection(one: Sequence[Span], other: Sequence[Span]) -> list[Span]:
    """The spans in which both hold."""
    # Written out, without `max` and `min`: a session asks for each pair of its people.
    found: list[Span] = []
    i = j = 0
    while i < len(one) and j < len(other):
        start, end = one[i]
        other_start, other_end = other[j]
        if end < other_end:
            i += 1
        else:
            j += 1
            end = other_end
        if other_start > start:
            start = other_start
        if start < end:
            found.append((start, end))
    return found


def without(one: Sequence[Span], other: Sequence[Span]) -> list[Span]:
    """The spans in which the first holds and the second does not."""
    if not other:
        return [span for span in one if span[0] < span[1]]
    found: list[Span] = []
    j = 0
    for start, end in one:
        while j < len(other) and other[j][1] <= start:
            j += 1
        at, k = start, j
        while k < len(other) and other[k][0] < end:
            if other[k][0] > at:
                found.append((at, other[k][0]))
            at = max(at, other[k][1])
            k += 1
        if at < end:
            found.append((at, end))
    return found


def lasting(spans: Iterable[Span], least_ms: int) -> list[Span]:
    """The spans that are at least `least_ms` long."""
    return [(start, end) for start, end in spans if end - start >= least_ms]


def union(spans: Iterable[Span], *, within_ms: int = 0) -> list[Span]:
    """The spans in which any of the given ones holds, which may come in any order. Spans that are
    at most `within_ms` apart are joined."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start - merged[-1][1] <= within_ms:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def covers(when: Sequence[Span], span: Span) -> bool:
    """Whether the spans hold for half of `span` or more."""
    return bool(when) and overlap_ms(when, [span]) >= MATCHING_SHARE * (span[1] - span[0])
