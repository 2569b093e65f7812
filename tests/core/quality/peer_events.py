"""Notes of what happened to a peer."""

from typing import Any

from aftercall.core.instants import EpochMs
from aftercall.core.records import StoredPeerEvent


def event(at: int, name: str, of: str = "ada", /, **data: Any) -> StoredPeerEvent:
    """Something happens to a peer; two notes are one when they say the same."""
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
