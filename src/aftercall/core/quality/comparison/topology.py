"""Who sent what to whom, and whether it went straight or through a server.

A server has many ends: what one connection sends to it comes out of several others, and a
connection that receives from it receives from many. A connection between two browsers is the
only partner of its partner, and each end's far candidate is one of the other's own.
"""

from collections.abc import Mapping
from typing import NamedTuple

from aftercall.core.quality.activity.stream_activity import (
    ConnectionActivity,
    StreamActivity,
    TransportAddress,
)
from aftercall.core.quality.comparison.compared_participant import ComparedParticipant
from aftercall.core.quality.issues import StreamRef
from aftercall.core.quality.stats.link import AUDIO, PRODUCERS


class _ConnectionRef(NamedTuple):
    """A connection, and whose."""

    participant_id: str
    peer_id: str
    connection_id: str


_Name = tuple[int, bool]
"""SSRC, and whether it is one of sound."""


class Topology:
    """The streams and connections of a session, put together."""

    def __init__(self, participants: Mapping[str, ComparedParticipant]) -> None:
        self._rows = list(participants)
        self._row_of_peer: dict[str, str] = {}
        self._row_of_producer: dict[str, str] = {}
        self._rows_of_ssrc: dict[int, set[str]] = {}
        for participant_id, participant in participants.items():
            for peer_id in participant.peer_ids:
                self._row_of_peer[peer_id] = participant_id
            for activity in participant.streams:
                if activity.family in PRODUCERS:
                    self._add(participant_id, activity.ref)
        self._row_of_producer |= self._by_elimination(participants)
        self._far_ends = _far_ends(participants)

    def _add(self, participant_id: str, ref: StreamRef) -> None:
        if ref.producer_id is not None:
            self._row_of_producer[ref.producer_id] = participant_id
        if ref.ssrc is not None:
            self._rows_of_ssrc.setdefault(ref.ssrc, set()).add(participant_id)

    def _by_elimination(self, participants: Mapping[str, ComparedParticipant]) -> dict[str, str]:
        """The senders of producers that only listeners name: a sender who does not know what its
        own stream is called is the only one who does not receive it."""
        listeners: dict[str, set[str]] = {}
        for participant_id, participant in participants.items():
            for activity in participant.streams:
                name = activity.ref.producer_id
                if activity.family not in PRODUCERS and name is not None:
                    listeners.setdefault(name, set()).add(participant_id)
        found: dict[str, str] = {}
        for name, rows in listeners.items():
            if name not in self._row_of_producer and len(participants) - len(rows) == 1:
                found[name] = next(
                    participant_id for participant_id in participants if participant_id not in rows
                )
        return found

    def sender_of(self, listener: str, ref: StreamRef) -> str | None:
        """The row a received stream comes from; without any hint, the only other one."""
        participant_id = self._row_of_producer.get(ref.producer_id or "")
        if participant_id is None and ref.from_peer_id is not None:
            participant_id = self._row_of_peer.get(ref.from_peer_id)
        if participant_id is None and ref.ssrc is not None:
            rows = self._rows_of_ssrc.get(ref.ssrc, set()) - {listener}
            participant_id = next(iter(rows)) if len(rows) == 1 else None
        if participant_id is None and len(self._rows) == 2 and ref.from_peer_id is None:
            participant_id = next(other for other in self._rows if other != listener)
        return None if participant_id == listener else participant_id

    def far_end(self, ref: StreamRef) -> str | None:
        """The row at the other end of the connection a stream went over, when it led straight
        to another participant."""
        far = self._far_ends.get((ref.peer_id, ref.connection_id or ""))
        return None if far is None else far.participant_id

    def far_peer(self, ref: StreamRef) -> str | None:
        """The peer at that end."""
        far = self._far_ends.get((ref.peer_id, ref.connection_id or ""))
        return None if far is None else far.peer_id

    def is_direct_connection(self, peer_id: str, connection_id: str) -> bool:
        return (peer_id, connection_id) in self._far_ends

    def is_direct(self, ref: StreamRef) -> bool:
        """Whether a stream went straight from one participant to another."""
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
    """Whether two connections that share their streams are the two ends of one. `is_mixed`: one
    of them also carried a stream of somebody else."""
    if one is None or other is None:
        return not is_mixed
    if _has_met(one, other) or _has_met(other, one):
        return True
    if is_mixed or set(one.roles) & set(other.roles):
        return False
    return not any(_is_at_one(end, far) for end in one.chosen for far in other.chosen)


def _has_met(one: ConnectionActivity, other: ConnectionActivity) -> bool:
    """Whether one used a candidate of the other's as its far end."""
    return any(end.is_same(own) for end in one.chosen for own in other.own)


def _is_at_one(end: TransportAddress, far: TransportAddress) -> bool:
    """Whether two far ends are at one place: the server's."""
    if end.address is None or far.address is None:
        return end == far
    return end.address == far.address
