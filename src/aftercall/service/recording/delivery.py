"""What sources hand in, and what they are told about it."""

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from aftercall.core.events import AnyEvent, Identity
from aftercall.core.instants import EpochMs
from aftercall.core.records import Phase


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """Who a delivery comes from, when it comes from a participant's own client."""

    meeting_id: str
    member_id: str
    identity: Identity
    generation: int
    issued_at: EpochMs = EpochMs(0)
    """When the token was made: its holder cannot have been there before."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What one source handed in at one moment."""

    app_id: str
    source: str
    received_at: EpochMs
    events: Sequence[AnyEvent]
    credentials: Credentials | None = None
    peer_id: str | None = None
    """The peer that sent it: that it sent anything shows that it is there."""
    heard_at: EpochMs | None = None
    """When that peer was there, by the claims' clock."""
    size_bytes: int = 0
    """Of the body it was read from, uncompressed."""


class Status(StrEnum):
    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one event."""

    status: Status
    code: str | None = None
    message: str | None = None


ACCEPTED = Outcome(status=Status.ACCEPTED)
DUPLICATE = Outcome(status=Status.DUPLICATE)


def rejected(code: str, message: str) -> Outcome:
    return Outcome(status=Status.REJECTED, code=code, message=message)


class Next(StrEnum):
    """What a client that reports by itself should do now."""

    CONTINUE = "continue"
    KICKED = "kicked"
    ENDED = "ended"


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one delivery: an outcome per event, in order."""

    outcomes: Sequence[Outcome]
    session_id: str | None = None
    phase: Phase | None = None
    next: Next = Next.CONTINUE
    refusal: Outcome | None = None
    """Why nothing of the delivery was taken, if its sender may not speak at all."""
