"""Receive stats computed column by column, compared with a loop over times."""

import json
from itertools import groupby
from math import prod
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftercall.core.instants import format_iso
from aftercall.core.quality.interval_columns.interval import Interval
from aftercall.core.quality.report.receive_stats import MediaReception
from aftercall.core.quality.report.write_receive_stats import receive
from aftercall.core.quality.stats.report_linker import Family
from tests.core.quality.interval_builder import interval, stream_intervals, table_of


def _received(intervals: list[Interval], *, is_video: bool) -> MediaReception:
    families = {i.family for i in intervals}
    tables = [table_of([i for i in intervals if i.family is each]) for each in families]
    return receive([table.sort_by_time() for table in tables], is_video=is_video)


def _moment(group: list[Interval], *, is_video: bool) -> dict[str, Any]:
    moment: dict[str, Any] = {
        "timestamp": format_iso(group[0].at),
        "quality": _mean([i.score for i in group]),
        "jitter": _mean([i.jitter_s for i in group]),
        "packets_lost": _sum([i.packets_lost for i in group]),
    }
    if is_video:
        sizes = [(i.frame_width, i.frame_height or 0) for i in group if i.frame_width]
        largest = max(sizes, key=prod, default=(None, None))
        rates = [i.fps if i.frames_per_second is None else i.frames_per_second for i in group]
        moment |= {
            "frame_width": largest[0],
            "frame_height": largest[1],
            "frames_per_second": _mean(rates),
            "frames_dropped": _sum([i.frames_dropped for i in group]),
        }
    else:
        moment["concealment_events"] = _sum([i.concealment_events for i in group])
    return {name: value for name, value in moment.items() if value is not None}


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known), 6) if known else None


def _sum(values: list[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


@pytest.mark.parametrize("family", [Family.AUDIO_CONSUMER, Family.VIDEO_CONSUMER])
@given(data=st.data())
@settings(max_examples=40)
def test_receive_stats_by_column_equal_those_of_an_interval_loop(
    family: Family, data: st.DataObject
) -> None:
    intervals = data.draw(stream_intervals(family))
    is_video = family is Family.VIDEO_CONSUMER
    found = _received(intervals, is_video=is_video)
    groups = [list(group) for _, group in groupby(intervals, key=lambda i: i.at)]
    assert json.loads(bytes(found.moments)) == [
        _moment(group, is_video=is_video) for group in groups
    ]
    scores = [i.score for i in intervals if i.score is not None]
    assert found.scores == len(scores)
    assert found.score_total == pytest.approx(sum(scores))
    assert found.packets == sum(i.packets_received or 0 for i in intervals)
    assert found.packets_lost == sum(i.packets_lost or 0 for i in intervals)
    assert found.bytes == sum(i.bytes_received or 0 for i in intervals)
    assert found.seconds == pytest.approx(sum(max(i.dt_s for i in group) for group in groups))
    heard = [i for i in intervals if i.packets_received]
    assert found.last_at == max((i.at for i in heard), default=None)
    firsts = {i.ssrc: i for i in reversed(heard)}.values()
    assert found.first_at == min((i.at - round(i.dt_s * 1000) for i in firsts), default=None)


def test_a_received_screenshare_is_counted_with_the_cameras() -> None:
    camera = interval(Family.VIDEO_CONSUMER, 1, frame_width=320, frame_height=180)
    screen = interval(Family.SCREENSHARE_VIDEO_CONSUMER, 1, 2, frame_width=640, frame_height=360)
    later = interval(Family.VIDEO_CONSUMER, 2, frame_width=160, frame_height=90)
    found = _received([camera, screen, later], is_video=True)
    assert [moment["frame_width"] for moment in json.loads(bytes(found.moments))] == [640, 160]
    assert json.loads(bytes(_received([camera, screen, later], is_video=False).moments)) == []
