"""The participants that are compared, and what of them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import msgspec

from aftercall.core.instants import EpochMs
from aftercall.core.quality.activity.stream_activity import (
    ConnectionActivity,
    Span,
    StreamActivity,
    overlap_ms,
)
from aftercall.core.quality.issues import Issue

MATCHING_SHARE: Final = 0.5
"""Trouble is the same trouble when the two overlap for half of the time. Chosen."""

MOST_SHARE: Final = 0.75
"""As good as all: a report can be missing. Chosen."""


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """One participant: its row, its peers, what its own reports show."""

    row_id: str
    peer_ids: frozenset[str]
    issues: Sequence[Issue]
    traces: Sequence[StreamActivity]
    connections: Sequence[ConnectionActivity] = ()
    left_at: Mapping[str, EpochMs] = {}
    """When its peers left, by id; without those that are still there."""


def covers(when: Sequence[Span], span: Span) -> bool:
    """Whether the spans hold for half of that time or more."""
    return bool(when) and overlap_ms(when, [span]) >= MATCHING_SHARE * (span[1] - span[0])


def are_most(some: Collection[str], every: Collection[str]) -> bool:
    """Whether these are nearly all of several."""
    return len(every) > 1 and len(some) >= MOST_SHARE * len(every)
