"""Dumps as other programs leave them: saved again, joined, cut, with times in other units."""

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from aftercall.ingest.dumps.entries import BadDump
from aftercall.ingest.dumps.own_export import OwnExport
from aftercall.ingest.dumps.survey import Survey
from tests.sample_dumps import path_of, survey_of

INTERNALS = "webrtc-internals-chromium156.gz"
RTCSTATS = "rtcstats-v3-chromium156.gz"
ANSWERER = "about-webrtc-firefox153-answerer.json"
HISTORY = "about-webrtc-firefox153-history-answerer.json.gz"
OBSERVERTC = "observertc-client-samples-4.0.3.json"
ALL = (INTERNALS, RTCSTATS, "rtcstats-v5-rtcstatsjs.jsonl", ANSWERER, HISTORY, OBSERVERTC)
JSON_TEXTS = (INTERNALS, ANSWERER, HISTORY, OBSERVERTC)


def _plain(name: str) -> bytes:
    raw = path_of(name).read_bytes()
    return gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw


def _figures(found: Survey) -> list[tuple[object, ...]]:
    return [
        (each.id, each.reports, each.last_ms - each.first_ms, each.sent, each.received)
        for each in found.connections.values()
    ]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_text_that_windows_saved_is_read(name: str, encoding: str) -> None:
    plain = _plain(name)
    assert _figures(survey_of(plain.decode().encode(encoding))) == _figures(survey_of(plain))


@pytest.mark.parametrize("name", JSON_TEXTS)
def test_a_list_of_dumps_is_read(name: str) -> None:
    plain = _plain(name)
    assert _figures(survey_of(b"[" + plain + b"]")) == _figures(survey_of(plain))


@pytest.mark.parametrize("name", [INTERNALS, RTCSTATS])
def test_of_joined_dumps_each_is_read_as_its_own(name: str) -> None:
    plain = _plain(name)
    found = survey_of(plain + b"\n" + plain)
    assert _figures(found) == _figures(survey_of(plain)) * 2
    assert not found.left_out


@pytest.mark.parametrize("name", [ANSWERER, HISTORY])
def test_joined_reports_of_firefox_are_all_read(name: str) -> None:
    plain = _plain(name)
    (one,), (two,) = (survey_of(text).connections.values() for text in (plain, plain + plain))
    assert two.reports == 2 * one.reports


@pytest.mark.parametrize("name", JSON_TEXTS)
def test_what_follows_a_dump_is_reported(name: str) -> None:
    found = survey_of(_plain(name) + b"\n<end>")
    assert _figures(found) == _figures(survey_of(_plain(name)))
    assert len(found.left_out) == 1


@pytest.mark.parametrize("without", [b"RTCStatsDump\n", b'RTCStatsDump\n{"fileFormat":3}\n'])
def test_an_rtcstats_file_without_its_head_is_read(without: bytes) -> None:
    plain = _plain(RTCSTATS)
    assert plain.startswith(without)
    assert _figures(survey_of(plain.removeprefix(without))) == _figures(survey_of(plain))


@pytest.mark.parametrize("size", [5_000, 100_000])
def test_an_rtcstats_file_without_its_head_is_read_whatever_the_length_of_its_first_line(
    size: int,
) -> None:
    plain = _plain(RTCSTATS).removeprefix(b'RTCStatsDump\n{"fileFormat":3}\n')
    sdp = {"type": "offer", "sdp": "a=x" * size}
    first = json.dumps(["setRemoteDescription", "long", sdp, 0]).encode()
    assert _figures(survey_of(first + b"\n" + plain)) == _figures(survey_of(plain))


def test_a_line_with_numbers_that_json_has_not_is_read() -> None:
    plain = _plain(RTCSTATS)
    broken = plain.replace(b'"audioLevel":0,', b'"audioLevel":NaN,')
    assert broken != plain
    assert _figures(survey_of(broken)) == _figures(survey_of(plain))


def _each_series(change: Callable[[str, dict[str, Any]], None]) -> bytes:
    dump = json.loads(_plain(INTERNALS))
    for connection in dump["PeerConnections"].values():
        for key, series in connection["stats"].items():
            change(key, series)
    return json.dumps(dump).encode()


def _times(change: Callable[[float], object]) -> bytes:
    def rewrite(key: str, series: dict[str, Any]) -> None:
        if key.endswith("-timestamp"):
            series["values"] = json.dumps([change(each) for each in json.loads(series["values"])])

    return _each_series(rewrite)


@pytest.mark.parametrize(
    "raw",
    [
        _times(lambda ms: ms * 1_000),
        _times(lambda ms: ms / 1_000),
        _times(lambda ms: ms - 1_795_000_000_000),
        _times(lambda ms: -ms),
        _times(str),
        _each_series(lambda _, series: series.update(values=json.loads(series["values"]))),
        _each_series(lambda _, s: s.update(startTime=1_795_674_554_346, endTime=1.7956745784e12)),
        _each_series(lambda _, series: series.update(startTime="yesterday", endTime=None)),
    ],
    ids=["us", "s", "boot", "negative", "texts", "arrays", "ends in ms", "no ends"],
)
def test_series_in_other_units_and_forms_are_the_same_reports(raw: bytes) -> None:
    expected = survey_of(_plain(INTERNALS)).connections.values()
    found = survey_of(raw)
    assert not found.left_out
    for one, other in zip(found.connections.values(), expected, strict=True):
        assert one.reports == other.reports
        assert one.last_ms - one.first_ms == pytest.approx(other.last_ms - other.first_ms, abs=300)
        assert (one.sent, one.received) == (other.sent, other.received)


@pytest.mark.parametrize("values", ["[1,2", "{}", "[]", "[" * 2_000, "[1e400]", "5"])
def test_series_that_are_none_leave_the_connection(values: str) -> None:
    found = survey_of(_each_series(lambda _, series: series.update(values=values)))
    assert [each.reports for each in found.connections.values()] == [0, 0]


def test_a_log_goes_on_after_the_end_of_summer_time() -> None:
    log = [
        {"time": "10/25/2026, 2:59:50 AM", "type": "createOffer", "value": ""},
        {"time": "10/25/2026, 2:00:10 AM", "type": "setLocalDescription", "value": ""},
    ]
    series = {"startTime": "2026-10-25T00:59:50Z", "endTime": "2026-10-25T01:00:50Z"}
    stats = {"RTCTransport_0-bytesReceived": {**series, "values": "[1,2]"}}
    dump = {"PeerConnections": {"1-1": {"updateLog": log, "stats": stats}}}
    (connection,) = survey_of(json.dumps(dump).encode()).connections.values()
    assert connection.last_ms - connection.first_ms == 60_000


def test_statistics_of_the_callback_form_are_read() -> None:
    series = {"startTime": "2020-11-05T20:35:34Z", "endTime": "2020-11-05T20:35:44Z"}
    members = {"ssrc": ["7", "7"], "packetsSent": ["30", "60"], "mediaType": ["video", "video"]}
    stats = {
        f"ssrc_7_send-{name}": {**series, "values": json.dumps(values)}
        for name, values in (members | {"packetsLost": ["0", "3"]}).items()
    }
    dump = {"PeerConnections": {"1-1": {"updateLog": [], "stats": stats}}, "UserAgent": "x"}
    (connection,) = survey_of(json.dumps(dump).encode()).connections.values()
    assert connection.reports == 2
    assert (connection.sent[7].packets, connection.sent[7].packets_lost) == (60, 3)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (gzip.compress(gzip.compress(b"{}")), "compressed twice"),
        (gzip.compress(b""), "empty"),
        (b"\x1f\x8b", "empty"),
        (json.dumps({"log": {"version": "1.2", "entries": []}}).encode(), "no dump"),
        (json.dumps([{"type": "inbound-rtp", "ssrc": 1}]).encode(), "JSON list"),
        (b"[" + b'{"PeerConnections": {}},' * 70 + b"{}]", "more than 64"),
        (_plain(ANSWERER)[:9_000], "ends in the middle"),
    ],
    # Named by the reason: compressed bytes hold the second in which they were made.
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_read_is_refused_with_the_reason(raw: bytes, words: str) -> None:
    with pytest.raises(BadDump, match=words):
        survey_of(raw)


def test_a_zip_of_dumps_is_refused_with_what_to_do() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("inner.zip", b"PK\x03\x04")
    with pytest.raises(BadDump, match="Unpack"):
        OwnExport(packed)


@pytest.mark.parametrize(
    "sample",
    [
        {"peerConnections": [{"peerConnectionId": "p", "iceCandidatePairs": 5, "codecs": {}}]},
        {"peerConnections": [None, 5, {"peerConnectionId": {}}]},
        {"peerConnections": {"p": 1}},
        {"clientEvents": [1, {"type": "CLIENT_LEFT", "timestamp": -5, "payload": "{"}]},
    ],
)
def test_members_of_samples_may_be_anything(sample: dict[str, Any]) -> None:
    whole = {"clientId": "a", "callId": "b", "timestamp": 1_795_674_555_807, **sample}
    assert survey_of(json.dumps([whole]).encode()).clients


def test_a_connection_of_firefox_may_be_called_anything() -> None:
    report = json.loads(_plain(ANSWERER)) | {"pcid": "{aa} " + "9" * 400 + " (id=1 url=x)"}
    (connection,) = survey_of(json.dumps(report).encode()).connections.values()
    assert connection.reports == 1
