"""Orders a stream's reports and drops duplicates and late ones.

A report with the timestamp of the one before is a duplicate; an older one came late. Where a
browser's clock jumped, the sample's own instant gives the length. Some libraries write timestamps
in seconds or microseconds: a clock that runs a thousand times as fast, or as slow, is in another
unit. The clock's origin (1970, or the start of a machine or page) does not matter.
"""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import chain, pairwise
from math import log10
from typing import Final

import msgspec
import numpy as np

from aftercall.core.quality.interval_columns.column_buffer import (
    RECEIVED,
    ColumnBuffer,
    ColumnLayout,
)
from aftercall.core.quality.interval_columns.columns import (
    BoolArray,
    FloatArray,
    IndexArray,
    are_all,
)
from aftercall.core.quality.stats.report_linker import StreamDescription

CLOCK_STEP_MS: Final = 4_000
"""The least jump that counts as a step of the browser's clock. The sample's corrected instant, with
which it is compared, is itself corrected in steps of two seconds."""
CLOCK_STEP_SHARE: Final = 0.2

_AT: Final = RECEIVED.names.index("at")
_STAMP: Final = RECEIVED.names.index("stamp")
"""The columns of the instant and the timestamp, in reports of either layout."""


class Reports(msgspec.Struct):
    """The accepted reports of streams of one layout, stream by stream, each in order of time.
    `columns` has a row for each of the layout's names; `ranks` identify the streams; the
    description of report `i` is `descriptions[description_index[i]]`. Between each report and the
    next lie `lengths_s` seconds; `steps` is 1 where a clock stepped."""

    kind: ColumnLayout
    columns: FloatArray
    ranks: IndexArray
    descriptions: Sequence[StreamDescription]
    description_index: IndexArray
    lengths_s: FloatArray
    steps: FloatArray
    duplicates: int = 0
    late: int = 0

    def get(self, name: str) -> FloatArray:
        """The column of that name."""
        column: FloatArray = self.columns[self.kind.names.index(name)]
        return column


def accept(buffers: Sequence[ColumnBuffer]) -> Reports:
    """The reports of buffers of one layout (at least one), in order and without duplicates."""
    reports = _joined(buffers)
    is_other = reports.ranks[1:] != reports.ranks[:-1]
    if are_all(_is_plain(reports.columns) | is_other):
        return reports
    edges = [0, *(np.flatnonzero(is_other) + 1).tolist(), len(reports.ranks)]
    for start, end in pairwise(edges):
        _put_in_ms(reports, slice(start, end))
    if are_all(_is_plain(reports.columns) | is_other):
        reports.lengths_s = np.diff(reports.columns[_STAMP]) / 1000
        return reports
    order = np.concatenate(
        [start + _in_order(reports.columns[:, start:end]) for start, end in pairwise(edges)]
    )
    chosen = _Chosen(reports.columns[:, order], reports.kind)
    for start, end in pairwise(edges):
        chosen.choose(start, end)
    places = order[chosen.places]
    return Reports(
        reports.kind,
        reports.columns[:, places],
        reports.ranks[places],
        reports.descriptions,
        reports.description_index[places],
        np.array(chosen.lengths_s[1:]),
        np.array(chosen.steps[1:], dtype=np.float64),
        chosen.duplicates,
        chosen.late,
    )


def _joined(buffers: Sequence[ColumnBuffer]) -> Reports:
    """All reports in the order of arrival."""
    kind = buffers[0].kind
    lengths = [buffer.rows for buffer in buffers]
    ends = np.cumsum(lengths).tolist()
    columns: FloatArray = np.empty((len(kind.names), ends[-1]))
    for buffer, start, end in zip(buffers, [0, *ends], ends, strict=False):
        buffer.fill(columns[:, start:end])
    counts = np.concatenate(
        [np.diff([*buffer.starts, length]) for buffer, length in zip(buffers, lengths, strict=True)]
    )
    return Reports(
        kind,
        columns,
        np.repeat([buffer.rank for buffer in buffers], lengths),
        list(chain.from_iterable(buffer.descriptions for buffer in buffers)),
        np.repeat(np.arange(len(counts)), counts),
        np.diff(columns[_STAMP]) / 1000,
        np.zeros(columns.shape[1] - 1),
    )


def _is_plain(columns: FloatArray) -> BoolArray:
    """Whether a report came after its predecessor by both clocks, by about the same time."""
    stamps, ats = columns[_STAMP], columns[_AT]
    lengths_ms, between_ms = stamps[1:] - stamps[:-1], ats[1:] - ats[:-1]
    is_plain: BoolArray = (
        (lengths_ms > 0)
        & (between_ms >= 0)
        & (np.abs(lengths_ms - between_ms) <= CLOCK_STEP_MS)
        & (between_ms < _OTHER_UNIT * lengths_ms)
    )
    return is_plain


_OTHER_UNIT: Final = 100
"""A clock that is this many times as fast or as slow throughout is in another unit."""
_STAMPS: Final = ("stamp", "remote_timestamp", "source_stamp")


def _put_in_ms(reports: Reports, rows: slice) -> None:
    """Convert the timestamps of one stream to milliseconds if they are in seconds, microseconds or
    nanoseconds."""
    # The reports may have arrived in any order.
    order = np.argsort(reports.columns[_AT, rows], kind="stable")
    lengths, between_ms = (np.diff(reports.columns[place, rows][order]) for place in (_STAMP, _AT))
    is_forward = (between_ms > 0) & (lengths > 0)
    if np.count_nonzero(is_forward) < _LEAST_FORWARD:
        return
    factor = float(np.median(lengths[is_forward] / between_ms[is_forward]))
    thousands = round(log10(factor) / 3)
    if thousands and abs(log10(factor) - 3 * thousands) < _UNIT_TOLERANCE:
        for name in _STAMPS:
            if name in reports.kind.names:
                reports.columns[reports.kind.names.index(name), rows] /= 1000.0**thousands


_LEAST_FORWARD: Final = 2
_UNIT_TOLERANCE: Final = 0.2
"""In decimal logarithms: a factor of 1.6. The instants of samples are corrected in steps of two
seconds, and a clock that steps by an hour from report to report is in no other unit. Chosen."""


def _in_order(columns: FloatArray) -> IndexArray:
    if np.isnan(columns[_STAMP]).any():
        return np.argsort(columns[_AT], kind="stable")
    return np.lexsort((columns[_STAMP], columns[_AT]))


class _Chosen:
    """The places of the accepted reports. For each, the seconds since its predecessor and whether a
    clock stepped; zero for the first of a stream."""

    def __init__(self, columns: FloatArray, kind: ColumnLayout) -> None:
        self.places: list[int] = []
        self.lengths_s: list[float] = []
        self.steps: list[bool] = []
        self.duplicates = 0
        self.late = 0
        self._columns = columns
        self._counters = [kind.names.index(name) for name in kind.monotone]
        self._plain_lengths_s = [0.0, *(np.diff(columns[_STAMP]) / 1000).tolist()]
        self._odd = (np.flatnonzero(~_is_plain(columns)) + 1).tolist()

    def choose(self, start: int, end: int) -> None:
        """Choose among the reports of one stream. Reports that are not plain are checked one by
        one; all others are accepted."""
        self._take(start, 0.0)
        place = start + 1
        while place < end:
            if self.places[-1] == place - 1:
                number = bisect_left(self._odd, place)
                plain_until = min([end, *self._odd[number : number + 1]])
                for plain in range(place, plain_until):
                    self._take(plain, self._plain_lengths_s[plain])
                place = plain_until
            if place < end:
                self._consider(place)
                place += 1

    def _take(self, place: int, length_s: float, *, is_step: bool = False) -> None:
        self.places.append(place)
        self.lengths_s.append(length_s)
        self.steps.append(is_step)

    def _consider(self, place: int) -> None:
        now, before = self._columns[:, place], self._columns[:, self.places[-1]]
        length_s, is_step = self._length_s(now, before)
        if length_s is not None:
            self._take(place, length_s, is_step=is_step)
        elif now[_STAMP] < before[_STAMP]:
            self.late += 1
        else:
            self.duplicates += 1

    def _length_s(self, now: FloatArray, before: FloatArray) -> tuple[float | None, bool]:
        """The seconds between two reports and whether a clock stepped; `None` if the report is not
        new."""
        by_sample_ms = float(now[_AT] - before[_AT])
        length_ms = float(now[_STAMP] - before[_STAMP])
        if length_ms != length_ms:
            return (by_sample_ms / 1000 if by_sample_ms > 0 else None), False
        if length_ms == 0 or (length_ms < 0 and by_sample_ms <= 0):
            return None, False
        if length_ms < 0:
            counters = self._counters
            has_moved = not np.array_equal(now[counters], before[counters], equal_nan=True)
            return (by_sample_ms / 1000, True) if has_moved else (None, False)
        tolerance_ms = max(CLOCK_STEP_MS, CLOCK_STEP_SHARE * by_sample_ms)
        if by_sample_ms > 0 and abs(length_ms - by_sample_ms) > tolerance_ms:
            return by_sample_ms / 1000, True
        return length_ms / 1000, False
