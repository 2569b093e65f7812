"""The cumulative block: means that count each interval once, shares, and no figure of nothing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.quality.interval_columns.interval import Interval
from aftercall.core.quality.report.cumulative import Cumulative, accumulate
from aftercall.core.quality.stats.report_linker import AUDIO, PRODUCERS, Family
from tests.core.quality.interval_builder import interval, roll_up_intervals, stream_intervals


def block_of(family: Family, *members: dict[str, Any]) -> Cumulative:
    made = [interval(family, step, **each) for step, each in enumerate(members, 1)]
    block = accumulate(roll_up_intervals(family, made))
    assert block is not None
    return block


def test_a_family_without_intervals_has_no_block() -> None:
    assert accumulate(roll_up_intervals(Family.AUDIO_PRODUCER, [])) is None


@pytest.mark.parametrize("family", Family)
def test_a_metric_that_does_not_apply_to_a_family_is_none(family: Family) -> None:
    block = block_of(family, {"packets_received": 100, "packets_sent": 100})
    assert (block.rtt is not None) == (family in PRODUCERS)
    assert (block.jitter_buffer_delay is not None) == (family not in PRODUCERS)
    assert (block.frame_width is not None) == (family not in AUDIO)
    assert block.packet_loss.avg is None and block.packet_loss.at_least_5 is None


def test_means_weigh_intervals_equally_and_totals_weigh_packets() -> None:
    block = block_of(
        Family.AUDIO_CONSUMER,
        {"loss_percent": 10.0, "packets_lost": 10, "packets_expected": 100},
        {"loss_percent": 0.0, "packets_lost": 0, "packets_expected": 900},
    )
    assert block.packet_loss.avg == 5.0
    assert block.packets_lost_percent == 1.0
    assert (block.packet_loss.at_least_5, block.packet_loss.at_least_10) == (0.5, 0.5)
    assert block.packet_loss.at_least_25 == 0.0


@pytest.mark.parametrize(("rtt_s", "share"), [(0.0999, 0.0), (0.1, 1.0), (0.4, 1.0)])
def test_delays_are_in_milliseconds_and_thresholds_are_inclusive(
    rtt_s: float, share: float
) -> None:
    block = block_of(Family.AUDIO_PRODUCER, {"rtt_s": rtt_s, "packets_sent": 100})
    assert block.rtt is not None
    assert block.rtt.avg_ms == pytest.approx(1_000 * rtt_s)
    assert block.rtt.at_least_100_ms == share
    assert block.rtt.at_least_500_ms == 0.0


@pytest.mark.parametrize(("scored", "is_shown"), [(4, False), (5, True), (10, True)])
def test_a_mean_mos_needs_half_of_the_call_to_be_scored(scored: int, is_shown: bool) -> None:
    members: list[dict[str, Any]] = [
        {"packets_received": 300, "bytes_received": 20_000, "mos": 4.0 if n % 10 < scored else None}
        for n in range(10)
    ]
    made = [interval(Family.AUDIO_CONSUMER, 10 * n, **each) for n, each in enumerate(members)]
    block = accumulate(roll_up_intervals(Family.AUDIO_CONSUMER, made))
    assert block is not None
    assert block.scored_share == scored / 10
    assert block.mos_estimated.avg == (4.0 if is_shown else None)
    assert block.mos_estimated.p50 == (4.0 if is_shown else None)


@given(st.sampled_from(list(Family)), st.data())
def test_shares_are_between_zero_and_one(family: Family, data: st.DataObject) -> None:
    intervals: list[Interval] = data.draw(stream_intervals(family))
    block = accumulate(roll_up_intervals(family, intervals))
    assert (block is None) == (not intervals)
    if block is None:
        return
    shares = [
        value
        for name in Cumulative.__struct_fields__
        if name.endswith(("_fraction", "_share")) and (value := getattr(block, name)) is not None
    ]
    assert all(0 <= share <= 1 for share in shares)
    for spread in (block.quality_score, block.mos_estimated, block.frame_width):
        if spread is not None and spread.p10 is not None:
            ranks = [spread.p10, spread.p50, spread.p75, spread.p90]
            assert ranks == sorted(ranks, key=lambda value: value or 0.0)
