"""The estimated opinion of video, by bits per pixel.

No published model was made for conferencing pictures from browser encoders. The form is rtcscore's
(logarithm of bits per pixel, less a term for too few pixels, too few frames and delay); unrepaired
loss and freezes then halve what is left, the way G.1070 lets loss act. Sizes in px, rates in bit/s
and 1/s, delay in ms, loss in percent, scores 1..5.
"""

from collections.abc import Mapping
from math import inf
from typing import Final

import msgspec
import numpy as np

from aftercall.core.quality.interval_columns.columns import (
    FloatArray,
    fill_zero,
    numbers,
    two_decimals,
)

LOWEST: Final = 1.0

LEAST_SCREEN_FPS: Final = 2
"""A shared screen with fewer frames a second stands still, and its score has no meaning. Chosen;
browsers repeat a still screen once a second, or not at all."""
HIGHEST: Final = 5.0


class VideoModel(msgspec.Struct, frozen=True, kw_only=True):
    """A coefficient set."""

    slope: float = 0.56
    intercept: float = 5.36
    upscaling: float = 0.56
    frame_rate: float = 1.5
    delay_per_ms: float = 0.002
    halving_loss_percent: float = 6.0
    halving_freeze_share: float = 0.30
    codec_factors: Mapping[str, float] = {}
    screen_factor: float = 1.5


DEFAULT: Final = VideoModel(
    codec_factors={"vp9": 1.2, "h265": 1.2, "hevc": 1.2, "av1": 1.6, "av1x": 1.6}
)
RTCSCORE: Final = VideoModel(
    frame_rate=1.9,
    halving_loss_percent=inf,
    halving_freeze_share=inf,
    codec_factors={"vp9": 1.2},
    screen_factor=1.0,
)
"""rtcscore 0.0.2, for coded sizes up to the expected one."""

EXPECTED_FPS: Final = 24.0
EXPECTED_SCREEN_FPS: Final = 5.0
HIGHEST_EXPECTED_FPS: Final = 30.0
EXPECTED_PIXELS: Final = 640 * 360


def estimate(
    model: VideoModel = DEFAULT,
    *,
    bitrate_bps: float,
    width: int,
    height: int,
    fps: float,
    expected_pixels: float,
    expected_fps: float,
    codec: str | None = None,
    is_screen: bool = False,
    delay_ms: float = 0.0,
    loss_percent: float = 0.0,
    freeze_share: float = 0.0,
) -> float:
    """The score with two decimals; 1 if nothing moves. `codec` is a MIME subtype."""
    inputs = (
        bitrate_bps,
        width * height,
        fps,
        expected_pixels,
        expected_fps,
        delay_ms,
        loss_percent,
        freeze_share,
    )
    factor = codec_factor(model, codec, is_screen=is_screen)
    columns = (numbers([value]) for value in (factor, *inputs))
    return float(opinions(model, *columns)[0])


def codec_factor(model: VideoModel, codec: str | None, *, is_screen: bool) -> float:
    """The efficiency of a bit, by codec and content."""
    factor = model.codec_factors.get(codec.lower(), 1.0) if codec is not None else 1.0
    return factor * model.screen_factor if is_screen else factor


def opinions(
    model: VideoModel,
    factors: FloatArray,
    bitrates_bps: FloatArray,
    pixels: FloatArray,
    fps: FloatArray,
    expected_pixels: FloatArray,
    expected_fps: FloatArray,
    delays_ms: FloatArray,
    loss_percents: FloatArray,
    freeze_shares: FloatArray,
) -> FloatArray:
    """`estimate` for columns of one stream with known codec factors; NaN where size, rate or
    bitrate is unknown."""
    is_known = ~np.isnan(pixels + bitrates_bps + fps)
    nothing_moves = (pixels <= 0) | (bitrates_bps <= 0) | (fps < 1)
    # Meaningless values would only cause warnings in the logarithms.
    pixels, bitrates_bps, fps, expected_pixels = (
        np.where(nothing_moves, 1.0, each) for each in (pixels, bitrates_bps, fps, expected_pixels)
    )
    coded = np.minimum(pixels, expected_pixels) * np.minimum(fps, expected_fps)
    quality = model.slope * np.log(factors * bitrates_bps / coded) + model.intercept
    quality = np.minimum(np.maximum(quality, LOWEST), HIGHEST) - model.delay_per_ms * delays_ms
    quality -= model.upscaling * np.log(np.maximum(expected_pixels / pixels, 1.0))
    quality -= model.frame_rate * np.log(np.maximum(expected_fps / fps, 1.0))
    halvings = loss_percents / model.halving_loss_percent
    halvings += freeze_shares / model.halving_freeze_share
    quality = np.where(halvings > 0, 1 + (quality - 1) * np.exp2(-halvings), quality)
    quality = np.where(nothing_moves | (quality <= LOWEST), LOWEST, quality)
    return two_decimals(np.where(is_known, quality, np.nan))


def expected_size(
    *,
    is_producer: bool,
    is_screen: bool,
    pixels: int,
    shown_pixels: int | None,
    source_pixels: int | None,
) -> int:
    """The pixels a viewer can expect: as shown, as captured, else at least 640×360 for a camera and
    the coded size for a screen."""
    columns = (numbers([value]) for value in (pixels, shown_pixels, source_pixels))
    return int(expected_sizes(*columns, is_producer=is_producer, is_screen=is_screen)[0])


def expected_sizes(
    pixels: FloatArray, shown: FloatArray, source: FloatArray, *, is_producer: bool, is_screen: bool
) -> FloatArray:
    """`expected_size` of columns."""
    found = fill_zero(source if is_producer or is_screen else shown)
    least = fill_zero(pixels)
    if not is_screen:
        least = np.maximum(least, EXPECTED_PIXELS)
    return np.where(found > 0, found, least)


def expected_rate(*, is_screen: bool, source_fps: float | None) -> float:
    """The frames a second a viewer can expect: the source's up to 30, else 24, and 5 for a
    screen."""
    return float(expected_rates(numbers([source_fps]), is_screen=is_screen)[0])


def expected_rates(source_fps: FloatArray, *, is_screen: bool) -> FloatArray:
    """`expected_rate` of columns."""
    assumed = EXPECTED_SCREEN_FPS if is_screen else EXPECTED_FPS
    return np.where(source_fps > 0, np.minimum(HIGHEST_EXPECTED_FPS, source_fps), assumed)
