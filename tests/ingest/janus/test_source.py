"""A call that Janus 1.1.2 recorded through sampleevh, translated, kept and folded.

The recording has every kind of event once, and of the media statistics the first and the last of
each stream: two clients, `user0` (session 3860810174338710) and the one whose `joined` is not in
it (session 7745840677295252), in room 1234.
"""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.errors import Malformed
from aftercall.core.events import (
    ALIAS_JOINED,
    ENTRY_REFUSED,
    AnyEvent,
    PeerEvent,
    PeerFact,
    PeerJoined,
    PeerLeft,
    SampleTaken,
    SessionClosed,
)
from aftercall.core.instants import EpochMs, is_plausible
from aftercall.core.privacy import Privacy
from aftercall.core.quality.stats.getstats import SampleBody, Stats, decode_body
from aftercall.ingest.janus import source as janus
from aftercall.ingest.janus.source import peer_id_from
from aftercall.ingest.source import AliasLeft, ServerGone
from tests.ingest.translation import RedactedTranslation, translate

RECORDING = json.loads((Path(__file__).parents[2] / "samples" / "janus-events.json").read_text())
NOON = EpochMs(1_795_262_400_000)
USER0 = peer_id_from("app", "janus-1", "3860810174338710")
USER1 = peer_id_from("app", "janus-1", "7745840677295252")


def _translate(body: Any, **more: Any) -> RedactedTranslation:
    values: dict[str, Any] = {"received_at": NOON, "privacy": Privacy.TRUNCATE} | more
    return translate(
        janus, body if isinstance(body, bytes) else json.dumps(body).encode(), **values
    )


def _event(type_: int, event: Any, **more: Any) -> dict[str, Any]:
    return {
        "emitter": "janus-1",
        "type": type_,
        "timestamp": NOON * 1000,
        "session_id": 3860810174338710,
        "handle_id": 7,
        "event": event,
    } | more


def _room_event(name: str, **data: Any) -> dict[str, Any]:
    return {"plugin": "janus.plugin.videoroom", "data": {"event": name, "room": 1234, **data}}


def _stats(**changed: Any) -> dict[str, Any]:
    """The statistics of an audio stream that a client sent 1,392 packets of, 182 more lost."""
    recorded: dict[str, Any] = RECORDING["combined"][2]["event"][0]
    return recorded | {name.replace("_", "-"): value for name, value in changed.items()}


def _only(translation: RedactedTranslation) -> AnyEvent:
    assert translation.rejected == []
    [event] = translation.events
    return event


def _sample(content: Any) -> SampleBody:
    event = _only(_translate(_event(32, content)))
    assert isinstance(event, SampleTaken)
    return decode_body(event.body)


def _of_type(body: SampleBody, type_: str) -> Stats:
    [stats] = [each for each in body.connections[0].stats if each.type == type_]
    return stats


def _peer_event(translation: RedactedTranslation) -> PeerEvent:
    event = _only(translation)
    assert isinstance(event, PeerEvent)
    return event


@pytest.fixture(scope="module")
def recorded() -> RedactedTranslation:
    return _translate(RECORDING["call"])


def test_the_whole_recording_is_translated(recorded: RedactedTranslation) -> None:
    assert recorded.rejected == []
    # Of 43 events: 3 of transports, 1 session created, 1 handle attached, 4 session descriptions
    # and 2 candidates are ignored.
    assert (len(RECORDING["call"]), recorded.ignored) == (43, 11)
    gone = [each for each in recorded.departures if isinstance(each, ServerGone)]
    assert [(each.emitter, each.is_shutdown) for each in gone] == [
        ("janus-1", False),
        ("janus-1", True),
    ]
    left = [each.position for each in recorded.departures if isinstance(each, AliasLeft)]
    assert len({*recorded.positions, *left}) == 30
    kinds = [type(event).__name__ for event in recorded.events]
    assert kinds.count("SampleTaken") == 14
    assert kinds.count("PeerLeft") == 1
    peers = {event.peer_id for event in recorded.events if isinstance(event, PeerFact)}
    assert peers == {USER0, USER1}


def test_a_joined_event_gives_room_feed_and_display_name(recorded: RedactedTranslation) -> None:
    join, note = recorded.events[:2]
    assert isinstance(join, PeerJoined) and isinstance(note, PeerEvent)
    assert (join.meeting_id, join.at) == ("1234", 1_795_223_108_158)
    assert join.identity.display_name == "user0"
    assert join.identity.custom_participant_id == "6603468110306277"
    assert (note.name, note.data["alias"]) == (ALIAS_JOINED, "6603468110306277")


def test_a_subscriber_joins_by_its_subscription(recorded: RedactedTranslation) -> None:
    joins = [e for e in recorded.events if isinstance(e, PeerJoined) and e.peer_id == USER1]
    assert [(join.meeting_id, join.identity.display_name) for join in joins] == [("1234", None)]


def test_the_reporting_interval_counts_from_the_first_media() -> None:
    joined = _translate(_event(64, _room_event("joined", id=5)), interval_ms=5_000).events[0]
    published = _translate(_event(64, _room_event("published", id=5)), interval_ms=5_000).events[0]
    assert isinstance(joined, PeerJoined) and isinstance(published, PeerJoined)
    assert (joined.interval_ms, published.interval_ms) == (0, 5_000)


def test_transport_states_have_the_names_of_w3c(recorded: RedactedTranslation) -> None:
    notes = [e for e in recorded.events if isinstance(e, PeerEvent)]
    states = [(e.name, e.data["state"]) for e in notes if e.name.endswith("_state")]
    assert states == [
        ("ice_connection_state", "new"),
        ("ice_connection_state", "checking"),
        ("ice_connection_state", "connected"),
        ("ice_connection_state", "completed"),
        ("dtls_state", "connecting"),
        ("dtls_state", "connected"),
        ("connection_state", "connected"),
    ]
    [pair] = [e for e in notes if e.name == "candidate_pair_changed"]
    assert pair.data["pair"].startswith("192.0.2.0:20011")
    assert pair.data["connection"] == "5981342542685127"


def test_the_candidate_pair_is_given_from_the_clients_side() -> None:
    pair = {
        "selected-pair": "x",
        "candidates": {
            "local": {"type": "host", "transport": "udp"},
            "remote": {"type": "relay", "transport": "udp"},
        },
    }
    note, sample = _translate(_event(16, pair)).events
    assert isinstance(note, PeerEvent) and isinstance(sample, SampleTaken)
    [connection] = decode_body(sample.body).connections
    assert [each.candidate_type for each in connection.stats] == [None, "relay", "host"]
    data = note.data
    assert (data["local_candidate_type"], data["remote_candidate_type"]) == ("relay", "host")


@pytest.mark.parametrize("stated", [{"connection": "hangup", "reason": "ICE failed"}])
def test_a_hangup_ends_a_connection_and_no_stay(stated: dict[str, Any]) -> None:
    data = _peer_event(_translate(_event(16, stated))).data
    assert data == {"connection": "7", "state": "closed", "reason": "ICE failed"}


@pytest.mark.parametrize("name", ["destroyed", "timeout"])
def test_the_end_of_a_janus_session_is_a_leave(name: str) -> None:
    left = _only(_translate(_event(1, {"name": name})))
    assert isinstance(left, PeerLeft) and left.peer_id == USER0


def test_a_leaving_event_names_only_the_feed() -> None:
    abrupt = _translate(RECORDING["abrupt"])
    [left] = [each for each in abrupt.departures if isinstance(each, AliasLeft)]
    assert left[1:] == (1_795_223_447_702, "1234", "5704502821942018")
    assert [event.name for event in abrupt.events if isinstance(event, PeerEvent)] == [
        "handle_detached",
        "handle_detached",
    ]
    assert not any(isinstance(event, PeerLeft) for event in abrupt.events)


def test_a_kick_concerns_the_kicked_feed_and_not_the_requesting_session() -> None:
    kicked = _translate(_event(64, _room_event("kicked", id=99)))
    assert kicked.events == []
    assert [each.alias for each in kicked.departures if isinstance(each, AliasLeft)] == ["99"]


def test_a_destroyed_room_closes_its_session() -> None:
    closed = _only(_translate(_event(64, _room_event("destroyed"), session_id=None)))
    assert isinstance(closed, SessionClosed) and closed.meeting_id == "1234"


def test_what_janus_received_is_what_the_client_sent() -> None:
    body = _sample([_stats(jitter_local=7)])
    sent, heard = _of_type(body, "outbound-rtp"), _of_type(body, "remote-inbound-rtp")
    # 1,392 arrived and 182 were lost: the client sent 1,574.
    assert (sent.packets_sent, sent.bytes_sent, sent.kind, sent.mid) == (
        1_574,
        83_769,
        "audio",
        "0",
    )
    assert (heard.packets_lost, heard.jitter, heard.local_id) == (182, 0.007, sent.id)
    assert heard.round_trip_time is None
    codec = _of_type(body, "codec")
    assert (codec.id, codec.mime_type, codec.clock_rate) == (sent.codec_id, "audio/opus", 48_000)
    [tag] = body.streams
    assert (tag.connection, tag.direction, tag.producer_id) == ("7", "send", "7/0")


def test_retransmitted_packets_are_counted_separately() -> None:
    sent = _of_type(_sample(RECORDING["combined"][2]["event"][1:]), "outbound-rtp")
    # 461 arrived, 51 of them retransmitted; 51 were lost. Janus sent 70 NACKs.
    assert (sent.packets_sent, sent.retransmitted_packets_sent, sent.nack_count) == (512, 51, 70)


def test_what_janus_sent_minus_the_reported_loss_is_what_the_client_received() -> None:
    body = _sample(RECORDING["combined"][3]["event"])
    audio, video = [each for each in body.connections[0].stats if each.type == "inbound-rtp"]
    assert (audio.packets_received, audio.packets_lost) == (1_534 - 184, 184)
    assert (video.packets_received, video.packets_lost, video.nack_count) == (684 - 64, 64, 139)
    assert (audio.jitter, video.jitter) == (0.001, 0.001)
    assert _of_type(body, "candidate-pair").current_round_trip_time == 0.082
    assert [tag.consumer_id for tag in body.streams] == ["7/0", "7/1"]


def test_before_the_first_receiver_report_loss_and_jitter_are_unknown() -> None:
    body = _sample(_stats(packets_received=0, packets_sent=50, lost=0))
    received = _of_type(body, "inbound-rtp")
    assert received.packets_lost is None
    # The recorded stream has no receiver report, so the received packets are unknown.
    assert received.jitter is None
    assert received.packets_received == 50
    assert "candidate-pair" not in {each.type for each in body.connections[0].stats}


def test_simulcast_layers_are_streams_of_one_mid() -> None:
    body = _sample([_stats(media="video", mid="1"), _stats(media="video-sim1", mid="1")])
    sent = [each for each in body.connections[0].stats if each.type == "outbound-rtp"]
    assert [(each.kind, each.mid) for each in sent] == [("video", "1"), ("video", "1")]
    assert sent[0].id != sent[1].id


def test_a_stream_without_packets_is_ignored() -> None:
    still = _translate(_event(32, _stats(packets_received=0, packets_sent=0)))
    assert (still.events, still.ignored) == ([], 1)


def test_a_repeated_post_gives_the_same_facts() -> None:
    once, again = _translate(RECORDING["call"]), _translate(RECORDING["call"])
    assert once == again
    ids = [event.id for event in once.events if not isinstance(event, PeerJoined)]
    assert len(set(ids)) == len(ids)
    sequences = [e.sequence for e in once.events if isinstance(e, SampleTaken)]
    assert len(set(sequences)) == 14
    assert all(0 <= sequence < 2**63 for sequence in sequences)


def test_sessions_of_two_servers_are_two_peers() -> None:
    other = _translate(_event(1, {"name": "destroyed"}, emitter="janus-2"))
    left = _only(other)
    assert isinstance(left, PeerLeft) and left.peer_id != USER0


@pytest.mark.parametrize("timestamp", [None, 0, True, "now", (NOON + 60_000) * 1000, 10**30])
def test_an_implausible_timestamp_is_replaced_by_the_time_of_receipt(timestamp: Any) -> None:
    left = _only(_translate(_event(1, {"name": "destroyed"}, timestamp=timestamp)))
    assert left.at == NOON


def test_addresses_depend_on_the_privacy_level() -> None:
    body = RECORDING["call"][13]
    full, none = (
        msgspec.json.encode(_translate(body, privacy=level).events).decode()
        + "".join(
            event.body.decode()
            for event in _translate(body, privacy=level).events
            if isinstance(event, SampleTaken)
        )
        for level in (Privacy.FULL, Privacy.NONE)
    )
    assert "192.0.2.2" in full
    assert "192.0" not in none


def test_an_invalid_event_is_rejected_alone() -> None:
    mixed = _translate([7, {"type": "x"}, _event(32, _stats(bytes_received=2e14)), _event(2, {})])
    assert [(r.position, r.code) for r in mixed.rejected] == [(0, "bad_event"), (1, "bad_event")]
    assert (len(mixed.events), mixed.ignored) == (1, 1)


def test_refused_statistics_give_a_peer_event_for_their_session() -> None:
    streams = [{"media": "audio", "mid": str(n), "packets-received": 1} for n in range(3_000)]
    refused = _translate(_event(32, streams))
    assert [each.code for each in refused.rejected] == ["sample_unreadable"]
    [note] = refused.notes
    assert (note.name, note.data["is_sample"]) == (ENTRY_REFUSED, True)
    assert (
        note.peer_id
        == _peer_event(_translate(_event(32, {"media": "audio", "receiving": True}))).peer_id
    )
    assert _translate([3, {"type": "32"}]).notes == []


@pytest.mark.parametrize("body", [b"", b"{", b"[1,", b"\xff", b"[" * 100_000])
def test_malformed_json_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed) as refused:
        _translate(body)
    assert refused.value.code == "bad_json"


def test_too_many_events_are_refused() -> None:
    with pytest.raises(Malformed) as refused:
        _translate(b"[" + b"{}," * 5_000 + b"{}]")
    assert refused.value.code == "too_many_entries"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
_DATA = st.fixed_dictionaries(
    {},
    optional={
        "event": st.sampled_from(
            ["joined", "published", "subscribing", "configured", "leaving", "destroyed"]
        ),
        "room": _JSON | st.just(1234),
        "id": _JSON,
        "display": _JSON,
        "streams": _JSON | st.lists(st.dictionaries(st.sampled_from(["type", "codec"]), _JSON)),
    },
)
_CONTENT = _JSON | st.fixed_dictionaries(
    {},
    optional={
        "plugin": st.just("janus.plugin.videoroom"),
        "data": _DATA | _JSON,
        "name": st.sampled_from(["destroyed", "detached"]) | _JSON,
        "ice": _JSON,
        "selected-pair": _JSON,
        "candidates": _JSON,
        "media": st.sampled_from(["audio", "video", "video-sim1", "data"]) | _JSON,
        "mid": _JSON,
        "packets-received": _JSON,
        "packets-sent": st.integers() | _JSON,
        "lost": st.integers() | _JSON,
        "rtt": st.floats(0) | _JSON,
        "codec": _JSON,
        "base": _JSON,
    },
)
_EVENT = st.fixed_dictionaries(
    {"type": st.sampled_from([1, 2, 8, 16, 32, 64, 128, 256]) | _JSON},
    optional={
        "emitter": _JSON,
        "timestamp": _JSON,
        "session_id": st.integers(0, 2**53) | _JSON,
        "handle_id": _JSON,
        "event": _CONTENT | st.lists(_CONTENT, max_size=3),
    },
)


@given(st.lists(_EVENT, max_size=5) | _EVENT | _JSON)
def test_any_json_gives_facts_or_an_error(body: Any) -> None:
    try:
        translation = _translate(body)
    except Malformed:
        return
    for event in translation.events:
        assert is_plausible(event.at)
        json.dumps(getattr(event, "data", {})).encode()
        if isinstance(event, SampleTaken):
            decode_body(event.body)


@given(st.binary(max_size=64))
def test_any_bytes_give_facts_or_an_error(body: bytes) -> None:
    try:
        _translate(body)
    except Malformed as refused:
        assert refused.code == "bad_json"
