"""Rollups of a stream family's intervals: counts and exact histograms.

All state is integers and merging is addition, so order and grouping make no difference. Percentiles
are nearest rank: the smallest value that at least that share of the values does not exceed, always
one that occurred.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from aftercall.core.quality.interval_columns.columns import (
    BoolArray,
    FloatArray,
    coalesce,
    fill_zero,
    is_any,
)
from aftercall.core.quality.interval_columns.interval_table import IntervalTable, concat_column
from aftercall.core.quality.intervals.liveness import (
    are_empty,
    are_idle,
    are_off,
    are_still_screens,
)
from aftercall.core.quality.intervals.score_coverage import are_to_score, has_score
from aftercall.core.quality.models import score
from aftercall.core.quality.stats.report_linker import AUDIO, PRODUCERS, SCREENSHARES, Family

LOSS_PERCENTS: Final = (5, 10, 25, 50)
DELAYS_MS: Final = (100, 250, 500)
HIGH_FEEDBACK_PER_S: Final = 1.0
"""PLI and FIR together. There is no published threshold; one a second is chosen."""

_MILLION = 1_000_000
_EXACT: Final = 2.0**53


class ThresholdCounts(msgspec.Struct):
    """The number of values, and of those that reached each threshold."""

    n: int = 0
    total_millionths: int = 0
    at_least: tuple[int, ...] = ()

    def __add__(self, other: "ThresholdCounts") -> "ThresholdCounts":
        long, short = self.at_least, other.at_least
        if len(long) < len(short):
            long, short = short, long
        padded = short + (0,) * (len(long) - len(short))
        return ThresholdCounts(
            self.n + other.n,
            self.total_millionths + other.total_millionths,
            tuple(one + two for one, two in zip(long, padded, strict=True)),
        )

    @property
    def average(self) -> float | None:
        """The mean of the values."""
        return self.total_millionths / _MILLION / self.n if self.n else None

    def fraction(self, place: int) -> float | None:
        """The share of values at or over the threshold at `place`, 0..1."""
        return (self.at_least[place] / self.n) if self.n else None


class Histogram(msgspec.Struct):
    """Values in whole steps of 1/`per_unit`, and how often each occurred."""

    per_unit: int = 1
    n: int = 0
    total_millionths: int = 0
    counts: dict[int, int] = {}

    def __add__(self, other: "Histogram") -> "Histogram":
        counts = dict(self.counts)
        for step, count in other.counts.items():
            counts[step] = counts.get(step, 0) + count
        return Histogram(
            self.per_unit,
            self.n + other.n,
            self.total_millionths + other.total_millionths,
            counts,
        )

    @property
    def average(self) -> float | None:
        """The mean of the values."""
        return self.total_millionths / _MILLION / self.n if self.n else None

    def percentile(self, percent: int) -> float | None:
        """The value of rank ⌈percent·n/100⌉, counted from the smallest."""
        rank = (percent * self.n + 99) // 100
        for step in sorted(self.counts):
            rank -= self.counts[step]
            if rank <= 0:
                return step / self.per_unit
        return None


class Rollup(msgspec.Struct):
    """The state of one stream family; `+` merges."""

    family: Family
    intervals: int = 0
    loss_percent: ThresholdCounts = msgspec.field(default_factory=ThresholdCounts)
    rtt_ms: ThresholdCounts = msgspec.field(default_factory=ThresholdCounts)
    jitter_buffer_ms: ThresholdCounts = msgspec.field(default_factory=ThresholdCounts)
    score: Histogram = msgspec.field(default_factory=lambda: Histogram(1000))
    mos: Histogram = msgspec.field(default_factory=lambda: Histogram(100))
    to_score: int = 0
    """Intervals with enough media to be scored; for `with_mos` and `with_score` of them a score is
    known, or the next remote report gave one."""
    with_mos: int = 0
    with_score: int = 0
    fps: Histogram = msgspec.field(default_factory=Histogram)
    width: Histogram = msgspec.field(default_factory=Histogram)
    packets_lost: int = 0
    packets_lost_signed: int = 0
    packets_expected: int = 0
    frames: int = 0
    key_frames: int = 0
    with_frames: int = 0
    """Live intervals with known frames; `no_video` of them had none."""
    no_video: int = 0
    poor_resolution: int = 0
    lagging: int = 0
    with_reason: int = 0
    limited: int = 0
    cpu_limited: int = 0
    bandwidth_limited: int = 0
    with_feedback: int = 0
    high_feedback: int = 0
    limited_cpu_ms: int = 0
    limited_bandwidth_ms: int = 0
    limited_other_ms: int = 0

    def __add__(self, other: "Rollup") -> "Rollup":
        if other.family is not self.family:
            raise ValueError("only rollups of one family add up")
        return Rollup(
            self.family,
            *(getattr(self, name) + getattr(other, name) for name in _ADDED),
        )


_ADDED: Final = tuple(name for name in Rollup.__struct_fields__ if name != "family")


def roll_up(family: Family, tables: Sequence[IntervalTable], *, is_brief: bool = False) -> Rollup:
    """The rollup of all intervals of tables of one family; a brief one has no more than a digest
    needs: the packets, and the round trips of what was sent."""
    rollup = Rollup(family, sum(len(table.at) for table in tables))
    if is_brief:
        _roll_up_path(rollup, [_without(table, are_idle(table)) for table in tables])
        return rollup
    for table in tables:
        is_to_score = are_to_score(table)
        rollup.to_score += _count(is_to_score)
        rollup.with_mos += _count(is_to_score & has_score(table, "mos"))
        rollup.with_score += _count(is_to_score & has_score(table, "score"))
    tables = [_without(table, are_idle(table)) for table in tables]
    percents, lost, expected = (
        concat_column(tables, name) for name in ("loss_percent", "packets_lost", "packets_expected")
    )
    rollup.loss_percent = _loss_shares(percents, lost, expected)
    rollup.packets_lost_signed = _total(concat_column(tables, "packets_lost_signed"))
    _roll_up_path(rollup, tables)
    if family not in PRODUCERS:
        rollup.jitter_buffer_ms = _delay_shares(concat_column(tables, "jitter_buffer_ms"))
    rollup.score = histogram(concat_column(tables, "score"), 1000)
    rollup.mos = histogram(concat_column(tables, "mos"), 100)
    if family not in AUDIO:
        _roll_up_pictures(rollup, tables)
    return rollup


def _roll_up_path(rollup: Rollup, tables: Sequence[IntervalTable]) -> None:
    """Add the packets, and the round trips of what was sent."""
    lost, expected = (concat_column(tables, name) for name in ("packets_lost", "packets_expected"))
    judged = expected > 0
    rollup.packets_lost = _total(lost[judged])
    rollup.packets_expected = _total(expected[judged])
    if rollup.family in PRODUCERS:
        rollup.rtt_ms = _delay_shares(1000 * concat_column(tables, "rtt_s"))


def _roll_up_pictures(rollup: Rollup, tables: Sequence[IntervalTable]) -> None:
    """Add the figures of live pictures; frames are counted in all intervals."""
    is_screen = rollup.family in SCREENSHARES
    live = [_live(table) for table in tables]
    rates = coalesce(concat_column(live, "frames_per_second"), concat_column(live, "fps"))
    is_still = np.concatenate([are_still_screens(table) for table in live]) if live else rates < 0
    widths, frames = concat_column(live, "frame_width"), concat_column(live, "frames")
    heights = concat_column(live, "frame_height")
    rollup.fps = histogram(rates, 1)
    rollup.width = histogram(widths, 1)
    rollup.lagging = _count(score.are_lagging(rates, is_screen=is_screen) & ~is_still)
    sides = np.fmax(widths, heights)
    rollup.poor_resolution = _count(score.are_poor_resolution(sides, is_screen=is_screen))
    if is_screen:
        # A still page has no frames, and is no missing video.
        frames = np.where(frames == 0, np.nan, frames)
    rollup.with_frames, rollup.no_video = _count(frames >= 0), _count(frames == 0)
    key_frames = concat_column(tables, "key_frames")
    rollup.frames = _total(concat_column(tables, "frames")[~np.isnan(key_frames)])
    rollup.key_frames = _total(key_frames)
    if rollup.family in PRODUCERS:
        _roll_up_limits(rollup, live)


def _live(table: IntervalTable) -> IntervalTable:
    """Without the intervals in which no picture was to be expected."""
    return _without(table, are_off(table) | are_empty(table))


def _without(table: IntervalTable, rows: BoolArray) -> IntervalTable:
    return table.take(~rows) if is_any(rows) else table


def _roll_up_limits(rollup: Rollup, tables: Sequence[IntervalTable]) -> None:
    reasons: Counter[str | None] = Counter()
    for table in tables:
        times = np.bincount(table.description_index, minlength=len(table.descriptions)).tolist()
        for description, count in zip(table.descriptions, times, strict=True):
            reasons[description.limitation] += count
    del reasons[None]
    rollup.with_reason = reasons.total()
    rollup.limited = rollup.with_reason - reasons["none"]
    rollup.cpu_limited, rollup.bandwidth_limited = reasons["cpu"], reasons["bandwidth"]
    rollup.limited_cpu_ms = _total(1000 * concat_column(tables, "limited_cpu_s"))
    rollup.limited_bandwidth_ms = _total(1000 * concat_column(tables, "limited_bandwidth_s"))
    rollup.limited_other_ms = _total(1000 * concat_column(tables, "limited_other_s"))
    plis, firs = concat_column(tables, "pli_count"), concat_column(tables, "fir_count")
    is_reported = ~(np.isnan(plis) & np.isnan(firs))
    is_high = fill_zero(plis) + fill_zero(firs) >= HIGH_FEEDBACK_PER_S * concat_column(
        tables, "dt_s"
    )
    rollup.with_feedback, rollup.high_feedback = _count(is_reported), _count(is_reported & is_high)


def _count(places: BoolArray) -> int:
    return int(np.count_nonzero(places))


def _total(values: FloatArray) -> int:
    """The sum of the known values, each rounded to an integer."""
    whole = np.rint(values[~np.isnan(values)])
    # Float addition is exact as long as no sum can exceed 2^53.
    if len(whole) * np.abs(whole).max(initial=0) < _EXACT:
        return int(whole.sum())
    return sum(map(int, whole.tolist()))


def _loss_shares(percents: FloatArray, lost: FloatArray, expected: FloatArray) -> ThresholdCounts:
    """The loss thresholds, compared by whole packets where they are known, so that exactly 5 %
    counts as 5 %."""
    is_known = ~np.isnan(percents)
    is_counted = ~np.isnan(lost) & (expected > 0)
    reached = tuple(
        _count(
            is_known
            & np.where(is_counted, 100 * lost >= threshold * expected, percents >= threshold)
        )
        for threshold in LOSS_PERCENTS
    )
    return ThresholdCounts(_count(is_known), _total(_MILLION * percents), reached)


def _delay_shares(delays_ms: FloatArray) -> ThresholdCounts:
    reached = tuple(_count(delays_ms >= threshold) for threshold in DELAYS_MS)
    return ThresholdCounts(_count(~np.isnan(delays_ms)), _total(_MILLION * delays_ms), reached)


def histogram(values: Sequence[float] | FloatArray, per_unit: int) -> Histogram:
    """The histogram of values rounded half up to whole steps; the average is that of the values
    themselves."""
    column = np.asarray(values, dtype=np.float64)
    column = column[~np.isnan(column)]
    steps, counts = np.unique(np.floor(column * per_unit + 0.5), return_counts=True)
    found = dict(zip(map(int, steps.tolist()), counts.tolist(), strict=True))
    return Histogram(per_unit, len(column), _total(_MILLION * column), found)
