import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftercall.core.errors import Malformed
from aftercall.core.events import (
    AnyEvent,
    Identity,
    PeerEvent,
    PeerJoined,
    PeerLeft,
    SampleTaken,
)
from aftercall.core.instants import EpochMs, is_plausible
from aftercall.core.quality.stats.getstats import decode_body
from aftercall.ingest import realtimekit_callstats as callstats
from tests.ingest.translation import RedactedTranslation, translate

RECORDING = Path(__file__).parent.parent / "samples" / "realtimekit-callstats-30s.json"
NOON = EpochMs(1_795_262_400_000)
PEER = "57bbcb51-464d-446a-8713-6b90c1819f61"

EVENTS = [
    "precall_begin",
    "precall_end",
    "call_join",
    "net_quality_test_begin",
    "net_quality_test_end",
    "websocket_connected",
    "transport_connected",
    "audio_on",
    "audio_off",
    "video_on",
    "video_off",
    "participant_role",
    "ping_stat",
    "disconnect",
    "reconnect_attempt",
    "screenshare_start_requested",
    "screenshare_started",
    "screenshare_stopped",
    "tab_change",
    "browser_backgrounded",
    "browser_foregrounded",
    "dominant_speaker",
    "audio_devices_updates",
    "video_devices_updates",
    "speaker_devices_updates",
    "selected_microphone_update",
    "selected_camera_update",
    "selected_speaker_update",
    "expected_video_resolution",
    "expected_screenshare_resolution",
    "media_permission",
    "legacy_switch",
    "audio_play_failed",
    "video_play_failed",
    "audio_track_muted",
    "video_track_muted",
    "livestream_latency",
    "ivs_player_rebuffering",
    "ivs_player_audio_blocked",
    "ivs_player_playback_blocked",
    "ivs_player_error",
    "ivs_player_recoverable_error",
    "ivs_player_worker_error",
    "ivs_player_network_unavailable",
    "ivs_player_analytics_event",
    "ivs_player_playback_rate_changed",
    "ivs_player_quality_changed",
    "ivs_player_initialized",
]


def _translate(
    *entries: Any, received_at: EpochMs = NOON, identity: Identity | None = None
) -> RedactedTranslation:
    body = {"peerId": PEER, "payload": {"entries": list(entries)}}
    return translate(
        callstats,
        json.dumps(body).encode(),
        identity=identity,
        received_at=received_at,
    )


def _entry(event: str, data: Any = None, at: str = "2026-11-21T12:00:00.000Z") -> dict[str, Any]:
    entry = {"event": event, "timestamp": at}
    return entry if data is None else entry | {"metaData": data}


def _only(translation: RedactedTranslation) -> AnyEvent:
    assert translation.rejected == []
    [event] = translation.events
    return event


def _peer_event(translation: RedactedTranslation) -> PeerEvent:
    event = _only(translation)
    assert isinstance(event, PeerEvent)
    return event


@pytest.fixture(scope="module")
def recorded() -> list[RedactedTranslation]:
    sent = json.loads(RECORDING.read_text())["sent"]
    return [
        translate(
            callstats,
            json.dumps(each["body"]).encode(),
            received_at=EpochMs(each["at"] + 30),
        )
        for each in sent
    ]


def test_a_whole_recorded_call_is_translated(recorded: list[RedactedTranslation]) -> None:
    assert all(translation.rejected == [] for translation in recorded)
    kinds = [type(event).__name__ for each in recorded for event in each.events]
    assert kinds.count("PeerJoined") == kinds.count("PeerLeft") == 2
    assert kinds.count("SampleTaken") == 10
    notes = [e.name for each in recorded for e in each.events if isinstance(e, PeerEvent)]
    assert notes.count("describe") == 4
    assert {"audio_off", "tab_change", "disconnect"} <= set(notes)


def test_a_repeated_report_is_the_same_sample() -> None:
    data = {"producingTransportStats": {"transportId": "t", "stats": {"bytesSent": 5}}}
    first = _only(_translate(_entry("ping_stat", data)))
    again = _only(_translate(_entry("ping_stat", data, at="2026-11-21T12:00:03.000Z")))
    other = {"producingTransportStats": {"transportId": "t", "stats": {"bytesSent": 6}}}
    third = _only(_translate(_entry("ping_stat", other)))
    assert isinstance(first, SampleTaken) and isinstance(again, SampleTaken)
    assert isinstance(third, SampleTaken)
    assert (first.id, first.sequence) == (again.id, again.sequence)
    assert first.sequence != third.sequence
    assert 0 <= first.sequence < 2**63


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_of_the_client_is_translated(event: str) -> None:
    translation = _translate(_entry(event))
    assert translation.rejected == []
    assert translation.events
    assert {e.at for e in translation.events} == {NOON}


def test_a_join_has_the_identity_of_the_token_and_the_name_of_the_client() -> None:
    stated = {"peerMetaData": {"userId": "somebody-else", "displayName": "Ada"}}
    join, describe = _translate(_entry("call_join", stated)).events
    assert isinstance(join, PeerJoined) and isinstance(describe, PeerEvent)
    assert join.identity == Identity(user_id="user", display_name="Ada")
    assert join.interval_ms == 7_000
    named = Identity(user_id="user", display_name="Countess")
    join, _ = _translate(_entry("call_join", stated), identity=named).events
    assert isinstance(join, PeerJoined) and join.identity == named


def test_a_disconnect_is_a_leave() -> None:
    leave, note = _translate(_entry("disconnect")).events
    assert isinstance(leave, PeerLeft)
    assert isinstance(note, PeerEvent) and note.name == "disconnect"


def test_pre_call_measurements_describe_the_peer() -> None:
    info = {
        "ipDetails": {"ip": "203.0.0.0", "city": "Lisbon", "asn": {"asn": "AS64500"}},
        "effectiveNetworkType": "4g",
        "connectivity": {"host": True, "relay": False},
        "turnConnectivity": True,
        "throughput": 2_400,
        "RTT": 0.05,
        "fractionalLoss": 0,
        "jitter": 0,
    }
    note = _peer_event(_translate(_entry("precall_end", {"connectionInfo": info})))
    assert note.name == "describe"
    assert note.data["network"]["ip"] == "203.0.0.0"
    # Loss and jitter are a constant 0 in the client's code: not measured, so not reported.
    assert note.data["precall"] == {
        "effective_type": "4g",
        "host": True,
        "relay": False,
        "turn": True,
        "throughput_kbps": 2_400,
        "rtt_s": 0.05,
    }


def test_devices_keep_the_names_of_the_collect_protocol() -> None:
    device = {"deviceId": "d1", "kind": "audioinput", "label": "Built-in", "groupId": "g"}
    ours = {"device_id": "d1", "kind": "audioinput", "label": "Built-in"}
    listed = _peer_event(_translate(_entry("audio_devices_updates", {"deviceList": [device]})))
    assert (listed.name, listed.data) == ("audio_devices_updates", {"devices": [ours]})
    chosen = _peer_event(_translate(_entry("selected_microphone_update", {"device": device})))
    assert (chosen.name, chosen.data) == ("selected_microphone_update", {"device": ours})


def test_scalar_members_get_snake_case_names() -> None:
    data = {"deviceType": "AUDIO", "isMeetingsTabActive": False, "nested": {"a": 1}, "RTT": 1.5}
    note = _peer_event(_translate(_entry("media_permission", data)))
    assert note.data == {"device_type": "AUDIO", "is_meetings_tab_active": False, "rtt": 1.5}
    role = _peer_event(_translate(_entry("participant_role", "host")))
    assert role.data == {"participant_role": "host"}


def test_a_wrong_clock_is_corrected() -> None:
    ahead = _translate(
        _entry("audio_on", at="2026-11-21T13:00:00Z"),
        _entry("audio_off", at="2026-11-21T13:00:05Z"),
    )
    assert [event.at for event in ahead.events] == [NOON - 5_000, NOON]
    behind = _translate(_entry("audio_on", at="2026-11-21T11:00:00Z"))
    assert [event.at for event in behind.events] == [NOON]
    late = _translate(_entry("audio_on", at="2026-11-21T11:59:55Z"))
    assert [event.at for event in late.events] == [NOON - 5_000]


def test_an_invalid_entry_is_rejected_alone() -> None:
    bad_ping = {"producingTransportStats": {"transportId": "x" * 300, "stats": {"iceRole": "?"}}}
    translation = _translate(
        _entry("audio_on"), 7, {"event": 3}, _entry("ping_stat", bad_ping), _entry("video_on")
    )
    assert [event.name for event in translation.events if isinstance(event, PeerEvent)] == [
        "audio_on",
        "video_on",
    ]
    assert [(each.position, each.code) for each in translation.rejected] == [
        (1, "bad_entry"),
        (2, "bad_event"),
        (3, "sample_unreadable"),
    ]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "bad_json"),
        (b"\xff", "bad_json"),
        (b"[" * 100_000, "bad_json"),
        (b"[]", "bad_body"),
        (b"{}", "bad_peer_id"),
        (b'{"peerId": "a b"}', "bad_peer_id"),
        (b'{"peerId": "p", "payload": []}', "bad_body"),
        (b'{"peerId": "p", "payload": {"entries": {}}}', "bad_body"),
        (b'{"peerId": "p", "payload": {"entries": [' + b"1," * 500 + b"1]}}", "too_many_entries"),
    ],
)
def test_an_unreadable_body_is_refused_with_a_reason(body: bytes, code: str) -> None:
    with pytest.raises(Malformed) as refused:
        translate(callstats, body, received_at=NOON)
    assert refused.value.code == code


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner),
    max_leaves=12,
)
_MEMBERS = st.sampled_from(
    [
        "producingTransportStats",
        "consumingTransportStats",
        "stats",
        "candidatePairs",
        "producerStats",
        "consumerStats",
        "audioStats",
        "videoStats",
        "appData",
        "screenShare",
        "transportId",
        "peerMetaData",
        "deviceInfo",
        "connectionInfo",
        "ipDetails",
        "connectivity",
        "deviceList",
        "device",
        "ssrc",
        "mid",
        "score",
        "codecId",
        "remoteData",
        "packetsSent",
        "localCandidateId",
        "localCandidateAddress",
        "nominated",
        "roundTripTime",
    ]
)
_SHAPED = st.recursive(
    _VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_MEMBERS, inner, max_size=5),
    max_leaves=15,
)
_ENTRIES = st.fixed_dictionaries(
    {"event": st.sampled_from(EVENTS) | _VALUES},
    optional={"metaData": _SHAPED, "timestamp": _VALUES | st.just("2026-11-21T12:00:00Z")},
)


@given(
    st.fixed_dictionaries(
        {"payload": st.fixed_dictionaries({"entries": st.lists(_ENTRIES | _VALUES, max_size=4)})},
        optional={"peerId": st.just(PEER) | _VALUES},
    )
    | _VALUES
)
@settings(max_examples=400)
def test_any_json_gives_facts_or_an_error(body: Any) -> None:
    encoded = json.dumps(body).encode()
    try:
        translation = translate(callstats, encoded, received_at=NOON)
    except Malformed:
        return
    for event in translation.events:
        assert is_plausible(event.at)
        if isinstance(event, SampleTaken):
            decode_body(event.body)
        if isinstance(event, PeerEvent):
            json.dumps(event.data, allow_nan=False).encode()
    again = translate(callstats, encoded, received_at=NOON)
    assert again == translation


@given(st.binary(max_size=200))
def test_any_bytes_give_facts_or_an_error(body: bytes) -> None:
    try:
        translate(callstats, body, received_at=NOON)
    except Malformed as refused:
        assert refused.message
