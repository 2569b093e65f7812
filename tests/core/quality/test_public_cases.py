"""What real browsers, libraries and servers produced or provoked, and what is right of it."""

from itertools import pairwise

import pytest

from tests.core.quality.public_cases import Played, collected, play, played_janus
from tests.sample_cases import case

NOTHING_SENT = {"no_audio_sent", "no_video_sent"}


def test_a_camera_carried_by_another_connection_is_not_missing() -> None:
    played = play("01")
    assert not NOTHING_SENT & {*played.issues}
    assert "bandwidth_limited" not in played.issues
    video = played.block("video_producer")
    assert video.no_video_fraction == 0
    assert video.mos_estimated.avg == pytest.approx(3.93, abs=0.06)


def test_a_stream_that_probes_is_in_no_score_and_no_fraction() -> None:
    video = play("02").block("video_consumer")
    assert video.no_video_fraction == 0
    assert video.mos_estimated.avg == pytest.approx(3.0, abs=0.1)
    assert (video.mos_estimated.p10 or 0) > 1


def test_a_layer_that_comes_and_goes_is_not_scored_as_the_video() -> None:
    played = play("03")
    assert "low_frame_rate" not in played.issues
    opinions = played.values("video_producer", "mos")
    assert len(opinions) == 12
    assert min(opinions) > 2


def test_simulcast_layers_without_mid_or_source_are_one_camera() -> None:
    played = play("04")
    sent = played.block("video_producer")
    assert len(played.rows("video_producer")) == 3
    assert sent.no_video_fraction == 0
    assert (sent.mos_estimated.p10 or 0) > 1


def test_a_mos_known_only_during_bad_intervals_is_no_mos_of_the_call() -> None:
    received = play("05").block("video_consumer")
    assert received.mos_estimated.avg is None
    assert received.mos_estimated.p10 is None
    assert received.scored_share == 0


def test_a_remote_report_without_loss_members_gives_rtt_only() -> None:
    played = play("06")
    sent = played.block("audio_producer")
    assert sent.packet_loss.avg is None
    assert sent.rtt is not None
    assert sent.rtt.avg_ms == pytest.approx(50, abs=1)
    assert not any("switched on" in sentence for sentence in played.sentences)


def test_a_wrapped_loss_count_is_no_loss() -> None:
    assert play("07").block("video_producer").packet_loss.avg == 0


def test_the_probe_of_mediasoup_is_no_video() -> None:
    played = play("08")
    received = played.block("video_consumer")
    assert received.mos_estimated.avg == 3.89
    assert received.no_video_fraction == 0
    assert played.issues == []


def test_padding_on_a_muted_track_is_not_scored() -> None:
    played = play("09")
    received = played.block("video_consumer")
    assert received.mos_estimated.avg == received.mos_estimated.p10 == 3.89
    assert received.no_video_fraction == 0
    assert played.issues == []


def test_an_rtt_of_zero_without_a_measurement_is_unknown() -> None:
    played = play("10")
    assert played.values("audio_producer", "rtt") == [None] * 5
    assert played.values("audio_consumer", "rtt") == [None] * 5
    rtt = played.block("audio_producer").rtt
    assert rtt is not None
    assert rtt.avg_ms is None
    pairs = played.verdict.metadata.candidate_pairs
    assert [pair.current_round_trip_time for pair in pairs.producing] == [None]


@pytest.mark.parametrize("family", ["audio_producer", "audio_consumer"])
def test_a_small_negative_loss_written_as_unsigned_is_no_loss(family: str) -> None:
    block = play("11").block(family)
    assert block.packet_loss.avg == 0
    assert block.packets_lost_percent == 0


def test_timestamps_in_microseconds_are_converted() -> None:
    played = play("12")
    assert played.verdict.completeness.unreadable_samples == 0
    assert played.values("audio_consumer", "bitrate_bps") == [32_000] * 5


def test_jitter_in_clock_rate_units_is_left_out() -> None:
    played = play("13")
    assert played.values("audio_consumer", "jitter") == [None] * 5
    assert played.issues == []
    # What is not wrong stays.
    assert played.values("audio_consumer", "packets_lost") == [2] * 5


def test_a_stream_with_media_type_has_a_kind() -> None:
    assert len(play("14").rows("audio_consumer")) == 5


def test_the_loss_of_a_simulcast_is_that_of_all_its_layers() -> None:
    played = played_janus(case("19")["events"])
    sent = played.block("video_producer")
    assert sent.packet_loss.avg == pytest.approx(16.1, abs=0.1)
    assert {"poor_network_uplink", "severe_network_uplink"} & {*played.issues}


def test_without_packet_counts_the_loss_is_unknown() -> None:
    played = play("22")
    assert played.values("audio_consumer", "bitrate_bps") == [32_000] * 5
    assert played.values("audio_consumer", "loss_percent") == [None] * 5
    assert played.values("audio_consumer", "packets_lost") == [None] * 5


def test_the_jitter_buffer_delay_is_that_of_the_interval() -> None:
    rows = play("23").rows("video_consumer")
    delays = [
        1000 * row["jitter_buffer_delay"] / row["jitter_buffer_emitted_count"] for row in rows
    ]
    assert delays == pytest.approx([30] * 8 + [400])
    buffer = play("23").block("video_consumer").jitter_buffer_delay
    assert buffer is not None
    assert buffer.avg_ms == pytest.approx((8 * 30 + 400) / 9)


def test_an_ice_restart_gives_no_negative_and_no_zero_rate() -> None:
    played = play("24")
    assert played.values("audio_consumer", "bitrate_bps") == [32_000] * 9
    assert played.issues.count("transport_path_changed") == 1


def test_timestamps_since_boot_give_interval_durations() -> None:
    played = play("25")
    assert played.values("audio_consumer", "bitrate_bps") == [32_000] * 5
    assert played.block("audio_consumer").packet_loss.avg == pytest.approx(2)
    assert played.issues == []


def _audio(rtt_s: float, loss: float) -> Played:
    """Half a minute of sent and received audio with this RTT and loss."""
    reports = []
    for step in range(6):
        packets = 350 * step
        lost = round(packets * loss)
        clock = {"timestamp": 7_000 * step, "kind": "audio"}
        reports.append(
            (
                7_000 * step,
                {
                    "pc1": [
                        {"id": "O", "type": "outbound-rtp", "ssrc": 5, **clock,
                         "packetsSent": packets, "bytesSent": 80 * packets, "remoteId": "R"},
                        {"id": "R", "type": "remote-inbound-rtp", "ssrc": 5, "localId": "O",
                         **clock, "packetsLost": lost, "jitter": 0.003, "roundTripTime": rtt_s,
                         "fractionLost": loss},
                        {"id": "I", "type": "inbound-rtp", "ssrc": 6, **clock, "jitter": 0.003,
                         "packetsReceived": packets - lost, "packetsLost": lost,
                         "bytesReceived": 80 * (packets - lost)},
                        {"id": "P", "type": "candidate-pair", **clock, "nominated": True,
                         "state": "succeeded", "currentRoundTripTime": rtt_s},
                    ]
                },
            )
        )  # fmt: skip
    return collected(reports)


@pytest.mark.parametrize("family", ["audio_producer", "audio_consumer"])
def test_the_mos_of_a_report_never_rises_with_delay_or_loss(family: str) -> None:
    grid = [(rtt_s, loss) for rtt_s, loss in case("26")["grid"]]
    opinions = {
        point: _audio(*point).block(family).mos_estimated.avg or 0 for point in sorted(grid)
    }
    assert all(1 <= mos <= 4.5 for mos in opinions.values())
    for one, other in pairwise(sorted(grid, key=lambda point: (point[1], point[0]))):
        if one[1] == other[1]:
            assert opinions[one] >= opinions[other]
    for one, other in pairwise(sorted(grid)):
        if one[0] == other[0]:
            assert opinions[one] >= opinions[other]
    assert opinions[0.05, 0] > 4.2 > 2.5 > opinions[5.0, 0]
