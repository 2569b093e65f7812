"""Builds interval tables from intervals."""

from collections.abc import Sequence

import numpy as np

from aftercall.core.quality.interval_columns.columns import numbers
from aftercall.core.quality.interval_columns.interval import Interval
from aftercall.core.quality.interval_columns.interval_table import TO_LIST, IntervalTable
from aftercall.core.quality.report.rollup import Rollup, roll_up
from aftercall.core.quality.stats.getstats import StreamTag
from aftercall.core.quality.stats.report_linker import Codec, Family, StreamDescription


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
