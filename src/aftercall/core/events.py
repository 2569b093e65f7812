"""The closed set of facts that make a record.

Each event says what is claimed to have happened and when (`at`, the source's claim with its
clock corrected). Order and repeats do not matter: the record is the same for every order and
any number of repeats. An event that exists is legal; translators refuse what is not.
"""

from typing import Any, Final, TypeAlias

import msgspec

from aftercall.core.instants import EpochMs
from aftercall.core.records import MessageKind, ViewType

ALIAS_JOINED: Final = "alias_joined"
ALIAS_LEFT: Final = "alias_left"
"""Names of notes: a peer came in, or went, under a name (`alias`) that only its source knows. It
may have several at a time, and it is there for as long as one of them is."""

ENTRY_REFUSED: Final = "entry_refused"
"""The name of a note that something a peer handed in could not be taken: its `code`, and whether it
was a report (`is_sample`)."""

INTERVAL_ASKED: Final = "interval_asked"
"""The note on the interval that the answer to a join asked for, in `interval_ms`."""

OWN_EVENTS: Final = frozenset({ENTRY_REFUSED, INTERVAL_ASKED})
"""Notes that the intake makes; nothing happened to the peer."""


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
    """A fact. `id` is the same at every repeat of the same fact. It belongs to the session
    named, else to its peer's, else to the one of the meeting that was going on at `at`."""

    id: str
    at: EpochMs
    meeting_id: str | None = None
    session_id: str | None = None


class SessionOpened(Event, frozen=True, kw_only=True):
    """A room was opened, perhaps before anybody was in it."""

    title: str | None = None
    parent_session_id: str | None = None
    parent_meeting_id: str | None = None


class SessionClosed(Event, frozen=True, kw_only=True):
    """Somebody ended the session for everybody."""


class PeerFact(Event, frozen=True, kw_only=True):
    peer_id: str


class PeerJoined(PeerFact, frozen=True, kw_only=True):
    """A peer entered. `previous_peer_id` names the peer whose connection this one continues."""

    identity: Identity
    previous_peer_id: str | None = None
    interval_ms: int = 0
    meeting_title: str | None = None
    """For a meeting that this arrival makes known."""


class PeerLeft(PeerFact, frozen=True, kw_only=True):
    """A peer said, or was seen, to leave. `is_seen`: somebody saw only that it was gone, as when a
    server gives up a connection; a leave that was said outweighs that, however late it is seen."""

    is_seen: bool = False


class PeerKicked(PeerFact, frozen=True, kw_only=True):
    """Somebody removed the peer."""


class PeerEvent(PeerFact, frozen=True, kw_only=True):
    """Something happened to the peer (mute, device change, ICE state, feedback, …) or it
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
    """A final line of the transcript; `at` is where it starts."""

    peer_id: str | None = None
    user_id: str | None = None
    custom_participant_id: str | None = None
    display_name: str | None = None
    end_at: EpochMs
    text: str


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
)
