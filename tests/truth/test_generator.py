"""The generator is the ground truth, so its output is compared with its parameters."""

import numpy as np
import pytest

from tests.truth.encoding import Encoder, SentStream, picture, sound
from tests.truth.forwarding import closed
from tests.truth.media_sources import camera_frames, voices
from tests.truth.packet_flows import Flow, carry, start
from tests.truth.path_elements import (
    Bursts,
    Cut,
    Delay,
    Element,
    Floats,
    Link,
    Loss,
    Queue,
    Scatter,
    Stall,
)
from tests.truth.receiver import SAMPLES, count, freezes, listen, watch
from tests.truth.scene import Camera, Microphone, Person

LENGTH_S = 120.0


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def spoken(rng: np.random.Generator, *, dtx: bool = False) -> SentStream:
    ann = Person(name="ann", microphone=Microphone(has_dtx=dtx))
    voice = voices([ann], LENGTH_S, rng)["ann"]
    return sound(voice, owner="ann", ssrc=1, track="m", mid="0", dtx=dtx, rng=rng)


def filmed(rng: np.random.Generator) -> SentStream:
    frames = camera_frames(Camera(), LENGTH_S, rng)
    encoder = Encoder(most_bps=1_000_000)
    budget = np.full(int(LENGTH_S) + 2, 2e6)
    return picture(frames, budget, encoder, owner="ann", ssrc=2, track="c", mid="1", rng=rng)


def carried(stream: SentStream, rng: np.random.Generator, *elements: Element) -> Flow:
    flow = start(stream)
    carry([Link([Delay(0.03), *elements], rng)], [flow], 0.06)
    return flow


def ends() -> Floats:
    return np.array([LENGTH_S + 5])


@pytest.mark.parametrize("share", [0.05, 0.1, 0.3])
def test_generated_loss_is_counted_loss(rng: np.random.Generator, share: float) -> None:
    for lossy in (Loss(share), Bursts(share, 4)):
        flow = carried(spoken(rng), rng, lossy)
        counted = count(flow, ends())
        expected = counted.lost[0] + counted.received[0]
        assert counted.lost[0] / expected == pytest.approx(share, rel=0.35)
        assert expected == pytest.approx(len(flow.sent), abs=60)


def test_loss_bursts_have_their_mean_length(rng: np.random.Generator) -> None:
    at = np.arange(200_000) * 0.001
    is_lost = np.isnan(Bursts(0.1, 5).carry(at, at, rng))
    runs = np.flatnonzero(np.diff(is_lost.astype(int)) == 1)
    assert is_lost.mean() == pytest.approx(0.1, rel=0.1)
    assert is_lost.sum() / len(runs) == pytest.approx(5, rel=0.1)


def test_a_clean_path_conceals_and_freezes_nothing(rng: np.random.Generator) -> None:
    heard = listen(carried(spoken(rng), rng))
    assert heard.is_made_up.mean() < 0.002
    seen = watch(carried(filmed(rng), rng), 0.06, (), rng)
    assert len(seen.shown) == pytest.approx(30 * LENGTH_S, abs=2)
    assert seen.freeze_s.sum() == 0


def test_lost_audio_is_concealed(rng: np.random.Generator) -> None:
    flow = carried(spoken(rng), rng, Loss(0.1))
    heard = listen(flow)
    made_up = heard.is_made_up.sum() * SAMPLES
    assert made_up / (len(heard.due) * SAMPLES) == pytest.approx(0.1, rel=0.2)


def test_sequence_gaps_closed_by_a_server_are_concealed(rng: np.random.Generator) -> None:
    shut = closed(carried(spoken(rng), rng, Loss(0.1)))
    assert count(shut, ends()).lost[0] == 0
    heard = listen(shut)
    assert heard.is_made_up.mean() == pytest.approx(0.1, rel=0.2)
    assert heard.is_silent.sum() == 0


def test_discontinuous_transmission_is_concealed_as_silence(rng: np.random.Generator) -> None:
    heard = listen(carried(spoken(rng, dtx=True), rng))
    assert heard.is_made_up.mean() > 0.1
    assert (heard.is_made_up & ~heard.is_silent).mean() < 0.002


def test_lost_video_is_requested_again(rng: np.random.Generator) -> None:
    flow = carried(filmed(rng), rng, Loss(0.1))
    counted = count(flow, ends())
    assert counted.repaired[0] == pytest.approx(counted.lost[0], rel=0.05)
    assert len(flow.resent_at) >= counted.repaired[0]
    assert counted.lost[0] / len(flow.sent) == pytest.approx(0.1, rel=0.2)


def test_a_freeze_is_a_gap_of_three_mean_gaps_and_150_ms() -> None:
    shown = np.concatenate([np.arange(60) / 30, 59 / 30 + 0.18 + np.arange(60) / 30])
    assert len(freezes(shown)[0]) == 0
    shown = np.concatenate([np.arange(60) / 30, 59 / 30 + 0.5 + np.arange(60) / 30])
    at, lengths = freezes(shown)
    assert at == pytest.approx([59 / 30 + 0.5])
    assert lengths == pytest.approx([0.5])


def test_a_stall_causes_concealment_and_freezes_without_loss(rng: np.random.Generator) -> None:
    stall = Stall(5.0, 0.8)
    sound_flow, picture_flow = carried(spoken(rng), rng, stall), carried(filmed(rng), rng, stall)
    assert count(sound_flow, ends()).lost[0] == 0
    assert listen(sound_flow).waits.mean() > 0.2
    assert watch(picture_flow, 0.06, (), rng).freeze_s.sum() > 1


def test_a_bottleneck_limits_the_rate(rng: np.random.Generator) -> None:
    flow = carried(filmed(rng), rng, Queue(300_000, 0.2))
    come = flow.sizes[~np.isnan(flow.arrived)].sum() * 8 / LENGTH_S
    assert come == pytest.approx(300_000, rel=0.05)
    assert np.nanmax(flow.arrived - flow.sent) < 0.4


def test_delay_variation_gives_the_jitter_of_rfc_3550(rng: np.random.Generator) -> None:
    flow = carried(spoken(rng), rng, Scatter(0.1))
    at = np.arange(10.0, LENGTH_S, 7.0)
    assert 0.05 < float(np.median(count(flow, at).jitter)) < 0.15


def test_a_cut_passes_no_packets(rng: np.random.Generator) -> None:
    flow = carried(filmed(rng), rng, Cut(((40.0, 60.0),)))
    received = count(flow, np.array([40.1, 60.0])).received
    assert received[0] == received[1]
    seen = watch(flow, 0.06, (), rng)
    assert seen.freeze_s.max() == pytest.approx(20, abs=1)


def test_a_seed_always_gives_the_same_call() -> None:
    one, other = (spoken(np.random.default_rng(3)) for _ in range(2))
    assert (one.at == other.at).all()
