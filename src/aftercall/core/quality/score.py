"""RealtimeKit's score of a stream, 0..1: what its web client computes every seven seconds.

Not an opinion score. Inputs are what was added since the last report, jitter the current value
in seconds; an input that is not known costs nothing. Source: the score functions of the
published client, realtimekit 2.0.2.
"""

from math import floor
from typing import Final

LOSS_PERCENT: Final = (0.0, 10.0)
JITTER_S: Final = (0.020, 0.030)
CONCEALMENT_EVENTS: Final = (0.0, 3.0)

POOR_WIDTH: Final = 240
POOR_SCREEN_WIDTH: Final = 720
LAG_FPS: Final = 8.0
LAG_SCREEN_FPS: Final = 3.0


def goodness(value: float | None, bounds: tuple[float, float]) -> float:
    """1 at or below the lower bound, 0 at or above the upper, a line between them."""
    if value is None:
        return 1.0
    low, high = bounds
    value = abs(value)
    if value <= low:
        return 1.0
    return 0.0 if value >= high else 1 - (value - low) / (high - low)


def audio_producer_score(loss_percent: float | None, jitter_s: float | None) -> float:
    return 0.7 * goodness(loss_percent, LOSS_PERCENT) + 0.3 * goodness(jitter_s, JITTER_S)


def audio_consumer_score(
    loss_percent: float | None, jitter_s: float | None, concealment_events: int | None
) -> float:
    return (
        0.2 * goodness(concealment_events, CONCEALMENT_EVENTS)
        + 0.5 * goodness(loss_percent, LOSS_PERCENT)
        + 0.3 * goodness(jitter_s, JITTER_S)
    )


def is_poor_resolution(width: int, *, is_screen: bool) -> bool:
    return width < (POOR_SCREEN_WIDTH if is_screen else POOR_WIDTH)


def is_lagging(fps: float, *, is_screen: bool) -> bool:
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
    """Two decimals. Where the client takes a missing size, rate or count for zero and scores
    the stream 0.44, ours takes it for not known."""
    picture = 0.8
    if width is not None and is_poor_resolution(width, is_screen=is_screen):
        picture *= 0.85
    if fps is not None and is_lagging(fps, is_screen=is_screen):
        picture *= 0.7
    if frames == 0:
        picture *= 0.5
    network = goodness(jitter_s, JITTER_S) * goodness(loss_percent, LOSS_PERCENT)
    return floor((picture + 0.2 * network) * 100 + 0.5) / 100
