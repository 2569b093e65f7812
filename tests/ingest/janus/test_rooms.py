"""News of the rooms of Janus' videoroom and AudioBridge."""

import json
from typing import Any

import msgspec
import pytest

from aftercall.core.events import ALIAS_JOINED, PeerEvent, PeerJoined
from aftercall.core.instants import EpochMs
from aftercall.ingest.janus.events import JanusEvent, read_event
from aftercall.ingest.janus.rooms import PLUGIN, feed_left, in_room, meeting_id_of, room_data
from aftercall.ingest.source import Context, UnencodedSample

NOON = EpochMs(1_795_262_400_000)
VIDEOROOM, AUDIOBRIDGE = "janus.plugin.videoroom", "janus.plugin.audiobridge"


def _room_event(
    name: str, *, plugin: str = VIDEOROOM, type_: int = PLUGIN, **data: Any
) -> JanusEvent:
    event = {
        "type": type_,
        "emitter": "janus-1",
        "timestamp": NOON * 1000,
        "session_id": 7,
        "handle_id": 9,
        "event": {"plugin": plugin, "data": {"event": name, "room": 1234, **data}},
    }
    raw = msgspec.Raw(json.dumps(event).encode())
    return read_event(raw, Context("app", NOON, interval_ms=1_000))


def _taken(stated: JanusEvent) -> list[Any]:
    return in_room(stated, room_data(stated))


def test_only_rooms_of_the_two_plugins_are_translated() -> None:
    assert room_data(_room_event("joined"))["event"] == "joined"
    assert room_data(_room_event("joined", plugin=AUDIOBRIDGE))["event"] == "joined"
    assert room_data(_room_event("joined", plugin="janus.plugin.echotest")) == {}
    assert room_data(_room_event("joined", type_=32)) == {}


def test_a_room_is_a_meeting_even_if_its_name_is_no_valid_id() -> None:
    stated = _room_event("joined")
    assert meeting_id_of(stated, {"room": 1234}) == "1234"
    spaced, other = (meeting_id_of(stated, {"room": room}) for room in ("my room?", "my room!"))
    assert spaced is not None and " " not in spaced
    assert spaced != other
    assert meeting_id_of(stated, {}) is None
    assert _taken(_room_event("joined", room=None)) == []


@pytest.mark.parametrize("name", ["leaving", "left", "kicked"])
def test_a_leaving_participant_is_identified_by_room_and_feed(name: str) -> None:
    left = feed_left(_room_event(name, id=55), 3)
    assert left == (3, NOON, "1234", "55")
    assert feed_left(_room_event(name), 3) is None
    assert feed_left(_room_event("joined", id=55), 3) is None


def test_a_joined_event_gives_a_join_and_the_alias_of_its_feed() -> None:
    join, note = _taken(_room_event("joined", id=55, display="Kim", description="Weekly"))
    assert isinstance(join, PeerJoined) and isinstance(note, PeerEvent)
    assert (join.identity.display_name, join.identity.custom_participant_id) == ("Kim", "55")
    assert (join.meeting_id, join.meeting_title, join.interval_ms) == ("1234", "Weekly", 0)
    assert (note.name, note.data) == (
        ALIAS_JOINED,
        {"alias": "55", "connection": "9", "emitter": "janus-1"},
    )
    (alone,) = _taken(_room_event("joined"))
    assert isinstance(alone, PeerJoined) and alone.meeting_title == "1234"


def test_statistics_are_expected_from_the_first_media() -> None:
    streams = [{"type": "audio", "mid": "0", "codec": "opus"}, {"type": "data", "mid": "1"}]
    join, note, sample = _taken(_room_event("published", id=55, streams=streams))
    assert isinstance(join, PeerJoined) and join.interval_ms == 1_000
    assert (note.name, note.data["audio"], note.data["feed"]) == ("published", "opus", "55")
    assert isinstance(sample, UnencodedSample)
    (with_setup, _) = _taken(_room_event("joined", id=55, setup=True))
    assert with_setup.interval_ms == 1_000
    kinds = [type(each) for each in _taken(_room_event("published", id=55))]
    assert kinds == [PeerJoined, PeerEvent]


def test_a_configured_event_of_the_audiobridge_gives_the_mute_state() -> None:
    (muted,) = _taken(_room_event("configured", plugin=AUDIOBRIDGE, id=55, muted=True))
    assert muted.name == "audio_off"
    join, heard = _taken(
        _room_event("configured", plugin=AUDIOBRIDGE, id=55, muted=False, setup=True)
    )
    assert heard.name == "audio_on"
    assert isinstance(join, PeerJoined) and join.interval_ms == 1_000


def test_a_subscribing_event_gives_a_join_and_each_feed_once() -> None:
    streams = [{"feed_id": 1}, {"feed_id": 2}, {"feed_id": 1}, {"mid": "0"}, 7]
    join, note = _taken(
        _room_event("subscribing", id=55, display="not the watcher", streams=streams)
    )
    assert isinstance(join, PeerJoined)
    assert join.identity.display_name is None and join.identity.custom_participant_id is None
    assert (note.name, note.data["feeds"]) == ("subscribing", "1, 2")


def test_other_room_events_become_peer_events_and_unknown_ones_are_ignored() -> None:
    (note,) = _taken(_room_event("unpublished", id=55, reason="done"))
    assert (note.name, note.meeting_id) == ("unpublished", "1234")
    assert note.data == {"reason": "done", "connection": "9", "feed": "55", "emitter": "janus-1"}
    assert _taken(_room_event("talking", id=55)) == []
