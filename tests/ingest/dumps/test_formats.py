import gzip
import json

import pytest
import zstandard

from aftercall.ingest.dumps.entries import BadDump, LeftOut, Signal, StatsReport
from aftercall.ingest.dumps.survey import ConnectionSurvey
from tests.sample_dumps import EXPECTED, path_of, read_entries, survey_of

NAMES = sorted(EXPECTED)


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_is_recognised_and_has_as_many_connections_as_expected(name: str) -> None:
    expected = EXPECTED[name]
    found = survey_of(path_of(name).read_bytes())
    assert len(found.connections) == expected["connections"]
    assert found.media_requests == expected.get("getUserMedia_calls", 0)
    assert not found.left_out


@pytest.mark.parametrize("name", [name for name in NAMES if "by_connection" in EXPECTED[name]])
def test_connections_have_the_expected_reports_states_and_streams(name: str) -> None:
    raw = path_of(name).read_bytes()
    entries = read_entries(raw)
    connections = {each.id: each for each in survey_of(raw).connections.values()}
    for id, expected in EXPECTED[name]["by_connection"].items():
        assert connections[id].reports == expected["stats_reports"]
        for method, states in (
            ("oniceconnectionstatechange", expected["ice_states"]),
            ("onconnectionstatechange", expected["connection_states"]),
        ):
            found = [
                each.value
                for each in entries
                if isinstance(each, Signal) and (each.connection, each.method) == (id, method)
            ]
            assert [state for state in found if state not in ("new", "closed")] == states
        _compare_streams(connections[id], expected["streams"])
        _compare_last_report(entries, id, expected["streams"])


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("about-webrtc")])
def test_firefox_reports_have_the_expected_streams(name: str) -> None:
    found = survey_of(path_of(name).read_bytes())
    expected = EXPECTED[name]
    (connection,) = found.connections.values()
    assert connection.reports == expected["reports"]
    assert connection.is_closed is expected["closed"]
    _compare_streams(connection, expected["streams"])


def test_samples_of_observertc_have_the_expected_streams() -> None:
    name = "observertc-client-samples-4.0.3.json"
    found = survey_of(path_of(name).read_bytes())
    (connection,) = found.connections.values()
    assert connection.reports == EXPECTED[name]["samples"]
    streams = [each for each in EXPECTED[name]["streams"] if each["dir"] in ("in", "out")]
    remote = {e["ssrc"]: e for e in EXPECTED[name]["streams"] if e["dir"] == "remote-in"}
    for each in streams:
        if each["ssrc"] in remote:
            each["remote_packetsLost"] = remote[each["ssrc"]]["packetsLost"]
    _compare_streams(connection, streams)
    assert found.clients["client-1"].call_id == "call-1"
    assert found.clients["client-1"].left_ms is not None


def _compare_streams(found: ConnectionSurvey, expected: list[dict[str, object]]) -> None:
    assert len(found.sent) + len(found.received) == len(expected)
    for each in expected:
        ssrc = each["ssrc"]
        assert isinstance(ssrc, int)
        stream = found.received[ssrc] if each["dir"] == "in" else found.sent[ssrc]
        assert stream.kind == each["kind"]
        if each["dir"] == "in":
            assert (stream.packets, stream.packets_lost) == (
                each["packetsReceived"],
                each["packetsLost"],
            )
        else:
            assert stream.packets == each["packetsSent"]
            assert stream.packets_lost == each.get("remote_packetsLost")


def _compare_last_report(entries: object, id: str, expected: list[dict[str, object]]) -> None:
    assert isinstance(entries, list)
    *_, last = [e for e in entries if isinstance(e, StatsReport) and e.connection == id]
    by_ssrc = {(stats["type"], stats["ssrc"]): stats for stats in last.stats if "ssrc" in stats}
    codecs = {
        stats["id"]: stats.get("mimeType") for stats in last.stats if stats["type"] == "codec"
    }
    for each in expected:
        type_ = "inbound-rtp" if each["dir"] == "in" else "outbound-rtp"
        stats = by_ssrc[type_, each["ssrc"]]
        for member in ("bytesReceived", "bytesSent", "framesDecoded", "framesEncoded"):
            if member in each and member in stats:
                assert stats[member] == each[member]
        if "remote_rtt_s" in each:
            remote = by_ssrc["remote-inbound-rtp", each["ssrc"]]
            assert remote["roundTripTime"] == pytest.approx(each["remote_rtt_s"])
        if each["codec"] is not None:
            assert codecs[stats["codecId"]] == each["codec"]


@pytest.mark.parametrize("name", NAMES)
def test_the_same_is_read_compressed_otherwise_or_not_at_all(name: str) -> None:
    raw = path_of(name).read_bytes()
    plain = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    forms = [
        plain,
        gzip.compress(plain),
        zstandard.compress(plain),
        b"\xef\xbb\xbf" + plain,
        b"\n  " + plain if plain[:1] in b"{[" else plain,
    ]
    assert len({repr(read_entries(form)) for form in forms}) == 1


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html>", "Copy Report"),
        (b"{}", "no dump"),
        (b'{"a": 1}', "no dump"),
        (b"[1, 2]", "JSON list"),
        (b"\x0a\x12\x00\x01binary", "RTC event logs"),
        (b'{"statsSessionId": "1", "type": "identity"}', "Jitsi"),
        (b"\x1f\x8bnot gzip", "compressed"),
        (b'RTCStatsDump\n{"fileFormat": 9}\n', "newer"),
    ],
)
def test_a_file_that_is_no_dump_is_refused_with_what_to_do(raw: bytes, words: str) -> None:
    with pytest.raises(BadDump, match=words):
        read_entries(raw)


@pytest.mark.parametrize("name", NAMES)
def test_of_a_file_that_was_cut_the_rest_is_read(name: str) -> None:
    raw = path_of(name).read_bytes()
    whole = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    if len(whole) < 5_000 or EXPECTED[name]["format"] == "about:webrtc":
        return
    entries = read_entries(whole[: len(whole) * 2 // 3])
    assert any(isinstance(each, StatsReport) for each in entries)
    assert any(
        isinstance(each, LeftOut) and "ends in the middle" in each.reason for each in entries
    )


def test_a_connection_of_the_old_form_has_times_in_utc() -> None:
    entries = read_entries(path_of("webrtc-internals-old-form.json.gz").read_bytes())
    (created,) = [
        each
        for each in entries
        if isinstance(each, Signal) and (each.connection, each.method) == ("8601-1", "createOffer")
    ]
    assert created.at_ms == 1_795_674_553_000


def test_one_sample_a_line_is_read() -> None:
    samples = json.loads(path_of("observertc-client-samples-4.0.3.json").read_bytes())
    lines = b"\n".join(json.dumps(each).encode() for each in samples)
    (connection,) = survey_of(lines).connections.values()
    assert connection.reports == len(samples)
