import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.instants import EpochMs
from aftercall.core.quality.interval_columns.interval import Interval
from aftercall.core.quality.report.cumulative import accumulate
from aftercall.core.quality.report.rollup import Histogram, Rollup, histogram
from aftercall.core.quality.stats.report_linker import Family
from tests.core.quality.interval_builder import roll_up_intervals

Vectors = Callable[[str], list[dict[str, Any]]]


def interval(family: Family = Family.VIDEO_PRODUCER, **members: Any) -> Interval:
    known: dict[str, Any] = {
        "key": ("pc", "send", 1),
        "family": family,
        "at": EpochMs(0),
        "dt_s": 7.0,
        "ssrc": 1,
        "mid": None,
        "producer_id": None,
        "consumer_id": None,
        "peer_id": None,
        "connection_id": "pc",
    }
    return Interval(**(known | members))


def test_percentiles_are_nearest_rank_as_numpys_inverted_cdf(vectors: Vectors) -> None:
    for row in vectors("percentiles_numpy"):
        whole = all(value == int(value) for value in row["values"])
        values = histogram(row["values"], 1 if whole else 100)
        assert values.n == row["n"]
        assert values.average == pytest.approx(row["mean"])
        for percent in (50, 75, 90):
            assert values.percentile(percent) == row[f"p{percent}"], row["name"]


def test_event_fractions_include_values_at_the_threshold() -> None:
    path = Path(__file__).parents[1] / "vectors" / "quality-vectors.json"
    sets = {each["id"]: each for each in json.loads(path.read_text())["sets"]}
    published = sets["percentiles_numpy"]["event_fractions"]
    block = accumulate(
        roll_up_intervals(
            Family.VIDEO_PRODUCER, [interval(loss_percent=float(p)) for p in published["loss_pct"]]
        )
    )
    assert block is not None
    loss = block.packet_loss
    assert loss.avg == pytest.approx(published["avg"], abs=1e-6)
    assert loss.at_least_5 == published["5_or_greater_event_fraction"]
    assert loss.at_least_10 == published["10_or_greater_event_fraction"]
    assert loss.at_least_25 == published["25_or_greater_event_fraction"]
    assert loss.at_least_50 == published["50_or_greater_event_fraction"]


def test_five_lost_packets_in_a_hundred_reach_five_percent_despite_rounding() -> None:
    for lost, expected in ((7, 140), (35, 700), (29, 580), (23, 460)):
        each = interval(
            packets_lost=lost, packets_expected=expected, loss_percent=100 * lost / expected
        )
        block = accumulate(roll_up_intervals(Family.VIDEO_PRODUCER, [each]))
        assert block is not None and block.packet_loss.at_least_5 == 1


def test_round_trips_are_given_in_milliseconds() -> None:
    """The one published sample: ten RTTs in seconds, and a cumulative value of 135.7009 ms."""
    rtts_s = [0, 0.01, 0.009, 0.02, 0.03, 0.042, 0.0501, 0.0456, 0.37, 0.780309]
    block = accumulate(
        roll_up_intervals(
            Family.AUDIO_PRODUCER, [interval(Family.AUDIO_PRODUCER, rtt_s=s) for s in rtts_s]
        )
    )
    assert block is not None and block.rtt is not None
    assert block.rtt.avg_ms == pytest.approx(135.7009)
    assert block.rtt.at_least_100_ms == 0.2
    assert block.rtt.at_least_250_ms == 0.2
    assert block.rtt.at_least_500_ms == 0.1
    assert block.jitter_buffer_delay is None


def test_a_third_of_a_second_is_over_250_ms_and_under_500() -> None:
    block = accumulate(roll_up_intervals(Family.VIDEO_PRODUCER, [interval(rtt_s=0.3)]))
    assert block is not None and block.rtt is not None
    assert (block.rtt.at_least_250_ms, block.rtt.at_least_500_ms) == (1, 0)


def test_video_fractions_count_slow_small_and_missing_frames() -> None:
    block = accumulate(
        roll_up_intervals(
            Family.VIDEO_PRODUCER,
            [
                interval(frames=70, key_frames=7, frame_width=239, fps=7.9, pli_count=7,
                         quality_limitation_reason="cpu"),
                interval(frames=0, key_frames=0, frame_width=240, fps=8.0, pli_count=6,
                         quality_limitation_reason="bandwidth"),
                interval(frames=70, key_frames=0, fps=30.4, frames_per_second=29.5,
                         quality_limitation_reason="none"),
                interval(frames=0, key_frames=0, frame_width=160, fps=1.0, pli_count=9,
                         is_muted=True, quality_limitation_reason="other"),
                interval(),
            ],
        )
    )  # fmt: skip
    assert block is not None
    assert block.no_video_fraction == pytest.approx(1 / 3)
    assert block.poor_resolution_fraction == 0.5
    assert block.lag_fraction == pytest.approx(1 / 3)
    assert block.quality_limitation_fraction == pytest.approx(2 / 3)
    assert block.cpu_quality_limitation_fraction == pytest.approx(1 / 3)
    assert block.bandwidth_quality_limitation_fraction == pytest.approx(1 / 3)
    assert block.high_negative_feedback_fraction == 0.5
    assert block.key_frames_fraction == 0.05
    assert block.frames_per_second is not None
    assert block.frames_per_second.p90 == 30


def test_screenshares_have_their_own_thresholds_for_small_and_slow() -> None:
    family = Family.SCREENSHARE_VIDEO_CONSUMER
    block = accumulate(
        roll_up_intervals(
            family,
            [
                interval(family, frame_width=719, fps=3.0),
                interval(family, frame_width=720, fps=2.9),
            ],
        )
    )
    assert block is not None
    assert (block.poor_resolution_fraction, block.lag_fraction) == (0.5, 0.5)


def test_unknown_measures_have_no_value() -> None:
    assert accumulate(roll_up_intervals(Family.AUDIO_CONSUMER, [])) is None
    block = accumulate(roll_up_intervals(Family.VIDEO_CONSUMER, [interval(Family.VIDEO_CONSUMER)]))
    assert block is not None
    assert block.packet_loss.avg is None and block.packet_loss.at_least_5 is None
    assert block.jitter_buffer_delay is not None and block.jitter_buffer_delay.avg_ms is None
    assert block.mos_estimated.p50 is None
    assert block.no_video_fraction is None and block.lag_fraction is None


def test_rollups_of_two_families_cannot_be_added() -> None:
    with pytest.raises(ValueError):
        Rollup(Family.AUDIO_CONSUMER) + Rollup(Family.VIDEO_CONSUMER)


_maybe_share = st.none() | st.floats(0, 1)
_intervals = st.lists(
    st.builds(
        interval,
        loss_percent=st.none() | st.floats(0, 100),
        rtt_s=st.none() | st.floats(0, 5),
        score=_maybe_share,
        mos=st.none() | st.integers(100, 500).map(lambda hundredths: hundredths / 100),
        fps=st.none() | st.floats(0, 120),
        frame_width=st.none() | st.integers(0, 4000),
        frames=st.none() | st.integers(0, 1000),
        key_frames=st.none() | st.integers(0, 10),
        pli_count=st.none() | st.integers(0, 20),
        packets_lost_signed=st.none() | st.integers(-50, 50),
        quality_limitation_reason=st.sampled_from([None, "none", "cpu", "bandwidth", "other"]),
        limited_cpu_s=st.none() | st.floats(0, 7),
        is_muted=st.sampled_from([None, True, False]),
    ),
    max_size=20,
)


@given(_intervals, st.integers(0, 20), st.integers(0, 20))
def test_rollups_of_any_split_add_up_to_the_whole(
    intervals: list[Interval], one: int, other: int
) -> None:
    first, second = sorted((one, other))
    family = Family.VIDEO_PRODUCER
    parts = [intervals[:first], intervals[first:second], intervals[second:]]
    a, b, c = (roll_up_intervals(family, part) for part in parts)
    assert a + (b + c) == (a + b) + c == c + a + b == roll_up_intervals(family, intervals)


@given(_intervals)
def test_fractions_are_between_zero_and_one_and_percentiles_ascend(
    intervals: list[Interval],
) -> None:
    block = accumulate(roll_up_intervals(Family.VIDEO_PRODUCER, intervals))
    if block is None:
        assert not intervals
        return
    loss, rtt = block.packet_loss, block.rtt
    assert rtt is not None and block.frames_per_second is not None and block.frame_width is not None
    if loss.at_least_5 is not None:
        assert loss.at_least_10 is not None
        assert loss.at_least_25 is not None and loss.at_least_50 is not None
        assert 1 >= loss.at_least_5 >= loss.at_least_10 >= loss.at_least_25 >= loss.at_least_50 >= 0
    if rtt.at_least_100_ms is not None:
        assert rtt.at_least_250_ms is not None and rtt.at_least_500_ms is not None
        assert 1 >= rtt.at_least_100_ms >= rtt.at_least_250_ms >= rtt.at_least_500_ms >= 0
    for each in (block.mos_estimated, block.quality_score, block.frames_per_second):
        if each.p10 is not None:
            assert each.p50 is not None and each.p75 is not None and each.p90 is not None
            assert each.p10 <= each.p50 <= each.p75 <= each.p90
    for fraction in (
        block.no_video_fraction,
        block.poor_resolution_fraction,
        block.lag_fraction,
        block.quality_limitation_fraction,
        block.cpu_quality_limitation_fraction,
        block.bandwidth_quality_limitation_fraction,
        block.high_negative_feedback_fraction,
    ):
        assert fraction is None or 0 <= fraction <= 1


@given(st.lists(st.integers(0, 5000), min_size=1), st.integers(1, 100))
def test_a_percentile_is_a_value_that_occurred(values: list[int], percent: int) -> None:
    found = histogram(values, 1).percentile(percent)
    assert found in values
    assert sum(value <= found for value in values) * 100 >= percent * len(values)


def test_an_empty_histogram_has_no_percentile() -> None:
    assert Histogram().percentile(50) is None
    assert Histogram().average is None


def test_sums_beyond_float_integers_are_exact() -> None:
    large = 2**53 - 1
    many = [interval(packets_lost=large, packets_expected=large) for _ in range(3)]
    rollup = roll_up_intervals(Family.VIDEO_PRODUCER, many)
    assert (rollup.packets_lost, rollup.packets_expected) == (3 * large, 3 * large)
