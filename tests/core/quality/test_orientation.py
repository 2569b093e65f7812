"""The quality of video does not depend on its orientation, and a still screenshare is not bad."""

from typing import Any

import pytest

from aftercall.core.quality.issues import IssueName
from tests.core.quality.peer_builder import STEP_S, StatsObject, folded, issues_of, peer_of, tag

SIZES = [(320, 180), (180, 320), (1280, 720), (720, 1280), (160, 90), (90, 160), (200, 200)]


def _received(source: str, size: tuple[int, int], fps: float, **more: Any) -> StatsObject:
    shown = {"frameWidth": size[0], "frameHeight": size[1], "framesPerSecond": fps}
    counted = {"framesDecoded": round(fps * STEP_S), "bytesReceived": 200_000}
    step = {"packetsReceived": 300, "packetsLost": 0, **shown, **counted, **more}
    return StatsObject(
        type="inbound-rtp", id="I", fixed={"kind": "video", "ssrc": 7}, steps=[step] * 12
    )


@pytest.mark.parametrize("size", SIZES)
def test_portrait_and_landscape_video_have_the_same_metrics(size: tuple[int, int]) -> None:
    def measures(size: tuple[int, int]) -> tuple[object, ...]:
        shown = {"expected_width": 1280, "expected_height": 720}
        peer = peer_of([_received("camera", size, 20)], tags=[tag("receive", 7, "camera", **shown)])
        block = folded(peer).verdict.cumulative["video_consumer"]
        [*issues] = issues_of(peer, IssueName.LOW_RESOLUTION)
        return (
            block.mos_estimated,
            block.quality_score,
            block.poor_resolution_fraction,
            [(issue.first_at, issue.last_at, issue.worst) for issue in issues],
        )

    assert measures(size) == measures((size[1], size[0]))
    _, _, fraction, issues = measures(size)
    assert (fraction == 1, bool(issues)) == (max(size) < 240, max(size) < 240)


def test_a_still_screenshare_is_neither_missing_nor_slow_nor_frozen() -> None:
    frozen = {"totalFreezesDuration": 5.0, "freezeCount": 1}
    for fps in (0, 1):
        peer = peer_of(
            [_received("screen", (1280, 720), fps, **frozen)], tags=[tag("receive", 7, "screen")]
        )
        found = folded(peer).verdict
        block = found.cumulative["screenshare_video_consumer"]
        assert not block.no_video_fraction
        assert not block.lag_fraction
        assert block.mos_estimated.avg is None
        assert found.issues == []
