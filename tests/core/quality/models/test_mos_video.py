import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.quality.interval_columns.columns import numbers
from aftercall.core.quality.models import mos_video
from aftercall.core.quality.models.mos_video import DEFAULT


def _mos(width: int, height: int, fps: float, bitrate: float, **rest: Any) -> float:
    given: dict[str, Any] = {
        "expected_pixels": max(width * height, mos_video.EXPECTED_PIXELS),
        "expected_fps": mos_video.EXPECTED_FPS,
        "codec": "vp8",
    } | rest
    return mos_video.estimate(width=width, height=height, fps=fps, bitrate_bps=bitrate, **given)


# Quoted with two decimals from an independent computation of the default set.
@pytest.mark.parametrize(
    ("codec", "width", "height", "fps", "expected"),
    [
        ("h264", 320, 180, 30, [3.11, 3.73, 4.01, 4.22, 4.22, 4.22, 4.22]),
        ("vp8", 640, 360, 5, [1.64, 2.25, 2.54, 2.65, 2.65, 2.65, 2.65]),
        ("vp8", 640, 360, 15, [2.67, 3.29, 3.57, 3.96, 4.26, 4.29, 4.29]),
        ("vp8", 640, 360, 30, [3.11, 3.73, 4.01, 4.40, 4.70, 4.92, 5.00]),
        ("vp8", 960, 540, 30, [2.66, 3.27, 3.56, 3.95, 4.25, 4.46, 4.72]),
        ("vp8", 1280, 720, 5, [1.00, 1.48, 1.76, 2.15, 2.45, 2.65, 2.65]),
        ("vp8", 1280, 720, 10, [1.51, 2.13, 2.41, 2.80, 3.10, 3.32, 3.58]),
        ("vp8", 1280, 720, 15, [1.89, 2.51, 2.80, 3.18, 3.48, 3.70, 3.96]),
        ("h264", 1280, 720, 30, [2.34, 2.95, 3.24, 3.63, 3.92, 4.14, 4.40]),
        ("vp8", 1920, 1080, 30, [1.88, 2.50, 2.78, 3.17, 3.47, 3.69, 3.95]),
        ("VP9", 1280, 720, 30, [2.44, 3.05, 3.34, 3.73, 4.03, 4.24, 4.50]),
        ("AV1", 1280, 720, 30, [2.60, 3.21, 3.50, 3.89, 4.19, 4.40, 4.67]),
    ],
)
def test_the_default_coefficients_score_cameras_as_documented(
    codec: str, width: int, height: int, fps: int, expected: list[float]
) -> None:
    rates = [100e3, 300e3, 500e3, 1000e3, 1700e3, 2500e3, 4000e3]
    ours = [_mos(width, height, fps, rate, codec=codec) for rate in rates]
    assert ours == pytest.approx(expected, abs=0.011)


def test_freezes_and_unrepaired_loss_lower_the_mos_as_documented() -> None:
    frozen = [_mos(1280, 720, 30, 1.5e6, freeze_share=s) for s in (0, 0.02, 0.1, 0.3, 0.5, 1)]
    assert frozen == pytest.approx([3.85, 3.72, 3.26, 2.43, 1.90, 1.28], abs=0.011)
    lossy = [_mos(1280, 720, 30, 1.5e6, loss_percent=p) for p in (0, 1, 2, 6, 10, 20)]
    assert lossy == pytest.approx([3.85, 3.54, 3.26, 2.43, 1.90, 1.28], abs=0.011)


def test_screenshares_are_expected_at_five_frames_per_second() -> None:
    ours = [
        _mos(1920, 1080, fps, rate, codec="vp9", is_screen=True, expected_fps=5)
        for rate, fps in ((100e3, 2), (100e3, 5), (300e3, 5), (600e3, 5), (1200e3, 5))
    ]
    assert ours == pytest.approx([2.23, 3.09, 3.71, 4.09, 4.48], abs=0.011)


def test_video_without_frames_scores_one() -> None:
    assert _mos(1280, 720, 0.9, 1e6) == 1
    assert _mos(1280, 720, 30, 0) == 1
    assert _mos(0, 720, 30, 1e6, expected_pixels=100) == 1


def test_a_screenshare_of_unknown_size_without_bytes_is_not_scored() -> None:
    """And does not make arithmetic warn, which the tests take for an error."""
    nan, zero = numbers([None]), numbers([0.0])
    expected = mos_video.expected_sizes(nan, nan, nan, is_producer=False, is_screen=True)
    found = mos_video.opinions(
        DEFAULT, numbers([1.5]), zero, nan, zero, expected, numbers([5.0]), zero, zero, zero
    )
    assert math.isnan(found[0])


def test_loss_lowers_the_mos_unlike_in_a_published_scorer() -> None:
    assert _mos(1280, 720, 30, 1.5e6, loss_percent=60) < 1.1


def test_smaller_video_at_the_same_bitrate_has_no_higher_mos() -> None:
    large = _mos(1280, 720, 30, 1e6, expected_pixels=1280 * 720)
    small = _mos(320, 180, 30, 1e6, expected_pixels=1280 * 720)
    assert small < large


def test_the_expected_size_is_that_displayed_else_captured_else_640_by_360() -> None:
    def size(**rest: Any) -> int:
        known = {"is_producer": False, "is_screen": False, "pixels": 320 * 180}
        return mos_video.expected_size(
            **({"shown_pixels": None, "source_pixels": None} | known | rest)
        )

    assert size() == 640 * 360
    assert size(shown_pixels=1280 * 720) == 1280 * 720
    assert size(is_producer=True, source_pixels=1280 * 720) == 1280 * 720
    assert size(is_producer=True, shown_pixels=99) == 640 * 360
    assert size(is_screen=True) == 320 * 180
    assert mos_video.expected_rate(is_screen=False, source_fps=60) == 30
    assert mos_video.expected_rate(is_screen=False, source_fps=None) == 24
    assert mos_video.expected_rate(is_screen=True, source_fps=None) == 5


positive = st.floats(1e3, 1e7)


@given(
    width=st.integers(16, 3840),
    fps=st.floats(1, 60),
    bitrate=positive,
    loss=st.floats(0, 100),
    freeze=st.floats(0, 1),
    delay=st.floats(0, 2000),
    expected_pixels=st.integers(16 * 9, 3840 * 2160),
    expected_fps=st.floats(1, 30),
    data=st.data(),
)
def test_more_quality_never_lowers_the_mos_and_impairment_never_raises_it(
    width: int,
    fps: float,
    bitrate: float,
    loss: float,
    freeze: float,
    delay: float,
    expected_pixels: int,
    expected_fps: float,
    data: st.DataObject,
) -> None:
    def mos(**changed: Any) -> float:
        known = {
            "width": width,
            "fps": fps,
            "bitrate_bps": bitrate,
            "loss_percent": loss,
            "freeze_share": freeze,
            "delay_ms": delay,
            "expected_pixels": expected_pixels,
            "expected_fps": expected_fps,
        } | changed
        return mos_video.estimate(DEFAULT, height=known["width"] * 9 // 16, **known)

    now = mos()
    assert 1 <= now <= 5
    assert mos(bitrate_bps=data.draw(st.floats(bitrate, 1e8))) >= now
    assert mos(fps=data.draw(st.floats(fps, 120))) >= now
    assert mos(loss_percent=data.draw(st.floats(loss, 100))) <= now
    assert mos(freeze_share=data.draw(st.floats(freeze, 1))) <= now
    assert mos(delay_ms=data.draw(st.floats(delay, 3000))) <= now
    assert mos(expected_fps=data.draw(st.floats(expected_fps, 30))) <= now
    assert mos(expected_pixels=data.draw(st.integers(expected_pixels, 8000 * 4000))) <= now
    assert mos(width=data.draw(st.integers(width, 4096))) >= now
    assert mos(codec="vp8") == mos(codec="h264") <= mos(codec="vp9") == mos(codec="h265")
    assert mos(codec="vp9") <= mos(codec="av1")
