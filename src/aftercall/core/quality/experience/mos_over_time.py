"""The opinions of a participant's streams, by buckets of the session's time."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from aftercall.core.instants import SECOND_MS
from aftercall.core.quality.experience.time_scale import TimeScale
from aftercall.core.quality.interval_columns.columns import BoolArray, FloatArray, IndexArray
from aftercall.core.quality.interval_columns.interval_table import IntervalTable
from aftercall.core.quality.issues import StreamRef
from aftercall.core.quality.stats.report_linker import SCREENSHARES, Family
from aftercall.core.quality.stats.track_tags import StreamKey
from aftercall.core.spans import Span

Moments = NDArray[np.float32]
"""A row for each stream, a column for each bucket; NaN is unknown."""

LEAST_SCORED_MS: Final = SECOND_MS
"""The least scored time of a bucket with a value; the edge of a report is no moment. Chosen."""

LOWEST: Final = 1.0
"""The opinion of a hard failure."""


class StreamScores(msgspec.Struct, kw_only=True):
    """The scored intervals of one participant's camera and microphone streams, in no order.
    Interval `i` belongs to the stream `refs[stream_index[i]]`."""

    refs: list[StreamRef]
    families: list[Family]
    stream_index: IndexArray
    starts: FloatArray
    ends: FloatArray
    mos: FloatArray

    @property
    def nbytes(self) -> int:
        """Bytes of the columns."""
        return sum(each.nbytes for each in (self.stream_index, self.starts, self.ends, self.mos))


def scores_of(peer_id: str, tables: Iterable[IntervalTable]) -> StreamScores:
    """The scored intervals of one peer. Screens are left out, since the opinion of still text has
    no meaning."""
    return concat_scores(
        [_scores(peer_id, table) for table in tables if table.family not in SCREENSHARES]
    )


def _scores(peer_id: str, table: IntervalTable) -> StreamScores:
    numbered: dict[StreamKey, int] = {}
    refs: list[StreamRef] = []
    numbers: list[int] = []
    for description in table.descriptions:
        number = numbered.setdefault(description.key, len(numbered))
        if number == len(refs):
            refs.append(StreamRef.of(peer_id, description))
        numbers.append(number)
    mos = table.get("mos")
    rows = np.flatnonzero(~np.isnan(mos))
    return StreamScores(
        refs=refs,
        families=[table.family] * len(refs),
        stream_index=np.array(numbers, dtype=np.intp)[table.description_index[rows]],
        starts=table.starts[rows],
        ends=table.at[rows],
        mos=mos[rows],
    )


def concat_scores(parts: Sequence[StreamScores]) -> StreamScores:
    """The streams of all parts; no two parts share a stream."""
    if not parts:
        none = np.zeros(0)
        stream_index = np.zeros(0, dtype=np.intp)
        return StreamScores(
            refs=[], families=[], stream_index=stream_index, starts=none, ends=none, mos=none
        )
    firsts = np.cumsum([0, *(len(part.refs) for part in parts)])
    return StreamScores(
        refs=[ref for part in parts for ref in part.refs],
        families=[family for part in parts for family in part.families],
        stream_index=np.concatenate(
            [part.stream_index + first for part, first in zip(parts, firsts, strict=False)]
        ),
        starts=np.concatenate([part.starts for part in parts]),
        ends=np.concatenate([part.ends for part in parts]),
        mos=np.concatenate([part.mos for part in parts]),
    )


class StreamMoments(msgspec.Struct, kw_only=True):
    """One participant's streams, with a row of `values` each."""

    scale: TimeScale
    refs: list[StreamRef]
    families: list[Family]
    values: Moments


def moments_of(scores: StreamScores, scale: TimeScale) -> StreamMoments:
    """The mean opinion of each stream in each bucket."""
    return StreamMoments(
        scale=scale,
        refs=scores.refs,
        families=scores.families,
        values=bucket_means(scores, scale),
    )


def bucket_means(scores: StreamScores, scale: TimeScale) -> Moments:
    """The mean opinion of each stream in each bucket. An interval counts in every bucket that it
    overlaps, weighted by the overlap."""
    streams, buckets, width = len(scores.refs), scale.buckets, scale.bucket_ms
    starts, ends = scores.starts - scale.from_at, scores.ends - scale.from_at
    first = np.maximum(np.floor(starts / width), 0).astype(np.intp)
    last = np.minimum(np.ceil(ends / width) - 1, buckets - 1).astype(np.intp)
    counts = np.maximum(last - first + 1, 0)
    rows = np.repeat(np.arange(len(counts)), counts)
    steps = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    places = first[rows] + steps
    edges = places * width
    weights = np.minimum(ends[rows], edges + width) - np.maximum(starts[rows], edges)
    keys = scores.stream_index[rows] * buckets + places
    size = streams * buckets
    total_ms = np.bincount(keys, weights, size)
    total = np.bincount(keys, weights * scores.mos[rows], size)
    means = np.full(size, np.nan, dtype=np.float32)
    is_scored = total_ms >= LEAST_SCORED_MS
    means[is_scored] = total[is_scored] / total_ms[is_scored]
    return means.reshape(streams, buckets)


def covered_ms(spans: Iterable[Span], scale: TimeScale) -> FloatArray:
    """How many milliseconds of each bucket the spans cover; they must not overlap."""
    found = np.zeros(scale.buckets)
    edges = np.arange(scale.buckets) * scale.bucket_ms
    for start, end in spans:
        begin, until = start - scale.from_at, end - scale.from_at
        first = max(0, int(begin // scale.bucket_ms))
        last = min(scale.buckets, int(-(-until // scale.bucket_ms)))
        if first < last:
            here = edges[first:last]
            found[first:last] += np.minimum(until, here + scale.bucket_ms) - np.maximum(begin, here)
    return found


def medians(values: Moments) -> tuple[Moments, Moments]:
    """The lower and the upper median of each bucket; equal if an odd number of values is known."""
    if not len(values):
        nowhere = np.full(values.shape[1], np.nan, dtype=np.float32)
        return nowhere, nowhere
    ordered = np.sort(values, axis=0)
    known = np.count_nonzero(~np.isnan(values), axis=0)
    # Unknown values sort to the end; if there are no others, the first is unknown as well.
    buckets = np.arange(values.shape[1])
    return ordered[np.maximum((known - 1) // 2, 0), buckets], ordered[known // 2, buckets]


def with_failures(values: Moments, shares: FloatArray) -> Moments:
    """The values, with the share of each bucket that was a hard failure at the lowest opinion. If
    nothing else is known, half a bucket of failure gives the lowest value."""
    if not shares.any():
        return values
    blended = values + shares * (LOWEST - values)
    is_failed: BoolArray = np.isnan(values) & (shares >= 0.5)
    made: Moments = np.where(is_failed, LOWEST, blended).astype(np.float32)
    return made


def lower_of(one: Moments, other: Moments) -> Moments:
    """The lower of each two values, or the known one."""
    made: Moments = np.fmin(one, other)
    return made


def rounded_opinions(values: Moments) -> list[float | None]:
    """The values as stored, with two decimals."""
    return [None if value != value else round(value, 2) for value in values.tolist()]
