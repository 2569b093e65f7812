"""Peer events for tests."""

from typing import Any

from aftercall.core.instants import EpochMs
from aftercall.core.records import StoredPeerEvent


def event(at: int, name: str, of: str = "ada", /, **data: Any) -> StoredPeerEvent:
    """An event of a peer; two with equal members have one id."""
    return StoredPeerEvent(
        app_id="app",
        session_id="session",
        peer_id=of,
        id=f"{name}-{at}-{data}",
        at=EpochMs(at),
        received_at=EpochMs(at),
        name=name,
        data=data,
    )
