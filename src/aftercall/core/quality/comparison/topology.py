"""Who sent what to whom, and whether it went straight or through a server.

A server has many ends: what one connection sends to it comes out of several others, and a
connection that receives from it receives from many. A connection between two browsers is the
only partner of its partner, and each end's far candidate is one of the other's own.
"""

from collections.abc import Mapping
from typing import NamedTuple

from aftercall.core.quality.activity.stream_activity import ConnectionActivity, End, StreamActivity
from aftercall.core.quality.comparison.parties import Party
from aftercall.core.quality.issues import StreamRef
from aftercall.core.quality.stats.link import AUDIO, PRODUCERS


class _Place(NamedTuple):
    """A connection, and whose."""

    row_id: str
    peer_id: str
    connection_id: str


_Name = tuple[int, bool]
"""SSRC, and whether it is one of sound."""


class Topology:
    """The streams and connections of a session, put together."""

    def __init__(self, parties: Mapping[str, Party]) -> None:
        self._rows = list(parties)
        self._row_of_peer: dict[str, str] = {}
        self._row_of_producer: dict[str, str] = {}
        self._rows_of_ssrc: dict[int, set[str]] = {}
        for row_id, party in parties.items():
            for peer_id in party.peer_ids:
                self._row_of_peer[peer_id] = row_id
            for trace in party.traces:
                if trace.family in PRODUCERS:
                    self._add(row_id, trace.ref)
        self._row_of_producer |= self._by_elimination(parties)
        self._far_ends = _far_ends(parties)

    def _add(self, row_id: str, ref: StreamRef) -> None:
        if ref.producer_id is not None:
            self._row_of_producer[ref.producer_id] = row_id
        if ref.ssrc is not None:
            self._rows_of_ssrc.setdefault(ref.ssrc, set()).add(row_id)

    def _by_elimination(self, parties: Mapping[str, Party]) -> dict[str, str]:
        """The senders of producers that only listeners name: a sender who does not know what its
        own stream is called is the only one who does not receive it."""
        listeners: dict[str, set[str]] = {}
        for row_id, party in parties.items():
            for trace in party.traces:
                name = trace.ref.producer_id
                if trace.family not in PRODUCERS and name is not None:
                    listeners.setdefault(name, set()).add(row_id)
        found: dict[str, str] = {}
        for name, rows in listeners.items():
            if name not in self._row_of_producer and len(parties) - len(rows) == 1:
                found[name] = next(row_id for row_id in parties if row_id not in rows)
        return found

    def sender_of(self, listener: str, ref: StreamRef) -> str | None:
        """The row a received stream comes from; without any hint, the only other one."""
        row_id = self._row_of_producer.get(ref.producer_id or "")
        if row_id is None and ref.from_peer_id is not None:
            row_id = self._row_of_peer.get(ref.from_peer_id)
        if row_id is None and ref.ssrc is not None:
            rows = self._rows_of_ssrc.get(ref.ssrc, set()) - {listener}
            row_id = next(iter(rows)) if len(rows) == 1 else None
        if row_id is None and len(self._rows) == 2 and ref.from_peer_id is None:
            row_id = next(other for other in self._rows if other != listener)
        return None if row_id == listener else row_id

    def far_end(self, ref: StreamRef) -> str | None:
        """The row at the other end of the connection a stream went over, when it led straight
        to another participant."""
        far = self._far_ends.get((ref.peer_id, ref.connection_id or ""))
        return None if far is None else far.row_id

    def far_peer(self, ref: StreamRef) -> str | None:
        """The peer at that end."""
        far = self._far_ends.get((ref.peer_id, ref.connection_id or ""))
        return None if far is None else far.peer_id

    def is_direct_connection(self, peer_id: str, connection_id: str) -> bool:
        return (peer_id, connection_id) in self._far_ends

    def is_direct(self, ref: StreamRef) -> bool:
        """Whether a stream went straight from one participant to another."""
        return self.far_end(ref) is not None


def _far_ends(parties: Mapping[str, Party]) -> dict[tuple[str, str], _Place]:
    sent: dict[_Name, set[_Place]] = {}
    for row_id, party in parties.items():
        for trace in party.traces:
            place = _place(row_id, trace)
            if trace.family in PRODUCERS and place is not None:
                sent.setdefault(_name(trace), set()).add(place)
    partners: dict[_Place, set[_Place]] = {}
    has_strangers: set[_Place] = set()
    for row_id, party in parties.items():
        for trace in party.traces:
            place = _place(row_id, trace)
            if trace.family in PRODUCERS or place is None:
                continue
            sources = {each for each in sent.get(_name(trace), ()) if each.row_id != row_id}
            if not sources and trace.flowing:
                has_strangers.add(place)
            for source in sources:
                partners.setdefault(place, set()).add(source)
                partners.setdefault(source, set()).add(place)
    ends = {
        (each.peer_id, each.connection_id): each
        for party in parties.values()
        for each in party.connections
    }
    found: dict[tuple[str, str], _Place] = {}
    for place, others in partners.items():
        other = next(iter(others))
        if len(others) > 1 or partners[other] != {place}:
            continue
        is_mixed = bool(has_strangers & {place, other})
        if _is_one(ends.get(place[1:]), ends.get(other[1:]), is_mixed=is_mixed):
            found[place[1:]] = other
    return found


def _place(row_id: str, trace: StreamActivity) -> _Place | None:
    ref = trace.ref
    if ref.connection_id is None or ref.ssrc is None:
        return None
    return _Place(row_id, ref.peer_id, ref.connection_id)


def _name(trace: StreamActivity) -> _Name:
    return (trace.ref.ssrc or 0, trace.family in AUDIO)


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


def _is_at_one(end: End, far: End) -> bool:
    """Whether two far ends are at one place: the server's."""
    if end.address is None or far.address is None:
        return end == far
    return end.address == far.address
