"""The source `events`: a backend's JSON, core events one to one (docs/reference/events.md)."""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from aftercall.core.errors import Malformed
from aftercall.core.events import (
    ChatSent,
    Identity,
    LineSpoken,
    PeerEvent,
    PeerJoined,
    PeerKicked,
    PeerLeft,
    SessionClosed,
    SessionOpened,
)
from aftercall.core.ids import id_from, is_path_id, is_uuid
from aftercall.core.instants import EpochMs
from aftercall.core.records import MessageKind, ViewType
from aftercall.core.storable_json import UNREADABLE, read_json
from aftercall.ingest.checks import checked_moment, checked_name, checked_object, moment_of
from aftercall.ingest.egress_events import (
    EgressChanged,
    LivestreamChanged,
    RecordingChanged,
    read_egress,
)
from aftercall.ingest.event_members import BackendEvent, Id, Name, Text, When
from aftercall.ingest.getstats_reader import read_sample
from aftercall.ingest.refusals import MOST_NOTED, refusal
from aftercall.ingest.source import Context, Fact, Rejected, Translation, UnencodedSample
from aftercall.ingest.user_agent import completed

SOURCE: Final = "events"
MOST_EVENTS: Final = 1_000


class _Participant(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    user_id: Id | None = None
    custom_participant_id: Name | None = None
    display_name: Name | None = None
    picture: Annotated[str, Meta(max_length=2_000)] | None = None
    preset_name: Name | None = None
    view_type: ViewType = ViewType.GROUP_CALL
    is_hidden: bool = False


class _SessionOpened(BackendEvent, tag="session_opened", kw_only=True, forbid_unknown_fields=True):
    title: Name | None = None
    parent_meeting_id: Id | None = None
    parent_session_id: Id | None = None


class _SessionClosed(BackendEvent, tag="session_closed", kw_only=True, forbid_unknown_fields=True):
    pass


class _PeerJoined(BackendEvent, tag="peer_joined", kw_only=True, forbid_unknown_fields=True):
    peer_id: Id
    participant: _Participant = msgspec.field(default_factory=_Participant)
    previous_peer_id: Id | None = None
    interval_ms: Annotated[int, Meta(ge=0, le=600_000)] = 0


class _PeerLeft(BackendEvent, tag="peer_left", kw_only=True, forbid_unknown_fields=True):
    peer_id: Id


class _PeerKicked(BackendEvent, tag="peer_kicked", kw_only=True, forbid_unknown_fields=True):
    peer_id: Id


class _PeerNoted(BackendEvent, tag="peer_noted", kw_only=True, forbid_unknown_fields=True):
    peer_id: Id
    name: str
    data: dict[str, Any] = msgspec.field(default_factory=dict)


class _SampleTaken(BackendEvent, tag="sample_taken", kw_only=True, forbid_unknown_fields=True):
    peer_id: Id
    sequence: Annotated[int, Meta(ge=0, le=2**53)]
    sample: msgspec.Raw


class _ChatSent(BackendEvent, tag="chat_sent", kw_only=True, forbid_unknown_fields=True):
    text: Text
    peer_id: Id | None = None
    user_id: Id | None = None
    display_name: Name | None = None
    kind: Literal["text", "image", "file", "custom"] = "text"
    is_pinned: bool = False
    is_edited: bool = False
    revised_at: When | None = None


class _LineSpoken(BackendEvent, tag="line_spoken", kw_only=True, forbid_unknown_fields=True):
    text: Text
    end_at: When
    peer_id: Id | None = None
    user_id: Id | None = None
    custom_participant_id: Name | None = None
    display_name: Name | None = None


AnyMessage = (
    _SessionOpened
    | _SessionClosed
    | _PeerJoined
    | _PeerLeft
    | _PeerKicked
    | _PeerNoted
    | _SampleTaken
    | _ChatSent
    | _LineSpoken
    | RecordingChanged
    | LivestreamChanged
)


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    events: Annotated[list[msgspec.Raw], Meta(min_length=1, max_length=MOST_EVENTS)]


_BODY: Final = msgspec.json.Decoder(_Body)
_MESSAGE: Final = msgspec.json.Decoder(AnyMessage)


def translate(body: bytes, context: Context) -> Translation:
    """The facts of one request body. Raises `Malformed` when it cannot be read as a whole."""
    app_id = context.app_id
    try:
        messages = read_json(body, _BODY.decode).events
    except msgspec.ValidationError as error:
        raise Malformed(f"The body is not as it should be: {error}.", code="bad_body") from None
    except UNREADABLE:
        raise Malformed("The body is not JSON.", code="bad_json") from None
    facts: list[Fact] = []
    positions: list[int] = []
    rejected: list[Rejected] = []
    notes: list[PeerEvent] = []
    for position, raw in enumerate(messages):
        try:
            fact = _translate(raw, app_id)
        except Malformed as error:
            rejected.append(Rejected(position, error.code, error.message))
            if len(rejected) <= MOST_NOTED and (note := _refusal(raw, error, app_id)):
                notes.append(note)
        else:
            facts.append(fact)
            positions.append(position)
    return Translation(facts, positions, rejected, notes)


def _refusal(raw: msgspec.Raw, error: Malformed, app_id: str) -> PeerEvent | None:
    """A note for the peer that the refused event names, if it names one and a moment."""
    try:
        members = read_json(bytes(raw), msgspec.json.decode)
    except UNREADABLE:
        return None
    if not isinstance(members, dict):
        return None
    peer, at = members.get("peer_id"), moment_of(members.get("at"))
    if not isinstance(peer, str) or not peer or at is None:
        return None
    return refusal(
        app_id,
        peer_id_from(app_id, peer),
        _key(raw),
        at=at,
        code=error.code,
        is_sample=members.get("type") == "sample_taken",
    )


def peer_id_from(app_id: str, source_id: str) -> str:
    """A peer's id: the source's own if it is a UUID, else a function of it."""
    return source_id.lower() if is_uuid(source_id) else id_from(app_id, "peer", source_id)


def session_id_from(app_id: str, source_id: str) -> str:
    """A session's id: the source's own if it is a UUID, else a function of it."""
    return source_id.lower() if is_uuid(source_id) else id_from(app_id, "session", source_id)


def meeting_id_from(app_id: str, source_id: str) -> str:
    """A meeting's id: the source's own if it can stand in a path, else a function of it."""
    return source_id if is_path_id(source_id) else id_from(app_id, "meeting", source_id)


def _translate(raw: msgspec.Raw, app_id: str) -> Fact:
    try:
        message = read_json(bytes(raw), _MESSAGE.decode)
    except UNREADABLE as error:
        raise Malformed(f"The event cannot be read: {error}.", code="bad_event") from None
    at = checked_moment(message.at)
    id = id_from(app_id, "event", message.id) if message.id else id_from(app_id, str(at), _key(raw))
    place = {
        "id": id,
        "at": at,
        "meeting_id": meeting_id_from(app_id, message.meeting_id) if message.meeting_id else None,
        "session_id": session_id_from(app_id, message.session_id) if message.session_id else None,
    }
    if isinstance(message, _SessionOpened | _SessionClosed):
        return _session_event(message, app_id, place)
    if isinstance(message, _ChatSent | _LineSpoken):
        return _talk(message, app_id, at, place)
    if isinstance(message, EgressChanged):
        return read_egress(message, app_id, place)
    return _peer_event(message, app_id, place)


def _key(raw: msgspec.Raw) -> str:
    return bytes(raw).decode("utf-8", "replace")


def _session_event(
    message: _SessionOpened | _SessionClosed, app_id: str, place: dict[str, Any]
) -> Fact:
    if isinstance(message, _SessionClosed):
        return SessionClosed(**place)
    parent_meeting = message.parent_meeting_id
    parent_session = message.parent_session_id
    return SessionOpened(
        **place,
        title=message.title,
        parent_meeting_id=meeting_id_from(app_id, parent_meeting) if parent_meeting else None,
        parent_session_id=session_id_from(app_id, parent_session) if parent_session else None,
    )


def _peer_event(
    message: _PeerJoined | _PeerLeft | _PeerKicked | _PeerNoted | _SampleTaken,
    app_id: str,
    place: dict[str, Any],
) -> Fact:
    peer_id = peer_id_from(app_id, message.peer_id)
    match message:
        case _PeerLeft():
            return PeerLeft(**place, peer_id=peer_id)
        case _PeerKicked():
            return PeerKicked(**place, peer_id=peer_id)
        case _PeerJoined():
            previous = message.previous_peer_id
            return PeerJoined(
                **place,
                peer_id=peer_id,
                previous_peer_id=peer_id_from(app_id, previous) if previous else None,
                interval_ms=message.interval_ms,
                identity=_identity(message.participant),
            )
        case _PeerNoted():
            data = checked_object(message.data)
            if message.name == "describe":
                data = completed(data)
            return PeerEvent(**place, peer_id=peer_id, name=checked_name(message.name), data=data)
        case _SampleTaken():
            body = read_sample(bytes(message.sample))
            return UnencodedSample(**place, peer_id=peer_id, sequence=message.sequence, body=body)


def _identity(who: _Participant) -> Identity:
    return Identity(
        user_id=who.user_id,
        custom_participant_id=who.custom_participant_id,
        display_name=who.display_name,
        picture=who.picture,
        preset_name=who.preset_name,
        view_type=who.view_type,
        is_hidden=who.is_hidden,
    )


def _talk(
    message: _ChatSent | _LineSpoken, app_id: str, at: EpochMs, place: dict[str, Any]
) -> Fact:
    peer_id = peer_id_from(app_id, message.peer_id) if message.peer_id else None
    if isinstance(message, _LineSpoken):
        end_at = checked_moment(message.end_at, "end_at")
        return LineSpoken(
            **place,
            peer_id=peer_id,
            user_id=message.user_id,
            custom_participant_id=message.custom_participant_id,
            display_name=message.display_name,
            end_at=EpochMs(max(at, end_at)),
            text=message.text,
        )
    return ChatSent(
        **place,
        peer_id=peer_id,
        user_id=message.user_id,
        display_name=message.display_name,
        kind=MessageKind(message.kind),
        payload=message.text,
        is_pinned=message.is_pinned,
        is_edited=message.is_edited,
        revised_at=checked_moment(message.revised_at, "revised_at") if message.revised_at else at,
    )
