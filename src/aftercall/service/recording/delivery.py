"""What sources deliver, and the receipts they get."""

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from aftercall.core.events import AnyEvent, Identity, PeerEvent, PeerJoined, SampleTaken
from aftercall.core.instants import EpochMs
from aftercall.core.records import Phase


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """The holder of the participant token a delivery came with."""

    meeting_id: str
    member_id: str
    identity: Identity
    generation: int
    issued_at: EpochMs = EpochMs(0)
    """When the token was issued: its holder cannot have been present before."""
    is_member: bool = True
    """Whether the holder was added to the meeting; else another system's token names the meeting,
    which the first join creates."""
    is_expired: bool = False
    """Whether the token has expired: it is good for the peer that it admitted, and for no other."""
    meeting_title: str | None = None
    """The title of the meeting, if the holder's join creates it."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """The events that a source delivered in one request."""

    app_id: str
    source: str
    received_at: EpochMs
    events: Sequence[AnyEvent]
    credentials: Credentials | None = None
    peer_id: str | None = None
    """The peer that sent it, which is present since it sent anything."""
    heard_at: EpochMs | None = None
    """When that peer was present, by its own clock."""
    size_bytes: int = 0
    """Size of the request's body, uncompressed."""


class Status(StrEnum):
    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The result of recording one event; `code` and `message` say why it was rejected."""

    status: Status
    code: str | None = None
    message: str | None = None


ACCEPTED = Outcome(status=Status.ACCEPTED)
DUPLICATE = Outcome(status=Status.DUPLICATE)


def rejected(code: str, message: str) -> Outcome:
    return Outcome(status=Status.REJECTED, code=code, message=message)


class Next(StrEnum):
    """What a client that reports by itself should do next."""

    CONTINUE = "continue"
    KICKED = "kicked"
    ENDED = "ended"


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one delivery: an outcome for each event, in order."""

    outcomes: Sequence[Outcome]
    session_id: str | None = None
    phase: Phase | None = None
    next: Next = Next.CONTINUE
    is_watched: bool = True
    """Whether somebody looks at the session, or may do so as far as is known."""
    refusal: Outcome | None = None
    """Why nothing of the delivery was recorded, if its sender may send nothing."""


def speaks_of_presence(events: Sequence[AnyEvent]) -> bool:
    """Whether a client that has not joined shows that it is present: by a report, even one that
    cannot be read, or by a delivery without events."""
    if any(isinstance(event, PeerJoined) for event in events):
        return False
    return not events or any(
        isinstance(event, SampleTaken)
        or (isinstance(event, PeerEvent) and event.data.get("is_sample") is True)
        for event in events
    )
