"""Sessions as RealtimeKit writes them, and the queries that ask for them.

One body serves all generations of the API: details carry the session's members flat, as the
later ones read them, and once more under `session`, as the first did. The members that the
hosted service sends but never documented are there as well, because strict third-party
clients insist on them.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from aftercall.core.egresses import Egress
from aftercall.core.list_queries import Page, SessionOrder, SessionQuery
from aftercall.core.records import Phase, Session, ViewType
from aftercall.wire.envelope import Paging, encode_paging
from aftercall.wire.livestreams import livestream_status
from aftercall.wire.query import (
    IS_DESCENDING,
    PAGE_NO,
    PER_PAGE,
    Choice,
    Flag,
    Moment,
    Query,
    Span,
    Text,
    read_window,
)
from aftercall.wire.recordings import recording_minutes, recording_status
from aftercall.wire.times import encode_time

LIVE: Final = "LIVE"
ENDED: Final = "ENDED"

ASSOCIATED_ID: Final = Text(name="associated_id", about="Only sessions of this meeting.")
MEETING_ID: Final = Text(
    name="meeting_id", about="Another name of `associated_id`, which wins when both are given."
)
START_TIME: Final = Moment(name="start_time", about="Only sessions created at or after this.")
END_TIME: Final = Moment(name="end_time", about="Only sessions created at or before this.")
PARTICIPANTS: Final = Span(
    name="participants",
    about="How many participants the session had in all: `1:10`, `5:`, `:10` or `5`.",
)
SEARCH: Final = Text(
    name="search",
    about="Words of the meeting's title (each may be a beginning), or the beginning of the "
    "session's or the meeting's id.",
)
STATUS: Final = Choice[bool | None](
    name="status",
    about="Only sessions that go on, or only those that are over.",
    values={LIVE: True, ENDED: False},
    default=None,
)
SORT_BY: Final = Choice(
    name="sort_by",
    about="What to sort by; ties by id.",
    values={
        "createdAt": SessionOrder.CREATED_AT,
        "minutesConsumed": SessionOrder.MINUTES_CONSUMED,
    },
    default=SessionOrder.CREATED_AT,
)
INCLUDE_BREAKOUT_ROOMS: Final = Flag(
    name="include_breakout_rooms", about="List the sessions of the breakout rooms as well."
)

SESSION_LIST_PARAMETERS: Final = (
    ASSOCIATED_ID,
    MEETING_ID,
    START_TIME,
    END_TIME,
    PARTICIPANTS,
    SEARCH,
    STATUS,
    SORT_BY,
    IS_DESCENDING,
    PAGE_NO,
    PER_PAGE,
)


class SessionMeta(msgspec.Struct, frozen=True, kw_only=True):
    room_name: str


class SessionBody(msgspec.Struct, frozen=True, kw_only=True):
    """One session. Minutes are participant-minutes with four decimals."""

    id: str
    associated_id: str
    meeting_display_name: str
    organization_id: str
    type: str
    status: str
    live_participants: int
    total_participants: int
    max_concurrent_participants: int
    minutes_consumed: float
    group_call_minutes_consumed: float
    webinar_minutes_consumed: float
    audio_room_minutes_consumed: float
    livestream_minutes_consumed: float
    chat_minutes_consumed: float
    recording_minutes_consumed: float
    transcription_minutes_consumed: float = 0.0
    recording_status: str
    livestream_status: str
    parent_session_id: str | None
    settings: dict[str, Any] = {}
    meta: SessionMeta
    created_at: str
    started_at: str
    ended_at: str | None
    updated_at: str
    breakout_rooms: "list[SessionBody]" = []


class SessionDetails(SessionBody, frozen=True, kw_only=True):
    """A session flat, and once more as `session`."""

    session: SessionBody


class SessionList(msgspec.Struct, frozen=True, kw_only=True):
    sessions: list[SessionBody]
    paging: Paging


def read_session_query(query: Query, *, app_id: str) -> SessionQuery:
    """The list asked for. Raises `Malformed` naming the parameter at fault."""
    least, most = PARTICIPANTS.read(query)
    offset, limit = read_window(query)
    meeting_id = ASSOCIATED_ID.read(query)
    return SessionQuery(
        app_id=app_id,
        meeting_id=MEETING_ID.read(query) if meeting_id is None else meeting_id,
        is_live=STATUS.read(query),
        created_from=START_TIME.read(query),
        created_to=END_TIME.read(query),
        min_participants=least,
        max_participants=most,
        search=SEARCH.read(query),
        order=SORT_BY.read(query),
        is_descending=IS_DESCENDING.read(query),
        offset=offset,
        limit=limit,
    )


EgressesBySession = Mapping[str, Sequence[Egress]]
"""The recordings and livestreams of sessions, by session id."""

_NONE: Final[EgressesBySession] = {}


def encode_session(
    session: Session,
    egresses: EgressesBySession = _NONE,
    *,
    breakout_rooms: Sequence[Session] = (),
) -> SessionBody:
    """One session, with the sessions of its breakout rooms where they were asked for."""
    return SessionBody(**_members(session, egresses, breakout_rooms))


def encode_session_details(
    session: Session,
    egresses: EgressesBySession = _NONE,
    *,
    breakout_rooms: Sequence[Session] = (),
) -> SessionDetails:
    """The superset of the generations: flat, and under `session`."""
    members = _members(session, egresses, breakout_rooms)
    return SessionDetails(**members, session=SessionBody(**members))


def encode_session_list(page: Page[Session], egresses: EgressesBySession = _NONE) -> SessionList:
    return SessionList(
        sessions=[encode_session(session, egresses) for session in page.items],
        paging=encode_paging(page),
    )


def _members(
    session: Session, egresses: EgressesBySession, breakout_rooms: Sequence[Session]
) -> dict[str, Any]:
    found = egresses.get(session.id, ())
    minutes = session.minutes_by_view
    return {
        "id": session.id,
        "associated_id": session.meeting_id,
        "meeting_display_name": session.title,
        "organization_id": session.app_id,
        "type": session.kind.value,
        "status": ENDED if session.phase is Phase.ENDED else LIVE,
        "live_participants": session.live_participants,
        "total_participants": session.total_participants,
        "max_concurrent_participants": session.max_concurrent_participants,
        "minutes_consumed": session.minutes_consumed,
        "group_call_minutes_consumed": minutes.get(ViewType.GROUP_CALL, 0.0),
        "webinar_minutes_consumed": minutes.get(ViewType.WEBINAR, 0.0),
        "audio_room_minutes_consumed": minutes.get(ViewType.AUDIO_ROOM, 0.0),
        "livestream_minutes_consumed": minutes.get(ViewType.LIVESTREAM, 0.0),
        "chat_minutes_consumed": minutes.get(ViewType.CHAT, 0.0),
        "recording_minutes_consumed": recording_minutes(found),
        "recording_status": recording_status(found),
        "livestream_status": livestream_status(found),
        "parent_session_id": session.parent_session_id,
        "meta": SessionMeta(room_name=session.meeting_id),
        "created_at": encode_time(session.created_at),
        "started_at": encode_time(session.started_at),
        "ended_at": encode_time(session.ended_at),
        "updated_at": encode_time(session.updated_at),
        "breakout_rooms": [encode_session(room, egresses) for room in breakout_rooms],
    }
