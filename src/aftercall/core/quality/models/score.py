"""RealtimeKit's score of a stream, 0..1: what its web client computes every seven seconds.

It is no opinion score. Inputs are the increases since the last report, and the current jitter in
seconds; an unknown input costs nothing. Source: the score functions of the published client,
realtimekit 2.0.2.
"""

from typing import Final

import numpy as np

from aftercall.core.quality.interval_columns.columns import (
    BoolArray,
    FloatArray,
    numbers,
    two_decimals,
)

LOSS_PERCENT: Final = (0.0, 10.0)
JITTER_S: Final = (0.020, 0.030)
CONCEALMENT_EVENTS: Final = (0.0, 3.0)

POOR_WIDTH: Final = 240
POOR_SCREEN_WIDTH: Final = 720
LAG_FPS: Final = 8.0
LAG_SCREEN_FPS: Final = 3.0


def goodness(values: FloatArray, bounds: tuple[float, float]) -> FloatArray:
    """1 at or below the lower bound, 0 at or above the upper, linear between them."""
    low, high = bounds
    found = 1 - (np.abs(values) - low) / (high - low)
    return np.where(np.isnan(found), 1.0, np.minimum(np.maximum(found, 0.0), 1.0))


def audio_producer_score(loss_percent: float | None, jitter_s: float | None) -> float:
    """The score of sent audio."""
    return float(audio_producer_scores(numbers([loss_percent]), numbers([jitter_s]))[0])


def audio_producer_scores(loss_percents: FloatArray, jitters_s: FloatArray) -> FloatArray:
    """`audio_producer_score` of columns."""
    return 0.7 * goodness(loss_percents, LOSS_PERCENT) + 0.3 * goodness(jitters_s, JITTER_S)


def audio_consumer_score(
    loss_percent: float | None, jitter_s: float | None, concealment_events: int | None
) -> float:
    """The score of received audio."""
    inputs = (loss_percent, jitter_s, concealment_events)
    return float(audio_consumer_scores(*(numbers([value]) for value in inputs))[0])


def audio_consumer_scores(
    loss_percents: FloatArray, jitters_s: FloatArray, concealment_events: FloatArray
) -> FloatArray:
    """`audio_consumer_score` of columns."""
    return (
        0.2 * goodness(concealment_events, CONCEALMENT_EVENTS)
        + 0.5 * goodness(loss_percents, LOSS_PERCENT)
        + 0.3 * goodness(jitters_s, JITTER_S)
    )


def are_poor_resolution(widths: FloatArray, *, is_screen: bool) -> BoolArray:
    """Which widths the client calls poor."""
    return widths < (POOR_SCREEN_WIDTH if is_screen else POOR_WIDTH)


def are_lagging(fps: FloatArray, *, is_screen: bool) -> BoolArray:
    """Which frame rates the client calls lagging."""
    return fps < (LAG_SCREEN_FPS if is_screen else LAG_FPS)


def video_score(
    loss_percent: float | None,
    jitter_s: float | None,
    *,
    width: int | None,
    fps: float | None,
    frames: int | None,
    is_screen: bool,
) -> float:
    """The score of a picture, two decimals. A missing size, rate or count is unknown here; the
    client takes it for zero and scores the stream 0.44."""
    inputs = (loss_percent, jitter_s, width, fps, frames)
    return float(video_scores(*(numbers([value]) for value in inputs), is_screen=is_screen)[0])


def video_scores(
    loss_percents: FloatArray,
    jitters_s: FloatArray,
    widths: FloatArray,
    fps: FloatArray,
    frames: FloatArray,
    *,
    is_screen: bool,
) -> FloatArray:
    """`video_score` of columns."""
    picture = 0.8 * np.where(are_poor_resolution(widths, is_screen=is_screen), 0.85, 1.0)
    picture = picture * np.where(are_lagging(fps, is_screen=is_screen), 0.7, 1.0)
    picture = picture * np.where(frames == 0, 0.5, 1.0)
    network = goodness(jitters_s, JITTER_S) * goodness(loss_percents, LOSS_PERCENT)
    return two_decimals(picture + 0.2 * network)
