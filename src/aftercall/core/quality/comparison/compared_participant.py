"""The participants that are compared, and what of them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import msgspec

from aftercall.core.instants import EpochMs
from aftercall.core.quality.activity.stream_activity import ConnectionActivity, StreamActivity
from aftercall.core.quality.issues import Issue

MOST_SHARE: Final = 0.75
"""As good as all: a report can be missing. Chosen."""


class ComparedParticipant(msgspec.Struct, frozen=True, kw_only=True):
    """One participant: its row, its peers, what its own reports show."""

    participant_id: str
    peer_ids: frozenset[str]
    issues: Sequence[Issue]
    streams: Sequence[StreamActivity]
    connections: Sequence[ConnectionActivity] = ()
    left_at: Mapping[str, EpochMs] = {}
    """When its peers left, by id; without those that are still there."""


def are_most(some: Collection[str], every: Collection[str]) -> bool:
    """Whether these are nearly all of several."""
    return len(every) > 1 and len(some) >= MOST_SHARE * len(every)
