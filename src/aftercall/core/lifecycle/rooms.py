"""What is known of peers by the room they are in, where a source reports on rooms.

The server of such a source reports who comes and who goes. Of somebody who stays nothing is heard,
for hours, while there is news of the others: so any sign of life of the room is one of everybody
in it. If it reports nothing more, as after a crash, all of them left at the room's last sign of
life.
"""

from collections.abc import Mapping
from typing import NamedTuple

from msgspec.structs import replace

from aftercall.core.instants import EpochMs
from aftercall.core.records import Peer


class Room(NamedTuple):
    """The signs of life of a session's room."""

    sources: frozenset[str]
    """Those that report on rooms."""
    last_heard_at: EpochMs
    last_received_at: EpochMs

    @classmethod
    def of(cls, peers: Mapping[str, Peer], sources: frozenset[str]) -> "Room":
        """The room of a session's peers."""
        there = [peer for peer in peers.values() if peer.source in sources] if sources else []
        return cls(
            sources,
            max((peer.last_heard_at for peer in there), default=EpochMs(0)),
            max((peer.last_received_at for peer in there), default=EpochMs(0)),
        )

    def is_of(self, peer: Peer) -> bool:
        """Whether what is heard of the room is heard of this peer."""
        return peer.interval_ms <= 0 and peer.source in self.sources

    def heard(self, peer: Peer) -> Peer:
        """The peer, present for as long as the room."""
        if not self.is_of(peer) or peer.last_heard_at >= self.last_heard_at:
            return peer
        return replace(peer, last_heard_at=self.last_heard_at)

    def received(self, peer: Peer) -> Peer:
        """The peer, from which something came whenever something came of the room."""
        if not self.is_of(peer) or peer.last_received_at >= self.last_received_at:
            return peer
        return replace(peer, last_received_at=self.last_received_at)

    def closed_at(self, peer: Peer, closed_at: EpochMs | None) -> EpochMs | None:
        """The close that ended a peer's stay: not one from before it joined, as the server may
        open a room again under the same id."""
        is_before = closed_at is not None and self.is_of(peer) and peer.present_from > closed_at
        return None if is_before else closed_at
