"""The catalogue's rules about a stream's intervals.

Thresholds are those of published clients and of ITU-T G.107 Annex B where there are any; each line
names its source or says "chosen".
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from aftercall.core.instants import SECOND_MS
from aftercall.core.quality.interval_columns.columns import (
    BoolArray,
    FloatArray,
    coalesce,
    fill_zero,
    quotients,
)
from aftercall.core.quality.interval_columns.interval_table import IntervalTable
from aftercall.core.quality.intervals.frame_size import longer_sides
from aftercall.core.quality.intervals.liveness import are_unplayed
from aftercall.core.quality.intervals.scoring import LEAST_PACKETS
from aftercall.core.quality.issues import IssueName
from aftercall.core.quality.models import mos_video
from aftercall.core.quality.rules.hysteresis import HysteresisRule
from aftercall.core.quality.stats.report_linker import AUDIO, PRODUCERS, SCREENSHARES, Family

_Measurement = Callable[[IntervalTable], FloatArray]


class ThresholdMeasure(NamedTuple):
    """A value of intervals, its bad and good thresholds, and the name with unit under which it is
    reported, multiplied by `scale`."""

    label: str
    values: _Measurement
    bad: float
    good: float
    scale: float = 1


class StreamRule(NamedTuple):
    """A hysteresis and its measures. An interval is bad if any measure is, and good if all known
    measures are."""

    hysteresis: HysteresisRule
    families: frozenset[Family]
    measures: tuple[ThresholdMeasure, ...]
    raises_alone: Callable[[IntervalTable], BoolArray] | None = None
    """Which intervals raise the issue by themselves."""

    def is_bad(self, measure: ThresholdMeasure, values: FloatArray) -> BoolArray:
        """Which values of a measure are bad."""
        return values < measure.bad if self.hysteresis.low_is_bad else values >= measure.bad

    def is_good(self, measure: ThresholdMeasure, values: FloatArray) -> BoolArray:
        """Which values of a measure are good."""
        return values >= measure.good if self.hysteresis.low_is_bad else values < measure.good


def _member(name: str) -> _Measurement:
    return lambda table: table.get(name)


def limited_percent(reason: str) -> _Measurement:
    """Percent of the interval in which the encoder was limited for `reason`; 100 if it was at the
    end."""

    def measure(table: IntervalTable) -> FloatArray:
        reasons = [description.limitation for description in table.descriptions]
        is_reported = np.array([each is not None for each in reasons], dtype=np.bool_)[
            table.description_index
        ]
        is_so = np.array([each == reason for each in reasons], dtype=np.bool_)[
            table.description_index
        ]
        percents = quotients(table.get(f"limited_{reason}_s"), table.get("dt_s"), 100.0)
        measured = coalesce(np.minimum(percents, 100.0), np.where(is_reported, 0.0, np.nan))
        return np.where(is_so, 100.0, measured)

    return measure


def _dropped_percent(table: IntervalTable) -> FloatArray:
    """Percent of frames dropped for lack of time. With loss they may have been undecodable, and a
    share of few frames means nothing: NaN then."""
    dropped, frames, loss = table.columns("frames_dropped", "frames", "loss_percent")
    percents = quotients(dropped, dropped + frames, 100.0)
    is_moving = dropped + frames >= mos_video.LEAST_SCREEN_FPS * table.get("dt_s")
    return np.where((fill_zero(loss) < 2.0) & is_moving, percents, np.nan)


def mean_freeze_ms(table: IntervalTable) -> FloatArray:
    seconds, count = table.columns("freeze_s", "freeze_count")
    means = np.divide(SECOND_MS * seconds, count, out=np.zeros(len(count)), where=count > 0)
    return np.where(np.isnan(seconds), np.nan, means)


def loss_percents(table: IntervalTable) -> FloatArray:
    """Percent lost; NaN where too few packets passed for a share. A camera that is off sends one
    packet a second, and one lost of seven is no bad network."""
    loss, expected = table.columns("loss_percent", "packets_expected")
    passed = table.get("packets_sent" if table.family in PRODUCERS else "packets_received")
    packets = np.where(expected > 0, expected, passed)
    return np.where(packets < LEAST_PACKETS, np.nan, loss)


def _are_hard_losses(table: IntervalTable) -> BoolArray:
    """Where a quarter of the packets or more was lost."""
    hard: BoolArray = loss_percents(table) >= HARD_PERCENT
    return hard


def _camera_fps(table: IntervalTable) -> FloatArray:
    return np.where(table.get("frames") > 0, table.get("fps"), np.nan)


def _screen_fps(table: IntervalTable) -> FloatArray:
    """The frame rate of a screen. A still page has few frames, so a screen can be slow only
    while it moves and something limits the encoder; the source's rate is known only for the last
    second."""
    limited = np.fmax(limited_percent("cpu")(table), limited_percent("bandwidth")(table))
    is_moving = (table.get("source_fps") >= 5) & ~(limited < _HELD_BACK_PERCENT)
    return np.where(is_moving, _camera_fps(table), np.nan)


def _width(table: IntervalTable) -> FloatArray:
    """The longer side, whichever way the camera is held. NaN if no more was wanted: the tile, or
    the source, is no larger."""
    wanted = coalesce(longer_sides(table, "expected"), longer_sides(table, "source"))
    widths = longer_sides(table, "frame")
    return np.where((table.get("frames") > 0) & ~(widths >= wanted), widths, np.nan)


def _picture_opinion(table: IntervalTable) -> FloatArray:
    """The opinion of a picture. If its intended size is unknown, a slow picture may be a thumbnail,
    slow on purpose: its rate then counts only if packets were lost or the picture froze."""
    opinions, fps, source_fps, loss, still, frames = table.columns(
        "mos", "fps", "source_fps", "loss_percent", "freeze_share", "frames"
    )
    is_hurt = (loss >= _HURT_PERCENT) | (still >= _HURT_SHARE) | (frames == 0)
    is_excused = (table.get("is_size_assumed") == 1) & ~is_hurt & (fps > 0)
    expected_fps = mos_video.expected_rates(source_fps, is_screen=False)
    slowness = np.log(np.maximum(expected_fps / np.where(is_excused, fps, np.inf), 1.0))
    excused = opinions + mos_video.DEFAULT.frame_rate * slowness
    return np.where(is_excused & (excused >= _POOR_MOS), excused, opinions)


def _feedback_per_s(table: IntervalTable) -> FloatArray:
    plis, firs = table.columns("pli_count", "fir_count")
    is_reported = ~(np.isnan(plis) & np.isnan(firs))
    requests = np.where(is_reported, fill_zero(plis) + fill_zero(firs), np.nan)
    return requests / table.get("dt_s")


def _none_of(name: str) -> _Measurement:
    """1 where nothing was counted, 0 where something was."""

    def is_stalled(table: IntervalTable) -> FloatArray:
        column = table.get(name)
        return np.where(np.isnan(column), np.nan, column == 0)

    return is_stalled


def _unplayed(table: IntervalTable) -> FloatArray:
    """1 where audio arrived and was not played, 0 where some was played."""
    played = table.get("total_samples_received")
    return np.where(played > 0, 0.0, np.where(are_unplayed(table), 1.0, np.nan))


def _lacking(name: IssueName, least_ms: int) -> HysteresisRule:
    """Raised by two consecutive reports and at least `least_ms`; cleared by the first report that
    has something."""
    return HysteresisRule(name, raise_after=2, raise_after_ms=least_ms, window=2, clear_after=1)


HARD_PERCENT: Final = 25
"""The loss in one report that raises an issue by itself: no speech is understood through it.
Chosen."""

STALLED_MS: Final = 5 * SECOND_MS
UNPLAYED_MS: Final = 10 * SECOND_MS

_CONSUMERS: Final = frozenset(Family) - PRODUCERS
_VIDEO: Final = frozenset(Family) - AUDIO
_CAMERAS: Final = _VIDEO - SCREENSHARES

_POOR_MOS: Final = 2.6
_HELD_BACK_PERCENT: Final = 20
"""Of the time; the clear value of issues of bandwidth or processor."""
_HURT_PERCENT: Final = 3
_HURT_SHARE: Final = 0.1
"""The clear values of issues of loss and of frozen pictures."""

# Loss and jitter: webrtc-issue-detector, ObserveRTC, Twilio; the 50 ms and the clear values chosen.
_POOR: Final = (
    ThresholdMeasure("loss_percent", loss_percents, 5, 3),
    ThresholdMeasure("rtt_ms", _member("rtt_s"), 0.3, 0.25, SECOND_MS),
    ThresholdMeasure("jitter_ms", _member("jitter_s"), 0.05, 0.03, SECOND_MS),
)
# LiveKit's poor mark for audio with RED; RealtimeKit's last RTT bucket.
_SEVERE: Final = (
    ThresholdMeasure("loss_percent", loss_percents, 15, 10),
    ThresholdMeasure("rtt_ms", _member("rtt_s"), 0.5, 0.4, SECOND_MS),
)
_FROZEN: Final = (
    ThresholdMeasure("frozen_percent", _member("freeze_share"), 0.3, 0.1, 100),
    ThresholdMeasure("mean_freeze_ms", mean_freeze_ms, 1_000, 500),
)

RULES: Final = (
    StreamRule(HysteresisRule(IssueName.POOR_NETWORK_UPLINK), PRODUCERS, _POOR, _are_hard_losses),
    StreamRule(HysteresisRule(IssueName.SEVERE_NETWORK_UPLINK), PRODUCERS, _SEVERE),
    StreamRule(
        HysteresisRule(IssueName.POOR_NETWORK_DOWNLINK), _CONSUMERS, _POOR, _are_hard_losses
    ),
    StreamRule(HysteresisRule(IssueName.SEVERE_NETWORK_DOWNLINK), _CONSUMERS, _SEVERE),
    # RealtimeKit's second bucket.
    StreamRule(
        HysteresisRule(IssueName.HIGH_JITTER_BUFFER_DELAY),
        _CONSUMERS,
        (ThresholdMeasure("jitter_buffer_ms", _member("jitter_buffer_ms"), 250, 200),),
    ),
    # As for loss; chosen.
    StreamRule(
        HysteresisRule(IssueName.AUDIO_CONCEALMENT),
        AUDIO & _CONSUMERS,
        (ThresholdMeasure("concealment_percent", _member("concealment_percent"), 5, 2),),
    ),
    # G.107 Table B.1: nearly all, and many, dissatisfied.
    StreamRule(
        HysteresisRule(IssueName.LOW_AUDIO_MOS, low_is_bad=True),
        AUDIO,
        (ThresholdMeasure("mos", _member("mos"), 3.1, 3.6),),
    ),
    # webrtc-issue-detector's words: poor below 2.6, fair from 3.1.
    StreamRule(
        HysteresisRule(IssueName.LOW_VIDEO_MOS, low_is_bad=True),
        _CAMERAS,
        (ThresholdMeasure("mos", _picture_opinion, _POOR_MOS, 3.1),),
    ),
    # Shares chosen; the reason alone is enough.
    StreamRule(
        HysteresisRule(IssueName.BANDWIDTH_LIMITED),
        _VIDEO & PRODUCERS,
        (ThresholdMeasure("limited_percent", limited_percent("bandwidth"), 50, 20),),
    ),
    StreamRule(
        HysteresisRule(IssueName.CPU_LIMITED),
        _VIDEO & PRODUCERS,
        (ThresholdMeasure("limited_percent", limited_percent("cpu"), 50, 20),),
    ),
    # ObserveRTC.
    StreamRule(
        HysteresisRule(IssueName.DECODER_OVERLOADED),
        _VIDEO & _CONSUMERS,
        (ThresholdMeasure("dropped_percent", _dropped_percent, 20, 10),),
    ),
    # webrtc-issue-detector. Only the sender's reports show whether a screen stands still or is
    # stuck: see attribution/stuck_screenshares.py.
    StreamRule(HysteresisRule(IssueName.VIDEO_FROZEN), _CAMERAS & _CONSUMERS, _FROZEN),
    # RealtimeKit; clear values chosen.
    StreamRule(
        HysteresisRule(IssueName.LOW_FRAME_RATE, low_is_bad=True),
        _CAMERAS,
        (ThresholdMeasure("fps", _camera_fps, 8, 12),),
    ),
    StreamRule(
        HysteresisRule(IssueName.LOW_FRAME_RATE, low_is_bad=True),
        frozenset({Family.SCREENSHARE_VIDEO_PRODUCER}),
        (ThresholdMeasure("fps", _screen_fps, 3, 5),),
    ),
    StreamRule(
        HysteresisRule(IssueName.LOW_RESOLUTION, low_is_bad=True),
        _CAMERAS,
        (ThresholdMeasure("width_px", _width, 240, 320),),
    ),
    StreamRule(
        HysteresisRule(IssueName.LOW_RESOLUTION, low_is_bad=True),
        frozenset({Family.SCREENSHARE_VIDEO_PRODUCER}),
        (ThresholdMeasure("width_px", _width, 720, 960),),
    ),
    # One request for a key frame a second; chosen.
    StreamRule(
        HysteresisRule(IssueName.NEGATIVE_FEEDBACK_HIGH),
        _VIDEO & PRODUCERS,
        (ThresholdMeasure("requests_per_s", _feedback_per_s, 1, 0.3),),
    ),
    # ObserveRTC's and Twilio's dry tracks: two reports and at least five seconds.
    StreamRule(
        _lacking(IssueName.NO_VIDEO_SENT, STALLED_MS),
        frozenset({Family.VIDEO_PRODUCER}),
        (ThresholdMeasure("dry", _none_of("frames"), 1, 1),),
    ),
    StreamRule(
        _lacking(IssueName.NO_AUDIO_SENT, STALLED_MS),
        frozenset({Family.AUDIO_PRODUCER}),
        (ThresholdMeasure("dry", _none_of("bytes_sent"), 1, 1),),
    ),
    # As long as one-way audio takes; chosen.
    StreamRule(
        _lacking(IssueName.AUDIO_NOT_PLAYED, UNPLAYED_MS),
        AUDIO & _CONSUMERS,
        (ThresholdMeasure("unplayed", _unplayed, 1, 1),),
    ),
)
