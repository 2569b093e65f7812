"""Siblings of the public cases: other browsers, media, directions and units of the same kinds."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from aftercall.core.quality.stats.getstats import ConnectionBody, SampleBody, StreamTag
from aftercall.core.quality.stats.getstats import Stats as Object
from aftercall.core.quality.stats.report_linker import ReportLinker
from tests.core.quality.public_cases import BASE, Played, Stats, collected

STEP_MS = 7_000


def _stream(direction: str, kind: str, step: float, **members: Any) -> Stats:
    """One stream after so many steps of flow: 50 audio packets a second, or 640×360 video at 30
    frames a second."""
    name = "outbound-rtp" if direction == "sent" else "inbound-rtp"
    stats: Stats = {"id": f"{name}-{kind}", "type": name, "kind": kind, "ssrc": 5}
    packets, size = (350, 80) if kind == "audio" else (700, 1_000)
    count = "Sent" if direction == "sent" else "Received"
    stats[f"packets{count}"] = round(packets * step)
    stats[f"bytes{count}"] = round(packets * step) * size
    if direction == "received":
        stats |= {"packetsLost": 0, "jitter": 0.003}
    if kind == "video":
        stats["framesEncoded" if direction == "sent" else "framesDecoded"] = round(210 * step)
        stats |= {"frameWidth": 640, "frameHeight": 360, "framesPerSecond": 30}
    return stats | members


def _call(*connections: Sequence[Sequence[Stats]], **more: Any) -> Played:
    """Play connections, each a list of the stats of its samples, taken every seven seconds."""
    steps = max(len(reports) for reports in connections)
    return collected(
        [
            (
                STEP_MS * step,
                {
                    f"pc{number}": [
                        {"timestamp": STEP_MS * step, **stats} for stats in reports[step]
                    ]
                    for number, reports in enumerate(connections)
                    if step < len(reports)
                },
            )
            for step in range(steps)
        ],
        **more,
    )


STEPS = range(12)


def _flow(direction: str, kind: str, **members: Any) -> list[list[Stats]]:
    return [[_stream(direction, kind, step, **members)] for step in STEPS]


def _still(direction: str, kind: str, at: float = 3, **members: Any) -> list[list[Stats]]:
    """A stream that flows for `at` steps and then stops."""
    return [[_stream(direction, kind, min(step, at), **members)] for step in STEPS]


@pytest.mark.parametrize("kind", ["audio", "video"])
@pytest.mark.parametrize("is_tagged", [True, False])
def test_a_call_that_moves_to_another_connection_has_no_missing_media(
    kind: str, is_tagged: bool
) -> None:
    source = {"audio": "microphone", "video": "camera"}[kind]
    tags = [
        {"connection": f"pc{number}", "direction": "send", "ssrc": 5, "source": source}
        for number in range(2)
    ]
    played = _call(_still("sent", kind), _flow("sent", kind), tags=tags if is_tagged else [])
    assert played.issues == []
    if kind == "video":
        assert played.block("video_producer").no_video_fraction == 0


def test_a_source_that_flows_on_no_connection_counts_once() -> None:
    played = _call(_still("sent", "video", 6), _still("sent", "video", 6), _still("sent", "video"))
    video = played.block("video_producer")
    assert played.issues.count("no_video_sent") == 1
    # Five of eleven intervals; the two that flow together count twice until then.
    assert video.no_video_fraction == pytest.approx(5 / (5 + 6 + 6 + 3))


def test_a_dead_connection_with_its_own_track_is_not_missing() -> None:
    old = [
        [*each, {"id": "S", "type": "media-source", "kind": "video", "trackIdentifier": "old"}]
        for each in _still("sent", "video", mediaSourceId="S")
    ]
    new = [
        [*each, {"id": "S", "type": "media-source", "kind": "video", "trackIdentifier": "new"}]
        for each in _flow("sent", "video", mediaSourceId="S")
    ]
    assert _call(old, new).issues == []


@pytest.mark.parametrize("kind", ["audio", "video"])
def test_a_remote_track_carried_by_another_connection_is_not_stalled(kind: str) -> None:
    old = _still("received", kind, trackIdentifier="remote")
    played = _call(old, _flow("received", kind, trackIdentifier="remote"))
    assert played.issues == []
    traces = played.folded.activity.streams
    assert [trace.stalled for trace in traces] == [[], []]
    # Alone it is.
    assert [len(trace.stalled) for trace in _call(old).folded.activity.streams] == [1]


def test_padding_on_sent_video_is_neither_scored_nor_missing() -> None:
    reports = _still("sent", "video", 6)
    for step, [stats] in enumerate(reports):
        stats["packetsSent"] += 20 * max(0, step - 6)
        stats["headerBytesSent"] = 12 * stats["packetsSent"]
    played = _call(reports)
    assert played.issues == []
    assert played.block("video_producer").no_video_fraction == 0
    assert played.values("video_producer", "mos")[6:] == [None] * 5


def test_padding_on_received_audio_is_not_scored() -> None:
    reports = _still("received", "audio", 6)
    for step, [stats] in enumerate(reports):
        stats["packetsReceived"] += 40 * max(0, step - 6)
    played = _call(reports)
    assert played.issues == []
    assert played.values("audio_consumer", "mos")[6:] == [None] * 5
    assert played.values("audio_consumer", "mos_quality")[6:] == [None] * 5


def test_layers_without_frame_counts_are_distinguished_by_bytes() -> None:
    reports = [
        [
            {"id": f"O{layer}", "type": "outbound-rtp", "kind": "video", "ssrc": layer, "mid": "1",
             "packetsSent": rate * step, "bytesSent": 1_000 * rate * step}
            for layer, rate in ((1, 100), (2, 1), (3, 900))
        ]
        for step in STEPS
    ]  # fmt: skip
    assert {row["ssrc"] for row in _call(reports).rows("video_producer")} == {3}


@pytest.mark.parametrize(
    "below", [2**24 - 1, 2**31 - 3, 2**32 - 1, 2**64 - 2, "18446744073709551615"]
)
def test_a_loss_count_just_below_a_power_of_two_is_no_loss(below: int | str) -> None:
    losses = [0, 0, below, below, 0, 0, below, 0, 0, 0, 0, 0]
    reports = [
        [_stream("received", "audio", step, packetsLost=lost)]
        for step, lost in zip(STEPS, losses, strict=True)
    ]
    received = _call(reports).block("audio_consumer")
    assert (received.packet_loss.avg, received.packets_lost_percent) == (0, 0)


@pytest.mark.parametrize("direction", ["sent", "received"])
def test_a_loss_beyond_what_was_sent_is_unknown(direction: str) -> None:
    def report(step: int) -> list[Stats]:
        lost = 60_000 if step == 5 else 0
        stats = _stream(direction, "audio", step)
        if direction == "received":
            return [stats | {"packetsLost": lost}]
        far = {"id": "R", "type": "remote-inbound-rtp", "kind": "audio", "ssrc": 5,
               "localId": stats["id"], "packetsLost": lost}  # fmt: skip
        return [stats, far]

    played = _call([report(step) for step in STEPS])
    family = "audio_producer" if direction == "sent" else "audio_consumer"
    assert played.values(family, "packets_lost") == [0] * 4 + [None] * 2 + [0] * 5
    block = played.block(family)
    assert (block.packet_loss.avg, block.packets_lost_percent) == (0, 0)
    assert played.issues == []


@pytest.mark.parametrize(
    ("member", "value"),
    [("jitter", 20), ("jitter", 144), ("jitter", 3_000.5)],
)
def test_jitter_in_another_unit_raises_no_issue(member: str, value: float) -> None:
    played = _call(_flow("received", "audio", **{member: value}))
    assert played.values("audio_consumer", "jitter") == [None] * 11
    assert played.issues == []


@pytest.mark.parametrize("rtt", [80, 35, 61.5])
def test_an_rtt_in_milliseconds_is_unknown(rtt: float) -> None:
    reports = [
        [
            *each,
            {"id": "P", "type": "candidate-pair", "nominated": True, "state": "succeeded",
             "currentRoundTripTime": rtt},
            {"id": "R", "type": "remote-inbound-rtp", "kind": "audio", "ssrc": 5,
             "localId": each[0]["id"], "packetsLost": 0, "roundTripTime": rtt},
        ]
        for each in _flow("sent", "audio")
    ]  # fmt: skip
    played = _call(reports)
    assert played.values("audio_producer", "rtt") == [None] * 11
    assert not {"poor_network_uplink", "severe_network_uplink"} & {*played.issues}


@pytest.mark.parametrize(
    "moment",
    [
        lambda at_ms: (BASE + at_ms) / 1000,
        lambda at_ms: (BASE + at_ms) * 1_000_000,
        lambda at_ms: str(5_000.25 + at_ms),
        lambda at_ms: str((5_000 + at_ms) * 1_000),
        lambda at_ms: str(5.0 + at_ms / 1_000),
    ],
)
@pytest.mark.parametrize("step_ms", [2_000, 7_000])
def test_timestamps_in_any_unit_give_the_same_rate(moment: Any, step_ms: int) -> None:
    reports = [
        (
            step_ms * step,
            {"pc": [_stream("received", "audio", step * step_ms / 7_000)
                    | {"timestamp": str(moment(step_ms * step))}]},
        )
        for step in STEPS
    ]  # fmt: skip
    played = collected(reports, interval_ms=step_ms)
    rates = played.values("audio_consumer", "bitrate_bps")
    assert rates == pytest.approx([32_000] * 11, rel=0.01)
    assert played.issues == []


@pytest.mark.parametrize(
    "members",
    [
        {"mediaType": "video"},
        {"kind": ""},
        {"codecId": "C", "framesDecoded": None, "frameWidth": None, "frameHeight": None,
         "framesPerSecond": None},
    ],
)  # fmt: skip
def test_a_video_stream_without_kind_is_recognised(members: dict[str, Any]) -> None:
    def nameless(stats: Stats) -> Stats:
        found = {k: v for k, v in (stats | {"kind": None} | members).items() if v is not None}
        return found

    codec = {"id": "C", "type": "codec", "mimeType": "video/VP8", "clockRate": 90_000}
    reports = [[nameless(stats), codec] for [stats] in _flow("received", "video")]
    assert len(_call(reports).rows("video_consumer")) == 11


def test_a_stream_without_kind_is_counted_as_unidentified() -> None:
    reports = [
        [{"id": "I", "type": "inbound-rtp", "ssrc": 5, "packetsReceived": 50 * step}]
        for step in STEPS
    ]
    played = _call(reports)
    assert played.verdict.completeness.unidentified_streams == 1
    assert played.verdict.cumulative == {}


def test_a_microphone_reported_as_enabled_is_known_to_be_live() -> None:
    def known(**members: Any) -> list[bool]:
        played = _call(_still("sent", "audio", **members))
        return [issue.is_known_live for issue in played.verdict.issues]

    assert known(active=True) == [True]
    assert known() == [False]


def test_a_screenshare_remains_one_without_its_tag() -> None:
    """As in Firefox and Safari, whose stats have no content type."""
    linker = ReportLinker()
    stream = Object(type="outbound-rtp", id="O", kind="video", ssrc=5)
    tag = StreamTag(connection="pc", direction="send", ssrc=5, source="screen")
    families = [
        linker.link(
            SampleBody(connections=[ConnectionBody(id="pc", stats=[stream])], streams=tags), BASE
        )
        .sent[0]
        .description.family
        for tags in ([tag], [], [msgspec.structs.replace(tag, source="camera")])
    ]
    assert families == ["screenshare_video_producer"] * 2 + ["video_producer"]
