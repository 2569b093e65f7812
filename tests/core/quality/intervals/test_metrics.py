from typing import Any

import pytest

from aftercall.core.quality.interval_columns.interval import Interval
from aftercall.core.quality.intervals.deltas import read_intervals
from aftercall.core.quality.report.fold import fold
from aftercall.core.quality.stats.report_linker import PRODUCERS, Sample
from tests.core.quality.stats_samples import START, Object, inbound, outbound, sample
from tests.core.quality.synthetic_call import FINE, Call, PeerConditions, always, between

REPORTS = 7
"""Of the far end in an interval of seven seconds."""


def far_end(n: int, **members: Any) -> Object:
    """The remote report in the `n`th report."""
    stamp = START + 7000 * n
    return {"id": "R", "type": "remote-inbound-rtp", "ssrc": 8, "timestamp": stamp} | members


def camera(n: int, sent: int, lost: int, stated: float, **members: Any) -> Sample:
    """A camera in the `n`th sample, with one remote report a second."""
    reported = far_end(
        n,
        packetsLost=lost,
        fractionLost=stated,
        totalRoundTripTime=0.35 * n,
        roundTripTimeMeasurements=REPORTS * n,
    )
    return sample(7 * n, outbound("video", packetsSent=sent, **members), reported)


def cameras(*steps: tuple[int, int, float]) -> list[Interval]:
    return read_intervals(camera(n, *step) for n, step in enumerate(steps))


def test_padding_packets_are_not_expected_packets() -> None:
    # A thousand packets an interval, two in three of them padding; 5 % of the rest are lost.
    intervals = cameras((0, 0, 0.0), (3000, 50, 0.05), (6000, 100, 0.0625), (9000, 150, 0.05))
    assert [each.packets_expected for each in intervals] == [1000, 800, 1000]
    assert [each.loss_percent for each in intervals] == [5.0, 6.25, 5.0]


def test_a_loss_fraction_of_one_second_is_not_the_loss_of_the_interval() -> None:
    # Loss comes in bursts. Most reports follow a quiet second, one a burst.
    quiet = [(1000 * n, 20 * n, 0.0) for n in range(6)]
    intervals = cameras(*quiet, (6000, 120, 0.10))
    assert [each.loss_percent for each in intervals] == [2.0] * 6


def test_padding_in_one_interval_does_not_affect_another() -> None:
    intervals = cameras((0, 0, 0.0), (3000, 50, 0.05), (4000, 100, 0.05))
    assert [each.packets_expected for each in intervals] == [1000, 1000]


def test_the_video_mos_is_limited_by_the_encoders_target_bitrate() -> None:
    def mos(sent_bps: int, *targets_bps: int | None) -> float | None:
        picture = {"frameWidth": 640, "frameHeight": 360}
        samples = [
            camera(n, 1000 * n, 0, 0.0, **picture, bytesSent=n * sent_bps * 7 // 8,
                   framesEncoded=175 * n, **({} if target is None else {"targetBitrate": target}))
            for n, target in enumerate(targets_bps)
        ]  # fmt: skip
        (interval,) = read_intervals(samples)
        assert interval.bitrate_bps == sent_bps
        return interval.mos

    fair, high = mos(400_000, None, None), mos(1_600_000, None, None)
    assert fair is not None and high is not None and fair < high
    assert mos(1_600_000, 400_000, 400_000) == fair
    # A target bitrate that has just decreased does not apply to the whole interval.
    assert mos(1_600_000, 1_600_000, 400_000) == high
    # An encoder need not use its target up.
    assert mos(400_000, 1_600_000, 1_600_000) == fair
    assert mos(400_000, 0, 0) == fair


def test_retransmissions_count_since_the_last_remote_report() -> None:
    # Twenty of four hundred lost, ten sent again in each of two intervals; one report on both.
    steps = [(0, 0, 0, 0), (210, 10, 0, 0), (420, 20, 20, 2)]
    _, heard = read_intervals(
        sample(
            7 * n,
            outbound(packetsSent=sent, retransmittedPacketsSent=again),
            far_end(reported, packetsLost=lost),
        )
        for n, (sent, again, lost, reported) in enumerate(steps)
    )
    assert (heard.packets_lost, heard.packets_expected) == (20, 400)
    assert (heard.loss_percent, heard.residual_loss_percent) == (5.0, 0.0)


@pytest.mark.parametrize("is_timed", [True, False])
def test_an_unchanged_remote_report_is_no_new_report(is_timed: bool) -> None:
    """Clients whose remote report has no timestamp, or that of the getStats call."""

    def reported(n: int, lost: int, count: int) -> Object:
        report = far_end(n, packetsLost=lost, fractionLost=0.0, jitter=0.004, roundTripTime=0.04)
        report |= {"totalRoundTripTime": 0.04 * count, "roundTripTimeMeasurements": count}
        return report if is_timed else {**report, "timestamp": None}

    steps = [(0, 3), (0, 3), (35, 4), (35, 4), (35, 5)]
    intervals = read_intervals(
        sample(7 * n, outbound(packetsSent=350 * n), reported(n, lost, count))
        for n, (lost, count) in enumerate(steps)
    )
    assert [each.loss_percent for each in intervals] == [None, 5.0, None, 0.0]
    assert [each.packets_expected for each in intervals] == [None, 700, None, 700]
    assert [each.jitter_s for each in intervals] == [None, 0.004, None, 0.004]


def test_a_remote_report_with_a_later_timestamp_is_new() -> None:
    def reported(n: int) -> Object:
        report = far_end(n, packetsLost=0, totalRoundTripTime=0.1, roundTripTimeMeasurements=1)
        return {**report, "timestamp": START + 7000 * n - 400}

    steps = [sample(7 * n, outbound(packetsSent=350 * n), reported(n)) for n in range(3)]
    assert [each.loss_percent for each in read_intervals(steps)] == [0.0, 0.0]


def test_jitter_is_unknown_while_no_packets_arrive() -> None:
    counts: Object = {"packetsLost": 0, "concealmentEvents": 0}
    heard = [
        sample(7 * n, inbound(packetsReceived=came, jitter=jitter, **counts))
        for n, (came, jitter) in enumerate([(0, 0.0), (350, 0.06), (350, 0.06), (700, 0.01)])
    ]
    assert [each.jitter_s for each in read_intervals(heard)] == [0.06, None, 0.01]
    assert [each.score for each in read_intervals(heard)] == [0.7, None, 1.0]
    reported = [
        sample(7 * n, outbound(packetsSent=sent), far_end(n, packetsLost=0, jitter=jitter))
        for n, (sent, jitter) in enumerate([(0, 0.0), (350, 0.06), (350, 0.06), (700, 0.01)])
    ]
    assert [each.jitter_s for each in read_intervals(reported)] == [0.06, None, 0.01]
    assert [each.score for each in read_intervals(reported)] == [0.7, None, 1.0]


def test_jitter_measured_before_a_mute_is_no_network_issue() -> None:
    silent = between(120, 300, PeerConditions(sends_audio=False, jitter_s=0.06))
    call = Call({"ada": silent, "bob": always(FINE)}, minutes=8, has_video=False)
    call.event("ada", 120, "audio_off")
    call.event("ada", 300, "audio_on")
    bob = fold([call.facts("bob")], call.end_at)
    assert bob.verdict.issues == []
    assert not any(each.jittery for each in bob.activity.streams)
    ada = fold([call.facts("ada")], call.end_at)
    assert not any(each.jittery for each in ada.activity.streams if each.family in PRODUCERS)
