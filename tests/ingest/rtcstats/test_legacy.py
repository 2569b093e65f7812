"""Reports of Chrome's callback getStats, as a Jitsi page of 2020 recorded them."""

import gzip
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.quality.stats.getstats import decode_body
from aftercall.ingest.rtcstats.delta import NamedDelta
from aftercall.ingest.rtcstats.legacy import is_legacy, translate_legacy

SAMPLE = Path(__file__).parents[2] / "samples" / "jitsi" / "jitsi-chrome-legacy-sfu.jsonl.gz"
LINES = [json.loads(line) for line in gzip.decompress(SAMPLE.read_bytes()).splitlines()]
REPORTS = [line[2] for line in LINES if line[0] == "getstats" and line[1] == "PC_1"]


def _stats(count: int | None = None) -> list[dict[str, Any]]:
    """The objects of a report of the sample, the last one unless another is named."""
    decoder = NamedDelta()
    reports = [decoder.decode(report) for report in REPORTS[:count]]
    return list(reports[-1].values())


def _by_ssrc(stats: list[dict[str, Any]], type_: str) -> dict[int, dict[str, Any]]:
    return {each["ssrc"]: each for each in stats if each["type"] == type_}


def test_streams_have_the_packets_and_the_codecs_that_the_recording_has() -> None:
    # The last streams of a connection may be gone at its end: each is taken where it was seen last.
    received: dict[int, tuple[int, int]] = {}
    for count in range(1, len(REPORTS) + 1):
        found = _by_ssrc(list(translate_legacy(_stats(count))), "inbound-rtp")
        received |= {
            ssrc: (each["packetsReceived"], each["packetsLost"]) for ssrc, each in found.items()
        }
    assert received == {
        2645694905: (3865, 1),
        321056115: (5349, 3),
        3324578657: (5349, 3),
        3403453931: (7388, 0),
        4229390456: (7294, 4),
        902393109: (3197, 1),
    }
    stats = list(translate_legacy(_stats()))
    sent = _by_ssrc(stats, "outbound-rtp")
    assert {ssrc: each["packetsSent"] for ssrc, each in sent.items()} == {
        3139384748: 5352,
        108604700: 3212,
    }
    codecs = {each["id"]: each["mimeType"] for each in stats if each["type"] == "codec"}
    assert codecs[sent[108604700]["codecId"]] == "video/VP8"
    remote = _by_ssrc(stats, "remote-inbound-rtp")
    assert {ssrc: each["packetsLost"] for ssrc, each in remote.items()} == {
        3139384748: 2,
        108604700: 3,
    }
    assert all(0 < each["roundTripTime"] < 1 for each in remote.values())


def test_the_connection_has_its_pair_with_times_in_seconds() -> None:
    stats = {each["id"]: each for each in translate_legacy(_stats())}
    (transport,) = [each for each in stats.values() if each["type"] == "transport"]
    pair = stats[transport["selectedCandidatePairId"]]
    assert pair["currentRoundTripTime"] == 0.047
    assert pair["availableOutgoingBitrate"] == 539_222
    assert stats[pair["localCandidateId"]]["type"] == "local-candidate"
    assert stats[pair["remoteCandidateId"]]["candidateType"] == "srflx"


def test_a_translated_report_is_one_that_is_accepted() -> None:
    stats = list(translate_legacy(_stats()))
    body = decode_body(msgspec.json.encode({"connections": [{"id": "PC_1", "stats": stats}]}))
    assert len(body.connections[0].stats) == len(stats)


def test_only_reports_of_the_callback_form_are_recognised() -> None:
    assert is_legacy(_stats())
    assert not is_legacy([{"type": "inbound-rtp", "id": "IT1"}, {"type": "codec", "id": "C1"}])
    assert not is_legacy([])


VALUES = st.one_of(st.text(max_size=8), st.integers(), st.floats(), st.none(), st.booleans())
NAMES = st.sampled_from(
    ["ssrc", "mediaType", "packetsSent", "packetsLost", "googRtt", "googCodecName", "portNumber",
     "googActiveConnection", "googChannelId", "candidateType", "googJitterReceived", "timestamp"]
)  # fmt: skip
TYPES = st.sampled_from(["ssrc", "googCandidatePair", "localcandidate", "VideoBwe", "codec"])


@given(
    st.lists(
        st.tuples(TYPES, st.sampled_from(["a_send", "a_recv", "b"]), st.dictionaries(NAMES, VALUES))
    )
)
def test_whatever_the_values_are_nothing_fails(
    objects: list[tuple[str, str, dict[str, Any]]],
) -> None:
    report = [{**members, "type": type_, "id": id} for type_, id, members in objects]
    for each in translate_legacy(report):
        assert isinstance(each["id"], str) and each["type"] != "ssrc"


def test_a_stream_without_packets_is_left_out() -> None:
    assert list(translate_legacy([{"type": "ssrc", "id": "s_recv", "packetsReceived": "0"}])) == []


@pytest.mark.parametrize("text", ["", "x", "nan", "inf", "1e400", "-1"])
def test_a_value_that_is_no_count_is_left_out(text: str) -> None:
    stream = {"type": "ssrc", "id": "s_recv", "mediaType": "audio", "ssrc": "7"}
    (found,) = translate_legacy([stream | {"packetsReceived": "9", "packetsLost": text}])
    assert "packetsLost" not in found
