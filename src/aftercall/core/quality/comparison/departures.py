"""Connections between browsers that ended because the one at the far end had left. Whoever stays
sees them as lost, which is no trouble of the call's."""

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
"""How far two browsers' clocks may differ and still be believed, and how long a page may take
from closing its connections to its farewell."""


def without_departures(
    participants: Mapping[str, ComparedParticipant], topology: Topology
) -> dict[str, ComparedParticipant]:
    """The participants, without the losses of connections whose far end had left."""
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
    # A connection that was back before the far end left had been lost on its own account, and
    # one that failed before may be the reason why it left.
    return issue.first_at >= gone_at - CLOCKS_MS and issue.last_at >= gone_at
