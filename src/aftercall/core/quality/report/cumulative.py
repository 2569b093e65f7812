"""The cumulative block of a stream family in a report.

Averages are means over the intervals with a value, each counting once; fractions are shares of
those intervals, 0..1. A figure without values is `None`, never zero.
"""

from typing import TYPE_CHECKING, Final

import msgspec

from aftercall.core.quality.stats.report_linker import AUDIO, PRODUCERS

if TYPE_CHECKING:
    from aftercall.core.quality.report.rollup import Histogram, Rollup, ThresholdCounts


LEAST_SCORED_SHARE: Final = 0.5
"""Of the intervals that could be judged. Some scores are known only in bad times (a frozen picture
is recognised without its size), so the mean of few is no mean of the call. A figure stands for the
call if it is known for half of it. Chosen."""


class LossFigures(msgspec.Struct, frozen=True):
    """Percent of packets lost per interval, and the share of intervals with at least that much."""

    avg: float | None
    at_least_5: float | None
    at_least_10: float | None
    at_least_25: float | None
    at_least_50: float | None


class DelayFigures(msgspec.Struct, frozen=True):
    """Milliseconds, and the share of intervals with at least that many."""

    avg_ms: float | None
    at_least_100_ms: float | None
    at_least_250_ms: float | None
    at_least_500_ms: float | None


class Distribution(msgspec.Struct, frozen=True):
    """Percentiles; `p90` is the value that nine in ten do not exceed, for a score the good end."""

    avg: float | None
    p10: float | None
    p50: float | None
    p75: float | None
    p90: float | None


class Cumulative(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one family; those that do not apply to it are `None`."""

    packet_loss: LossFigures
    packets_lost_percent: float | None
    """Of all packets together, where `packet_loss.avg` weighs every interval the same."""
    quality_score: Distribution
    """RealtimeKit's 0..1 score."""
    mos_estimated: Distribution
    """The estimated opinion, 1..5."""
    scored_share: float | None = None
    """The share of judgeable intervals with an estimated opinion, 0..1. Below `LEAST_SCORED_SHARE`,
    `mos_estimated` has no figures: they would be those of some other time."""
    quality_scored_share: float | None = None
    """The same for `quality_score`."""
    rtt: DelayFigures | None = None
    """Producers only."""
    jitter_buffer_delay: DelayFigures | None = None
    """Consumers only."""
    frame_width: Distribution | None = None
    frames_per_second: Distribution | None = None
    no_video_fraction: float | None = None
    poor_resolution_fraction: float | None = None
    lag_fraction: float | None = None
    quality_limitation_fraction: float | None = None
    cpu_quality_limitation_fraction: float | None = None
    bandwidth_quality_limitation_fraction: float | None = None
    high_negative_feedback_fraction: float | None = None
    key_frames_fraction: float | None = None


def accumulate(rollup: "Rollup") -> Cumulative | None:
    """The block; `None` for a family without intervals."""
    if not rollup.intervals:
        return None
    is_producer, is_video = rollup.family in PRODUCERS, rollup.family not in AUDIO
    is_sent_video = is_producer and is_video
    reasons = rollup.with_reason if is_sent_video else 0
    mos_share = _share(rollup.with_mos, rollup.to_score)
    quality_share = _share(rollup.with_score, rollup.to_score)
    return Cumulative(
        packet_loss=LossFigures(
            _round(rollup.loss_percent.average),
            *(rollup.loss_percent.fraction(place) for place in range(4)),
        ),
        packets_lost_percent=_percent(rollup.packets_lost, rollup.packets_expected),
        quality_score=_scores(rollup.score, quality_share),
        mos_estimated=_scores(rollup.mos, mos_share),
        scored_share=_round(mos_share),
        quality_scored_share=_round(quality_share),
        rtt=_delays(rollup.rtt_ms) if is_producer else None,
        jitter_buffer_delay=None if is_producer else _delays(rollup.jitter_buffer_ms),
        frame_width=_distribution(rollup.width) if is_video else None,
        frames_per_second=_distribution(rollup.fps) if is_video else None,
        no_video_fraction=_share(rollup.no_video, rollup.with_frames),
        poor_resolution_fraction=_share(rollup.poor_resolution, rollup.width.n),
        lag_fraction=_share(rollup.lagging, rollup.fps.n),
        quality_limitation_fraction=_share(rollup.limited, reasons),
        cpu_quality_limitation_fraction=_share(rollup.cpu_limited, reasons),
        bandwidth_quality_limitation_fraction=_share(rollup.bandwidth_limited, reasons),
        high_negative_feedback_fraction=_share(rollup.high_feedback, rollup.with_feedback),
        key_frames_fraction=_share(rollup.key_frames, rollup.frames),
    )


def _share(part: int, whole: int) -> float | None:
    """The share, at most 1 if a counter exceeds its whole."""
    return min(1.0, part / whole) if whole else None


def _percent(part: int, whole: int) -> float | None:
    share = _share(part, whole)
    return None if share is None else _round(100 * share)


def _scores(histogram: "Histogram", share: float | None) -> Distribution:
    if share is not None and share < LEAST_SCORED_SHARE:
        return Distribution(None, None, None, None, None)
    return _distribution(histogram)


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _delays(shares: "ThresholdCounts") -> DelayFigures:
    return DelayFigures(_round(shares.average), *(shares.fraction(place) for place in range(3)))


def _distribution(histogram: "Histogram") -> Distribution:
    return Distribution(
        _round(histogram.average),
        *(histogram.percentile(percent) for percent in (10, 50, 75, 90)),
    )
