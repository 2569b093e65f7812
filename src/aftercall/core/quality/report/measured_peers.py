"""Whose statistics count where two sources measure one participant."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from aftercall.core.instants import EpochMs
from aftercall.core.records import Peer

if TYPE_CHECKING:
    from aftercall.core.quality.report.fold import AccumulatedPeer

MEASURED_AT_A_SERVER: Final = frozenset({"janus"})
"""Sources whose statistics are taken at the server's end of each connection. A client knows its
device, what it plays out and both directions: its statistics are the better ones."""

LEAST_SHARE: Final = 0.5
"""Of a stay that another peer must cover to be measured in its place; chosen."""


def measured_once(peers: "Sequence[AccumulatedPeer]", now: EpochMs) -> "list[AccumulatedPeer]":
    """The peers of a participant, without the statistics that a server took while the participant's
    own client took them, too: else each second and each packet would count twice. Their events and
    stays remain."""
    clients = [
        each.peer
        for each in peers
        if each.peer.source not in MEASURED_AT_A_SERVER and len(each.samples)
    ]
    if not clients or len(clients) == len(peers):
        return list(peers)
    return [
        _unmeasured(each)
        if each.peer.source in MEASURED_AT_A_SERVER and _is_covered(each.peer, clients, now)
        else each
        for each in peers
    ]


def _is_covered(peer: Peer, clients: Sequence[Peer], now: EpochMs) -> bool:
    start, end = _stay(peer, now)
    shared = sum(
        max(0, min(end, client_end) - max(start, client_start))
        for client_start, client_end in (_stay(client, now) for client in clients)
    )
    return shared >= LEAST_SHARE * max(1, end - start)


def _stay(peer: Peer, now: EpochMs) -> tuple[int, int]:
    return peer.present_from, now if peer.left_at is None else peer.left_at


def _unmeasured(each: "AccumulatedPeer") -> "AccumulatedPeer":
    from aftercall.core.quality.report.peer_fold import PeerAccumulator  # noqa: PLC0415 - numpy

    peer = replace(each.peer, interval_ms=0)
    return each._replace(peer=peer, samples=PeerAccumulator(peer.id), known=None)
