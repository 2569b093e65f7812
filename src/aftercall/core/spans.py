"""Spans of time and their arithmetic: union, intersection, difference, overlap.

A span is a half-open interval of two instants in ms. A list of spans is ascending, and its spans
do not touch, unless a function says that it takes them in any order.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from aftercall.core.instants import EpochMs

Span = tuple[EpochMs, EpochMs]

MATCHING_SHARE: Final = 0.5
"""The share of a span that others must cover to count as being of the same time. Chosen."""


def overlap_ms(one: Sequence[Span], other: Sequence[Span]) -> int:
    """How long both hold."""
    return sum(end - start for start, end in intersection(one, other))


def intersection(one: Sequence[Span], other: Sequence[Span]) -> list[Span]:
    """When both hold."""
    found: list[Span] = []
    i = j = 0
    while i < len(one) and j < len(other):
        start = max(one[i][0], other[j][0])
        end = min(one[i][1], other[j][1])
        if start < end:
            found.append((start, end))
        if one[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return found


def without(one: Sequence[Span], other: Sequence[Span]) -> list[Span]:
    """When the first holds and the second does not."""
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
    """Those that are so long or longer."""
    return [(start, end) for start, end in spans if end - start >= least_ms]


def union(spans: Iterable[Span], *, within_ms: int = 0) -> list[Span]:
    """When any holds; spans no further apart than `within_ms` become one."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start - merged[-1][1] <= within_ms:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def covers(when: Sequence[Span], span: Span) -> bool:
    """Whether the spans hold for half of that time or more."""
    return bool(when) and overlap_ms(when, [span]) >= MATCHING_SHARE * (span[1] - span[0])
