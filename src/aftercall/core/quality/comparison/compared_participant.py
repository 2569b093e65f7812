"""What is known of each participant for the comparison."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import msgspec

from aftercall.core.instants import EpochMs
from aftercall.core.quality.activity.stream_activity import ConnectionActivity, StreamActivity
from aftercall.core.quality.issues import Issue

MOST_SHARE: Final = 0.75
"""The share that counts as nearly all, since a report can be missing. Chosen."""


class ComparedParticipant(msgspec.Struct, frozen=True, kw_only=True):
    """One participant: its peers, its issues and its activity."""

    participant_id: str
    peer_ids: frozenset[str]
    issues: Sequence[Issue]
    streams: Sequence[StreamActivity]
    connections: Sequence[ConnectionActivity] = ()
    left_at: Mapping[str, EpochMs] = {}
    """When its peers left, by peer id, without those still present."""


def are_most(some: Collection[str], every: Collection[str]) -> bool:
    """Whether `some` are nearly all of several."""
    return len(every) > 1 and len(some) >= MOST_SHARE * len(every)
