"""Removes the loss of connections between browsers whose remote end had left, which is no trouble
of the call."""

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.quality.comparison.compared_participant import ComparedParticipant
from aftercall.core.quality.comparison.topology import Topology
from aftercall.core.quality.issues import Issue, IssueName

OUTAGES: Final = frozenset(
    {IssueName.ICE_RECONNECTING, IssueName.ICE_FAILED, IssueName.CONNECTION_FAILED}
)

CLOCKS_MS: Final = 2 * SECOND_MS
"""The largest difference between two browsers' clocks that is believed, and the longest time a page
takes from closing its connections to its leave event."""


def without_departures(
    participants: Mapping[str, ComparedParticipant], topology: Topology
) -> dict[str, ComparedParticipant]:
    """The participants without the loss of connections whose remote end had left."""
    left_at = {
        id: at for participant in participants.values() for id, at in participant.left_at.items()
    }
    found: dict[str, ComparedParticipant] = {}
    for participant_id, participant in participants.items():
        kept = [each for each in participant.issues if not _is_departure(each, topology, left_at)]
        is_changed = len(kept) != len(participant.issues)
        found[participant_id] = replace(participant, issues=kept) if is_changed else participant
    return found


def _is_departure(issue: Issue, topology: Topology, left_at: Mapping[str, EpochMs]) -> bool:
    if issue.name not in OUTAGES:
        return False
    gone_at = left_at.get(topology.far_peer(issue.stream) or "")
    if gone_at is None:
        return False
    # A connection that was back before the remote end left had been lost for another reason, and
    # one that failed before may be the reason why it left.
    return issue.first_at >= gone_at - CLOCKS_MS and issue.last_at >= gone_at
