from collections.abc import Callable
from typing import Any

import pytest

from aftercall.core.quality.interval_columns.interval import Interval
from aftercall.core.quality.intervals.deltas import IntervalReader, read_intervals
from aftercall.core.quality.stats.report_linker import Family, Sample
from tests.core.quality.stats_samples import START, Object, inbound, outbound, sample

Vectors = Callable[[str], list[dict[str, Any]]]


def remote(**members: Any) -> Object:
    return {"id": "R", "type": "remote-inbound-rtp", "ssrc": 8, "localId": "Oaudio"} | members


def without_stamp(counters: Object) -> Object:
    return {name: value for name, value in counters.items() if name != "timestamp"}


def only(samples: list[Sample]) -> Interval:
    (interval,) = read_intervals(samples)
    return interval


def test_loss_and_rates_agree_with_a_published_implementation(vectors: Vectors) -> None:
    rows = vectors("delta_loss_peermetrics")
    assert len(rows) == 12
    for row in rows:
        stamp_s = (row["cur"]["timestamp"] - START) / 1000
        reader = IntervalReader()
        length_s = 5.0
        if row["prev"] is not None:
            prev_s = (row["prev"]["timestamp"] - START) / 1000
            length_s = stamp_s - prev_s if stamp_s > prev_s else length_s
            reader.take(sample(0, inbound(**without_stamp(row["prev"])), clock_s=prev_s))
        reader.take(sample(length_s, inbound(**without_stamp(row["cur"])), clock_s=stamp_s))
        interval = next(iter(reader.read().intervals), None)
        if interval is None:
            assert row["loss_fraction"] is None and row["bitrate_bps"] is None, row["name"]
            continue
        loss = interval.loss_percent
        expected = row["loss_fraction"]
        assert (None if loss is None else loss / 100) == (
            expected if expected is None else pytest.approx(expected, abs=1e-12)
        ), row["name"]
        assert interval.bitrate_bps == pytest.approx(row["bitrate_bps"], abs=1e-9)
        assert interval.packets_received is not None
        rate = interval.packets_received / interval.dt_s
        assert rate == pytest.approx(row["packet_rate_pps"], abs=1e-12)


def test_late_packets_make_no_loss_and_totals_still_add_up() -> None:
    intervals = read_intervals(
        [
            sample(at_s, inbound(packetsReceived=received, packetsLost=lost))
            for at_s, received, lost in ((0, 0, 0), (7, 340, 10), (14, 697, 3), (21, 1047, -1))
        ]
    )
    assert [each.packets_lost for each in intervals] == [10, 0, 0]
    assert [each.packets_lost_signed for each in intervals] == [10, -7, -4]
    assert intervals[1].loss_percent == 0


def test_repeated_and_older_reports_are_dropped_and_counted() -> None:
    reader = IntervalReader()
    for at_s, clock_s, received in ((0, 0, 0), (7, 7, 350), (7, 7, 350), (8, 7, 350)):
        reader.take(sample(at_s, inbound(packetsReceived=received), clock_s=clock_s))
    reading = reader.read()
    assert [each.packets_received for each in reading.intervals] == [350]
    assert reading.duplicates == 2


def test_a_gap_has_counts_but_no_rates_and_no_scores() -> None:
    interval = only(
        [
            sample(0, inbound("video", packetsReceived=0, packetsLost=0, bytesReceived=0,
                              framesDecoded=0, frameWidth=640, frameHeight=360)),
            sample(61, inbound("video", packetsReceived=900, packetsLost=100, bytesReceived=9_000,
                               framesDecoded=1200, frameWidth=640, frameHeight=360)),
        ]
    )  # fmt: skip
    assert interval.is_gap
    assert interval.loss_percent == 10
    assert interval.frames == 1200
    assert (interval.bitrate_bps, interval.fps, interval.score, interval.mos) == (None,) * 4


@pytest.mark.parametrize("clock_s", [3607, -3593])
def test_a_step_of_the_browsers_clock_is_flagged_and_its_duration_not_used(clock_s: float) -> None:
    interval = only(
        [
            sample(0, inbound(packetsReceived=0, bytesReceived=0)),
            sample(7, inbound(packetsReceived=350, bytesReceived=7000), clock_s=clock_s),
        ]
    )
    assert interval.is_clock_step
    assert interval.dt_s == 7
    assert interval.bitrate_bps == 8000


def test_small_differences_between_clocks_are_no_step() -> None:
    interval = only(
        [sample(0, inbound(packetsReceived=0)), sample(10, inbound(packetsReceived=1), clock_s=7)]
    )
    assert not interval.is_clock_step
    assert interval.dt_s == 7


def test_a_senders_loss_is_known_only_after_a_new_remote_report() -> None:
    def step(at_s: float, sent: int, lost: int, reported_s: float) -> Sample:
        report = remote(packetsLost=lost, timestamp=START + reported_s * 1000, jitter=0.01)
        return sample(at_s, outbound(packetsSent=sent, retransmittedPacketsSent=0), report)

    intervals = read_intervals([step(0, 0, 0, 0), step(2, 100, 0, 0), step(4, 200, 20, 3.5)])
    assert (intervals[0].loss_percent, intervals[0].packets_lost) == (None, None)
    assert intervals[0].jitter_s is None
    # Twenty of the two hundred that were sent since the report before, not of the last hundred.
    assert intervals[1].loss_percent == 10
    assert intervals[1].packets_expected == 200


def test_the_first_remote_report_gives_its_fraction_lost() -> None:
    interval = only(
        [
            sample(0, outbound(packetsSent=0)),
            sample(7, outbound(packetsSent=350), remote(fractionLost=0.05, packetsLost=9)),
        ]
    )
    assert interval.loss_percent == 5
    assert interval.packets_lost is None


def test_retransmissions_are_not_counted_as_packets() -> None:
    sent = only(
        [
            sample(0, outbound(packetsSent=0, retransmittedPacketsSent=0), remote(packetsLost=0)),
            sample(
                7, outbound(packetsSent=220, retransmittedPacketsSent=20), remote(packetsLost=20)
            ),
        ]
    )
    assert sent.packets_expected == 200
    assert (sent.loss_percent, sent.residual_loss_percent) == (10, 0)
    received = only(
        [
            sample(0, inbound(packetsReceived=0, retransmittedPacketsReceived=0, packetsLost=0)),
            sample(7, inbound(packetsReceived=95, retransmittedPacketsReceived=5, packetsLost=10)),
        ]
    )
    assert received.packets_expected == 100
    assert (received.loss_percent, received.residual_loss_percent) == (10, 5)


def test_rtt_comes_from_the_totals_then_the_remote_report_then_the_pair() -> None:
    pair = {"id": "P", "type": "candidate-pair", "nominated": True, "state": "succeeded",
            "currentRoundTripTime": 0.3}  # fmt: skip

    def rtt(*reports: list[Object]) -> float | None:
        return only(
            [sample(7 * n, outbound(packetsSent=n), *each) for n, each in enumerate(reports)]
        ).rtt_s

    before = remote(totalRoundTripTime=1.0, roundTripTimeMeasurements=10)
    totals = remote(totalRoundTripTime=1.5, roundTripTimeMeasurements=15, roundTripTime=0.2)
    assert rtt([before, pair], [totals, pair]) == pytest.approx(0.1)
    assert rtt([remote(), pair], [remote(roundTripTime=0.2), pair]) == 0.2
    assert rtt([pair], [pair]) == 0.3
    assert rtt([], []) is None


def test_a_receiver_without_a_pair_uses_the_rtt_of_its_sent_streams() -> None:
    samples = [
        sample(
            7 * n,
            inbound(packetsReceived=n),
            outbound(packetsSent=n),
            remote(roundTripTime=0.1 * n, timestamp=START + 7000 * n),
        )
        for n in range(3)
    ]
    received = [each for each in read_intervals(samples) if each.family is Family.AUDIO_CONSUMER]
    assert [each.rtt_s for each in received] == [0.1, 0.2]
    alone = only([sample(0, inbound(packetsReceived=0)), sample(7, inbound(packetsReceived=1))])
    assert alone.rtt_s is None and alone.is_listening_only


def test_concealment_excludes_silent_concealed_samples() -> None:
    interval = only(
        [
            sample(0, inbound(packetsReceived=0, packetsLost=0, totalSamplesReceived=0,
                              concealedSamples=0, silentConcealedSamples=0, concealmentEvents=0)),
            sample(7, inbound(packetsReceived=350, packetsLost=0, totalSamplesReceived=336_000,
                              concealedSamples=20_000, silentConcealedSamples=3_200,
                              concealmentEvents=5)),
        ]
    )  # fmt: skip
    assert interval.concealment_percent == 5
    # 16 800 samples are 17.5 packets of 20 ms in 5 bursts; times the 95 % that arrived.
    assert interval.burst_ratio == pytest.approx(17.5 / 5 * 0.95)
    assert interval.mos is not None and interval.mos < 4


def test_g722_has_twice_as_many_samples_as_its_clock_rate() -> None:
    codec = {"id": "C", "type": "codec", "mimeType": "audio/G722", "clockRate": 8000}
    rest: Object = {"codecId": "C", "packetsLost": 0, "silentConcealedSamples": 0}
    nothing: Object = {"packetsReceived": 0, "totalSamplesReceived": 0, "concealedSamples": 0,
                       "concealmentEvents": 0}  # fmt: skip

    def heard(**members: int) -> Interval:
        return only(
            [
                sample(0, codec, inbound(**rest, **nothing)),
                sample(7, codec, inbound(**rest, **nothing | members)),
            ]
        )

    # 6400 of 112 000 samples, 0.4 s, are 20 packets of 20 ms in 5 bursts.
    interval = heard(packetsReceived=350, totalSamplesReceived=112_000, concealedSamples=6_400,
                     concealmentEvents=5)  # fmt: skip
    assert interval.burst_ratio == pytest.approx(20 / 5 * (1 - 6_400 / 112_000))
    assert heard(packetsReceived=350, totalSamplesReceived=7_900).mos is None
    assert heard(packetsReceived=350, totalSamplesReceived=8_100).mos is not None


def test_too_little_audio_is_not_scored() -> None:
    few: Object = {"packetsReceived": 19, "packetsLost": 0}
    quiet = only([sample(0, inbound(packetsReceived=0, packetsLost=0)), sample(7, inbound(**few))])
    assert quiet.loss_percent == 0 and quiet.mos is None
    # Packets arrive but are not played: no audio sample was taken, so none was concealed.
    unplayed: Object = {"totalSamplesReceived": 0, "concealedSamples": 0, "packetsDiscarded": 0}
    interval = only(
        [
            sample(0, inbound(packetsReceived=0, packetsLost=0, **unplayed)),
            sample(7, inbound(packetsReceived=350, packetsLost=0, **unplayed)),
        ]
    )
    assert interval.mos is None


@pytest.mark.parametrize("state", [{"muted": True}, {"active": False}])
def test_a_muted_or_inactive_stream_is_not_scored(state: dict[str, bool]) -> None:
    muted = state.get("muted", False)
    active: Object = {"active": state["active"]} if "active" in state else {}
    tags = [{"direction": "send", "ssrc": 8, "muted": muted}]
    samples = [
        sample(
            7 * n,
            outbound(packetsSent=350 * n, **active),
            remote(packetsLost=0, timestamp=START + 7000 * n),
            tags=tags,
        )
        for n in range(2)
    ]
    interval = only(samples)
    assert interval.loss_percent == 0
    assert interval.score is None and interval.mos is None


@pytest.mark.parametrize("switch", ["muted", "active"])
def test_an_interval_that_is_partly_muted_or_inactive_is_not_scored(switch: str) -> None:
    def step(n: int, *, is_on: bool, frames: int) -> Sample:
        tag = {"direction": "send", "ssrc": 8} | ({"muted": not is_on} if switch == "muted" else {})
        active: Object = {"active": is_on} if switch == "active" else {}
        size = {"frameWidth": 1280, "frameHeight": 720, "bytesSent": 4000 * frames}
        return sample(7 * n, outbound("video", framesEncoded=frames, **size, **active), tags=[tag])

    # Two seconds of video, then all of it, then three seconds.
    switches = [(False, 0), (True, 60), (True, 270), (False, 360), (False, 360)]
    steps = [step(n, is_on=is_on, frames=frames) for n, (is_on, frames) in enumerate(switches)]
    intervals = read_intervals(steps)
    assert [each.frames for each in intervals] == [60, 210, 90, 0]
    assert [each.mos is not None for each in intervals] == [False, True, False, False]
    assert [each.score is not None for each in intervals] == [False, True, False, False]


def test_a_client_score_is_used_unchanged() -> None:
    tags = [{"direction": "receive", "ssrc": 7, "score": 0.25}]
    samples = [
        sample(7 * n, inbound(packetsReceived=350 * n, packetsLost=0), tags=tags) for n in range(2)
    ]
    assert only(samples).score == 0.25


def test_a_still_screenshare_is_not_scored_as_frozen() -> None:
    def interval(source: str, **members: Any) -> Interval:
        tags = [{"direction": "receive", "ssrc": 7, "source": source}]
        size = {"frameWidth": 1280, "frameHeight": 720, "bytesReceived": 0, "framesDecoded": 9}
        return only(
            [
                sample(0, inbound("video", **size, totalFreezesDuration=0), tags=tags),
                sample(7, inbound("video", **size | members), tags=tags),
            ]
        )

    camera, screen = interval("camera"), interval("screen")
    assert (camera.family, camera.mos) == (Family.VIDEO_CONSUMER, 1.0)
    assert (screen.family, screen.mos) == (Family.SCREENSHARE_VIDEO_CONSUMER, None)
    assert interval("screen", totalFreezesDuration=2.0).mos is None


@pytest.mark.parametrize(
    ("frames", "is_scored"), [(1, False), (13, False), (14, True), (200, True)]
)
def test_a_screenshare_is_scored_from_two_frames_per_second(frames: int, is_scored: bool) -> None:
    tags = [{"direction": "receive", "ssrc": 7, "source": "screen"}]
    size = {"frameWidth": 1280, "frameHeight": 720}

    def report(at: float, count: int) -> Sample:
        counts = {"framesDecoded": count, "bytesReceived": 9_000 * count, "packetsReceived": count}
        return sample(at, inbound("video", **size, **counts), tags=tags)

    found = only([report(0, 0), report(7, frames)])
    assert ((found.mos is not None), (found.score is not None)) == (is_scored, is_scored)


def test_freezes_do_not_lower_the_score_of_a_screenshare() -> None:
    tags = [{"direction": "receive", "ssrc": 7, "source": "screen"}]
    size = {"frameWidth": 1280, "frameHeight": 720}

    def mos(frozen_s: float) -> float | None:
        first = inbound("video", **size, framesDecoded=0, bytesReceived=0, totalFreezesDuration=0)
        last = inbound(
            "video",
            **size,
            framesDecoded=70,
            bytesReceived=700_000,
            totalFreezesDuration=frozen_s,
        )
        return only([sample(0, first, tags=tags), sample(7, last, tags=tags)]).mos

    assert mos(4.0) == mos(0.0)


def test_a_screenshare_on_the_cameras_stream_begins_a_new_baseline() -> None:
    def step(n: int, source: str) -> Sample:
        tags = [{"direction": "send", "ssrc": 8, "source": source}]
        return sample(7 * n, outbound("video", packetsSent=100 * n), tags=tags)

    sources = ["camera", "camera", "screen", "screen"]
    intervals = read_intervals([step(n, source) for n, source in enumerate(sources)])
    assert [each.family for each in intervals] == [
        Family.VIDEO_PRODUCER,
        Family.SCREENSHARE_VIDEO_PRODUCER,
    ]


def test_a_simulcast_is_scored_by_its_largest_active_layer() -> None:
    def layer(n: int, rid: str, width: int, frames: int) -> Object:
        return outbound("video", id=f"O{rid}", rid=rid, ssrc=ord(rid), mediaSourceId="SV",
                        frameWidth=width, frameHeight=width // 2, framesEncoded=frames * n,
                        packetsSent=100 * n)  # fmt: skip

    samples = [
        sample(7 * n, layer(n, "q", 320, 140), layer(n, "h", 640, 210), layer(n, "f", 1280, 0))
        for n in range(3)
    ]
    intervals = read_intervals(samples)
    assert [(each.frame_width, each.frames) for each in intervals] == [(640, 210)] * 2


def test_members_missing_in_a_browser_are_none_and_not_zero() -> None:
    """The shape of a Safari report: no sizes, no rates, no freezes, no loss of the far end."""
    sent, received = read_intervals(
        [
            sample(
                7 * n,
                outbound("video", packetsSent=100 * n, bytesSent=9000 * n, framesEncoded=200 * n),
                inbound("video", packetsReceived=100 * n, bytesReceived=9000 * n),
                {"id": "R", "type": "remote-inbound-rtp", "ssrc": 8, "roundTripTime": 0.1,
                 "timestamp": START + 7000 * n},
            )
            for n in range(2)
        ]
    )  # fmt: skip
    for interval in (sent, received):
        assert interval.loss_percent is None
        assert interval.frame_width is None and interval.mos is None
        assert interval.freeze_s is None and interval.jitter_s is None
        assert interval.bitrate_bps == pytest.approx(9000 * 8 / 7)
    assert sent.fps == pytest.approx(200 / 7) and sent.score == 1.0
    assert received.fps is None and received.score is None
