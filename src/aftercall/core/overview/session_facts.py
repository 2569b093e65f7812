"""What is read for somebody who looks at sessions: a list of them, one whole, one participant.

The records carry facts; `wire.dashboard` writes them as the pages' answers.
"""

from collections.abc import Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from aftercall.core.egresses import Egress
from aftercall.core.instants import EpochMs
from aftercall.core.list_queries import Cursor
from aftercall.core.overview.connection_charts import ConnectionColumns
from aftercall.core.overview.digest import Digest
from aftercall.core.overview.session_summary import DigestedParticipant, SessionSummary
from aftercall.core.overview.stream_charts import StreamChart
from aftercall.core.quality.activity.stream_matching import StreamEnd
from aftercall.core.quality.experience.time_scale import TimeScale
from aftercall.core.quality.stats.peer_metadata import Metadata
from aftercall.core.records import (
    ChatMessage,
    Participant,
    Peer,
    Session,
    StoredPeerEvent,
    Summary,
    TranscriptLine,
)
from aftercall.core.retention import DataKind

T = TypeVar("T")


class ListedSession(NamedTuple):
    """A session of a list."""

    session: Session
    summary: SessionSummary
    minutes: float
    """Participant-minutes; of a live session up to now."""


class LevelTotals(NamedTuple):
    """How many sessions a list has, whatever their level, and of each level at which somebody had
    a worse call than a good one."""

    every: int
    bad: int
    poor: int
    fair: int


class ExportedSession(NamedTuple):
    """A session of a list that is exported, with the names, or else the ids, of all visible
    participants in the order of joining."""

    listed: ListedSession
    names: Sequence[str]


class SessionList(NamedTuple):
    """A page of a list, with live sessions apart, and where the pages beside it begin. `calls` is
    the number of calls that have all the facets asked for; `None` without any."""

    live: list[ListedSession]
    items: list[ListedSession]
    total: int
    next_cursor: Cursor | None
    previous_cursor: Cursor | None
    now: EpochMs
    levels: LevelTotals | None = None
    """Of the first page."""
    calls: int | None = None


class TalkPage(NamedTuple, Generic[T]):
    """Chat messages or transcript lines, oldest first. `participant_ids` gives the participant of
    a peer."""

    items: Sequence[T]
    total: int
    next_cursor: Cursor | None
    participant_ids: Mapping[str, str]


class SessionFacts(NamedTuple):
    """One session with all that is kept of it. `digests` is in the order of joining; `scale` is
    the time that their buckets divide."""

    session: Session
    participants: Sequence[Participant]
    peers: Sequence[Peer]
    peer_events: Sequence[StoredPeerEvent]
    chat: TalkPage[ChatMessage]
    transcript: TalkPage[TranscriptLine]
    summary: Summary | None
    breakout_rooms: Sequence[ListedSession]
    parent: ListedSession | None
    scale: TimeScale
    digests: Sequence[DigestedParticipant]
    now: EpochMs
    settles_at: EpochMs
    """When an ended session is expected to have been folded."""
    expired: Sequence[DataKind] = ()
    """The kinds of data that are not kept any more."""
    egresses: Sequence[Egress] = ()
    """Its recordings and livestreams, the first to be invoked first."""


class ParticipantFacts(NamedTuple):
    """One participant of a session. `peers` and `peer_events` are its own; `participants` and
    `peer_ids` are everybody's, by the participant's id."""

    session: Session
    summary: SessionSummary
    participant: Participant
    peers: Sequence[Peer]
    peer_events: Sequence[StoredPeerEvent]
    digest: Digest | None
    participants: Mapping[str, Participant]
    peer_ids: Mapping[str, set[str]]
    now: EpochMs
    kept: frozenset[DataKind] = frozenset(DataKind)
    """The kinds of the session's data that may be read."""
    concerned: Sequence[DigestedParticipant] = ()
    """The participant, and those at whom the causes lie of what was found about it."""


class ParticipantCharts(NamedTuple):
    """What was measured of a participant from `from_at` to `to_at`, to be drawn. `ends` are the
    other ends of each stream, by its key."""

    facts: ParticipantFacts
    from_at: EpochMs
    to_at: EpochMs
    is_final: bool
    streams: Sequence[StreamChart]
    ends: Mapping[str, Sequence[StreamEnd]]
    connection: ConnectionColumns
    metadata: Metadata
    chosen: str | None = None
    """The key of the stream that is drawn if not all are."""
