import json
from pathlib import Path
from typing import Any

from aftercall.core.events import SampleTaken
from aftercall.core.instants import EpochMs
from aftercall.core.quality.stats.getstats import SampleBody, decode_body
from aftercall.ingest import realtimekit_callstats
from aftercall.ingest.callstats_ping import sample_of
from tests.ingest.translation import translate

RECORDING = json.loads(
    (Path(__file__).parent.parent / "samples" / "realtimekit-callstats-30s.json").read_text()
)
NOON = EpochMs(1_795_262_400_000)
PEER = "57bbcb51-464d-446a-8713-6b90c1819f61"


def _sample(data: dict[str, Any]) -> SampleBody:
    return sample_of(data, NOON)[0]


def _recorded(peer_id: str) -> list[SampleBody]:
    """The samples of one of the two recorded clients."""
    found: list[SampleBody] = []
    for sent in RECORDING["sent"]:
        if sent["body"]["peerId"] == peer_id:
            body = json.dumps(sent["body"]).encode()
            events = translate(realtimekit_callstats, body, received_at=sent["at"]).events
            found += [decode_body(e.body) for e in events if isinstance(e, SampleTaken)]
    return found


def test_the_recorded_samples_have_the_final_counters_of_the_browser() -> None:
    """The last sample was two seconds before the end, so its counters are at most the browser's own
    last ones."""
    end, sharer = RECORDING["end"], _recorded(PEER)[-1]
    browser = {
        stats["ssrc"]: stats
        for report in (end["a_send"], end["a_recv"])
        for stats in report
        if stats["type"] in ("outbound-rtp", "inbound-rtp")
    }
    compared = 0
    for connection in sharer.connections:
        for stats in connection.stats:
            if stats.ssrc is None or stats.ssrc not in browser:
                continue
            truth = browser[stats.ssrc]
            for ours, theirs in (
                (stats.packets_sent, truth.get("packetsSent")),
                (stats.packets_received, truth.get("packetsReceived")),
                (stats.frames_encoded, truth.get("framesEncoded")),
            ):
                if ours is not None:
                    assert theirs * 0.85 <= ours <= theirs
                    compared += 1
    assert compared == 6


def test_a_sample_has_linked_w3c_stats_objects() -> None:
    body = _recorded(PEER)[0]
    producing, consuming = body.connections
    by_id = {stats.id: stats for stats in producing.stats}
    transport = by_id["transport"]
    pair = by_id[transport.selected_candidate_pair_id or ""]
    assert pair.nominated
    assert by_id[pair.local_candidate_id or ""].candidate_type == "host"
    assert by_id[pair.remote_candidate_id or ""].type == "remote-candidate"
    audio = next(s for s in producing.stats if s.type == "outbound-rtp" and s.kind == "audio")
    assert by_id[audio.codec_id or ""].mime_type == "audio/opus"
    assert {stats.type for stats in consuming.stats} >= {"inbound-rtp", "transport", "codec"}
    tags = [(tag.direction, tag.kind, tag.source) for tag in body.streams]
    assert ("send", "video", "screen") in tags or ("send", "video", "camera") in tags
    received = [tag for tag in body.streams if tag.direction == "receive"]
    assert all(tag.producer_id and tag.consumer_id and tag.peer_id for tag in received)
    assert all(tag.score is not None for tag in body.streams)


def test_the_address_and_protocol_of_a_relay_are_corrected() -> None:
    pair = {
        "nominated": True,
        "localCandidateId": "L",
        "remoteCandidateId": "R",
        "localCandidateType": "relay",
        "localCandidateProtocol": "tcp",
        "localCandidateAddress": "203.0.0.0",
        "localCandidateRelatedAddress": "",
        "remoteCandidateAddress": "2001:db8:1:2::5.0.0",
    }
    stats = {"candidatePairs": [pair], "roundTripTime": 0}
    data = {"producingTransportStats": {"transportId": "t", "stats": stats}}
    body = _sample(data)
    [connection] = body.connections
    local, remote = (next(s for s in connection.stats if s.id == end) for end in "LR")
    assert (local.relay_protocol, local.protocol) == ("tcp", None)
    assert local.related_address is None
    assert remote.address == "2001:db8:1:2::5"


def test_a_counter_unsupported_by_the_browser_is_none_and_not_zero() -> None:
    """The client writes 0 freezes if the browser has no such member; a browser that counts them
    also sums up the times between frames."""
    missing = {"ssrc": 1, "framesDecoded": 100, "freezeCount": 0, "totalFreezesDuration": 0}
    counted = missing | {"ssrc": 2, "totalInterFrameDelay": 3.2}
    consumer = {"consumerId": "c", "videoStats": [missing, counted], "audioStats": []}
    body = _sample({"consumerStats": [consumer]})
    [connection] = body.connections
    without, with_ = (next(s for s in connection.stats if s.ssrc == n) for n in (1, 2))
    assert (without.freeze_count, without.total_freezes_duration) == (None, None)
    assert (with_.freeze_count, with_.total_freezes_duration) == (0, 0)


def test_the_remote_report_is_a_separate_stats_object() -> None:
    remote = {"packetsLost": 3, "jitter": 0.01, "roundTripTime": 0.1}
    audio = {"ssrc": 7, "packetsSent": 100, "remoteData": remote}
    producer = {"producerId": "p", "audioStats": [audio], "appData": {"screenShare": True}}
    body = _sample({"producerStats": [producer]})
    sent, stated = body.connections[0].stats
    assert (stated.type, stated.local_id, stated.packets_lost) == ("remote-inbound-rtp", sent.id, 3)
    assert body.streams[0].source == "screen_audio"
