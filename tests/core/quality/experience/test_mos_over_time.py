import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.instants import EpochMs
from aftercall.core.quality.experience.mos_over_time import (
    StreamScores,
    bucket_means,
    concat_scores,
    covered_ms,
    medians,
    moments_of,
    rounded_opinions,
    with_failures,
)
from aftercall.core.quality.experience.time_scale import TimeScale
from aftercall.core.quality.issues import StreamRef
from aftercall.core.quality.stats.report_linker import Family
from tests.core.quality.synthetic_call import CALL_START

SCALE = TimeScale(from_at=CALL_START, bucket_ms=10_000, buckets=4)


def _scores(*intervals: tuple[float, float, float], stream: int = 0) -> StreamScores:
    """Intervals as (start s, end s, MOS) of one stream."""
    starts, ends, mos = np.array(intervals, dtype=np.float64).T
    return StreamScores(
        refs=[StreamRef(peer_id="ada", ssrc=stream)],
        families=[Family.AUDIO_CONSUMER],
        stream_index=np.zeros(len(intervals), dtype=np.intp),
        starts=CALL_START + 1000 * starts,
        ends=CALL_START + 1000 * ends,
        mos=mos,
    )


def test_an_interval_counts_in_each_bucket_by_its_time_there() -> None:
    means = bucket_means(_scores((0, 8, 4.0), (8, 18, 2.0)), SCALE)
    assert rounded_opinions(means[0]) == [3.6, 2.0, None, None]


def test_a_long_interval_fills_every_bucket_it_covers() -> None:
    means = bucket_means(_scores((5, 38, 3.0)), SCALE)
    assert rounded_opinions(means[0]) == [3.0, 3.0, 3.0, 3.0]


def test_less_than_a_second_in_a_bucket_gives_no_value() -> None:
    means = bucket_means(_scores((5, 10.9, 3.0)), SCALE)
    assert rounded_opinions(means[0]) == [3.0, None, None, None]


def test_intervals_outside_the_scale_are_left_out() -> None:
    means = bucket_means(_scores((-9, -2, 1.0), (-5, 5, 3.0), (35, 55, 2.0), (60, 70, 1.0)), SCALE)
    assert rounded_opinions(means[0]) == [3.0, None, None, 2.0]


def test_streams_of_several_peers_keep_their_own_rows() -> None:
    both = moments_of(
        concat_scores([_scores((0, 10, 4.0)), _scores((0, 10, 2.0), stream=1)]), SCALE
    )
    assert [each.ssrc for each in both.refs] == [0, 1]
    assert [rounded_opinions(row)[0] for row in both.values] == [4.0, 2.0]
    assert moments_of(concat_scores([]), SCALE).values.shape == (0, 4)


def test_spans_cover_parts_of_buckets() -> None:
    spans = [
        (EpochMs(CALL_START - 5_000), EpochMs(CALL_START + 4_000)),
        (EpochMs(CALL_START + 8_000), EpochMs(CALL_START + 21_000)),
    ]
    assert covered_ms(spans, SCALE).tolist() == [6_000, 10_000, 1_000, 0]


@given(st.lists(st.none() | st.floats(1, 5, width=32), max_size=9))
def test_the_median_is_that_of_the_known_values(column: list[float | None]) -> None:
    values = np.array([[np.nan if each is None else each] for each in column], dtype=np.float32)
    lower, upper = medians(values.reshape(len(column), 1))
    known = sorted(each for each in column if each is not None)
    if not known:
        assert np.isnan(lower[0])
        assert np.isnan(upper[0])
    else:
        assert lower[0] == known[(len(known) - 1) // 2]
        assert upper[0] == known[len(known) // 2]


def test_failed_time_counts_as_the_lowest_mos() -> None:
    values = np.array([4.0, 4.0, np.nan, np.nan], dtype=np.float32)
    made = with_failures(values, np.array([0.5, 1.0, 0.5, 0.4]))
    assert made[:3].tolist() == pytest.approx([2.5, 1.0, 1.0])
    assert np.isnan(made[3])
