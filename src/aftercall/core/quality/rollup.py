"""What the intervals of a stream family come to: counts and exact histograms.

Everything is an integer and merging is addition, so the order and grouping of what is added
never shows. Percentiles are nearest rank: the smallest value that at least that share of the
values does not exceed, always one that occurred.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from math import floor
from operator import attrgetter
from typing import Any, Final

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
    rollup.loss_percent = _loss_shares(intervals)
    judged = [each for each in intervals if each.packets_expected]
    rollup.packets_lost = sum(each.packets_lost or 0 for each in judged)
    rollup.packets_expected = sum(each.packets_expected or 0 for each in judged)
    rollup.packets_lost_signed = sum(_known(intervals, "packets_lost_signed"))
    if family in PRODUCERS:
        rollup.rtt_ms = _delay_shares([1000 * rtt_s for rtt_s in _known(intervals, "rtt_s")])
    else:
        rollup.jitter_buffer_ms = _delay_shares(_known(intervals, "jitter_buffer_ms"))
    rollup.score = histogram(_known(intervals, "score"), 1000)
    rollup.mos = histogram(_known(intervals, "mos"), 100)
    if family not in AUDIO:
        _roll_up_pictures(rollup, intervals)
    return rollup


def _roll_up_pictures(rollup: Rollup, intervals: Sequence[Interval]) -> None:
    is_screen = rollup.family in SCREENSHARES
    rates = [
        each.fps if each.frames_per_second is None else each.frames_per_second for each in intervals
    ]
    known_rates = [rate for rate in rates if rate is not None]
    widths = _known(intervals, "frame_width")
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


def _known(intervals: Sequence[Interval], name: str) -> list[Any]:
    return [value for value in map(attrgetter(name), intervals) if value is not None]


def _total(values: Iterable[float]) -> int:
    return sum(map(round, [value * _MILLION for value in values]))


def _loss_shares(intervals: Sequence[Interval]) -> Shares:
    """Compares whole packets where they are known, so that exactly 5 % counts as 5 %."""
    percents = _known(intervals, "loss_percent")
    reached = [0] * len(LOSS_PERCENTS)
    nearly = LOSS_PERCENTS[0] - 0.5
    for each in [e for e in intervals if e.loss_percent is not None and e.loss_percent > nearly]:
        for place, threshold in enumerate(LOSS_PERCENTS):
            if each.packets_lost is not None and each.packets_expected:
                is_reached = 100 * each.packets_lost >= threshold * each.packets_expected
            else:
                is_reached = (each.loss_percent or 0) >= threshold
            reached[place] += is_reached
    return Shares(len(percents), _total(percents), tuple(reached))


def _delay_shares(delays_ms: Sequence[float]) -> Shares:
    long = [delay for delay in delays_ms if delay >= DELAYS_MS[0]]
    reached = (sum(delay >= threshold for delay in long) for threshold in DELAYS_MS)
    return Shares(len(delays_ms), _total(delays_ms), tuple(reached))


def histogram(values: Sequence[float], per_unit: int) -> Histogram:
    """Values rounded half up to whole steps; the average is that of the values themselves."""
    steps = Counter(map(floor, [value * per_unit + 0.5 for value in values]))
    return Histogram(per_unit, len(values), _total(values), dict(steps))
