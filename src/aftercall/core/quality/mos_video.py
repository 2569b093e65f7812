"""The estimated opinion of a picture: how many bits each of its pixels gets.

No published model was made for conferencing pictures from browser encoders. The form is
rtcscore's (logarithm of bits per pixel, less a term for too few pixels, too few frames and
delay); loss that was not repaired and freezes then halve what is left, the way G.1070 lets
loss act. Sizes in px, rates in bit/s and 1/s, delay in ms, loss in percent, scores 1..5.
"""

from collections.abc import Mapping
from math import inf, log
from typing import Final

import msgspec

from aftercall.core.quality.mos_audio import two_decimals

LOWEST: Final = 1.0
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
    """The score, two decimals; 1 where nothing moves. `codec` is a MIME subtype."""
    return opinion(
        model,
        codec_factor(model, codec, is_screen=is_screen),
        bitrate_bps,
        width * height,
        fps,
        expected_pixels,
        expected_fps,
        delay_ms,
        loss_percent,
        freeze_share,
    )


def codec_factor(model: VideoModel, codec: str | None, *, is_screen: bool) -> float:
    """How much further a bit goes, by codec and content."""
    factor = model.codec_factors.get(codec.lower(), 1.0) if codec is not None else 1.0
    return factor * model.screen_factor if is_screen else factor


def opinion(
    model: VideoModel,
    factor: float,
    bitrate_bps: float,
    pixels: int,
    fps: float,
    expected_pixels: float,
    expected_fps: float,
    delay_ms: float,
    loss_percent: float,
    freeze_share: float,
) -> float:
    """`estimate` with the codec's factor known: for many pictures of one stream."""
    if pixels <= 0 or bitrate_bps <= 0 or fps < 1:
        return LOWEST
    coded = (pixels if pixels < expected_pixels else expected_pixels) * (
        fps if fps < expected_fps else expected_fps
    )
    quality = model.slope * log(factor * bitrate_bps / coded) + model.intercept
    quality = (
        HIGHEST if quality > HIGHEST else LOWEST if quality < LOWEST else quality
    ) - model.delay_per_ms * delay_ms
    if expected_pixels > pixels:
        quality -= model.upscaling * log(expected_pixels / pixels)
    if expected_fps > fps:
        quality -= model.frame_rate * log(expected_fps / fps)
    if quality <= LOWEST:
        return LOWEST
    if loss_percent or freeze_share:
        halvings = loss_percent / model.halving_loss_percent
        halvings += freeze_share / model.halving_freeze_share
        quality = 1 + (quality - 1) * 2**-halvings
    return two_decimals(quality)


def expected_size(
    *,
    is_producer: bool,
    is_screen: bool,
    pixels: int,
    shown_pixels: int | None,
    source_pixels: int | None,
) -> int:
    """The pixels a viewer can expect: as shown, as captured, else at least 640×360 for a
    camera and what there is for a screen."""
    known = source_pixels if is_producer or is_screen else shown_pixels
    if known:
        return known
    return pixels if is_screen else max(pixels, EXPECTED_PIXELS)


def expected_rate(*, is_screen: bool, source_fps: float | None) -> float:
    """The frames a second a viewer can expect: the source's up to 30, else 24, of a screen 5."""
    if source_fps:
        return min(HIGHEST_EXPECTED_FPS, source_fps)
    return EXPECTED_SCREEN_FPS if is_screen else EXPECTED_FPS
