from typing import Any

import pytest

from aftercall.core.quality.interval_columns.interval_table import IntervalTable
from aftercall.core.quality.intervals.score_coverage import (
    REPORT_MS,
    are_to_score,
    has_score,
    mark_covered,
)
from aftercall.core.quality.intervals.scoring import LEAST_PACKETS
from aftercall.core.quality.models.mos_video import LEAST_SCREEN_FPS
from aftercall.core.quality.stats.report_linker import Family
from tests.core.quality.interval_builder import STEP_MS, interval, table_of

FLOWED = {"packets_received": 350, "packets_sent": 350, "frames": 200, "fps": 30.0}


@pytest.mark.parametrize(
    ("family", "members", "is_to_score"),
    [
        (Family.AUDIO_CONSUMER, {}, True),
        (Family.AUDIO_CONSUMER, {"is_muted": True}, False),
        (Family.AUDIO_CONSUMER, {"is_gap": True}, False),
        (Family.AUDIO_CONSUMER, {"packets_received": LEAST_PACKETS}, True),
        (Family.AUDIO_CONSUMER, {"packets_received": LEAST_PACKETS - 1}, False),
        (Family.AUDIO_CONSUMER, {"packets_sent": 0}, True),
        (Family.AUDIO_PRODUCER, {"packets_received": 0}, True),
        (Family.AUDIO_PRODUCER, {"packets_sent": LEAST_PACKETS - 1}, False),
        (Family.VIDEO_CONSUMER, {"packets_received": 1}, True),
        (Family.VIDEO_CONSUMER, {"packets_received": 0, "frames": 0}, False),
        (Family.VIDEO_CONSUMER, {"fps": 0.5}, True),
        (Family.SCREENSHARE_VIDEO_CONSUMER, {"fps": LEAST_SCREEN_FPS - 0.1}, False),
        (Family.SCREENSHARE_VIDEO_CONSUMER, {"fps": LEAST_SCREEN_FPS}, True),
        (Family.SCREENSHARE_AUDIO_CONSUMER, {"packets_received": 0, "fps": 0.0}, False),
    ],
)
def test_an_interval_can_be_scored_if_enough_media_flowed(
    family: Family, members: dict[str, Any], is_to_score: bool
) -> None:
    made: dict[str, Any] = FLOWED | members
    assert are_to_score(table_of([interval(family, **made)])).tolist() == [is_to_score]


def _covered(family: Family, known_at: set[int], name: str = "mos") -> list[bool]:
    table = _table(family, known_at, name)
    mark_covered(table)
    covered: list[bool] = has_score(table, name).tolist()
    return covered


def _table(family: Family, known_at: set[int], name: str) -> IntervalTable:
    """Eight intervals, of which these have the score."""
    score: dict[str, Any] = {name: 1.0}
    return table_of([interval(family, n, **(score if n in known_at else {})) for n in range(8)])


@pytest.mark.parametrize("name", ["mos", "score"])
def test_a_remote_report_covers_the_intervals_before_it(name: str) -> None:
    reach = REPORT_MS // STEP_MS
    covered = [5 - reach <= n <= 5 for n in range(8)]
    assert _covered(Family.AUDIO_PRODUCER, {5}, name) == covered
    assert _covered(Family.AUDIO_CONSUMER, {5}, name) == [n == 5 for n in range(8)]


def test_coverage_adds_no_score_without_scores_or_with_all_scores() -> None:
    assert not any(_covered(Family.AUDIO_PRODUCER, set()))
    assert all(_covered(Family.AUDIO_PRODUCER, set(range(8))))


def test_the_coverage_of_mos_is_separate_from_that_of_the_score() -> None:
    table = _table(Family.AUDIO_PRODUCER, {5}, "mos")
    mark_covered(table)
    assert not has_score(table, "score").any()


def test_scores_are_known_without_coverage_marks() -> None:
    table = _table(Family.AUDIO_PRODUCER, {5}, "mos")
    assert has_score(table, "mos").tolist() == [n == 5 for n in range(8)]
