"""Samples recorded in Chromium, folded; the expected values were calculated by hand."""

import json
from pathlib import Path
from typing import Any

import pytest

from aftercall.core.instants import EpochMs
from aftercall.core.quality.interval_columns.interval import Interval
from aftercall.core.quality.intervals.deltas import read_intervals
from aftercall.core.quality.report.cumulative import accumulate
from aftercall.core.quality.stats.getstats import decode_body
from aftercall.core.quality.stats.report_linker import Family, Sample, normalise
from tests.core.quality.interval_builder import roll_up_intervals

SAMPLES = Path(__file__).parents[2] / "samples"


def normalised(at: int, stats: list[dict[str, Any]]) -> Sample:
    body = {"connections": [{"id": "pc", "stats": stats}]}
    return normalise(decode_body(json.dumps(body).encode()), EpochMs(at))


@pytest.fixture(scope="module")
def recording() -> Any:
    return json.loads((SAMPLES / "chromium-getstats.json").read_text())


@pytest.fixture(scope="module")
def caller(recording: Any) -> dict[Family, list[Interval]]:
    """The intervals of the caller: two of each stream, of 8.004 s and 10.996 s."""
    intervals = read_intervals(
        normalised(each["t"], list(each["stats"].values()))
        for each in recording["sides"][0]["samples"]
    )
    return {family: [i for i in intervals if i.family is family] for family in Family}


def test_audio_received_by_chromium_has_the_expected_intervals(
    caller: dict[Family, list[Interval]],
) -> None:
    first, second = caller[Family.AUDIO_CONSUMER]
    # Timestamps …642117.515 → …650121.914 → …661117.525 ms.
    assert first.dt_s == pytest.approx(8.004399, abs=1e-6)
    assert second.dt_s == pytest.approx(10.995611, abs=1e-6)
    # Packets 189 → 589 → 1139; bytes 10 640 → 35 785 → 70 291.
    assert (first.packets_received, second.packets_received) == (400, 550)
    assert (first.packets_expected, first.loss_percent) == (400, 0)
    assert first.bitrate_bps == pytest.approx(25_145 * 8 / 8.004399, abs=0.01)
    # Buffer 5625.6 → 13 305.6 s over 180 480 → 564 480 samples: 7680 / 384 000 = 20 ms.
    assert first.jitter_buffer_ms == pytest.approx(20.0)
    # 23 865.6 − 13 305.6 = 10 560 s over 528 000 samples: 20 ms again.
    assert second.jitter_buffer_ms == pytest.approx(20.0)
    assert first.concealment_percent == 0
    assert first.codec == "opus"
    # No loss, 1 + 20 + 26.5 ms of delay: Opus at 32 kbit/s has R = 148 − 16.13876 = 131.861,
    # 89.096 on the scale of the polynomial, which makes 4.32.
    assert (first.mos, first.score) == (4.32, 1.0)


def test_video_received_by_chromium_has_the_expected_intervals(
    caller: dict[Family, list[Interval]],
) -> None:
    first, second = caller[Family.VIDEO_CONSUMER]
    # Frames 75 → 235 → 455; packets 259 → 772, 28 retransmitted before and after.
    assert (first.frames, second.frames) == (160, 220)
    assert first.fps == pytest.approx(160 / 8.004399, abs=1e-4)
    assert (first.packets_received, first.packets_expected) == (513, 513)
    # Buffer 0.477695 → 1.450407 s over 160 frames: 6.07945 ms.
    assert first.jitter_buffer_ms == pytest.approx(6.07945)
    # 228 256 → 716 444 bytes: 487 919.7 bit/s for 640 × 480 at 19.989 frames, 24 expected:
    # 0.56 · ln(487 919.7 / (307 200 · 19.989)) + 5.36 = 3.9400; less 1.5 · ln(24 / 19.989)
    # = 0.2743 and 0.002 · (1 + 6.079) = 0.0142 makes 3.65.
    assert (first.mos, first.score) == (3.65, 1.0)


def test_streams_sent_by_chromium_have_the_expected_intervals(
    caller: dict[Family, list[Interval]],
) -> None:
    sound, _ = caller[Family.AUDIO_PRODUCER]
    # 188 → 589 packets; round trips 0.001266 → 0.004929 s over 1 → 3 measurements.
    assert (sound.packets_sent, sound.packets_expected, sound.loss_percent) == (401, 401, 0)
    assert sound.rtt_s == pytest.approx((0.004929 - 0.001266) / 2)
    assert (sound.target_bitrate_bps, sound.mos) == (32_000, 4.32)
    first, second = caller[Family.VIDEO_PRODUCER]
    # 0.003982 → 0.019478 s over 2 → 10, then → 0.050538 s over → 21 measurements.
    assert first.rtt_s == pytest.approx((0.019478 - 0.003982) / 8)
    assert second.rtt_s == pytest.approx((0.050538 - 0.019478) / 11)
    assert (first.frames, first.frame_width, first.source_fps) == (160, 640, 20)
    assert first.quality_limitation_reason == "none"
    # The source itself gives 20 frames, so 19.989 miss next to nothing:
    # 0.56 · ln(488 318.5 / (307 200 · 19.989)) + 5.36 − 1.5 · ln(20 / 19.989) − 0.002 · 0.97.
    assert first.mos == 3.94


def test_the_cumulative_block_of_the_call_has_the_expected_values(
    caller: dict[Family, list[Interval]],
) -> None:
    block = accumulate(roll_up_intervals(Family.VIDEO_PRODUCER, caller[Family.VIDEO_PRODUCER]))
    assert block is not None and block.rtt is not None
    assert block.packet_loss.avg == 0
    # The mean of 1.937 and 2.823636 ms.
    assert block.rtt.avg_ms == pytest.approx(2.380318, abs=1e-6)
    assert block.mos_estimated.avg == pytest.approx((3.94 + 3.93) / 2)
    assert (block.mos_estimated.p50, block.mos_estimated.p90) == (3.93, 3.94)
    assert block.no_video_fraction == 0
    for family in Family:
        if family.startswith("screenshare"):
            assert accumulate(roll_up_intervals(family, caller[family])) is None


def _at_rest(stats: dict[str, Any], long_ms: float) -> dict[str, Any]:
    """The same object before anything had flowed."""
    counted = ("packets", "bytes", "retransmitted", "frames", "keyFrames", "jitterBuffer", "total",
               "concealed", "concealment", "silent", "freezeCount", "roundTripTimeMe")  # fmt: skip
    return {name: 0 if name.startswith(counted) else value for name, value in stats.items()} | {
        "timestamp": stats["timestamp"] - long_ms
    }


def impaired(recording: Any, number: int) -> dict[Family, Interval]:
    """One side of the call over a lossy link, as a single interval from the start."""
    side = recording["impaired_sides"]["sides"][number]["sample"]
    stats = [
        each
        for each in side["stats"].values()
        if each["type"] not in ("candidate-pair", "media-playout", "transport")
    ]
    intervals = read_intervals(
        [
            normalised(side["t"] - 18_000, [_at_rest(each, 18_000) for each in stats]),
            normalised(side["t"], stats),
        ]
    )
    return {each.family: each for each in intervals}


def test_loss_of_one_packet_in_twenty_is_measured(recording: Any) -> None:
    by_family = impaired(recording, 0)
    sound = by_family[Family.AUDIO_CONSUMER]
    # 44 lost of 810 + 44.
    assert (sound.packets_expected, sound.packets_lost) == (854, 44)
    assert sound.loss_percent == pytest.approx(5.1522, abs=1e-4)
    assert sound.score is not None and sound.score < 0.85
    assert sound.mos is not None and 2.5 < sound.mos < 3.8
    sent = by_family[Family.AUDIO_PRODUCER]
    assert sent.rtt_s == pytest.approx(0.2, abs=0.01)
    assert sent.loss_percent is not None and 4 < sent.loss_percent < 6


def test_probing_packets_of_chromium_are_no_media(recording: Any) -> None:
    sent = impaired(recording, 0)[Family.VIDEO_PRODUCER]
    received = impaired(recording, 1)[Family.VIDEO_CONSUMER]
    # The other side had 4373 packets, 2694 of them again, and missed 82: 82 of 1761.
    assert (received.packets_expected, received.packets_lost) == (1761, 82)
    assert received.loss_percent == pytest.approx(4.6565, abs=1e-4)
    # 4583 − 50 were sent, by the count; 15 reports lie in them, 300 packets each. The last says
    # that 0.046875 are missing, and 76 in all: of 1621 then, not of 4533.
    assert (sent.packets_sent, sent.packets_lost, sent.packets_expected) == (4583, 76, 1621)
    assert sent.loss_percent == pytest.approx(100 * 76 / 1621)
    # 50 of them were sent again: 26 of 1621 are left, 1.604 %. The target of 1 624 000 bit/s is
    # less than the 1 978 792 that left: 0.56 · ln(1 624 000 / (307 200 · 18.944)) + 5.36 = 4.6453;
    # less 1.5 · ln(20 / 18.944) = 0.0813 and 0.002 · 101.04 = 0.2021 makes 4.3619, and
    # 1 + 3.3619 · 2^(−1.604 / 6) = 3.79.
    assert sent.bitrate_bps == pytest.approx(8 * (4_499_698 - 47_416) / 18, abs=0.1)
    assert sent.mos == 3.79
    assert received.mos == 3.5


def test_a_fraction_lost_of_few_packets_is_not_the_loss_of_the_interval(recording: Any) -> None:
    sent = impaired(recording, 1)[Family.VIDEO_PRODUCER]
    received = impaired(recording, 0)[Family.VIDEO_CONSUMER]
    # 91 of 2369 − 437 + 91 = 2023.
    assert received.loss_percent == pytest.approx(4.4983, abs=1e-4)
    # 76 reports on 2486 packets, 33 each: the last one's 0.140625 are four or five of them.
    assert sent.packets_expected == 2528 - 42
    assert sent.loss_percent == pytest.approx(3.6605, abs=1e-4)
