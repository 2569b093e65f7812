"""Writes what one peer received, column by column."""

from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any, Final

import msgspec
import numpy as np

from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.quality.interval_columns.columns import (
    FloatArray,
    IndexArray,
    coalesce,
    fill_zero,
    floats,
    rounded,
    whole_numbers,
)
from aftercall.core.quality.interval_columns.interval_table import IntervalTable, concat
from aftercall.core.quality.intervals.liveness import are_idle
from aftercall.core.quality.report.receive_stats import MediaReception, ReceptionPoint
from aftercall.core.quality.report.write_interval_rows import iso_times
from aftercall.core.quality.stats.report_linker import Family

_AUDIO: Final = frozenset({Family.AUDIO_CONSUMER, Family.SCREENSHARE_AUDIO_CONSUMER})
_VIDEO: Final = frozenset({Family.VIDEO_CONSUMER, Family.SCREENSHARE_VIDEO_CONSUMER})


class _RowsByInstant:
    """The rows of a table ordered by time, grouped by instant."""

    def __init__(self, table: IntervalTable) -> None:
        self.table = table
        self.firsts: IndexArray = np.flatnonzero(np.diff(table.at, prepend=np.nan) != 0)
        """The first row of each instant."""
        lengths = np.diff(self.firsts, append=len(table.at))
        self.places: IndexArray = np.repeat(np.arange(len(lengths)), lengths)
        """The index of each row's instant."""

    @property
    def at(self) -> FloatArray:
        return self.table.at[self.firsts]

    def counts(self, column: FloatArray) -> IndexArray:
        """How many of the values are known."""
        return np.bincount(self.places[~np.isnan(column)], minlength=len(self.firsts))

    def sums(self, column: FloatArray) -> FloatArray:
        """The sum of the known values, NaN where none is known."""
        is_known = ~np.isnan(column)
        found = np.bincount(self.places[is_known], column[is_known], len(self.firsts))
        return np.where(self.counts(column) > 0, found, np.nan)

    def means(self, column: FloatArray) -> list[float | None]:
        sums, counts = self.sums(column), self.counts(column)
        return floats(rounded(sums / np.maximum(counts, 1), 6))

    def totals(self, name: str) -> Iterable[int | None]:
        return whole_numbers(self.sums(self.table.get(name)))


def receive(tables: Sequence[IntervalTable], *, is_video: bool) -> MediaReception:
    """What one peer received of one kind; the rows of the tables are ordered by time."""
    families = _VIDEO if is_video else _AUDIO
    received = [_carrying(table) for table in tables if table.family in families]
    received = [table for table in received if len(table.at)]
    if not received:
        return MediaReception()
    moments = _RowsByInstant(received[0] if len(received) == 1 else concat(received).sort_by_time())
    table = moments.table
    packets, scores = moments.sums(table.get("packets_received")), table.get("score")
    arrived_at = moments.at[packets > 0]
    columns = _pictures(moments) if is_video else _voices(moments)
    shared = (
        iso_times(moments.at),
        moments.means(scores),
        moments.means(table.get("jitter_s")),
        moments.totals("packets_lost"),
    )
    written = msgspec.json.encode(list(map(ReceptionPoint, *shared, *columns)))
    return MediaReception(
        packets=_total(packets),
        packets_lost=_total(table.get("packets_lost")),
        packets_expected=_total(table.get("packets_expected")),
        bytes=_total(table.get("bytes_received")),
        seconds=sum(np.maximum.reduceat(table.get("dt_s"), moments.firsts).tolist(), 0.0),
        scores=int(np.count_nonzero(~np.isnan(scores))),
        score_total=sum(fill_zero(moments.sums(scores)).tolist(), 0.0),
        first_at=_first_packet_at(table),
        last_at=EpochMs(int(arrived_at[-1])) if len(arrived_at) else None,
        moments=msgspec.Raw(written),
    )


def _carrying(table: IntervalTable) -> IntervalTable:
    """Without the intervals in which a stream had nothing to carry."""
    idle = are_idle(table)
    return table.take(~idle) if idle.any() else table


def _first_packet_at(table: IntervalTable) -> EpochMs | None:
    """When the first packet of any stream arrived. Packets counted before a stream's first interval
    are assumed to have arrived at the rate of that interval."""
    packets, before, dt_s = table.columns("packets_received", "packets_before", "dt_s")
    arrived = np.flatnonzero(packets > 0)
    if not len(arrived):
        return None
    first = arrived[np.unique(table.ranks[arrived], return_index=True)[1]]
    earlier_s = fill_zero(before[first]) / packets[first] * dt_s[first]
    return EpochMs(int((table.starts[first] - SECOND_MS * earlier_s).min()))


def _voices(moments: _RowsByInstant) -> tuple[Iterable[Any], ...]:
    """The members of audio: concealment events."""
    return (moments.totals("concealment_events"),)


def _pictures(moments: _RowsByInstant) -> tuple[Iterable[Any], ...]:
    """The members of video: no concealment, size of the largest picture, dropped frames, mean
    rate."""
    table = moments.table
    width, height = fill_zero(table.get("frame_width")), fill_zero(table.get("frame_height"))
    # The first row of each instant in this order is the largest; of equal ones, the earliest.
    order = np.lexsort((-width * height, width == 0, moments.places))
    largest = order[moments.firsts]
    is_shown = width[largest] > 0
    sizes = (np.where(is_shown, side[largest], np.nan) for side in (width, height))
    return (
        repeat(None),
        *map(whole_numbers, sizes),
        moments.totals("frames_dropped"),
        moments.means(coalesce(*table.columns("frames_per_second", "fps"))),
    )


def _total(column: FloatArray) -> int:
    return int(fill_zero(column).sum())
