"""The closed set of facts that make up a record.

An event says what happened and when; `at` is the source's claim, corrected for its clock. The
record is the same for every order of events and any number of repeats. An event that exists is
legal: translators refuse what is not.
"""

from typing import Any, Final, TypeAlias

import msgspec

from aftercall.core.egresses import EgressKind, EgressStatus
from aftercall.core.instants import EpochMs
from aftercall.core.records import MessageKind, ViewType

ALIAS_JOINED: Final = "alias_joined"
ALIAS_LEFT: Final = "alias_left"
"""Names of peer events: a peer joined, or left, under a name (`alias`) that only its source knows.
A peer may have several aliases at a time, and is present while any of them is."""

ENTRY_REFUSED: Final = "entry_refused"
"""The name of the peer event for an entry that could not be accepted. Its data hold the error's
`code` and whether the entry was a report (`is_sample`)."""

INTERVAL_ASKED: Final = "interval_asked"
"""The name of the peer event for the reporting interval that the answer to a join asked for, in
`interval_ms`."""

OWN_EVENTS: Final = frozenset({ENTRY_REFUSED, INTERVAL_ASKED})
"""Peer events that the intake records itself; nothing happened to the peer."""


ENDPOINT_PREFIX: Final = "endpoint-"
"""Begins the `user_id` that a source gives to whom it knows by a connection alone, not as a person:
two of them may be one person."""


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Who a peer is, as far as its source knows."""

    user_id: str | None = None
    custom_participant_id: str | None = None
    display_name: str | None = None
    picture: str | None = None
    preset_name: str | None = None
    view_type: ViewType = ViewType.GROUP_CALL
    is_hidden: bool = False


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A fact. `id` is the same for every repeat of one fact. The fact belongs to the session it
    names, else to its peer's session, else to the session of its meeting that was live at `at`."""

    id: str
    at: EpochMs
    meeting_id: str | None = None
    session_id: str | None = None


class SessionOpened(Event, frozen=True, kw_only=True):
    """A room was opened, perhaps before anybody joined it."""

    title: str | None = None
    parent_session_id: str | None = None
    parent_meeting_id: str | None = None


class SessionClosed(Event, frozen=True, kw_only=True):
    """Somebody ended the session for all participants."""


class PeerFact(Event, frozen=True, kw_only=True):
    """A fact about one peer."""

    peer_id: str


class PeerJoined(PeerFact, frozen=True, kw_only=True):
    """A peer joined. `previous_peer_id` names the peer whose connection this one continues."""

    identity: Identity
    previous_peer_id: str | None = None
    interval_ms: int = 0
    meeting_title: str | None = None
    """The title of the meeting, if this join creates it."""
    session_opened_at: EpochMs | None = None
    """When the room was opened that the peer joined, if its source knows."""
    session_keep_alive_s: int = 0
    """How long that room waits for somebody to return, in s; 0 if its source does not know."""


class PeerLeft(PeerFact, frozen=True, kw_only=True):
    """A peer left. `is_seen` is set if the leave was only observed, as when a server gives up a
    connection; a leave that the peer announced outweighs an observed one, however late that is.
    `is_inferred` is set if a list of those present lacked it at `at`: it left at some time before,
    after the last sign of it."""

    is_seen: bool = False
    is_inferred: bool = False


class PeerKicked(PeerFact, frozen=True, kw_only=True):
    """Somebody removed the peer."""


class PeerEvent(PeerFact, frozen=True, kw_only=True):
    """Something happened to the peer (mute, device change, ICE state, feedback, …), or the peer
    described itself (`describe`)."""

    name: str
    data: dict[str, Any]


class SampleTaken(PeerFact, frozen=True, kw_only=True):
    """A getStats report. `body` is JSON in the shape of `SampleBody` (`core.quality.stats`)."""

    sequence: int
    body: bytes


class ChatSent(Event, frozen=True, kw_only=True):
    """A chat message, or a later revision of it (same `id`, later `revised_at`)."""

    peer_id: str | None = None
    user_id: str | None = None
    display_name: str | None = None
    kind: MessageKind = MessageKind.TEXT
    payload: str
    is_pinned: bool = False
    is_edited: bool = False
    revised_at: EpochMs


class LineSpoken(Event, frozen=True, kw_only=True):
    """A final line of the transcript; `at` is its start."""

    peer_id: str | None = None
    user_id: str | None = None
    custom_participant_id: str | None = None
    display_name: str | None = None
    end_at: EpochMs
    text: str


class EgressReported(Event, frozen=True, kw_only=True):
    """How far a recording or a livestream is, `at` a time, and what is known of it by then."""

    kind: EgressKind
    egress_id: str
    status: EgressStatus
    invoked_at: EpochMs | None = None
    started_at: EpochMs | None = None
    stopped_at: EpochMs | None = None
    duration_ms: int | None = None
    size_bytes: int | None = None
    viewer_ms: int | None = None
    texts: dict[str, str] = msgspec.field(default_factory=dict)
    """By the names of `core.egresses.TEXTS`."""

    @property
    def earliest_at(self) -> EpochMs:
        """The earliest of its times."""
        times = (self.at, self.invoked_at, self.started_at)
        return min(at for at in times if at is not None)


AnyEvent: TypeAlias = (
    SessionOpened
    | SessionClosed
    | PeerJoined
    | PeerLeft
    | PeerKicked
    | PeerEvent
    | SampleTaken
    | ChatSent
    | LineSpoken
    | EgressReported
)
