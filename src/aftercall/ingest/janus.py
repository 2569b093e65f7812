"""The events of Janus' event handlers, as sampleevh posts them: an array, or one alone.

A room of the videoroom or AudioBridge plugin is a meeting. A Janus session (the signalling
connection of one client) in a room is a peer, whose id is a function of the session's: media
statistics and ICE states name no room, and need none. The plugin's own news of somebody leaving
name only the feed; they are `Farewell`s, to be matched with the record. What is of no use to a
record is ignored.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from aftercall.core.errors import Malformed
from aftercall.core.events import (
    ALIAS_JOINED,
    AnyEvent,
    Identity,
    PeerJoined,
    PeerLeft,
    PeerNoted,
    SampleTaken,
    SessionClosed,
)
from aftercall.core.ids import id_from, is_path_id
from aftercall.core.instants import EpochMs, is_plausible
from aftercall.core.privacy import Privacy, shorten_body, shorten_data
from aftercall.core.quality.intervals.getstats import decode_body, encode_body
from aftercall.core.texts import read_json
from aftercall.ingest.janus_media import first_body, is_media_stats, pair_body, sample_body
from aftercall.ingest.loose import as_object, as_text, known, scalars

SOURCE: Final = "janus"
MOST_EVENTS: Final = 5_000
AHEAD_TOLERANCE_MS: Final = 2_000
"""How far Janus' clock may be ahead of ours and still be taken at its word."""

Json = Mapping[str, Any]

_SESSION, _HANDLE, _TRANSPORT, _MEDIA, _PLUGIN = 1, 2, 16, 32, 64
_VIDEOROOM: Final = "janus.plugin.videoroom"
_AUDIOBRIDGE: Final = "janus.plugin.audiobridge"
_GONE: Final = frozenset({"leaving", "left", "kicked"})
_LARGEST_ID: Final = 2**64
_SEQUENCE_BITS: Final = 63

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


class Farewell(NamedTuple):
    """A feed left a room; which session's feed it was is in the record."""

    position: int
    meeting_id: str
    alias: str
    at: EpochMs


class Lost(NamedTuple):
    """A session that Janus gave up: whether its client had gone silent before, and left then, is in
    the record. It stands beside the leave."""

    position: int
    peer_id: str
    at: EpochMs


class Translation(NamedTuple):
    """The facts, with the place of the event each came from; the rest is for nobody's record."""

    events: list[AnyEvent]
    positions: list[int]
    farewells: list[Farewell]
    rejected: list[Rejected]
    ignored: int
    lost: list[Lost]


class _Said(NamedTuple):
    """One event of Janus', with what all of its kinds share."""

    app_id: str
    privacy: Privacy
    interval_ms: int
    id: str
    sequence: int
    at: EpochMs
    timestamp_ms: float
    peer_id: str | None
    handle: str | None
    type: object
    content: object

    def of_peer(self, meeting_id: str | None = None) -> dict[str, Any]:
        return {
            "id": self.id,
            "at": self.at,
            "peer_id": self.peer_id,
            "meeting_id": meeting_id,
        }

    def noted(self, name: str, data: Json, meeting_id: str | None = None) -> PeerNoted:
        return PeerNoted(
            **self.of_peer(meeting_id) | {"id": id_from(self.app_id, self.id, name)},
            name=name,
            data=shorten_data(data, self.privacy),
        )


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
    result = Translation([], [], [], [], 0, [])
    ignored = 0
    for position, raw in enumerate(_events_of(body)):
        try:
            said = _said(raw, app_id, received_at, privacy, interval_ms)
            farewell = _farewell(said, position)
            lost = _lost(said, position)
            events = [] if farewell else _translate(said)
        except Malformed as error:
            result.rejected.append(Rejected(position, error.code, error.message))
            continue
        if lost is not None:
            result.lost.append(lost)
        if farewell is not None:
            result.farewells.append(farewell)
        result.events.extend(events)
        result.positions.extend([position] * len(events))
        ignored += farewell is None and not events
    return result._replace(ignored=ignored)


def peer_id_from(app_id: str, emitter: str | None, session: str) -> str:
    """The peer of a Janus session; `emitter` is the `server_name` of that Janus."""
    return id_from(app_id, SOURCE, "session", emitter or "", session)


def _events_of(body: bytes) -> list[msgspec.Raw]:
    try:
        events = read_json(body, _events_in)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed("The body is not JSON.", code="bad_json") from None
    if len(events) > MOST_EVENTS:
        raise Malformed(f"A body holds at most {MOST_EVENTS} events.", code="too_many_entries")
    return events


def _events_in(body: bytes) -> list[msgspec.Raw]:
    if body.lstrip().startswith(b"["):
        return msgspec.json.decode(body, type=list[msgspec.Raw])
    msgspec.json.decode(body)
    return [msgspec.Raw(body)]


def _said(
    raw: msgspec.Raw, app_id: str, received_at: EpochMs, privacy: Privacy, interval_ms: int
) -> _Said:
    try:
        event = read_json(bytes(raw), msgspec.json.decode)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed("The event cannot be read.", code="bad_event") from None
    if not isinstance(event, dict) or not isinstance(event.get("type"), int):
        raise Malformed('An event of Janus is an object with a "type".', code="bad_event")
    digest = hashlib.blake2b(bytes(raw).strip(), digest_size=16).digest()
    timestamp_ms = _timestamp_ms(event.get("timestamp"), received_at)
    session = _id(event.get("session_id"))
    emitter = as_text(event.get("emitter"))
    return _Said(
        app_id=app_id,
        privacy=privacy,
        interval_ms=interval_ms,
        id=id_from(app_id, SOURCE, digest.hex()),
        sequence=int.from_bytes(digest[:8], "big") >> (64 - _SEQUENCE_BITS),
        at=EpochMs(int(timestamp_ms)),
        timestamp_ms=timestamp_ms,
        peer_id=None if session is None else peer_id_from(app_id, emitter, session),
        handle=_id(event.get("handle_id")),
        type=event["type"],
        content=event.get("event"),
    )


def _timestamp_ms(microseconds: object, received_at: EpochMs) -> float:
    """Janus' own clock, unless it cannot be believed or is ahead of ours."""
    if isinstance(microseconds, bool) or not isinstance(microseconds, int | float):
        return float(received_at)
    moment_ms = microseconds / 1000 if abs(microseconds) < 1e18 else 0.0
    if not is_plausible(int(moment_ms)) or moment_ms > received_at + AHEAD_TOLERANCE_MS:
        return float(received_at)
    return moment_ms


def _id(value: object) -> str | None:
    """An id as text: Janus' are whole numbers of 53 bits, or texts where it is so configured."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LARGEST_ID:
        return str(value)
    return as_text(value)


def _meeting_id(said: _Said, data: Json) -> str | None:
    room = _id(data.get("room"))
    if room is None:
        return None
    return room if is_path_id(room) else id_from(said.app_id, SOURCE, "room", room)


def _lost(said: _Said, position: int) -> Lost | None:
    is_timeout = as_object(said.content).get("name") == "timeout"
    if said.type != _SESSION or said.peer_id is None or not is_timeout:
        return None
    return Lost(position, said.peer_id, said.at)


def _room_news(said: _Said) -> Json:
    content = as_object(said.content)
    is_ours = said.type == _PLUGIN and content.get("plugin") in (_VIDEOROOM, _AUDIOBRIDGE)
    return as_object(content.get("data")) if is_ours else {}


def _farewell(said: _Said, position: int) -> Farewell | None:
    """News of somebody gone. A kick carries the session of whoever asked for it, so only the
    feed counts."""
    data = _room_news(said)
    if data.get("event") not in _GONE:
        return None
    meeting_id, feed = _meeting_id(said, data), _id(data.get("id"))
    if meeting_id is None or feed is None:
        return None
    return Farewell(position, meeting_id, feed, said.at)


def _translate(said: _Said) -> list[AnyEvent]:
    data = _room_news(said)
    if data.get("event") == "destroyed" and (meeting_id := _meeting_id(said, data)):
        return [SessionClosed(id=said.id, at=said.at, meeting_id=meeting_id)]
    if said.peer_id is None:
        return []
    if data:
        return _in_room(said, data)
    if said.type == _MEDIA:
        return _media(said)
    content = as_object(said.content)
    if said.type == _SESSION and content.get("name") in ("destroyed", "timeout"):
        return [PeerLeft(**said.of_peer(), is_seen=True)]
    if said.type == _HANDLE and content.get("name") == "detached":
        return [said.noted("handle_detached", known(connection=said.handle))]
    return _transport(said, content) if said.type == _TRANSPORT else []


def _in_room(said: _Said, data: Json) -> list[AnyEvent]:
    """News of a room that name the session as well."""
    name, meeting_id, feed = data.get("event"), _meeting_id(said, data), _id(data.get("id"))
    if meeting_id is None:
        return []
    told = known(connection=said.handle, feed=feed)
    match name:
        case "joined":
            noted = known(alias=feed, connection=said.handle)
            interval_ms = said.interval_ms if data.get("setup") is True else 0
            events: list[AnyEvent] = [_joined(said, meeting_id, data, interval_ms)]
            return [*events, said.noted(ALIAS_JOINED, noted, meeting_id)] if feed else events
        case "published":
            return [
                _joined(said, meeting_id, data, said.interval_ms),
                said.noted("published", told | _codecs(data), meeting_id),
                *_first_statistics(said, data),
            ]
        case "configured" if isinstance(data.get("muted"), bool):
            # The AudioBridge tells a mute so, and with `setup` that there is a connection.
            setup_ms = said.interval_ms if data.get("setup") is True else 0
            note = said.noted("audio_off" if data["muted"] else "audio_on", told, meeting_id)
            return [_joined(said, meeting_id, data, setup_ms), note] if setup_ms else [note]
        case "subscribing":
            return [
                _joined(said, meeting_id, {"room": data.get("room")}, said.interval_ms),
                said.noted("subscribing", told | _feeds(data), meeting_id),
            ]
        case "configured" | "subscribed" | "updated" | "unpublished":
            plain = {k: v for k, v in data.items() if k not in ("event", "room", "id")}
            return [said.noted(str(name), scalars(plain) | told, meeting_id)]
    return []


def _joined(said: _Said, meeting_id: str, data: Json, interval_ms: int) -> PeerJoined:
    who = Identity(
        custom_participant_id=_id(data.get("id")), display_name=as_text(data.get("display"))
    )
    return PeerJoined(
        **said.of_peer(meeting_id),
        identity=who,
        interval_ms=interval_ms,
        meeting_title=as_text(data.get("description")) or _id(data.get("room")),
    )


def _first_statistics(said: _Said, data: Json) -> list[AnyEvent]:
    if said.handle is None:
        return []
    body = first_body(_streams(data), handle=said.handle, timestamp_ms=said.timestamp_ms)
    return [] if body is None else [_sample(said, body)]


def _sample(said: _Said, body: bytes) -> SampleTaken:
    body = encode_body(shorten_body(decode_body(body), said.privacy))
    place = said.of_peer() | {"id": id_from(said.app_id, said.id, "sample")}
    return SampleTaken(**place, sequence=said.sequence, body=body)


def _streams(data: Json) -> list[Json]:
    streams = data.get("streams")
    return [each for each in streams if isinstance(each, dict)] if isinstance(streams, list) else []


def _codecs(data: Json) -> dict[str, Any]:
    """`audio: opus`, `video: vp8`."""
    named = ((each.get("type"), as_text(each.get("codec"))) for each in _streams(data))
    return {str(kind): codec for kind, codec in named if kind in ("audio", "video") and codec}


def _feeds(data: Json) -> dict[str, Any]:
    feeds = dict.fromkeys(_id(each.get("feed_id")) for each in _streams(data))
    return {"feeds": ", ".join(feed for feed in feeds if feed)[:1_024]} if feeds else {}


def _media(said: _Said) -> list[AnyEvent]:
    content = said.content if isinstance(said.content, list) else [said.content]
    streams = [each for each in content if isinstance(each, dict)]
    if any(is_media_stats(each) for each in streams):
        body = sample_body(streams, handle=said.handle or "", timestamp_ms=said.timestamp_ms)
        if body is None:
            return []
        return [SampleTaken(**said.of_peer(), sequence=said.sequence, body=body)]
    name = "slow_link" if any("slow_link" in each for each in streams) else "media_receiving"
    told = known(connection=said.handle)
    return [said.noted(name, scalars(each) | told) for each in streams[:1]]


def _transport(said: _Said, content: Json) -> list[AnyEvent]:
    told = known(connection=said.handle)
    for member, name, states in (
        ("ice", "ice_connection_state", _ICE_STATES),
        ("dtls", "dtls_state", _DTLS_STATES),
        ("connection", "connection_state", _CONNECTION_STATES),
    ):
        state = as_text(content.get(member), longest=64)
        if state is not None:
            reason = known(reason=as_text(content.get("reason")))
            return [said.noted(name, told | reason | {"state": states.get(state, state)})]
    if "selected-pair" in content:
        note = said.noted("candidate_pair_changed", told | _selected(content))
        candidates = as_object(content.get("candidates"))
        body = pair_body(candidates, handle=said.handle or "", timestamp_ms=said.timestamp_ms)
        return [note] if body is None else [note, _sample(said, body)]
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
