"""Small, slow video that was meant to be so, whose displayed size is unknown."""

from typing import Any

import pytest

from aftercall.core.quality.issues import IssueName
from tests.core.quality.peer_builder import STEP_S, StatsObject, folded, issues_of, peer_of, tag

SHOWN = ("expected_width", "expected_height")


def _video(*, fps: int, bitrate_bps: float, **stated: Any) -> dict[str, Any]:
    packets = {"packetsReceived": 300, "packetsLost": 0}
    size = {"frameWidth": 320, "frameHeight": 180}
    shown = {"framesDecoded": fps * STEP_S, "bytesReceived": bitrate_bps * STEP_S / 8}
    return {**packets, **size, **shown, "totalFreezesDuration": 0.0, **stated}


def _received(*, shown: tuple[int, int] | None = None, **stated: Any) -> tuple[float, int]:
    """The tenth percentile of the MOS, and the number of video issues."""
    named = {"kind": "video", "ssrc": 7}
    reported = StatsObject(type="inbound-rtp", id="I", fixed=named, steps=[_video(**stated)] * 12)
    size = {} if shown is None else dict(zip(SHOWN, shown, strict=True))
    peer = peer_of([reported], tags=[tag("receive", 7, "camera", **size)])
    opinion = folded(peer).verdict.cumulative["video_consumer"].mos_estimated.p10
    assert opinion is not None
    return opinion, len(issues_of(peer, IssueName.LOW_VIDEO_MOS))


@pytest.mark.parametrize(("fps", "least"), [(8, 2.6), (10, 2.9), (15, 3.3)])
def test_a_thumbnail_has_no_low_mos(fps: int, least: float) -> None:
    opinion, issues = _received(fps=fps, bitrate_bps=90_000)
    assert opinion >= least
    assert issues == 0


def test_a_frame_rate_that_the_sender_chose_is_no_issue() -> None:
    opinion, issues = _received(fps=5, bitrate_bps=90_000)
    assert opinion < 2.6
    assert issues == 0


def test_small_video_displayed_large_has_a_low_mos() -> None:
    opinion, issues = _received(fps=8, bitrate_bps=90_000, shown=(1_280, 720))
    assert opinion < 2.0
    assert issues == 1


@pytest.mark.parametrize(
    "hurt",
    [
        {"packetsReceived": 285, "packetsLost": 15},
        {"totalFreezesDuration": 2.0},
        {"framesDecoded": 0},
    ],
)
def test_impaired_small_video_has_a_low_mos(hurt: dict[str, Any]) -> None:
    _, issues = _received(fps=8, bitrate_bps=90_000, **hurt)
    assert issues == 1


def test_too_low_a_bitrate_for_the_frame_size_is_a_low_mos_at_any_size() -> None:
    opinion, issues = _received(fps=24, bitrate_bps=8_000)
    assert opinion < 2.6
    assert issues == 1
