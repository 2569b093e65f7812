"""The source `janus`: events as Janus' sampleevh posts them, an array or one alone.

A room of the videoroom or AudioBridge plugin is a meeting. A Janus session (the signalling
connection of one client) in a room is a peer, whose id is a function of the session's: media
statistics and ICE states name no room, and need none. Where the plugin reports that somebody left
it names only the feed: a departure, to be matched with the record. Events of no use to a record
are ignored.
"""

from typing import Any, Final

import msgspec

from aftercall.core.errors import Malformed
from aftercall.core.events import PeerEvent, PeerLeft, SessionClosed
from aftercall.core.storable_json import UNREADABLE, read_json
from aftercall.ingest.janus.events import (
    SOURCE,
    JanusEvent,
    Json,
    peer_id_from,
    read_event,
    sample_of,
    sender_of,
)
from aftercall.ingest.janus.media import is_media_stats, pair_body, sample_body, silent_ms
from aftercall.ingest.janus.rooms import feed_left, in_room, meeting_id_of, room_data
from aftercall.ingest.refusals import MOST_NOTED, refusal
from aftercall.ingest.source import (
    Context,
    Departure,
    Fact,
    Rejected,
    ServerGone,
    SessionTimedOut,
    Translation,
    UnencodedSample,
)
from aftercall.ingest.untyped_json import as_object, as_text, known, scalars

__all__ = ["SOURCE", "peer_id_from", "translate"]

MOST_EVENTS: Final = 5_000

_SESSION, _HANDLE, _TRANSPORT, _MEDIA, _CORE = 1, 2, 16, 32, 256
_STARTUP, _SHUTDOWN = 1, 2

_ICE_STATES: Final = {
    "gathering": "new",
    "connecting": "checking",
    "connected": "connected",
    "ready": "completed",
    "disconnected": "disconnected",
    "failed": "failed",
}
"""libnice's words as W3C's."""

_DTLS_STATES: Final = {"created": "new", "trying": "connecting"}
_CONNECTION_STATES: Final = {"webrtcup": "connected", "hangup": "closed"}


def translate(body: bytes, context: Context) -> Translation:
    """The facts of one request body. The context's `interval_ms` is Janus' `stats_period`: a peer
    with media that is silent for several of them is gone.

    Raises `Malformed` when the body cannot be read as a whole.
    """
    result = Translation([], [], [], [])
    departures: list[Departure] = []
    ignored = 0
    for position, raw in enumerate(_events_of(body)):
        try:
            event = read_event(raw, context)
            left = feed_left(event, position)
            departure = left or _server_gone(event, position) or _timed_out(event, position)
            facts = [] if left else _translate(event)
        except Malformed as error:
            result.rejected.append(Rejected(position, error.code, error.message))
            note = _refusal(raw, error, context)
            if note is not None and len(result.notes) < MOST_NOTED:
                result.notes.append(note)
            continue
        if departure is not None:
            departures.append(departure)
        result.facts.extend(facts)
        result.positions.extend([position] * len(facts))
        ignored += departure is None and not facts
    return result._replace(departures=departures, ignored=ignored)


def _refusal(raw: msgspec.Raw, error: Malformed, context: Context) -> PeerEvent | None:
    """The note on an event that was refused, if the event names its session."""
    sender = sender_of(raw, context)
    if sender is None:
        return None
    return refusal(
        context.app_id,
        sender.peer_id,
        sender.key,
        at=sender.at,
        code=error.code,
        is_sample=sender.type == _MEDIA,
    )


def _events_of(body: bytes) -> list[msgspec.Raw]:
    try:
        events = read_json(body, _events_in)
    except UNREADABLE:
        raise Malformed("The body is not JSON.", code="bad_json") from None
    if len(events) > MOST_EVENTS:
        raise Malformed(f"A body holds at most {MOST_EVENTS} events.", code="too_many_entries")
    return events


def _events_in(body: bytes) -> list[msgspec.Raw]:
    if body.lstrip().startswith(b"["):
        return msgspec.json.decode(body, type=list[msgspec.Raw])
    msgspec.json.decode(body)
    return [msgspec.Raw(body)]


def _timed_out(event: JanusEvent, position: int) -> SessionTimedOut | None:
    """It stands in for the leave, which is dated by what the record holds."""
    is_timeout = as_object(event.content).get("name") == "timeout"
    if event.type != _SESSION or event.peer_id is None or not is_timeout:
        return None
    return SessionTimedOut(position, event.at, event.peer_id)


def _server_gone(event: JanusEvent, position: int) -> ServerGone | None:
    if event.type != _CORE or event.subtype not in (_STARTUP, _SHUTDOWN):
        return None
    return ServerGone(position, event.at, event.emitter, event.subtype == _SHUTDOWN)


def _translate(event: JanusEvent) -> list[Fact]:
    data = room_data(event)
    if data.get("event") == "destroyed" and (meeting_id := meeting_id_of(event, data)):
        return [SessionClosed(id=event.id, at=event.at, meeting_id=meeting_id)]
    if event.peer_id is None:
        return []
    if data:
        return in_room(event, data)
    if event.type == _MEDIA:
        return _media(event)
    content = as_object(event.content)
    if event.type == _SESSION and content.get("name") in ("destroyed", "timeout"):
        return [PeerLeft(**event.of_peer(), is_seen=True)]
    if event.type == _HANDLE and content.get("name") == "detached":
        return [event.note("handle_detached", known(connection=event.handle))]
    return _transport(event, content) if event.type == _TRANSPORT else []


def _media(event: JanusEvent) -> list[Fact]:
    content = event.content if isinstance(event.content, list) else [event.content]
    streams = [each for each in content if isinstance(each, dict)]
    if any(is_media_stats(each) for each in streams):
        body = sample_body(streams, handle=event.handle or "", timestamp_ms=event.timestamp_ms)
        if body is None:
            return []
        return [UnencodedSample(**event.of_peer(), sequence=event.sequence, body=body)]
    name = "slow_link" if any("slow_link" in each for each in streams) else "media_receiving"
    common = known(connection=event.handle)
    return [
        event.note(name, scalars(each) | common | known(silent_ms=silent_ms(each)))
        for each in streams[:1]
    ]


def _transport(event: JanusEvent, content: Json) -> list[Fact]:
    common = known(connection=event.handle)
    for member, name, states in (
        ("ice", "ice_connection_state", _ICE_STATES),
        ("dtls", "dtls_state", _DTLS_STATES),
        ("connection", "connection_state", _CONNECTION_STATES),
    ):
        state = as_text(content.get(member), longest=64)
        if state is not None:
            reason = known(reason=as_text(content.get("reason")))
            return [event.note(name, common | reason | {"state": states.get(state, state)})]
    if "selected-pair" in content:
        note = event.note("candidate_pair_changed", common | _selected(content))
        candidates = as_object(content.get("candidates"))
        body = pair_body(candidates, handle=event.handle or "", timestamp_ms=event.timestamp_ms)
        return [note] if body is None else [note, sample_of(event, body)]
    return []


def _selected(content: Json) -> dict[str, Any]:
    """The pair in use from the client's side: what is remote to Janus is local to the client."""
    candidates = as_object(content.get("candidates"))
    own, janus = as_object(candidates.get("remote")), as_object(candidates.get("local"))
    return known(
        pair=as_text(content.get("selected-pair"), longest=1_024),
        local_candidate_type=as_text(own.get("type"), longest=64),
        remote_candidate_type=as_text(janus.get("type"), longest=64),
        protocol=as_text(own.get("transport"), longest=64),
    )
