from random import Random

from hypothesis import given
from hypothesis import strategies as st

from aftercall.cli.simulation.media import (
    AUDIO_PACKETS_PER_S,
    CAMERA,
    MICROPHONE,
    SCREEN,
    Receiving,
    Sending,
    Source,
    lost_of,
)
from aftercall.cli.simulation.weather import Conditions

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


@given(st.integers(0, 5_000), shares, st.integers(0, 1_000))
def test_no_more_is_lost_than_was_sent(count: int, share: float, seed: int) -> None:
    assert 0 <= lost_of(count, share, Random(seed)) <= count


@given(
    st.sampled_from([MICROPHONE, CAMERA, SCREEN]),
    st.lists(st.tuples(conditions, conditions, st.booleans()), min_size=1, max_size=20),
)
def test_what_was_sent_is_what_each_listener_received_plus_what_it_lost(
    source: Source, story: list[tuple[Conditions, Conditions, bool]]
) -> None:
    sending = camera(source)
    listeners = [Receiving(sending, random=Random(n)) for n in range(3)]
    for sender, listener, is_muted in story:
        sending.is_muted = is_muted
        sending.pass_second(sender, level=0.2, share_bps=2_000_000)
        for receiving in listeners:
            receiving.pass_second(listener, sender)
    for receiving in listeners:
        got, lost = receiving.counted["packetsReceived"], receiving.counted["packetsLost"]
        assert got + lost == sending.counted["packetsSent"]
        assert lost >= sending.far_counted["packetsLost"]


@given(st.lists(st.tuples(conditions, conditions), min_size=2, max_size=20))
def test_counters_never_fall(story: list[tuple[Conditions, Conditions]]) -> None:
    gauges = {"jitter", "frameWidth", "frameHeight", "framesPerSecond", "targetBitrate"}
    sending = camera()
    receiving = Receiving(sending, random=Random(2))
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


def test_a_muted_microphone_sends_silence_and_a_dark_camera_nothing() -> None:
    microphone, dark = camera(MICROPHONE), camera()
    microphone.is_muted = dark.is_muted = True
    for sending in (microphone, dark):
        sending.pass_second(GOOD, level=0.3, share_bps=2_000_000)
    assert microphone.counted["packetsSent"] == AUDIO_PACKETS_PER_S
    assert microphone.source_counted["audioLevel"] == 0
    assert dark.counted["packetsSent"] == 0


def test_a_narrow_path_shrinks_the_picture_and_says_bandwidth() -> None:
    sending = camera()
    sending.pass_second(GOOD, level=0, share_bps=300_000)
    assert sending.counted["qualityLimitationReason"] == "bandwidth"
    assert sending.counted["frameWidth"] == 480


def test_a_slow_machine_encodes_fewer_frames_and_says_cpu() -> None:
    sending = camera()
    slow = Conditions(round_trip_ms=40, jitter_ms=2, encoder_fps=12)
    sending.pass_second(slow, level=0, share_bps=2_000_000)
    assert sending.counted["qualityLimitationReason"] == "cpu"
    assert sending.counted["framesPerSecond"] == 12
    assert sending.source_counted["framesPerSecond"] == 30


def test_heavy_loss_conceals_audio_and_freezes_video() -> None:
    bad = Conditions(round_trip_ms=300, jitter_ms=60, downlink_loss=0.15)
    heard, seen = camera(MICROPHONE), camera()
    ears, eyes = Receiving(heard, random=Random(1)), Receiving(seen, random=Random(1))
    for _ in range(60):
        heard.pass_second(GOOD, level=0.2, share_bps=0)
        seen.pass_second(GOOD, level=0, share_bps=2_000_000)
        ears.pass_second(bad, GOOD)
        eyes.pass_second(bad, GOOD)
    concealed = ears.counted["concealedSamples"] / ears.counted["totalSamplesReceived"]
    assert 0.10 < concealed < 0.20
    assert eyes.counted["freezeCount"] > 5
    assert eyes.counted["totalFreezesDuration"] > 1
