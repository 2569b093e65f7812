"""Notes of the intake on a peer that joins: its network, the interval it was asked for."""

from collections.abc import Iterable, Mapping
from typing import Any

from aftercall.core.events import INTERVAL_ASKED, PeerEvent, PeerJoined
from aftercall.core.ids import id_from
from aftercall.core.instants import EpochMs


def address_notes(
    joins: Iterable[PeerJoined], network: Mapping[str, Any], *, app_id: str
) -> list[PeerEvent]:
    """For each join a description of the `network` the peer came from.

    It is dated just before the join, so that the client's own description is later and wins.
    """
    if not network:
        return []
    return [
        PeerEvent(
            id=id_from(app_id, join.peer_id, "address"),
            at=EpochMs(join.at - 1),
            peer_id=join.peer_id,
            name="describe",
            data={"network": dict(network)},
        )
        for join in joins
    ]


def interval_notes(joins: Iterable[PeerJoined], asked_ms: int, *, app_id: str) -> list[PeerEvent]:
    """A note for each join whose client is asked, in the answer, for another interval than it
    named."""
    return [
        PeerEvent(
            id=id_from(app_id, join.peer_id, INTERVAL_ASKED, str(asked_ms)),
            at=join.at,
            peer_id=join.peer_id,
            name=INTERVAL_ASKED,
            data={"interval_ms": asked_ms},
        )
        for join in joins
        if join.interval_ms != asked_ms
    ]
