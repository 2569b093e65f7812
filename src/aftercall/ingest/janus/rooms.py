"""Events that Janus' videoroom and AudioBridge plugins send about their rooms."""

from typing import Any, Final

from aftercall.core.events import ALIAS_JOINED, Identity, PeerJoined
from aftercall.core.ids import id_from, is_path_id
from aftercall.ingest.janus.events import SOURCE, JanusEvent, Json, id_of, sample_of
from aftercall.ingest.janus.media import first_body
from aftercall.ingest.source import AliasLeft, Fact
from aftercall.ingest.untyped_json import as_object, as_text, known, scalars

PLUGIN: Final = 64
"""The type of a plugin's events."""

_VIDEOROOM: Final = "janus.plugin.videoroom"
_AUDIOBRIDGE: Final = "janus.plugin.audiobridge"
_GONE: Final = frozenset({"leaving", "left", "kicked"})


def meeting_id_of(event: JanusEvent, data: Json) -> str | None:
    room = id_of(data.get("room"))
    if room is None:
        return None
    return room if is_path_id(room) else id_from(event.app_id, SOURCE, "room", room)


def room_data(event: JanusEvent) -> Json:
    content = as_object(event.content)
    is_ours = event.type == PLUGIN and content.get("plugin") in (_VIDEOROOM, _AUDIOBRIDGE)
    return as_object(content.get("data")) if is_ours else {}


def feed_left(event: JanusEvent, position: int) -> AliasLeft | None:
    """The departure of the feed named in an event. A kick carries the session of whoever asked for
    it, so only the feed counts."""
    data = room_data(event)
    if as_text(data.get("event")) not in _GONE:
        return None
    meeting_id, feed = meeting_id_of(event, data), id_of(data.get("id"))
    if meeting_id is None or feed is None:
        return None
    return AliasLeft(position, event.at, meeting_id, feed)


def in_room(event: JanusEvent, data: Json) -> list[Fact]:
    """The facts of a room's event that names the session as well."""
    name, meeting_id, feed = data.get("event"), meeting_id_of(event, data), id_of(data.get("id"))
    if meeting_id is None:
        return []
    common = known(connection=event.handle, feed=feed, emitter=event.emitter)
    match name:
        case "joined":
            noted = known(alias=feed, connection=event.handle, emitter=event.emitter)
            interval_ms = event.interval_ms if data.get("setup") is True else 0
            events: list[Fact] = [_joined(event, meeting_id, data, interval_ms)]
            return [*events, event.note(ALIAS_JOINED, noted, meeting_id)] if feed else events
        case "published":
            return [
                _joined(event, meeting_id, data, event.interval_ms),
                event.note("published", common | _codecs(data), meeting_id),
                *_first_statistics(event, data),
            ]
        case "configured" if isinstance(data.get("muted"), bool):
            # The AudioBridge reports a mute this way, and with `setup` that a connection is up.
            setup_ms = event.interval_ms if data.get("setup") is True else 0
            note = event.note("audio_off" if data["muted"] else "audio_on", common, meeting_id)
            return [_joined(event, meeting_id, data, setup_ms), note] if setup_ms else [note]
        case "subscribing":
            return [
                _joined(event, meeting_id, {"room": data.get("room")}, event.interval_ms),
                event.note("subscribing", common | _feeds(data), meeting_id),
            ]
        case "configured" | "subscribed" | "updated" | "unpublished":
            plain = {k: v for k, v in data.items() if k not in ("event", "room", "id")}
            return [event.note(str(name), scalars(plain) | common, meeting_id)]
    return []


def _joined(event: JanusEvent, meeting_id: str, data: Json, interval_ms: int) -> PeerJoined:
    display = as_text(data.get("display"))
    custom_id = display if event.is_display_custom_id else id_of(data.get("id"))
    who = Identity(custom_participant_id=custom_id, display_name=display)
    return PeerJoined(
        **event.of_peer(meeting_id),
        identity=who,
        interval_ms=interval_ms,
        meeting_title=as_text(data.get("description")) or id_of(data.get("room")),
    )


def _first_statistics(event: JanusEvent, data: Json) -> list[Fact]:
    if event.handle is None:
        return []
    body = first_body(_streams(data), handle=event.handle, timestamp_ms=event.timestamp_ms)
    return [] if body is None else [sample_of(event, body)]


def _streams(data: Json) -> list[Json]:
    streams = data.get("streams")
    return [each for each in streams if isinstance(each, dict)] if isinstance(streams, list) else []


def _codecs(data: Json) -> dict[str, Any]:
    """`audio: opus`, `video: vp8`."""
    named = ((each.get("type"), as_text(each.get("codec"))) for each in _streams(data))
    return {str(kind): codec for kind, codec in named if kind in ("audio", "video") and codec}


def _feeds(data: Json) -> dict[str, Any]:
    feeds = dict.fromkeys(id_of(each.get("feed_id")) for each in _streams(data))
    return {"feeds": ", ".join(feed for feed in feeds if feed)[:1_024]} if feeds else {}
