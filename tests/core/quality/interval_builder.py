"""Builds intervals of a few streams, and the tables that hold them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from aftercall.core.instants import EpochMs
from aftercall.core.quality.interval_columns.columns import numbers
from aftercall.core.quality.interval_columns.interval import Interval
from aftercall.core.quality.interval_columns.interval_table import TO_LIST, IntervalTable
from aftercall.core.quality.report.rollup import Rollup, roll_up
from aftercall.core.quality.stats.getstats import StreamTag
from aftercall.core.quality.stats.report_linker import (
    PRODUCERS,
    Codec,
    Family,
    StreamDescription,
)

START = 1_795_000_000_000
STEP_MS = 7_000

_counts = st.none() | st.integers(0, 400)
_shares = st.none() | st.floats(0, 100)
_seconds = st.none() | st.sampled_from([0.0, 0.005, 0.03, 0.031]) | st.floats(0, 1)


def interval(family: Family, step: int = 1, ssrc: int = 1, **members: Any) -> Interval:
    is_sent = family in PRODUCERS
    known: dict[str, Any] = {"dt_s": 7.0} | members
    return Interval(
        key=("pc", "send" if is_sent else "receive", ssrc),
        family=family,
        at=EpochMs(START + step * STEP_MS),
        ssrc=ssrc,
        mid=str(ssrc),
        producer_id=f"producer-{ssrc}",
        consumer_id=None if is_sent else f"consumer-{ssrc}",
        peer_id=None if is_sent else "bob",
        connection_id="pc",
        **known,
    )


def stream_intervals(family: Family) -> st.SearchStrategy[list[Interval]]:
    """Lists of intervals, ordered by time, then by SSRC, with at most one interval of a stream at a
    time."""
    made = st.builds(
        lambda step, ssrc, members: interval(family, step, ssrc, **members),
        st.integers(1, 12),
        st.integers(1, 3),
        st.fixed_dictionaries(_MEMBERS),
    )
    return st.lists(made, max_size=20, unique_by=lambda i: (i.at, i.ssrc)).map(
        lambda intervals: sorted(intervals, key=lambda i: (i.at, i.ssrc))
    )


_MEMBERS: dict[str, st.SearchStrategy[Any]] = {
    "dt_s": st.sampled_from([7.0, 6.9996, 3.2, 14.0]),
    "is_muted": st.none() | st.booleans(),
    "is_active": st.none() | st.booleans(),
    "is_gap": st.booleans(),
    "packets_sent": _counts,
    "bytes_sent": _counts,
    "packets_received": _counts,
    "bytes_received": _counts,
    "packets_lost": _counts,
    "loss_percent": _shares,
    "bitrate_bps": st.none() | st.floats(0, 1e7),
    "jitter_s": _seconds,
    "rtt_s": _seconds,
    "jitter_buffer_delay_s": st.none() | st.floats(0, 1e5),
    "jitter_buffer_emitted_count": _counts,
    "concealment_events": _counts,
    "concealment_percent": _shares,
    "audio_level": _seconds,
    "score": st.none() | st.floats(0, 1),
    "mos": st.none() | st.integers(100, 500).map(lambda hundredths: hundredths / 100),
    "frames": _counts,
    "key_frames": _counts,
    "frames_dropped": _counts,
    "frame_width": st.sampled_from([None, 0, 160, 320, 640]),
    "frame_height": st.sampled_from([None, 0, 90, 180, 360]),
    "frames_per_second": st.none() | st.floats(0, 60),
    "fps": st.none() | st.floats(0, 60),
    "freeze_share": st.none() | st.floats(0, 1),
    "pli_count": _counts,
    "fir_count": _counts,
    "quality_limitation_reason": st.sampled_from([None, "none", "cpu"]),
    "quality_limitation_resolution_changes": _counts,
    "limited_none_s": _seconds,
    "limited_cpu_s": _seconds,
    "limited_bandwidth_s": _seconds,
    "limited_other_s": _seconds,
    "expected_width": st.sampled_from([None, 0, 640]),
}


def single_row_tables(intervals: Sequence[Interval]) -> list[IntervalTable]:
    """A table for each interval, which may be of any stream."""
    return [table_of([interval]) for interval in intervals]


def table_of(intervals: Sequence[Interval]) -> IntervalTable:
    """Intervals of one family; the rank of a stream is its SSRC."""
    return IntervalTable(
        family=intervals[0].family,
        at=numbers([i.at for i in intervals]),
        ranks=np.array([i.ssrc or 0 for i in intervals]),
        descriptions=[_description(i) for i in intervals],
        description_index=np.arange(len(intervals)),
        numbers={name: numbers([getattr(i, name) for i in intervals]) for name in TO_LIST},
    )


def _description(i: Interval) -> StreamDescription:
    return StreamDescription(
        key=i.key,
        family=i.family,
        stats_id="",
        kind="audio" if "audio" in i.family else "video",
        ssrc=i.ssrc,
        mid=i.mid,
        track_identifier=None,
        sender=None,
        limitation=i.quality_limitation_reason,
        codec=None if i.codec is None else Codec(f"any/{i.codec}", None, None),
        tag=StreamTag(
            connection="pc",
            direction="send",
            producer_id=i.producer_id,
            consumer_id=i.consumer_id,
            peer_id=i.peer_id,
        ),
    )


def roll_up_intervals(family: Family, intervals: Sequence[Interval]) -> Rollup:
    return roll_up(family, single_row_tables(intervals))
