"""What Janus' videoroom and AudioBridge plugins tell of their rooms."""

from typing import Any, Final, NamedTuple

from aftercall.core.events import ALIAS_JOINED, AnyEvent, Identity, PeerJoined
from aftercall.core.ids import id_from, is_path_id
from aftercall.core.instants import EpochMs
from aftercall.ingest.janus.events import SOURCE, Json, Said, id_of, sample_of
from aftercall.ingest.janus.media import first_body
from aftercall.ingest.untyped_json import as_object, as_text, known, scalars

PLUGIN: Final = 64
"""The type of a plugin's events."""

_VIDEOROOM: Final = "janus.plugin.videoroom"
_AUDIOBRIDGE: Final = "janus.plugin.audiobridge"
_GONE: Final = frozenset({"leaving", "left", "kicked"})


class Farewell(NamedTuple):
    """A feed left a room; which session's feed it was is in the record."""

    position: int
    meeting_id: str
    alias: str
    at: EpochMs


def meeting_id_of(said: Said, data: Json) -> str | None:
    room = id_of(data.get("room"))
    if room is None:
        return None
    return room if is_path_id(room) else id_from(said.app_id, SOURCE, "room", room)


def room_news(said: Said) -> Json:
    content = as_object(said.content)
    is_ours = said.type == PLUGIN and content.get("plugin") in (_VIDEOROOM, _AUDIOBRIDGE)
    return as_object(content.get("data")) if is_ours else {}


def farewell_of(said: Said, position: int) -> Farewell | None:
    """News of somebody gone. A kick carries the session of whoever asked for it, so only the
    feed counts."""
    data = room_news(said)
    if data.get("event") not in _GONE:
        return None
    meeting_id, feed = meeting_id_of(said, data), id_of(data.get("id"))
    if meeting_id is None or feed is None:
        return None
    return Farewell(position, meeting_id, feed, said.at)


def in_room(said: Said, data: Json) -> list[AnyEvent]:
    """News of a room that name the session as well."""
    name, meeting_id, feed = data.get("event"), meeting_id_of(said, data), id_of(data.get("id"))
    if meeting_id is None:
        return []
    common = known(connection=said.handle, feed=feed, emitter=said.emitter)
    match name:
        case "joined":
            noted = known(alias=feed, connection=said.handle, emitter=said.emitter)
            interval_ms = said.interval_ms if data.get("setup") is True else 0
            events: list[AnyEvent] = [_joined(said, meeting_id, data, interval_ms)]
            return [*events, said.noted(ALIAS_JOINED, noted, meeting_id)] if feed else events
        case "published":
            return [
                _joined(said, meeting_id, data, said.interval_ms),
                said.noted("published", common | _codecs(data), meeting_id),
                *_first_statistics(said, data),
            ]
        case "configured" if isinstance(data.get("muted"), bool):
            # The AudioBridge tells a mute so, and with `setup` that there is a connection.
            setup_ms = said.interval_ms if data.get("setup") is True else 0
            note = said.noted("audio_off" if data["muted"] else "audio_on", common, meeting_id)
            return [_joined(said, meeting_id, data, setup_ms), note] if setup_ms else [note]
        case "subscribing":
            return [
                _joined(said, meeting_id, {"room": data.get("room")}, said.interval_ms),
                said.noted("subscribing", common | _feeds(data), meeting_id),
            ]
        case "configured" | "subscribed" | "updated" | "unpublished":
            plain = {k: v for k, v in data.items() if k not in ("event", "room", "id")}
            return [said.noted(str(name), scalars(plain) | common, meeting_id)]
    return []


def _joined(said: Said, meeting_id: str, data: Json, interval_ms: int) -> PeerJoined:
    who = Identity(
        custom_participant_id=id_of(data.get("id")), display_name=as_text(data.get("display"))
    )
    return PeerJoined(
        **said.of_peer(meeting_id),
        identity=who,
        interval_ms=interval_ms,
        meeting_title=as_text(data.get("description")) or id_of(data.get("room")),
    )


def _first_statistics(said: Said, data: Json) -> list[AnyEvent]:
    if said.handle is None:
        return []
    body = first_body(_streams(data), handle=said.handle, timestamp_ms=said.timestamp_ms)
    return [] if body is None else [sample_of(said, body)]


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
