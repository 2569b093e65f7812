"""The measures of the stream rules, and that a rule's two thresholds never contradict."""

from typing import Any

import numpy as np
import pytest

from aftercall.core.quality.intervals.scoring import LEAST_PACKETS
from aftercall.core.quality.issues import IssueName
from aftercall.core.quality.rules.stream_rules import (
    RULES,
    StreamRule,
    limited_percent,
    loss_percents,
    mean_freeze_ms,
)
from aftercall.core.quality.stats.report_linker import AUDIO, PRODUCERS, SCREENSHARES, Family
from tests.core.quality.interval_builder import interval, table_of

every_rule = pytest.mark.parametrize("rule", RULES, ids=lambda r: r.hysteresis.name.value)


@every_rule
def test_no_value_is_bad_and_good_at_once(rule: StreamRule) -> None:
    for measure in rule.measures:
        edges = np.array([measure.bad, measure.good])
        values = np.concatenate([edges, edges - 1e-9, edges + 1e-9, [0.0, 1e9, np.nan]])
        assert not (rule.is_bad(measure, values) & rule.is_good(measure, values)).any()


@every_rule
def test_an_unknown_value_is_neither_bad_nor_good(rule: StreamRule) -> None:
    for measure in rule.measures:
        unknown = np.array([np.nan])
        assert not rule.is_bad(measure, unknown)[0] and not rule.is_good(measure, unknown)[0]


@every_rule
def test_every_rule_has_families_whose_intervals_it_can_measure(rule: StreamRule) -> None:
    assert rule.families and rule.measures
    for family in rule.families:
        table = table_of([interval(family)])
        for measure in rule.measures:
            assert len(measure.values(table)) == 1


@pytest.mark.parametrize(
    ("name", "families"),
    [
        (IssueName.POOR_NETWORK_UPLINK, PRODUCERS),
        (IssueName.POOR_NETWORK_DOWNLINK, frozenset(Family) - PRODUCERS),
        (IssueName.AUDIO_CONCEALMENT, AUDIO - PRODUCERS),
        (IssueName.VIDEO_FROZEN, {Family.VIDEO_CONSUMER}),
        (IssueName.NO_AUDIO_SENT, {Family.AUDIO_PRODUCER}),
        (IssueName.LOW_VIDEO_MOS, {Family.VIDEO_PRODUCER, Family.VIDEO_CONSUMER}),
        (IssueName.CPU_LIMITED, PRODUCERS - AUDIO),
    ],
)
def test_a_rule_applies_to_the_families_that_can_have_the_issue(
    name: IssueName, families: frozenset[Family]
) -> None:
    [rule] = [each for each in RULES if each.hysteresis.name is name]
    assert rule.families == families


def test_the_frozen_video_rule_does_not_apply_to_screenshares() -> None:
    [frozen] = [each for each in RULES if each.hysteresis.name is IssueName.VIDEO_FROZEN]
    assert not frozen.families & SCREENSHARES


@pytest.mark.parametrize(
    ("reason", "members", "percent"),
    [
        ("cpu", {}, None),
        ("cpu", {"limited_cpu_s": 3.5}, 50.0),
        ("cpu", {"limited_cpu_s": 70.0}, 100.0),
        ("cpu", {"limited_cpu_s": 0.0, "quality_limitation_reason": "cpu"}, 100.0),
        ("cpu", {"quality_limitation_reason": "bandwidth"}, 0.0),
        ("bandwidth", {"quality_limitation_reason": "bandwidth"}, 100.0),
        ("bandwidth", {"limited_cpu_s": 3.5}, None),
    ],
)
def test_the_limited_share_is_that_of_durations_else_of_the_current_reason(
    reason: str, members: dict[str, Any], percent: float | None
) -> None:
    [found] = limited_percent(reason)(table_of([interval(Family.VIDEO_PRODUCER, **members)]))
    assert found == percent if percent is not None else np.isnan(found)


@pytest.mark.parametrize(
    ("seconds", "count", "mean"), [(3.0, 2, 1_500.0), (3.0, 0, 0.0), (0.0, 0, 0.0), (None, 2, None)]
)
def test_the_freeze_duration_is_a_mean_in_milliseconds(
    seconds: float | None, count: int, mean: float | None
) -> None:
    made = interval(Family.VIDEO_CONSUMER, freeze_s=seconds, freeze_count=count)
    [found] = mean_freeze_ms(table_of([made]))
    assert found == mean if mean is not None else np.isnan(found)


@pytest.mark.parametrize(
    ("family", "members", "is_known"),
    [
        (Family.AUDIO_CONSUMER, {"packets_expected": LEAST_PACKETS}, True),
        (Family.AUDIO_CONSUMER, {"packets_expected": LEAST_PACKETS - 1}, False),
        (Family.AUDIO_CONSUMER, {"packets_received": LEAST_PACKETS - 1}, False),
        (Family.AUDIO_PRODUCER, {"packets_sent": LEAST_PACKETS}, True),
        (Family.AUDIO_PRODUCER, {"packets_expected": 0, "packets_sent": 5}, False),
    ],
)
def test_the_loss_share_needs_enough_packets(
    family: Family, members: dict[str, Any], is_known: bool
) -> None:
    [found] = loss_percents(table_of([interval(family, loss_percent=12.0, **members)]))
    assert found == 12.0 if is_known else np.isnan(found)
