"""Defects of published scorers that our reports do not have, tested from getStats samples to
rows."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from aftercall.core.quality.report.fold import FoldResult
from tests.core.quality.peer_builder import STEP_S, Members, StatsObject, folded, peer_of, tag

PACKETS = round(50 * STEP_S)
SAMPLES = round(48_000 * STEP_S)


def _fold(*things: StatsObject, tags: Sequence[Members] = ()) -> FoldResult:
    return folded(peer_of(things, tags=tags))


def _rows(report: FoldResult, family: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(bytes(report.details.rows[family]))
    return found


def _mos(report: FoldResult, family: str) -> list[float | None]:
    return [row.get("mos") for row in _rows(report, family)]


def _received_audio(steps: Sequence[Members]) -> FoldResult:
    """Received audio."""
    return _fold(
        StatsObject(type="inbound-rtp", id="I", fixed={"kind": "audio", "ssrc": 7}, steps=steps)
    )


def _sent_audio(steps: Sequence[Members], far: Sequence[Members]) -> FoldResult:
    """Sent audio, and its remote reports."""
    fixed = {"kind": "audio", "ssrc": 7}
    return _fold(
        StatsObject(type="outbound-rtp", id="O", fixed=fixed, steps=steps),
        StatsObject(type="remote-inbound-rtp", id="R", fixed={**fixed, "localId": "O"}, steps=far),
    )


def _received_video(steps: Sequence[Members], **shown: int) -> FoldResult:
    """Received video."""
    fixed = {"kind": "video", "ssrc": 7}
    tags = [tag("receive", 7, "camera", **shown)] if shown else []
    return _fold(StatsObject(type="inbound-rtp", id="I", fixed=fixed, steps=steps), tags=tags)


def _audio_members(lost: int = 0, **more: Any) -> Members:
    return {"packetsReceived": PACKETS - lost, "packetsLost": lost, "bytesReceived": 40_000} | more


def _video_members(lost: int = 0, **more: Any) -> Members:
    first = {"packetsReceived": 1_000 - lost, "packetsLost": lost, "bytesReceived": 2_000_000}
    return {**first, "framesDecoded": 240, "frameWidth": 1_280, "frameHeight": 720} | more


TALK = _audio_members(totalSamplesReceived=SAMPLES, concealedSamples=0, silentConcealedSamples=0)
# Under discontinuous transmission a packet comes every 400 ms, and the player makes up the rest,
# silently.
COMFORT = {
    "packetsReceived": 25, "packetsLost": 0, "bytesReceived": 200, "totalSamplesReceived": SAMPLES,
    "concealedSamples": SAMPLES - 24_000, "silentConcealedSamples": SAMPLES - 24_000,
}  # fmt: skip
STILL = COMFORT | {"packetsReceived": 12}


@pytest.mark.parametrize("silence", [COMFORT, STILL])
def test_silence_of_a_sender_does_not_lower_the_listeners_mos(silence: Members) -> None:
    report = _received_audio([TALK] * 3 + [silence] * 6 + [TALK] * 3)
    assert set(_mos(report, "audio_consumer")) <= {4.32, None}
    alone = _received_audio([TALK] * 6).verdict.cumulative["audio_consumer"].mos_estimated
    block = report.verdict.cumulative["audio_consumer"].mos_estimated
    assert block == alone and block.p10 == 4.32
    assert report.verdict.issues == []


def test_one_lost_packet_during_silence_is_no_loss_of_ten_percent() -> None:
    """Too few packets are not scored, so they are not counted as bad."""
    lossy = STILL | {"packetsReceived": 11, "packetsLost": 1}
    report = _received_audio([TALK] * 3 + [lossy] * 3 + [TALK] * 3)
    assert _mos(report, "audio_consumer") == [4.32] * 3 + [None] * 3 + [4.32] * 3


@pytest.mark.parametrize("target", [{}, {"targetBitrate": 32_000}])
def test_a_silent_sender_has_no_low_mos(target: Members) -> None:
    """Whether silence shrinks the packets or leaves most of them out."""
    talk = {"packetsSent": PACKETS, "bytesSent": 40_000, **target}
    for silence in ({"packetsSent": PACKETS, "bytesSent": 3_000},
                    {"packetsSent": 25, "bytesSent": 200}):  # fmt: skip
        steps = [talk] * 3 + [{**silence, **target}] * 6 + [talk] * 3
        report = _sent_audio(steps, [{"packetsLost": 0, "roundTripTime": 0.04}] * 12)
        assert _mos(report, "audio_producer") == [4.32] * 12


def test_an_early_loss_burst_does_not_lower_later_received_audio() -> None:
    gap = {"concealedSamples": SAMPLES // 3, "concealmentEvents": 3}
    burst = {**TALK, **_audio_members(lost=PACKETS // 3), **gap}
    clean = {**TALK, "concealmentEvents": 0}
    assert _mos(_received_audio([burst] * 2 + [clean] * 8), "audio_consumer")[2:] == [4.32] * 8
    plain = _mos(
        _received_audio([_audio_members(lost=200)] * 2 + [_audio_members()] * 8), "audio_consumer"
    )
    assert plain[0] is not None and plain[0] < 2
    assert plain[2:] == [4.32] * 8


def test_an_early_loss_burst_does_not_lower_later_sent_audio() -> None:
    talk = {"packetsSent": PACKETS, "bytesSent": 40_000}
    far = [{"packetsLost": 200}] * 2 + [{"packetsLost": 0}] * 8
    found = _mos(_sent_audio([talk] * 10, far), "audio_producer")
    assert found[0] is not None and found[0] < 2
    assert found[2:] == [4.32] * 8


def test_an_early_freeze_does_not_lower_later_video() -> None:
    frozen = _video_members(lost=300, totalFreezesDuration=5.0, freezeCount=4)
    calm = _video_members(totalFreezesDuration=0.0, freezeCount=0)
    bad = _rows(_received_video([frozen] * 2 + [calm] * 8), "video_consumer")
    never = _rows(_received_video([calm] * 10), "video_consumer")
    assert bad[0]["mos"] < 1.2 < never[0]["mos"]
    for row, same in zip(bad[2:], never[2:], strict=True):
        assert row == same


def _sent_audio_at(rtts_s: Sequence[float], percent: int = 0) -> list[float | None]:
    steps = [{"packetsSent": 1_000, "bytesSent": 80_000}] * len(rtts_s)
    far = [{"packetsLost": 10 * percent, "roundTripTime": rtt_s} for rtt_s in rtts_s]
    return _mos(_sent_audio(steps, far), "audio_producer")


def test_the_mos_never_rises_with_delay() -> None:
    """The first row of each block crosses 150 ms of delay, the second extends to 1 s."""
    for percent in (0, 10):
        edge = _sent_audio_at([2 * (ms - 26.5) / 1000 for ms in (149, 150, 151, 152)], percent)
        long = _sent_audio_at([0.05, 0.149, 0.151, 0.2, 0.3, 0.5, 1.0, 2.0], percent)
        for found in (edge, long):
            known = [mos for mos in found if mos is not None]
            assert len(known) == len(found)
            assert known == sorted(known, reverse=True)
    assert (_sent_audio_at([1.0])[0] or 5) < 3.2 < (_sent_audio_at([0.149])[0] or 0)


def test_the_mos_never_rises_with_loss() -> None:
    percents = (0, 1, 2, 3, 5, 8, 10, 15, 20, 30, 50, 80)
    voices = _mos(
        _received_audio([_audio_members(lost=5 * percent) for percent in percents]),
        "audio_consumer",
    )
    pictures = _mos(
        _received_video([_video_members(lost=10 * percent) for percent in percents]),
        "video_consumer",
    )
    for found in (voices, pictures):
        known = [mos for mos in found if mos is not None]
        assert len(known) == len(percents)
        assert known == sorted(known, reverse=True)
        assert known[0] - known[6] > 1


def test_smaller_video_at_the_same_bitrate_has_no_higher_mos_in_a_large_tile() -> None:
    sizes = ((1_280, 720), (640, 360), (320, 180))
    steps = [_video_members(frameWidth=width, frameHeight=height) for width, height in sizes]
    found = _mos(
        _received_video(steps, expected_width=1_280, expected_height=720), "video_consumer"
    )
    known = [mos for mos in found if mos is not None]
    assert len(known) == 3 and known == sorted(known, reverse=True) and known[0] > known[-1]


def test_bad_video_does_not_lower_the_audio_mos() -> None:
    """Audio and video of a connection are not pooled."""

    def report(lost: int) -> FoldResult:
        sound = StatsObject(
            type="inbound-rtp",
            id="A",
            fixed={"kind": "audio", "ssrc": 1},
            steps=[_audio_members()] * 4,
        )
        picture = StatsObject(
            type="inbound-rtp",
            id="V",
            fixed={"kind": "video", "ssrc": 2},
            steps=[_video_members(lost=lost)] * 4,
        )
        return _fold(sound, picture)

    good, bad = report(0), report(300)
    assert _rows(good, "audio_consumer") == _rows(bad, "audio_consumer")
    assert _mos(good, "video_consumer") != _mos(bad, "video_consumer")
