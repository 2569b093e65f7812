import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import msgspec
import pytest
from cloudflare._models import construct_type, validate_type
from cloudflare.types.realtime_kit import (
    SessionGetParticipantDataFromPeerIDResponse as PeerReportResponse,
)
from pydantic import BaseModel

from aftercall.core.instants import EpochMs
from aftercall.core.quality.report.cross_participant_pass import complete
from aftercall.core.quality.report.fold import FoldResult, fold
from aftercall.core.quality.stats.report_linker import Family
from aftercall.core.records import Participant, StoredSample
from aftercall.wire.peer_report.metadata import FILTERS
from aftercall.wire.peer_report.report import (
    encode_peer_report,
    encode_peer_stats,
    encode_quality_stats,
    encode_quality_stats_list,
)
from tests.core.quality.peer_builder import StatsObject, peer_of, tag
from tests.core.quality.peer_builder import folded as folded_story
from tests.core.quality.synthetic_call import (
    CALL_START,
    FINE,
    Call,
    PeerConditions,
    always,
    between,
)

SAMPLES = Path(__file__).parents[2] / "samples"

DEVICES = [{"device_id": "mic-1", "kind": "audioinput", "label": "Built-in"}]
DESCRIPTION = {
    "device": {
        "is_mobile": False,
        "os": "Linux",
        "os_version": "12",
        "cpus": 8,
        "memory_gb": 16,
    },
    "browser": {
        "name": "Chrome",
        "version": "130",
        "engine": "Blink",
        "user_agent": "Mozilla/5.0",
        "webgl": True,
    },
    "sdk": {"name": "aftercall", "version": "0.1.0", "type": "web"},
    "encoder": {"audio": "opus", "video": "libvpx"},
    "network": {
        "effective_type": "4g",
        "ip": "203.0.113.0",
        "city": "Lisbon",
        "region": "Lisboa",
        "country": "PT",
        "timezone": "Europe/Lisbon",
        "org": "Example",
        "asn": {
            "asn": "AS64500",
            "name": "Example",
            "domain": "example.com",
            "route": "203.0.113.0/24",
            "type": "isp",
        },
    },
    "room_view_type": "groupCall",
    "precall": {
        "effective_type": "4g",
        "host": True,
        "relay": True,
        "reflexive": False,
        "turn": True,
        "throughput_kbps": 2400,
        "rtt_s": 0.05,
        "backend_rtt_s": 0.08,
        "sdp": ["v=0"],
    },
}


def _row(name: str) -> Participant:
    return Participant(
        app_id="app",
        session_id="session",
        id=name,
        user_id=name,
        joined_at=CALL_START,
        created_at=CALL_START,
        updated_at=CALL_START,
    )


def _call() -> Call:
    lossy = between(60, 180, PeerConditions(up_loss=0.12))
    call = Call({"ada": lossy, "bob": always(FINE)}, minutes=5)
    call.event("ada", 0.1, "describe", **DESCRIPTION)
    call.event("ada", 0.2, "audio_devices_updates", devices=DEVICES)
    call.event("ada", 0.3, "video_devices_updates", devices=DEVICES)
    call.event("ada", 0.4, "speaker_devices_updates", devices=DEVICES)
    call.event("ada", 100, "audio_devices_updates", devices=[])
    call.event("ada", 101, "video_devices_updates", devices=[])
    call.event("ada", 102, "speaker_devices_updates", devices=[])
    call.event("ada", 103, "selected_microphone_update", device=DEVICES[0])
    call.event("ada", 120, "browser_backgrounded")
    call.event("ada", 130, "tab_change", is_meetings_tab_active=True)
    call.event("ada", 140, "media_permission", device_type="AUDIO", permission="ACCEPTED")
    return call


@pytest.fixture(scope="module")
def folded() -> FoldResult:
    call = _call()
    both = {name: fold(own, call.end_at) for name, own in call.facts_by_participant().items()}
    verdicts = dict(
        complete(
            {name: each.verdict for name, each in both.items()},
            {name: each.activity for name, each in both.items()},
            {"ada": "Ada", "bob": "Bob"},
            call.end_at,
        )
    )
    return msgspec.structs.replace(both["ada"], verdict=verdicts["ada"])


def _sent(value: Any) -> Any:
    """What a client reads."""
    return json.loads(msgspec.json.encode(value))


def _answer(folded: FoldResult) -> dict[str, Any]:
    report = encode_peer_report(_row("ada"), folded.verdict, folded.details.rows)
    return {"success": True, "data": {"participant": {"id": "ada", "peer_report": _sent(report)}}}


def _leaves(annotation: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of all plain members of a model of the official client."""
    arguments = [each for each in get_args(annotation) if each is not type(None)]
    if get_origin(annotation) is list:
        yield from _leaves(arguments[0], path)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, member in annotation.model_fields.items():
            yield from _leaves(member.annotation, (*path, member.alias or name))
    elif arguments and get_origin(annotation) is not dict and len(arguments) == 1:
        yield from _leaves(arguments[0], path)
    else:
        yield path


def _given(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of all members of an answer."""
    if isinstance(value, list):
        for each in value:
            yield from _given(each, path)
    elif isinstance(value, dict):
        yield path
        for name, member in value.items():
            yield from _given(member, (*path, name))
    else:
        yield path


def test_the_official_client_accepts_a_report_strictly(folded: FoldResult) -> None:
    answer = _answer(folded)
    validate_type(type_=PeerReportResponse, value=answer)
    read = construct_type(type_=PeerReportResponse, value=answer)
    assert isinstance(read, PeerReportResponse)
    assert read.data is not None and read.data.participant is not None
    report = read.data.participant.peer_report
    assert report is not None and report.quality is not None
    cumulative = report.quality.audio_producer_cumulative
    assert cumulative is not None and cumulative.packet_loss is not None
    assert cumulative.packet_loss.avg == pytest.approx(5, abs=1)
    assert cumulative.packet_loss.api_5_or_greater_event_fraction == pytest.approx(0.4, abs=0.05)


def _everything(step: int) -> dict[str, Any]:
    """A report with all four sources in both directions, and every member that a browser can
    have."""
    n = 7 * step
    pair = {
        "type": "candidate-pair",
        "id": "P",
        "localCandidateId": "L",
        "remoteCandidateId": "R",
        "nominated": True,
        "currentRoundTripTime": 0.05,
        "totalRoundTripTime": 0.5 + n,
        "availableOutgoingBitrate": 2e6,
        "availableIncomingBitrate": 2e6,
        "lastPacketSentTimestamp": CALL_START + 1000 * n,
        "lastPacketReceivedTimestamp": CALL_START + 1000 * n,
        **{
            name: n
            for name in (
                "bytesSent",
                "bytesReceived",
                "packetsSent",
                "packetsReceived",
                "bytesDiscardedOnSend",
                "packetsDiscardedOnSend",
            )
        },
    }
    ends = {"candidateType": "relay", "address": "192.0.2.1", "port": 1, "protocol": "udp"}
    ends |= {"url": "turn:turn.example.com"}
    local = {"networkType": "wifi", "relatedAddress": "192.0.2.2", "relatedPort": 2}
    stats: list[dict[str, Any]] = [
        {"type": "transport", "id": "T", "selectedCandidatePairId": "P"},
        pair,
        {"type": "local-candidate", "id": "L", **ends, **local},
        {"type": "remote-candidate", "id": "R", **ends},
    ]
    streams: list[dict[str, Any]] = []
    for place, source in enumerate(("microphone", "camera", "screen", "screen_audio"), 1):
        kind = "video" if source in ("camera", "screen") else "audio"
        for direction in ("send", "receive"):
            ssrc = 10 * place + (direction == "send")
            stats += _every_member(direction, kind, ssrc, n)
            tag = {"connection": "pc", "direction": direction, "kind": kind, "ssrc": ssrc}
            ids = {"producer_id": "p", "consumer_id": "c", "peer_id": "other", "source": source}
            streams.append(tag | ids)
    timed = [{**each, "timestamp": CALL_START + 1000 * n} for each in stats]
    return {"connections": [{"id": "pc", "stats": timed}], "streams": streams}


def _every_member(direction: str, kind: str, ssrc: int, n: int) -> list[dict[str, Any]]:
    common = {"kind": kind, "ssrc": ssrc, "mid": str(ssrc)}
    picture = {"frameWidth": 640, "frameHeight": 360, "framesPerSecond": 30}
    picture |= {"firCount": n, "pliCount": n}
    if direction == "receive":
        stats = {"type": "inbound-rtp", "id": f"I{ssrc}", **common, "jitter": 0.01}
        stats |= {"packetsReceived": 50 * n, "packetsLost": n, "bytesReceived": 900 * n}
        stats |= {"jitterBufferDelay": 0.1 * n, "jitterBufferEmittedCount": 30 * n}
        if kind == "audio":
            return [stats | {"concealmentEvents": n}]
        return [
            stats | picture | {"framesDecoded": 30 * n, "keyFramesDecoded": n, "framesDropped": n}
        ]
    stats = {"type": "outbound-rtp", "id": f"O{ssrc}", **common}
    stats |= {"packetsSent": 50 * n, "bytesSent": 900 * n}
    if kind == "video":
        limits = {name: float(n) for name in ("none", "cpu", "bandwidth", "other")}
        stats |= picture | {
            "framesEncoded": 30 * n,
            "keyFramesEncoded": n,
            "qualityLimitationReason": "none",
            "qualityLimitationDurations": limits,
            "qualityLimitationResolutionChanges": n,
        }
    remote = {"type": "remote-inbound-rtp", "id": f"RI{ssrc}", "localId": f"O{ssrc}", **common}
    remote |= {"packetsLost": n, "jitter": 0.01, "roundTripTime": 0.05}
    return [stats, remote]


def test_a_report_has_every_member_of_the_official_client() -> None:
    facts = _call().facts("ada")
    samples = [
        StoredSample(
            peer_id="ada",
            sequence=step,
            at=EpochMs(CALL_START + 7_000 * step),
            received_at=CALL_START,
            body=msgspec.json.encode(_everything(step)),
        )
        for step in range(3)
    ]
    folded = fold([msgspec.structs.replace(facts, samples=samples)], EpochMs(CALL_START + 21_000))
    answer = _answer(folded)
    validate_type(type_=PeerReportResponse, value=answer)
    given = set(_given(answer["data"]["participant"]["peer_report"]))
    known = {
        path[3:]
        for path in _leaves(PeerReportResponse)
        if path[:3] == ("data", "participant", "peer_report")
    }
    assert len(known) == 408
    assert known - given == set()


def test_a_family_without_streams_is_empty(folded: FoldResult) -> None:
    quality = _answer(folded)["data"]["participant"]["peer_report"]["quality"]
    assert quality["screenshare_video_consumer"] == []
    assert quality["screenshare_video_consumer_cumulative"] == {}
    assert {name for name in quality if not name.endswith("_cumulative")} == {
        family.value for family in Family
    }


def test_a_report_has_our_own_members_beside_the_official_ones(folded: FoldResult) -> None:
    report = _answer(folded)["data"]["participant"]["peer_report"]
    assert report["is_final"] is True
    assert report["diagnosis"][0]["cause"] == "uplink"
    assert report["diagnosis"][0]["first_at"] == "2026-11-21T10:01:03.000Z"
    assert report["diagnosis"][0]["spans"][0]["first_at"] == "2026-11-21T10:01:03.000Z"
    assert report["diagnosis"][0]["subject"] == "ada"
    assert report["diagnosis"][0]["affected"] == ["bob"]
    assert report["diagnosis"][0]["figures"][0]["name"] == "loss_percent"
    assert report["diagnosis"][0]["figures"][0]["unit"] == "%"
    assert report["diagnosis"][0]["advice_key"] == "wired_or_nearer"
    assert {issue["name"] for issue in report["issues"]} >= {"poor_network_uplink"}
    assert report["completeness"]["share"] == 1.0
    mos = report["quality"]["audio_producer_cumulative"]["mos_estimated"]
    assert 1 <= mos["p10"] <= mos["p50"] <= mos["p90"] <= 4.5
    row = report["quality"]["audio_producer"][0]
    assert {"mos", "mos_quality", "packets_lost", "rtt", "jitter"} <= set(row)


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_keeps_only_its_part(folded: FoldResult, name: str) -> None:
    every = _sent(encode_peer_report(_row("ada"), folded.verdict, folded.details.rows))
    some = _sent(
        encode_peer_report(
            _row("ada"), folded.verdict, folded.details.rows, filters=frozenset({name})
        )
    )
    for part, value in some["metadata"].items():
        assert value == every["metadata"][part]
    assert ("quality" in some) is (name == "quality_stats")
    shown = {
        "device_info": "device_info",
        "ip_information": "ip_information",
        "precall_network_information": "candidate_pairs",
        "events": "events",
    }
    assert {part for part in shown.values() if part in some["metadata"]} == (
        {shown[name]} if name in shown else set()
    )


def test_events_are_renamed_and_some_are_left_out(folded: FoldResult) -> None:
    report = _answer(folded)["data"]["participant"]["peer_report"]
    names = [event["name"] for event in report["metadata"]["events"]]
    assert names == ["meeting_view_backgrounded", "media_permission"]
    old = _sent(encode_peer_stats(_row("ada"), folded.verdict))
    kinds = [event["type"] for event in old["events"]]
    assert kinds[:2] == ["call_join", "precall_end"]
    joined = old["events"][0]["metadata"]["peer_meta_data"]
    row = _row("ada")
    assert (joined["user_id"], joined["peer_id"]) == (row.user_id, "ada")
    assert joined["room_u_u_i_d"] == row.session_id
    assert {"browser_backgrounded", "tab_change", "audio_devices_updates"} <= set(kinds)
    assert [e["timestamp"] for e in old["events"]] == sorted(e["timestamp"] for e in old["events"])


def test_a_device_list_is_written_as_its_changes(folded: FoldResult) -> None:
    metadata = _answer(folded)["data"]["participant"]["peer_report"]["metadata"]
    plugged, unplugged = metadata["audio_devices_updates"]
    assert (plugged["added"], plugged["removed"]) == (DEVICES, [])
    assert (unplugged["added"], unplugged["removed"]) == ([], DEVICES)
    old = _sent(encode_peer_stats(_row("ada"), folded.verdict))
    lists = [e["metadata"] for e in old["events"] if e["type"] == "audio_devices_updates"]
    assert lists == [{"device_list": DEVICES}, {"device_list": []}]


def test_the_older_statistics_have_both_spellings_in_details(folded: FoldResult) -> None:
    plain = encode_peer_stats(_row("ada"), folded.verdict)["precall_network_information"]
    details = encode_peer_stats(_row("ada"), folded.verdict, in_details=True)
    assert "throughtput" not in plain
    assert details["precall_network_information"]["throughtput"] == 2400
    assert details["precall_network_information"]["throughput"] == 2400


def test_the_older_quality_is_one_object_or_one_per_peer(folded: FoldResult) -> None:
    one = _sent(encode_quality_stats(folded.details.receptions))
    [each] = _sent(encode_quality_stats_list(folded.details.receptions))
    assert one["peer_ids"] == ["ada"] and each["peer_id"] == "ada"
    assert one["audio_stats"] == each["audio_stats"]
    assert len(one["audio_stats"]) == 42
    assert one["total_audio_packets"] == pytest.approx(50 * 294, rel=0.01)
    assert each["audio_packet_loss"] == 0
    assert one["audio_bandwidth"] == pytest.approx(8 * 80 * 50, rel=0.01)


def test_the_quality_of_a_participant_without_received_media_is_zeros_and_nulls() -> None:
    call = Call({"ada": always(FINE)}, minutes=1)
    receptions = fold([call.facts("ada")], call.end_at).details.receptions
    one = _sent(encode_quality_stats(receptions))
    assert one["total_audio_packets"] == one["audio_bandwidth"] == 0
    assert one["average_quality"] is one["first_audio_packet_received"] is None
    assert one["audio_stats"] == one["video_stats"] == []


def test_repaired_loss_has_the_same_share_in_the_older_quality() -> None:
    lossy = {"packetsReceived": 1_000, "packetsLost": 120, "retransmittedPacketsReceived": 120}
    stream = StatsObject(
        type="inbound-rtp", id="I", fixed={"kind": "video", "ssrc": 7}, steps=[lossy] * 6
    )
    found = folded_story(peer_of([stream], tags=[tag("receive", 7, "camera")]))
    assert found.verdict.cumulative["video_consumer"].packets_lost_percent == 12
    [each] = _sent(encode_quality_stats_list(found.details.receptions))
    assert each["video_packet_loss"] == 12
