"""The events of Janus' event handlers, as sampleevh posts them: an array, or one alone.

A room of the videoroom or AudioBridge plugin is a meeting. A Janus session (the signalling
connection of one client) in a room is a peer, whose id is a function of the session's: media
statistics and ICE states name no room, and need none. The plugin's own news of somebody leaving
name only the feed; they are `Farewell`s, to be matched with the record. What is of no use to a
record is ignored.
"""

from typing import Any, Final, NamedTuple

import msgspec

from aftercall.core.errors import Malformed
from aftercall.core.events import AnyEvent, PeerEvent, PeerLeft, SampleTaken, SessionClosed
from aftercall.core.instants import EpochMs
from aftercall.core.privacy import Privacy
from aftercall.core.texts import UNREADABLE, read_json
from aftercall.ingest.janus.events import (
    SOURCE,
    Json,
    Said,
    peer_id_from,
    read_event,
    sample_of,
    sender_of,
)
from aftercall.ingest.janus.media import is_media_stats, pair_body, sample_body, silent_ms
from aftercall.ingest.janus.rooms import Farewell, farewell_of, in_room, meeting_id_of, room_news
from aftercall.ingest.refusals import MOST_NOTED, refusal
from aftercall.ingest.untyped_json import as_object, as_text, known, scalars

__all__ = [
    "SOURCE",
    "Emptied",
    "Farewell",
    "Lost",
    "Rejected",
    "Translation",
    "peer_id_from",
    "translate",
]

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


class Rejected(NamedTuple):
    """An event that could not be taken: its place in the array, from 0, and why."""

    position: int
    code: str
    message: str


class Lost(NamedTuple):
    """A session that Janus gave up: whether its client had gone silent before, and left then, is in
    the record. It stands beside the leave."""

    position: int
    peer_id: str
    at: EpochMs


class Emptied(NamedTuple):
    """A Janus that began or ended: all sessions that it had before are gone."""

    position: int
    emitter: str | None
    at: EpochMs
    is_shutdown: bool
    """Whether it said so itself; else it had gone at some time before."""


class Translation(NamedTuple):
    """The facts, with the place of the event each came from; the rest is for nobody's record."""

    events: list[AnyEvent]
    positions: list[int]
    farewells: list[Farewell]
    rejected: list[Rejected]
    ignored: int
    lost: list[Lost]
    emptied: list[Emptied]
    refusals: list[PeerEvent]
    """A note for each event of a session that could not be taken."""


def translate(
    body: bytes,
    *,
    app_id: str,
    received_at: EpochMs,
    privacy: Privacy,
    interval_ms: int = 0,
) -> Translation:
    """The facts of one request body. `interval_ms` is Janus' `stats_period`: a peer with media
    that is silent for several of them is gone; 0 when it is not known.

    Raises `Malformed` when the body cannot be read as a whole.
    """
    result = Translation([], [], [], [], 0, [], [], [])
    ignored = 0
    for position, raw in enumerate(_events_of(body)):
        try:
            said = read_event(raw, app_id, received_at, privacy, interval_ms)
            farewell = farewell_of(said, position)
            lost, emptied = _lost(said, position), _emptied(said, position)
            events = [] if farewell else _translate(said)
        except Malformed as error:
            result.rejected.append(Rejected(position, error.code, error.message))
            note = _refusal(raw, error, app_id, received_at)
            if note is not None and len(result.refusals) < MOST_NOTED:
                result.refusals.append(note)
            continue
        if lost is not None:
            result.lost.append(lost)
        if farewell is not None:
            result.farewells.append(farewell)
        if emptied is not None:
            result.emptied.append(emptied)
        result.events.extend(events)
        result.positions.extend([position] * len(events))
        ignored += farewell is None and emptied is None and not events
    return result._replace(ignored=ignored)


def _refusal(
    raw: msgspec.Raw, error: Malformed, app_id: str, received_at: EpochMs
) -> PeerEvent | None:
    """The note on an event that could not be taken, where it says of which session it is."""
    sender = sender_of(raw, app_id, received_at)
    if sender is None:
        return None
    return refusal(
        app_id,
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


def _lost(said: Said, position: int) -> Lost | None:
    is_timeout = as_object(said.content).get("name") == "timeout"
    if said.type != _SESSION or said.peer_id is None or not is_timeout:
        return None
    return Lost(position, said.peer_id, said.at)


def _emptied(said: Said, position: int) -> Emptied | None:
    if said.type != _CORE or said.subtype not in (_STARTUP, _SHUTDOWN):
        return None
    return Emptied(position, said.emitter, said.at, said.subtype == _SHUTDOWN)


def _translate(said: Said) -> list[AnyEvent]:
    data = room_news(said)
    if data.get("event") == "destroyed" and (meeting_id := meeting_id_of(said, data)):
        return [SessionClosed(id=said.id, at=said.at, meeting_id=meeting_id)]
    if said.peer_id is None:
        return []
    if data:
        return in_room(said, data)
    if said.type == _MEDIA:
        return _media(said)
    content = as_object(said.content)
    if said.type == _SESSION and content.get("name") in ("destroyed", "timeout"):
        return [PeerLeft(**said.of_peer(), is_seen=True)]
    if said.type == _HANDLE and content.get("name") == "detached":
        return [said.noted("handle_detached", known(connection=said.handle))]
    return _transport(said, content) if said.type == _TRANSPORT else []


def _media(said: Said) -> list[AnyEvent]:
    content = said.content if isinstance(said.content, list) else [said.content]
    streams = [each for each in content if isinstance(each, dict)]
    if any(is_media_stats(each) for each in streams):
        body = sample_body(streams, handle=said.handle or "", timestamp_ms=said.timestamp_ms)
        if body is None:
            return []
        return [SampleTaken(**said.of_peer(), sequence=said.sequence, body=body)]
    name = "slow_link" if any("slow_link" in each for each in streams) else "media_receiving"
    common = known(connection=said.handle)
    return [
        said.noted(name, scalars(each) | common | known(silent_ms=silent_ms(each)))
        for each in streams[:1]
    ]


def _transport(said: Said, content: Json) -> list[AnyEvent]:
    common = known(connection=said.handle)
    for member, name, states in (
        ("ice", "ice_connection_state", _ICE_STATES),
        ("dtls", "dtls_state", _DTLS_STATES),
        ("connection", "connection_state", _CONNECTION_STATES),
    ):
        state = as_text(content.get(member), longest=64)
        if state is not None:
            reason = known(reason=as_text(content.get("reason")))
            return [said.noted(name, common | reason | {"state": states.get(state, state)})]
    if "selected-pair" in content:
        note = said.noted("candidate_pair_changed", common | _selected(content))
        candidates = as_object(content.get("candidates"))
        body = pair_body(candidates, handle=said.handle or "", timestamp_ms=said.timestamp_ms)
        return [note] if body is None else [note, sample_of(said, body)]
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
