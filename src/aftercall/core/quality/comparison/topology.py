"""Who sent what to whom, and whether it went directly or through a server.

A server has many connections: what one connection sends to it comes out of several others, and a
connection that receives from it receives streams of many. A connection between two browsers is the
only partner of its partner, and each end's remote candidate is a local candidate of the other.
"""

from collections.abc import Mapping
from typing import NamedTuple

from aftercall.core.quality.activity.senders import SenderIndex
from aftercall.core.quality.activity.stream_activity import (
    ConnectionActivity,
    StreamActivity,
    TransportAddress,
)
from aftercall.core.quality.comparison.compared_participant import ComparedParticipant
from aftercall.core.quality.issues import StreamRef
from aftercall.core.quality.stats.report_linker import AUDIO, PRODUCERS


class _ConnectionRef(NamedTuple):
    """A connection, and its participant and peer."""

    participant_id: str
    peer_id: str
    connection_id: str


_Name = tuple[int, bool]
"""SSRC, and whether it carries audio."""


class Topology:
    """The streams and connections of a session, matched."""

    def __init__(self, participants: Mapping[str, ComparedParticipant]) -> None:
        self._senders = SenderIndex({id: each.peer_ids for id, each in participants.items()})
        for participant_id, participant in participants.items():
            for activity in participant.streams:
                ref = activity.ref
                if activity.family in PRODUCERS:
                    self._senders.add_sent(
                        participant_id,
                        is_audio=activity.family in AUDIO,
                        ssrc=ref.ssrc,
                        producer_id=ref.producer_id,
                    )
                else:
                    self._senders.add_received(participant_id, ref.producer_id)
        self._far_ends = _far_ends(participants)

    def sender_of(self, listener: str, ref: StreamRef) -> str | None:
        """The participant that a received stream comes from; see `SenderIndex`."""
        return self._senders.sender_of(
            listener,
            is_audio=None if ref.family is None else "audio" in ref.family,
            ssrc=ref.ssrc,
            producer_id=ref.producer_id,
            from_peer_id=ref.from_peer_id,
        )

    def far_end(self, ref: StreamRef) -> str | None:
        """The participant at the other end of the connection that a stream used, if it was
        direct."""
        far = self._far_ends.get((ref.peer_id, ref.connection_id or ""))
        return None if far is None else far.participant_id

    def far_peer(self, ref: StreamRef) -> str | None:
        """The peer at that end."""
        far = self._far_ends.get((ref.peer_id, ref.connection_id or ""))
        return None if far is None else far.peer_id

    def is_direct_connection(self, peer_id: str, connection_id: str) -> bool:
        """Whether a connection led directly to another participant."""
        return (peer_id, connection_id) in self._far_ends

    def is_direct(self, ref: StreamRef) -> bool:
        """Whether a stream went directly from one participant to another."""
        return self.far_end(ref) is not None


def _far_ends(
    participants: Mapping[str, ComparedParticipant],
) -> dict[tuple[str, str], _ConnectionRef]:
    sent: dict[_Name, set[_ConnectionRef]] = {}
    for participant_id, participant in participants.items():
        for activity in participant.streams:
            own = _connection_of(participant_id, activity)
            if activity.family in PRODUCERS and own is not None:
                sent.setdefault(_name(activity), set()).add(own)
    partners: dict[_ConnectionRef, set[_ConnectionRef]] = {}
    has_strangers: set[_ConnectionRef] = set()
    for participant_id, participant in participants.items():
        for activity in participant.streams:
            own = _connection_of(participant_id, activity)
            if activity.family in PRODUCERS or own is None:
                continue
            sources = {
                each
                for each in sent.get(_name(activity), ())
                if each.participant_id != participant_id
            }
            if not sources and activity.flowing:
                has_strangers.add(own)
            for source in sources:
                partners.setdefault(own, set()).add(source)
                partners.setdefault(source, set()).add(own)
    ends = {
        (each.peer_id, each.connection_id): each
        for participant in participants.values()
        for each in participant.connections
    }
    found: dict[tuple[str, str], _ConnectionRef] = {}
    for own, others in partners.items():
        other = next(iter(others))
        if len(others) > 1 or partners[other] != {own}:
            continue
        is_mixed = bool(has_strangers & {own, other})
        if _is_one(ends.get(own[1:]), ends.get(other[1:]), is_mixed=is_mixed):
            found[own[1:]] = other
    return found


def _connection_of(participant_id: str, activity: StreamActivity) -> _ConnectionRef | None:
    ref = activity.ref
    if ref.connection_id is None or ref.ssrc is None:
        return None
    return _ConnectionRef(participant_id, ref.peer_id, ref.connection_id)


def _name(activity: StreamActivity) -> _Name:
    return (activity.ref.ssrc or 0, activity.family in AUDIO)


def _is_one(
    one: ConnectionActivity | None, other: ConnectionActivity | None, *, is_mixed: bool
) -> bool:
    """Whether two connections that share their streams are the two ends of one. `is_mixed`: one of
    them also carried a stream of somebody else."""
    if one is None or other is None:
        return not is_mixed
    if _has_met(one, other) or _has_met(other, one):
        return True
    if is_mixed or set(one.roles) & set(other.roles):
        return False
    return not any(_is_at_one(end, far) for end in one.chosen for far in other.chosen)


def _has_met(one: ConnectionActivity, other: ConnectionActivity) -> bool:
    """Whether one connection selected a local candidate of the other."""
    return any(end.is_same(own) for end in one.chosen for own in other.own)


def _is_at_one(end: TransportAddress, far: TransportAddress) -> bool:
    """Whether two remote ends are at one place: the server's."""
    if end.address is None or far.address is None:
        return end == far
    return end.address == far.address
