from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.simulator.network_conditions import OUTAGE_S, Conditions, Kind, Weather, draw

STAY_S = 600


@given(st.sampled_from(Kind), st.integers(0, 10_000), st.floats(30, 36_000))
def test_conditions_of_every_kind_stay_in_their_ranges(
    kind: Kind, seed: int, stay_s: float
) -> None:
    weather = Weather(kind, stay_s=stay_s, random=Random(seed))
    for elapsed in range(0, int(stay_s), max(1, int(stay_s) // 50)):
        now = weather.at(elapsed)
        assert 0 <= now.uplink_loss <= 1
        assert 0 <= now.downlink_loss <= 1
        assert now.round_trip_ms > 0
        assert now.jitter_ms > 0
        assert now.encoder_fps >= 1
        assert now.uplink_bps > 100_000


@pytest.mark.parametrize(
    ("kind", "is_bad"),
    [
        (Kind.LOSSY_UPLINK, lambda c: c.uplink_loss >= 0.05),
        (Kind.CONGESTED_DOWNLINK, lambda c: c.downlink_loss >= 0.05),
        (Kind.SLOW_CPU, lambda c: c.encoder_fps < 20),
        (Kind.TURN_TCP, lambda c: c.round_trip_ms >= 300),
        (Kind.RECONNECTING, lambda c: c.is_offline),
    ],
)
def test_each_kind_impairs_its_own_metric_only_during_its_episodes(
    kind: Kind, is_bad: Callable[[Conditions], bool]
) -> None:
    weather = Weather(kind, stay_s=STAY_S, random=Random(7))
    for elapsed in range(STAY_S):
        in_spell = any(s.start_s <= elapsed < s.end_s for s in weather.spells)
        assert is_bad(weather.at(elapsed)) == in_spell


def test_a_congested_downlink_does_not_affect_the_uplink() -> None:
    weather = Weather(Kind.CONGESTED_DOWNLINK, stay_s=STAY_S, random=Random(7))
    seconds = [weather.at(elapsed) for elapsed in range(STAY_S)]
    assert max(now.jitter_ms for now in seconds) >= 50
    assert max(now.sent_jitter_ms for now in seconds) < 10


def test_good_conditions_have_no_episodes() -> None:
    assert Weather(Kind.GOOD, stay_s=STAY_S, random=Random(1)).spells == ()


def test_a_reconnecting_peer_has_one_outage_of_known_duration() -> None:
    (outage,) = Weather(Kind.RECONNECTING, stay_s=STAY_S, random=Random(3)).spells
    assert outage.end_s - outage.start_s == OUTAGE_S


def test_only_a_path_through_turn_over_tcp_is_relayed() -> None:
    relayed = {k for k in Kind if Weather(k, stay_s=60, random=Random(1)).is_relayed}
    assert relayed == {Kind.TURN_TCP}


def test_a_seed_always_draws_the_same_kinds() -> None:
    first, second = Random(5), Random(5)
    assert [draw(first) for _ in range(50)] == [draw(second) for _ in range(50)]


def test_every_kind_is_drawn_by_some_seed() -> None:
    random = Random(11)
    assert {draw(random) for _ in range(500)} == set(Kind)
