"""What the intervals of a stream family come to: counts and exact histograms.

Everything is an integer and merging is addition, so the order and grouping of what is added
never shows. Percentiles are nearest rank: the smallest value that at least that share of the
values does not exceed, always one that occurred.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from math import floor
from typing import Final

import msgspec

from aftercall.core.quality import score
from aftercall.core.quality.counters import Interval
from aftercall.core.quality.streams import AUDIO, PRODUCERS, SCREENSHARES, Family

LOSS_PERCENTS: Final = (5, 10, 25, 50)
DELAYS_MS: Final = (100, 250, 500)
HIGH_FEEDBACK_PER_S: Final = 1.0
"""PLI and FIR together; no published threshold was found, one a second is our choice."""

_MILLION = 1_000_000


class Shares(msgspec.Struct):
    """Values and how many of them reached each threshold."""

    n: int = 0
    total_millionths: int = 0
    at_least: tuple[int, ...] = ()

    def __add__(self, other: "Shares") -> "Shares":
        long, short = self.at_least, other.at_least
        if len(long) < len(short):
            long, short = short, long
        padded = short + (0,) * (len(long) - len(short))
        return Shares(
            self.n + other.n,
            self.total_millionths + other.total_millionths,
            tuple(one + two for one, two in zip(long, padded, strict=True)),
        )

    @property
    def average(self) -> float | None:
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
    loss_percent: Shares = msgspec.field(default_factory=Shares)
    rtt_ms: Shares = msgspec.field(default_factory=Shares)
    jitter_buffer_ms: Shares = msgspec.field(default_factory=Shares)
    score: Histogram = msgspec.field(default_factory=lambda: Histogram(1000))
    mos: Histogram = msgspec.field(default_factory=lambda: Histogram(100))
    fps: Histogram = msgspec.field(default_factory=Histogram)
    width: Histogram = msgspec.field(default_factory=Histogram)
    packets_lost: int = 0
    packets_lost_signed: int = 0
    packets_expected: int = 0
    frames: int = 0
    key_frames: int = 0
    with_frames: int = 0
    """Intervals of a live track whose frames are known; `no_video` of them had none."""
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


def roll_up(family: Family, intervals: Sequence[Interval]) -> Rollup:
    """The rollup of intervals of one family."""
    rollup = Rollup(family, len(intervals))
    losses = [
        (each.packets_lost, each.packets_expected, each.loss_percent)
        for each in intervals
        if each.loss_percent is not None
    ]
    rollup.loss_percent = _loss_shares(losses)
    rollup.packets_lost = sum(lost for lost, expected, _ in losses if lost and expected)
    rollup.packets_expected = sum(expected for _, expected, _ in losses if expected)
    rollup.packets_lost_signed = sum(each.packets_lost_signed or 0 for each in intervals)
    if family in PRODUCERS:
        rollup.rtt_ms = _delay_shares([1000 * e.rtt_s for e in intervals if e.rtt_s is not None])
    else:
        rollup.jitter_buffer_ms = _delay_shares(
            [e.jitter_buffer_ms for e in intervals if e.jitter_buffer_ms is not None]
        )
    rollup.score = histogram([e.score for e in intervals if e.score is not None], 1000)
    rollup.mos = histogram([e.mos for e in intervals if e.mos is not None], 100)
    if family not in AUDIO:
        _roll_up_pictures(rollup, intervals)
    return rollup


def _roll_up_pictures(rollup: Rollup, intervals: Sequence[Interval]) -> None:
    is_screen = rollup.family in SCREENSHARES
    rates = [
        each.fps if each.frames_per_second is None else each.frames_per_second for each in intervals
    ]
    known_rates = [rate for rate in rates if rate is not None]
    widths = [each.frame_width for each in intervals if each.frame_width is not None]
    rollup.fps = histogram(known_rates, 1)
    rollup.width = histogram(widths, 1)
    rollup.lagging = sum(score.is_lagging(rate, is_screen=is_screen) for rate in known_rates)
    rollup.poor_resolution = sum(
        score.is_poor_resolution(width, is_screen=is_screen) for width in widths
    )
    live = [
        each.frames
        for each in intervals
        if each.frames is not None and not each.is_muted and each.is_active is not False
    ]
    rollup.with_frames, rollup.no_video = len(live), live.count(0)
    rollup.frames = sum(each.frames or 0 for each in intervals if each.key_frames is not None)
    rollup.key_frames = sum(each.key_frames or 0 for each in intervals)
    if rollup.family in PRODUCERS:
        _roll_up_limits(rollup, intervals)


def _roll_up_limits(rollup: Rollup, intervals: Sequence[Interval]) -> None:
    reasons = Counter(each.quality_limitation_reason for each in intervals)
    del reasons[None]
    rollup.with_reason = reasons.total()
    rollup.limited = rollup.with_reason - reasons["none"]
    rollup.cpu_limited, rollup.bandwidth_limited = reasons["cpu"], reasons["bandwidth"]
    rollup.limited_cpu_ms = sum(round(1000 * (each.limited_cpu_s or 0)) for each in intervals)
    rollup.limited_bandwidth_ms = sum(
        round(1000 * (each.limited_bandwidth_s or 0)) for each in intervals
    )
    rollup.limited_other_ms = sum(round(1000 * (each.limited_other_s or 0)) for each in intervals)
    feedback = [
        (each.pli_count or 0) + (each.fir_count or 0) >= HIGH_FEEDBACK_PER_S * each.dt_s
        for each in intervals
        if not (each.pli_count is None and each.fir_count is None)
    ]
    rollup.with_feedback, rollup.high_feedback = len(feedback), sum(feedback)


def _loss_shares(losses: Iterable[tuple[int | None, int | None, float | None]]) -> Shares:
    """Compares whole packets where they are known, so that exactly 5 % counts as 5 %."""
    n = total = 0
    reached = [0] * len(LOSS_PERCENTS)
    for lost, expected, percent in losses:
        if percent is None:
            continue
        n += 1
        if not percent:
            continue
        total += round(percent * _MILLION)
        for place, threshold in enumerate(LOSS_PERCENTS):
            if lost is not None and expected:
                reached[place] += 100 * lost >= threshold * expected
            else:
                reached[place] += percent >= threshold
    return Shares(n, total, tuple(reached))


def _delay_shares(delays_ms: Sequence[float]) -> Shares:
    total = sum(round(delay * _MILLION) for delay in delays_ms)
    reached = (sum(delay >= threshold for delay in delays_ms) for threshold in DELAYS_MS)
    return Shares(len(delays_ms), total, tuple(reached))


def histogram(values: Sequence[float], per_unit: int) -> Histogram:
    """Values rounded half up to whole steps; the average is that of the values themselves."""
    counts = Counter(values)
    steps: dict[int, int] = {}
    for value, count in counts.items():
        step = floor(value * per_unit + 0.5)
        steps[step] = steps.get(step, 0) + count
    total = sum(round(value * _MILLION) * count for value, count in counts.items())
    return Histogram(per_unit, len(values), total, steps)
