from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from aftercall.core.instants import EpochMs
from aftercall.core.quality.interval_columns.interval import Interval
from aftercall.core.quality.intervals.mute_state import MuteState
from aftercall.core.quality.issues import WARM_UP_MS, Issue, IssueName
from aftercall.core.quality.rules.stream_issues import stream_issues
from aftercall.core.quality.stats.report_linker import Family
from tests.core.quality.interval_builder import (
    START,
    STEP_MS,
    interval,
    single_row_tables,
    stream_intervals,
    table_of,
)

LONG_AGO = EpochMs(START - WARM_UP_MS)
NONE_IS_LATE = EpochMs(START + 60 * STEP_MS)


def _issues(*groups: Sequence[Interval]) -> list[Issue]:
    tables = [table_of(group) for group in groups if group]
    return stream_issues("ada", LONG_AGO, NONE_IS_LATE, tables, MuteState([]))


@pytest.mark.parametrize("family", list(Family))
@given(data=st.data())
@settings(max_examples=40)
def test_issues_of_streams_are_independent_of_each_other(
    family: Family, data: st.DataObject
) -> None:
    intervals = data.draw(stream_intervals(family))
    separate = [
        issue for ssrc in (1, 2, 3) for issue in _issues([i for i in intervals if i.ssrc == ssrc])
    ]
    together = _issues(intervals)
    assert sorted(together, key=str) == sorted(separate, key=str)


def test_issues_are_ordered_by_the_first_interval_of_their_stream() -> None:
    def bad(family: Family, ssrc: int, first: int) -> list[Interval]:
        steps = range(first, first + 4)
        return [interval(family, step, ssrc, jitter_buffer_ms=300.0) for step in steps]

    found = _issues(
        [*bad(Family.AUDIO_CONSUMER, 5, 2), *bad(Family.AUDIO_CONSUMER, 6, 3)],
        bad(Family.VIDEO_CONSUMER, 7, 1),
    )
    assert [issue.stream.ssrc for issue in found] == [7, 5, 6]


def test_the_simulcast_layers_of_a_camera_are_one_stream() -> None:
    low = [interval(Family.VIDEO_PRODUCER, step, 1, mos=2.0) for step in (1, 2)]
    high = [interval(Family.VIDEO_PRODUCER, step, 2, mos=1.5) for step in (3, 4)]
    assert _issues(low) == _issues(high) == []
    layers = [structs.replace(each, mid="0") for each in (*low, *high)]
    [issue] = _issues(layers)
    assert (issue.name, issue.stream.ssrc, issue.worst) == (
        IssueName.LOW_VIDEO_MOS,
        1,
        {"mos": 1.5},
    )


def test_a_clock_step_is_an_issue_of_its_stream_only() -> None:
    steady = interval(Family.AUDIO_CONSUMER, 1, 1)
    stepped = interval(Family.AUDIO_CONSUMER, 1, 2, is_clock_step=True)
    [issue] = stream_issues(
        "ada", LONG_AGO, NONE_IS_LATE, single_row_tables([steady, stepped]), MuteState([])
    )
    assert (issue.name, issue.stream.ssrc) == (IssueName.CLOCK_STEP, 2)


def test_gaps_and_mutes_interrupt_an_issue() -> None:
    bad = [interval(Family.AUDIO_CONSUMER, step, jitter_buffer_ms=300.0) for step in range(1, 6)]
    assert len(_issues(bad)) == 1
    for state in ({"is_gap": True}, {"is_muted": True}, {"is_active": False}):
        broken = [*bad[:2], structs.replace(bad[2], **state), *bad[3:]]
        assert _issues(broken) == [], state


@pytest.mark.parametrize("late_by", [0, 1, 2, 3])
def test_a_stream_that_starts_after_its_peer_has_its_own_warm_up(late_by: int) -> None:
    steps = range(1, 5)
    bad = [interval(Family.AUDIO_CONSUMER, step, jitter_buffer_ms=300.0) for step in steps]
    reported_at = EpochMs(START - late_by * STEP_MS)
    issues = stream_issues("ada", LONG_AGO, reported_at, [table_of(bad)], MuteState([]))
    assert [issue.sample_count for issue in issues] == ([4] if late_by == 0 else [])


@pytest.mark.parametrize("family", [Family.AUDIO_CONSUMER, Family.VIDEO_PRODUCER])
@pytest.mark.parametrize("state", [{"is_muted": True}, {"is_active": False}])
def test_a_stream_that_was_off_has_another_warm_up(family: Family, state: dict[str, bool]) -> None:
    off = [interval(family, step, jitter_s=0.2, **state) for step in range(1, 4)]
    bad = [interval(family, step, jitter_s=0.2) for step in range(4, 9)]
    other = [interval(family, step, ssrc=2, jitter_s=0.2) for step in range(1, 9)]
    one, two = sorted(_issues(sorted([*off, *bad, *other], key=lambda i: i.at)), key=str)
    assert [one.sample_count, two.sample_count] == [3, 8]
    assert one.first_at == START + 5 * STEP_MS
    assert two.first_at == START
