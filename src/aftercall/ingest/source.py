"""What every source is: a module that reads one foreign format and returns facts.

`translate` gets the body of a request and what is known of it besides; it returns the facts in it
and the entries that were refused. It need not think of privacy: facts leave this package only
through `ingest.redaction.redact`, which shortens addresses and encodes reports.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypeAlias

from aftercall.core.events import (
    ChatSent,
    EgressReported,
    Identity,
    LineSpoken,
    PeerEvent,
    PeerFact,
    PeerJoined,
    PeerKicked,
    PeerLeft,
    SessionClosed,
    SessionOpened,
)
from aftercall.core.ids import id_from
from aftercall.core.instants import EpochMs
from aftercall.core.quality.stats.getstats import SampleBody


class Context(NamedTuple):
    """What is known of a request body without reading it."""

    app_id: str
    received_at: EpochMs
    meeting_id: str = ""
    """The meeting of the participant token; empty for a backend, whose facts name their own."""
    identity: Identity = Identity()
    """The participant of the token."""
    interval_ms: int = 0
    """How often each peer's media are reported, as the sender was set up; 0 when not known."""
    is_display_custom_id: bool = False
    """Whether the display name is the custom id, as the operator states of a source whose own ids
    mean nothing elsewhere."""

    def make_id(self, *words: str) -> str:
        """An id that is the same for the same words, and in no other app."""
        return id_from(self.app_id, *words)


class UnencodedSample(PeerFact, frozen=True, kw_only=True):
    """A getStats report, a `SampleTaken` once its addresses are shortened."""

    sequence: int
    body: SampleBody


Fact: TypeAlias = (
    SessionOpened
    | SessionClosed
    | PeerJoined
    | PeerLeft
    | PeerKicked
    | PeerEvent
    | UnencodedSample
    | ChatSent
    | LineSpoken
    | EgressReported
)
"""An event before redaction."""


class Rejected(NamedTuple):
    """An entry that was refused: its place in the body, or the number it has there, and why."""

    position: int
    code: str
    message: str


class AliasLeft(NamedTuple):
    """Somebody left who is named by an alias; whose alias it was is in the record."""

    position: int
    at: EpochMs
    meeting_id: str
    alias: str


class SessionTimedOut(NamedTuple):
    """A server gave a peer up; when its media stopped is in the record."""

    position: int
    at: EpochMs
    peer_id: str


class ServerGone(NamedTuple):
    """A server stopped or started: the peers that it had before are gone."""

    position: int
    at: EpochMs
    emitter: str | None
    """The name the server gives itself."""
    is_shutdown: bool
    """Whether it announced its end; else it had gone at some time before."""


Departure: TypeAlias = AliasLeft | SessionTimedOut | ServerGone
"""The end of a stay that takes a look at the record to know whose it is."""


class Translation(NamedTuple):
    """What a source found in a body."""

    facts: list[Fact]
    positions: list[int]
    """Of the entry that each fact came from. Facts beyond the last came from none."""
    rejected: list[Rejected]
    notes: list[PeerEvent]
    """A note on each refused entry, for the record of the peer it names."""
    peer_id: str | None = None
    """The peer that sent the body, if a peer did."""
    heard_at: EpochMs | None = None
    """When that peer was there, by its clock."""
    departures: Sequence[Departure] = ()
    """A departure takes the place of the facts of its entry."""
    ignored: int = 0
    """Entries that are of no use to a record."""


class Source(Protocol):
    """A module of this package."""

    @property
    def SOURCE(self) -> str:
        """Its name in the record."""

    def translate(self, body: bytes, context: Context) -> Translation:
        """The facts of one body. Raises `Malformed` when it cannot be read as a whole; an entry
        that cannot be read is listed as rejected and takes no other down."""
