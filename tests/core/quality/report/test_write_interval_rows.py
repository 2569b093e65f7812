"""Rows written column by column, compared with rows written one by one."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftercall.core.instants import format_iso
from aftercall.core.quality.interval_columns.interval import Interval
from aftercall.core.quality.report.write_interval_rows import AT_ONCE, write_rows
from aftercall.core.quality.stats.report_linker import AUDIO, PRODUCERS, Family
from tests.core.quality.interval_builder import (
    interval,
    single_row_tables,
    stream_intervals,
    table_of,
)

Row = dict[str, Any]


def _row(i: Interval) -> Row:
    is_sent, is_video = i.family in PRODUCERS, i.family not in AUDIO
    row: Row = {
        "timestamp": format_iso(i.at),
        "mid": i.mid,
        "ssrc": i.ssrc,
        "producer_id": i.producer_id,
        "mos_quality": i.score,
        "mos": i.mos,
        "jitter": _round(i.jitter_s, 6),
        "rtt": _round(i.rtt_s, 6),
        "packets_lost": i.packets_lost,
        "loss_percent": _round(i.loss_percent, 4),
        "bitrate_bps": None if i.bitrate_bps is None else round(i.bitrate_bps),
    }
    if is_sent:
        row |= {"packets_sent": i.packets_sent, "bytes_sent": i.bytes_sent}
    else:
        row |= {
            "consumer_id": i.consumer_id,
            "peer_id": i.peer_id,
            "packets_received": i.packets_received,
            "bytes_received": i.bytes_received,
            "jitter_buffer_delay": _round(i.jitter_buffer_delay_s, 6),
            "jitter_buffer_emitted_count": i.jitter_buffer_emitted_count,
        }
    if not is_video:
        voice = {
            "concealment_events": i.concealment_events,
            "concealment_percent": _round(i.concealment_percent, 4),
        }
        return _known(row if is_sent else row | voice)
    shown = i.frames_per_second if i.frames_per_second is not None else _round(i.fps, 2)
    row |= {
        "frame_width": i.frame_width,
        "frame_height": i.frame_height,
        "frames_per_second": shown,
        "fir_count": i.fir_count,
        "pli_count": i.pli_count,
    }
    return _known(row | (_encoded(i) if is_sent else _decoded(i)))


def _encoded(i: Interval) -> Row:
    limits = {
        "none": _round(i.limited_none_s, 6),
        "cpu": _round(i.limited_cpu_s, 6),
        "bandwidth": _round(i.limited_bandwidth_s, 6),
        "other": _round(i.limited_other_s, 6),
    }
    return {
        "frames_encoded": i.frames,
        "key_frames_encoded": i.key_frames,
        "quality_limitation_reason": i.quality_limitation_reason,
        "quality_limitation_resolution_changes": i.quality_limitation_resolution_changes,
        "quality_limitation_durations": _known(limits) or None,
    }


def _decoded(i: Interval) -> Row:
    return {
        "frames_decoded": i.frames,
        "frames_dropped": i.frames_dropped,
        "key_frames_decoded": i.key_frames,
        "freeze_share": _round(i.freeze_share, 4),
    }


def _round(value: float | None, decimals: int) -> float | None:
    return None if value is None else round(value, decimals)


def _known(row: Row) -> Row:
    return {name: value for name, value in row.items() if value is not None}


def _written(intervals: list[Interval]) -> list[Row]:
    rows: list[Row] = json.loads(write_rows([table_of(intervals)] if intervals else []))
    return rows


@pytest.mark.parametrize("family", list(Family))
@given(data=st.data())
@settings(max_examples=40)
def test_rows_by_column_equal_rows_by_interval(family: Family, data: st.DataObject) -> None:
    intervals = data.draw(stream_intervals(family))
    assert _written(intervals) == [_row(interval) for interval in intervals]


def test_many_rows_are_written_in_order() -> None:
    many = [interval(Family.AUDIO_CONSUMER, step) for step in range(AT_ONCE + 2)]
    assert [row["timestamp"] for row in _written(many)] == [format_iso(each.at) for each in many]


def test_the_rows_of_one_peer_follow_those_of_another() -> None:
    one, other = (interval(Family.VIDEO_PRODUCER, step) for step in (2, 1))
    assert json.loads(write_rows(single_row_tables([one, other]))) == [_row(one), _row(other)]
    assert json.loads(write_rows([])) == []
