from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.quality.intervals.deltas import read_intervals
from aftercall.simulator.media import (
    AUDIO_PACKETS_PER_S,
    CAMERA,
    MICROPHONE,
    SCREEN,
    Receiving,
    Sending,
    Source,
    lost_of,
)
from aftercall.simulator.network_conditions import Conditions
from tests.core.quality.stats_samples import inbound, sample

shares = st.floats(0, 1)
conditions = st.builds(
    Conditions,
    round_trip_ms=st.floats(1, 900),
    jitter_ms=st.floats(0.1, 200),
    uplink_loss=shares,
    downlink_loss=shares,
    encoder_fps=st.integers(1, 30),
    decoder_share=st.floats(0.1, 1),
    is_offline=st.booleans(),
)
GOOD = Conditions(round_trip_ms=40, jitter_ms=2)


def camera(source: Source = CAMERA) -> Sending:
    return Sending(source, ssrc=7, mid="0", random=Random(1))


def once(counted: dict[str, Any], name: str) -> int:
    """A counter of packets or bytes, less what was sent again."""
    again: int = counted.get(f"retransmitted{name[0].upper()}{name[1:]}", 0)
    return int(counted[name]) - again


@given(st.integers(0, 5_000), shares, st.integers(0, 1_000))
def test_losses_never_exceed_sent_packets(count: int, share: float, seed: int) -> None:
    assert 0 <= lost_of(count, share, Random(seed)) <= count


@given(
    st.sampled_from([MICROPHONE, CAMERA, SCREEN]),
    st.lists(st.tuples(conditions, conditions, st.booleans()), min_size=1, max_size=20),
)
def test_sent_packets_equal_received_plus_lost_at_each_listener(
    source: Source, story: list[tuple[Conditions, Conditions, bool]]
) -> None:
    sending = camera(source)
    listeners = [Receiving(sending, mid="0", random=Random(n)) for n in range(3)]
    for sender, listener, is_muted in story:
        sending.is_muted = is_muted
        sending.pass_second(sender, level=0.2, share_bps=2_000_000)
        for receiving in listeners:
            receiving.pass_second(listener, sender)
    for receiving in listeners:
        got, lost = once(receiving.counted, "packetsReceived"), receiving.counted["packetsLost"]
        assert got + lost == once(sending.counted, "packetsSent")
        assert lost >= sending.far_counted["packetsLost"]


def test_retransmissions_are_included_in_sent_and_received_counts() -> None:
    """W3C webrtc-stats: retransmissions are a subset of packets and bytes, on both sides."""
    lossy = Conditions(round_trip_ms=40, jitter_ms=2, uplink_loss=0.1)
    sending, clean = camera(), camera()
    eyes = Receiving(sending, mid="0", random=Random(3))
    for _ in range(60):
        sending.pass_second(lossy, level=0, share_bps=2_000_000)
        clean.pass_second(GOOD, level=0, share_bps=2_000_000)
        eyes.pass_second(GOOD, lossy)
    again, sent = sending.counted["retransmittedPacketsSent"], sending.counted["packetsSent"]
    assert again == sending.far_counted["packetsLost"] > 0
    # First transmissions are as many as without loss, plus a tenth of retransmissions.
    first = once(sending.counted, "packetsSent")
    assert abs(first / clean.counted["packetsSent"] - 1) < 0.02
    assert 0.08 < again / first < 0.12 and sent == first + again
    mean = once(sending.counted, "bytesSent") / first
    assert abs(sending.counted["retransmittedBytesSent"] / again / mean - 1) < 0.02
    repaired = eyes.counted["retransmittedPacketsReceived"]
    lost = eyes.counted["packetsLost"]
    assert 0.6 < repaired / lost <= 2 / 3
    assert eyes.counted["packetsReceived"] == first - lost + repaired
    assert once(eyes.counted, "bytesReceived") / (first - lost) > 0.98 * mean


def test_the_folded_loss_equals_the_simulated_one() -> None:
    lossy = Conditions(round_trip_ms=40, jitter_ms=2, downlink_loss=0.12)
    sending = camera()
    eyes = Receiving(sending, mid="0", random=Random(4))
    reports: list[tuple[int, dict[str, Any]]] = []
    sent_before = 0
    for second in range(61):
        sending.pass_second(GOOD, level=0, share_bps=2_000_000)
        eyes.pass_second(lossy, GOOD)
        if second % 60 == 0:
            reports.append((second, dict(eyes.counted)))
            sent_before = sent_before or sending.counted["packetsSent"]
    (interval,) = read_intervals(
        [sample(second, inbound("video", **counted)) for second, counted in reports]
    )
    lost = reports[1][1]["packetsLost"] - reports[0][1]["packetsLost"]
    assert interval.packets_lost == lost
    assert interval.packets_expected == sending.counted["packetsSent"] - sent_before
    assert interval.loss_percent is not None and abs(interval.loss_percent - 12) < 0.5


@given(st.lists(st.tuples(conditions, conditions), min_size=2, max_size=20))
def test_counters_never_decrease(story: list[tuple[Conditions, Conditions]]) -> None:
    gauges = {"jitter", "frameWidth", "frameHeight", "framesPerSecond", "targetBitrate"}
    sending = camera()
    receiving = Receiving(sending, mid="0", random=Random(2))
    before: dict[str, float] = {}
    for sender, listener in story:
        sending.pass_second(sender, level=0.2, share_bps=900_000)
        receiving.pass_second(listener, sender)
        now = {
            f"{side}.{name}": value
            for side, counted in (("s", sending.counted), ("r", receiving.counted))
            for name, value in counted.items()
            if name not in gauges and isinstance(value, int | float)
        }
        assert all(now[name] >= value for name, value in before.items())
        before = now


def test_a_muted_microphone_sends_silence_and_a_muted_camera_no_frames() -> None:
    microphone, dark = camera(MICROPHONE), camera()
    microphone.is_muted = dark.is_muted = True
    for sending in (microphone, dark):
        sending.pass_second(GOOD, level=0.3, share_bps=2_000_000)
    assert microphone.counted["packetsSent"] == AUDIO_PACKETS_PER_S
    assert microphone.source_counted["audioLevel"] == 0
    assert dark.counted["packetsSent"] == 0


def test_a_low_bandwidth_reduces_the_resolution_with_its_reason() -> None:
    sending = camera()
    sending.pass_second(GOOD, level=0, share_bps=300_000)
    assert sending.counted["qualityLimitationReason"] == "bandwidth"
    assert sending.counted["frameWidth"] == 480


def test_a_slow_cpu_reduces_the_frame_rate_with_its_reason() -> None:
    sending = camera()
    slow = Conditions(round_trip_ms=40, jitter_ms=2, encoder_fps=12)
    sending.pass_second(slow, level=0, share_bps=2_000_000)
    assert sending.counted["qualityLimitationReason"] == "cpu"
    assert sending.counted["framesPerSecond"] == 12
    assert sending.source_counted["framesPerSecond"] == 30


def test_heavy_loss_conceals_audio_and_freezes_video() -> None:
    bad = Conditions(round_trip_ms=300, jitter_ms=60, downlink_loss=0.15)
    heard, seen = camera(MICROPHONE), camera()
    ears, eyes = (
        Receiving(heard, mid="0", random=Random(1)),
        Receiving(seen, mid="0", random=Random(1)),
    )
    for _ in range(60):
        heard.pass_second(GOOD, level=0.2, share_bps=0)
        seen.pass_second(GOOD, level=0, share_bps=2_000_000)
        ears.pass_second(bad, GOOD)
        eyes.pass_second(bad, GOOD)
    concealed = ears.counted["concealedSamples"] / ears.counted["totalSamplesReceived"]
    assert 0.10 < concealed < 0.20
    assert eyes.counted["freezeCount"] > 5
    assert eyes.counted["totalFreezesDuration"] > 1
