"""The video model with rtcscore's coefficients, compared with every row of rtcscore's."""

from collections.abc import Callable
from math import log
from typing import Any

import pytest

from aftercall.core.quality.models import mos_video
from aftercall.core.quality.models.mos_video import RTCSCORE

Row = dict[str, Any]
Vectors = Callable[[str], list[Row]]

TOLERANCE = 0.011
"""Both sides round to two decimals."""


def _ours(row: Row) -> float:
    return mos_video.estimate(
        RTCSCORE,
        bitrate_bps=row["bitrate_bps"],
        width=row["width"],
        height=row["height"],
        fps=row["fps"],
        expected_pixels=row["expected_width"] * row["expected_height"],
        expected_fps=row["expected_fps"],
        codec=row["codec"],
        delay_ms=row["buffer_ms"] + row["rtt_ms"] / 2,
    )


def _unheld(row: Row) -> float:
    """The score by bits per coded pixel, before it is limited to 1…5."""
    pixels = min(row["width"] * row["height"], row["expected_width"] * row["expected_height"])
    factor = RTCSCORE.codec_factors.get(row["codec"], 1.0)
    bits = factor * row["bitrate_bps"] / (pixels * min(row["fps"], row["expected_fps"]))
    return RTCSCORE.slope * log(bits) + RTCSCORE.intercept


def test_every_row_of_the_domain_is_reproduced(vectors: Vectors) -> None:
    rows = [row for row in vectors("video_rtcscore") if row["in_domain"]]
    assert len(rows) == 1040
    for row in rows:
        assert _ours(row) == pytest.approx(row["mos"], abs=TOLERANCE), row


def test_the_domain_ends_at_the_maximum_bits_per_pixel(vectors: Vectors) -> None:
    """There our score is limited to 5 before a small or slow video lowers it, rtcscore's
    afterwards; otherwise a 180p video with bits to spare would pass for 720p."""
    rows = vectors("video_rtcscore")
    assert len(rows) == 1272
    for row in rows:
        assert row["in_domain"] is (_unheld(row) <= mos_video.HIGHEST), row


def test_beyond_the_domain_our_mos_is_never_higher(vectors: Vectors) -> None:
    rows = [row for row in vectors("video_rtcscore") if not row["in_domain"]]
    assert len(rows) == 232
    for row in rows:
        assert _ours(row) <= row["mos"] + TOLERANCE, row
    assert sum(_ours(row) < row["mos"] - TOLERANCE for row in rows) == 106
