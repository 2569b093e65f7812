"""The note on a refused entry in its peer's record: when it came, and why it was refused."""

from typing import Final

from aftercall.core.events import ENTRY_REFUSED, PeerEvent
from aftercall.core.ids import id_from
from aftercall.core.instants import EpochMs

MOST_NOTED: Final = 500
"""Refused entries of one delivery that are noted."""


def refusal(
    app_id: str,
    peer_id: str,
    key: str,
    *,
    at: EpochMs,
    code: str,
    is_sample: bool,
    meeting_id: str | None = None,
) -> PeerEvent:
    """The note on an entry of which `key` is the same at every repeat."""
    return PeerEvent(
        id=id_from(app_id, peer_id, ENTRY_REFUSED, key),
        at=at,
        meeting_id=meeting_id,
        peer_id=peer_id,
        name=ENTRY_REFUSED,
        data={"code": code, "is_sample": is_sample},
    )
