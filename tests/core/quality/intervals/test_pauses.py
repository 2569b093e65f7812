"""Video that a server pauses for a while."""

from typing import Any

import numpy as np
import pytest

from aftercall.core.quality.interval_columns.interval import Interval
from aftercall.core.quality.interval_columns.interval_table import IntervalTable
from aftercall.core.quality.intervals.deltas import read_intervals
from aftercall.core.quality.intervals.pauses import are_edges, leave_out_pauses
from aftercall.core.quality.stats.report_linker import Family
from tests.core.quality.interval_builder import interval, table_of
from tests.core.quality.stats_samples import Object, inbound, sample

CAMERA = Family.VIDEO_CONSUMER


def _row(step: int, frames: int, *, ssrc: int = 1, dt_s: float = 7.0, **members: Any) -> Interval:
    known: dict[str, Any] = {
        "frames": frames,
        "packets_received": 2 * frames,
        "bytes_received": 2_000 * frames,
        "fps": frames / dt_s,
        "freeze_share": 0.0,
    }
    return interval(CAMERA, step, ssrc, dt_s=dt_s, **known | members)


def _table(*frames: int, **members: Any) -> IntervalTable:
    return table_of([_row(step, each, **members) for step, each in enumerate(frames)])


@pytest.mark.parametrize(
    ("frames", "edges"),
    [
        ((210, 40, 0, 0, 90, 210), [1, 4]),
        ((210, 40, 0, 90, 210), [1, 3]),
        ((210, 40, 0), [1]),
        ((0, 90, 210), [1]),
        ((40, 0, 90, 0, 30), [0, 2, 4]),
        ((210, 40, 210), []),
        ((0, 0), []),
    ],
)
def test_the_intervals_at_both_ends_of_a_pause_are_its_edges(
    frames: tuple[int, ...], edges: list[int]
) -> None:
    assert np.flatnonzero(are_edges(_table(*frames))).tolist() == edges


def test_a_short_interruption_is_no_pause() -> None:
    """In samples taken every two seconds."""
    assert not are_edges(_table(60, 10, 0, 0, 10, 60, dt_s=2.0)).any()
    assert are_edges(_table(60, 10, 0, 0, 0, 10, 60, dt_s=2.0)).sum() == 2


def test_an_interruption_with_packet_loss_is_no_pause() -> None:
    rows = [_row(step, each) for step, each in enumerate((210, 40, 0, 0))]
    assert not are_edges(table_of([*rows, _row(4, 90, loss_percent=60.0)])).any()
    assert are_edges(table_of([*rows, _row(4, 90, loss_percent=0.5)])).sum() == 2


def test_each_stream_has_its_own_pauses() -> None:
    rows = [
        _row(step, each, ssrc=ssrc)
        for step in range(4)
        for ssrc, each in ((1, (210, 210, 40, 0)[step]), (2, (90, 210, 210, 210)[step]))
    ]
    edges = are_edges(table_of(rows))
    assert [(i.ssrc, i.frames) for i, is_edge in zip(rows, edges, strict=True) if is_edge] == [
        (1, 40)
    ]


def test_sent_streams_have_no_pauses() -> None:
    rows = [
        interval(Family.VIDEO_PRODUCER, step, frames=each, packets_received=0, fps=each / 7)
        for step, each in enumerate((210, 40, 0, 0))
    ]
    table = table_of(rows)
    leave_out_pauses(table)
    assert not np.isnan(table.get("fps")).any()


def test_intervals_at_the_edges_of_a_pause_have_no_metrics() -> None:
    """A browser counts the whole pause as a freeze, at its end."""
    counts = [(0, 0), (210, 0), (240, 0), (240, 0), (240, 0), (330, 19), (540, 19)]
    reports = [
        sample(7 * place, _camera(frames, freeze_s))
        for place, (frames, freeze_s) in enumerate(counts)
    ]
    found = [(i.fps, i.freeze_share, i.mos) for i in read_intervals(reports)]
    before, first, *empty, last, after = found
    assert first == last == (None, None, None)
    assert [fps for fps, _, _ in (before, *empty, after)] == [30.0, 0.0, 0.0, 30.0]
    assert before[2] is not None and after[2] is not None


def _camera(frames: int, freeze_s: float) -> Object:
    return inbound(
        "video",
        framesDecoded=frames,
        packetsReceived=2 * frames,
        bytesReceived=2_000 * frames,
        packetsLost=0,
        frameWidth=1280,
        frameHeight=720,
        freezeCount=int(freeze_s > 0),
        totalFreezesDuration=freeze_s,
    )
