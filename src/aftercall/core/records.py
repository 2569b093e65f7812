"""The records Aftercall keeps: what the store saves and the services return.

Instants are `EpochMs`, durations name their unit. `None` means "not known" or "not yet", never
zero.
"""

from enum import StrEnum
from typing import Any, Final

import msgspec

from aftercall.core.instants import EpochMs


class Phase(StrEnum):
    """The state of a session (see `core.lifecycle.state_machine`)."""

    OPEN = "open"
    LIVE = "live"
    DRAINING = "draining"
    ENDED = "ended"


class SessionKind(StrEnum):
    """The kind of a session."""

    MEETING = "meeting"
    LIVESTREAM = "livestream"
    PARTICIPANT = "participant"


class EndReason(StrEnum):
    """Why a session ended: somebody ended it, or everybody had left."""

    CLOSED = "closed"
    EMPTIED = "emptied"


class LeaveReason(StrEnum):
    """How a peer's leave is known."""

    SAID = "said"
    KICKED = "kicked"
    SILENCE = "silence"
    SESSION_ENDED = "session_ended"


class ViewType(StrEnum):
    """The kind of room a preset describes; its minutes are metered apart."""

    GROUP_CALL = "GROUP_CALL"
    WEBINAR = "WEBINAR"
    AUDIO_ROOM = "AUDIO_ROOM"
    LIVESTREAM = "LIVESTREAM"
    CHAT = "CHAT"


class MeetingStatus(StrEnum):
    """Whether sessions of a meeting may begin."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"


class MessageKind(StrEnum):
    """The kind of a chat message."""

    TEXT = "text"
    IMAGE = "image"
    FILE = "file"
    CUSTOM = "custom"


class SummaryState(StrEnum):
    """The state of a session's summary."""

    PENDING = "PENDING"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


class Role(StrEnum):
    """What an API token may do. `READ` may only read."""

    ADMIN = "admin"
    READ = "read"


EVERY_KIND: Final = 127
"""All seven kinds of data that retention knows (`core.retention.ALL_KINDS`)."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A row of a table, as the program sees it."""


class Account(Record, frozen=True, kw_only=True):
    """An owner of apps."""

    id: str
    name: str
    created_at: EpochMs


class ReportShape(StrEnum):
    """Where in its answer a peer report is."""

    BOTH = "both"
    """In both places, for clients of any generation."""
    FLAT = "flat"
    """Its members in `data`."""
    NESTED = "nested"
    """Its members in `data.participant`."""


class App(Record, frozen=True, kw_only=True):
    """A tenant: the owner of meetings and sessions."""

    account_id: str
    id: str
    name: str
    created_at: EpochMs
    report_shape: ReportShape = ReportShape.BOTH
    retention: dict[str, int] = msgspec.field(default_factory=dict)
    """For how many seconds after a session's end each kind of its data is kept, by the names of
    `core.retention.DataKind`; 0: as long as the session. What is not named is as the settings
    say."""


class ApiToken(Record, frozen=True, kw_only=True):
    """An API token as stored: its SHA-256, never the token itself."""

    id: str
    account_id: str
    app_id: str | None
    """`None`: every app of the account."""
    name: str
    role: Role
    hash: str
    created_at: EpochMs
    last_used_at: EpochMs | None = None
    revoked_at: EpochMs | None = None


class Meeting(Record, frozen=True, kw_only=True):
    """A durable room. `settings` holds the other members that its creator sent, unchanged."""

    app_id: str
    id: str
    title: str
    status: MeetingStatus
    keep_alive_s: int
    parent_meeting_id: str | None = None
    """The meeting that this one is a breakout room of."""
    settings: dict[str, Any] = msgspec.field(default_factory=dict)
    created_at: EpochMs
    updated_at: EpochMs


class Member(Record, frozen=True, kw_only=True):
    """A person who was added to a meeting and may join its sessions; its id is the `user_id` in
    each of them."""

    app_id: str
    meeting_id: str
    id: str
    name: str
    picture: str | None = None
    custom_participant_id: str
    preset_name: str
    token_generation: int = 0
    """Tokens of an older generation are revoked."""
    created_at: EpochMs
    updated_at: EpochMs
    removed_at: EpochMs | None = None


class Session(Record, frozen=True, kw_only=True):
    """One live occurrence of a meeting."""

    app_id: str
    id: str
    meeting_id: str
    title: str
    kind: SessionKind = SessionKind.MEETING
    phase: Phase
    parent_session_id: str | None = None
    created_at: EpochMs
    started_at: EpochMs
    opened_at: EpochMs | None = None
    """When its room was reported to have been opened; most sources do not report it."""
    closed_at: EpochMs | None = None
    """When somebody ended it for all participants."""
    ended_at: EpochMs | None = None
    end_reason: EndReason | None = None
    updated_at: EpochMs
    touched_at: EpochMs
    """The latest instant, by our clock, at which a fact changed it."""
    deadline_at: EpochMs | None = None
    """When silence ends it; `None` while somebody is present, and after the end."""
    keep_alive_s: int = 60
    live_participants: int = 0
    total_participants: int = 0
    max_concurrent_participants: int = 0
    minutes_consumed: float = 0.0
    minutes_by_view: dict[str, float] = msgspec.field(default_factory=dict)
    """Participant-minutes by `ViewType`; their sum is `minutes_consumed`."""
    kept_kinds: int = EVERY_KIND
    """The kinds of data that have not been deleted, as a sum of `core.retention.DataKind.bit`."""
    recorded_day: int = 0
    """The UTC day, counted from 1970, on which its first fact came, by our clock. It never changes:
    what is big of the session is stored by it. 0 if that is unknown."""


class Participant(Record, frozen=True, kw_only=True):
    """One identity's presence in one session, with one or more peers."""

    app_id: str
    session_id: str
    id: str
    user_id: str | None
    custom_participant_id: str | None = None
    display_name: str | None = None
    picture: str | None = None
    preset_name: str | None = None
    view_type: ViewType = ViewType.GROUP_CALL
    is_hidden: bool = False
    joined_at: EpochMs
    left_at: EpochMs | None = None
    left_is_inferred: bool = False
    duration_minutes: float = 0.0
    """Minutes of presence credited so far; those of a present participant are credited at the
    leave."""
    created_at: EpochMs
    updated_at: EpochMs


class Peer(Record, frozen=True, kw_only=True):
    """One connection of a participant to one session: the facts of its presence."""

    app_id: str
    session_id: str
    meeting_id: str
    id: str
    participant_id: str
    """The participant it belongs to: the first peer of its chain of reconnects."""
    previous_peer_id: str | None = None
    user_id: str | None = None
    custom_participant_id: str | None = None
    display_name: str | None = None
    picture: str | None = None
    preset_name: str | None = None
    view_type: ViewType = ViewType.GROUP_CALL
    is_hidden: bool = False
    source: str
    """The source that reported it: `collector`, `events`, `realtimekit_callstats`, …"""
    interval_ms: int
    """Its reporting interval; 0 for a source that never reports by itself."""
    joined_at: EpochMs | None = None
    """The earliest join event; `None` if only other facts are known."""
    last_joined_at: EpochMs | None = None
    """The latest join event; it takes back an earlier leave."""
    left_said_at: EpochMs | None = None
    """The latest leave event."""
    kicked_at: EpochMs | None = None
    missed_at: EpochMs | None = None
    """The latest instant at which its server did not list it among those present; a later sign of
    it takes that back."""
    first_heard_at: EpochMs
    last_heard_at: EpochMs
    """The latest instant at which it was known to be present, by the sources' clock."""
    last_received_at: EpochMs
    """The latest instant at which something was received from it, by our clock; silence is judged
    by it."""
    left_at: EpochMs | None = None
    """When it left, as far as is known; `None` while present."""
    left_reason: LeaveReason | None = None
    created_at: EpochMs
    updated_at: EpochMs

    @property
    def is_missed(self) -> bool:
        """Whether its server has not listed it since the last sign of it."""
        return self.missed_at is not None and self.missed_at > self.last_heard_at

    @property
    def present_from(self) -> EpochMs:
        """The start of its stay: the earliest join, else the first sign of it."""
        return self.first_heard_at if self.joined_at is None else self.joined_at


class StoredPeerEvent(Record, frozen=True, kw_only=True):
    """Something that happened to a peer, or that it reported about itself, as received."""

    app_id: str
    session_id: str
    peer_id: str
    id: str
    at: EpochMs
    received_at: EpochMs
    name: str
    data: dict[str, Any]


class StoredSample(Record, frozen=True, kw_only=True):
    """One getStats report as stored; `body` is JSON in the shape of
    `core.quality.stats.getstats.SampleBody`."""

    peer_id: str
    sequence: int
    at: EpochMs
    received_at: EpochMs
    body: bytes


class StoredReport(Record, frozen=True, kw_only=True):
    """The verdict on one participant, folded from its peers' samples and events and stored under
    the participant's id; `service.reports.document` packs `document`."""

    app_id: str
    session_id: str
    peer_id: str
    fold_version: int
    folded_at: EpochMs
    document: bytes
    recorded_day: int = 0
    """That of its session."""


class ChatMessage(Record, frozen=True, kw_only=True):
    """A chat message of a session."""

    app_id: str
    session_id: str
    id: str
    peer_id: str | None
    user_id: str | None
    display_name: str
    kind: MessageKind
    payload: str
    is_pinned: bool = False
    is_edited: bool = False
    at: EpochMs
    revised_at: EpochMs


class TranscriptLine(Record, frozen=True, kw_only=True):
    """A final line of a session's transcript."""

    app_id: str
    session_id: str
    id: str
    peer_id: str | None
    user_id: str | None
    custom_participant_id: str | None
    display_name: str
    start_at: EpochMs
    end_at: EpochMs
    text: str


class Summary(Record, frozen=True, kw_only=True):
    """The summary of a session's transcript."""

    app_id: str
    session_id: str
    state: SummaryState
    text: str | None = None
    is_markdown: bool = False
    error: str | None = None
    requested_at: EpochMs
    completed_at: EpochMs | None = None
    maker: dict[str, Any] | None = None
    """Who wrote the text, in the shape of `core.summary.model_text.SummaryMaker`; `None` if that is
    not known."""


class Job(Record, frozen=True, kw_only=True):
    """A follow-up task. Jobs of one lane run one after another, in order."""

    id: str
    task: str
    lane: str
    payload: dict[str, Any]
    created_at: EpochMs
    due_at: EpochMs
    attempts: int = 0
    lease_until: EpochMs | None = None
    last_error: str | None = None
    dead_at: EpochMs | None = None
