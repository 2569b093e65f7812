"""Received video, compared with the video of its sender."""

from collections.abc import Sequence
from typing import Any

import pytest

from aftercall.core.instants import EpochMs
from aftercall.core.quality.activity.stream_activity import FrameCount, StreamActivity
from aftercall.core.quality.attribution.origin import AttributedIssues
from aftercall.core.quality.comparison.comparison import ComparedParticipant, Comparison
from aftercall.core.quality.issues import Issue, IssueName, StreamRef, single
from aftercall.core.quality.stats.report_linker import Family
from aftercall.core.spans import Span
from tests.core.quality.comparison_builder import activity_of

STEP_MS = 7_000
CAMERA, SEEN = Family.VIDEO_PRODUCER, Family.VIDEO_CONSUMER
SCREEN, SHARED = Family.SCREENSHARE_VIDEO_PRODUCER, Family.SCREENSHARE_VIDEO_CONSUMER
BAD: Span = (EpochMs(2 * STEP_MS), EpochMs(18 * STEP_MS))
OF_FRAMES = (IssueName.VIDEO_FROZEN, IssueName.LOW_FRAME_RATE, IssueName.LOW_VIDEO_MOS)


def _activity(
    owner: str,
    family: Family,
    frames: Sequence[int | None],
    *,
    offset_ms: int = 0,
    late: Sequence[Span] = (),
    **named: Any,
) -> StreamActivity:
    """A stream with so many frames in each report; `None` where it was fast."""
    ref = StreamRef(peer_id=owner, family=family.value, **named)
    starts = [EpochMs(offset_ms + place * STEP_MS) for place in range(len(frames))]
    return activity_of(
        ref,
        flowing=[(starts[0], EpochMs(starts[-1] + STEP_MS))],
        late=list(late),
        counted=[
            FrameCount(start, EpochMs(start + STEP_MS), count)
            for start, count in zip(starts, frames, strict=True)
            if count is not None
        ],
    )


def _comparison(
    sent: Sequence[StreamActivity], shown: StreamActivity, names: Sequence[IssueName] = OF_FRAMES
) -> Comparison:
    issues = [single(name, shown.ref, *BAD) for name in names]
    return Comparison(
        [
            ComparedParticipant(
                participant_id="ada", peer_ids=frozenset({"ada"}), issues=[], streams=sent
            ),
            ComparedParticipant(
                participant_id="bob", peer_ids=frozenset({"bob"}), issues=issues, streams=[shown]
            ),
            ComparedParticipant(
                participant_id="cyd", peer_ids=frozenset({"cyd"}), issues=[], streams=[]
            ),
        ]
    )


def _left(comparison: Comparison) -> list[Issue]:
    return AttributedIssues(comparison)["bob"]


@pytest.mark.parametrize("named", [{"ssrc": 1}, {"producer_id": "P"}])
def test_untagged_video_is_a_screenshare_if_its_sender_reports_one(
    named: dict[str, Any],
) -> None:
    shown = _activity("bob", SEEN, [None] * 20, late=[BAD], **named)
    names = (*OF_FRAMES, IssueName.LOW_RESOLUTION, IssueName.POOR_NETWORK_DOWNLINK)
    comparison = _comparison([_activity("ada", SCREEN, [140] * 20, **named)], shown, names)
    [issue] = _left(comparison)
    assert issue.name is IssueName.POOR_NETWORK_DOWNLINK
    assert issue.stream.family == SHARED
    [activity] = comparison.participants["bob"].streams
    assert (activity.family, activity.ref.family, activity.late) == (SHARED, SHARED, [])


def test_an_untagged_screenshare_whose_frames_do_not_arrive_is_stuck() -> None:
    shown = _activity("bob", SEEN, [70] * 6 + [0] * 14, ssrc=1)
    [issue] = _left(_comparison([_activity("ada", SCREEN, [70] * 20, ssrc=1)], shown, ()))
    assert (issue.name, issue.stream.family) == (IssueName.VIDEO_FROZEN, SHARED)


def test_a_camera_beside_a_screenshare_remains_a_camera() -> None:
    sent = [
        _activity("ada", SCREEN, [7] * 20, ssrc=1),
        _activity("ada", CAMERA, [None] * 20, ssrc=2),
    ]
    left = _left(_comparison(sent, _activity("bob", SEEN, [7] * 20, ssrc=2)))
    assert {issue.name for issue in left} == set(OF_FRAMES)


def test_a_frame_rate_as_low_as_the_senders_is_no_issue() -> None:
    sent = _activity("ada", CAMERA, [7] * 20, ssrc=1)
    shown = _activity("bob", SEEN, [7] * 20, offset_ms=3_000, ssrc=1)
    assert _left(_comparison([sent], shown)) == []


def test_unidentified_video_is_compared_with_every_video_of_the_sender() -> None:
    sent = [
        _activity("ada", CAMERA, [None] * 20, ssrc=1),
        _activity("ada", SCREEN, [7, 60, 7, 14] * 5, ssrc=2),
    ]
    shown = _activity("bob", SEEN, [7, 60, 7, 14] * 5, ssrc=9, from_peer_id="ada")
    assert _left(_comparison(sent, shown)) == []


@pytest.mark.parametrize(
    ("made", "shown"),
    [
        ([None] * 20, [7] * 20),
        ([60] * 20, [7] * 20),
        ([7] * 9 + [None] * 11, [7] * 20),
        ([7] * 20, [None] * 20),
        ([], [7] * 20),
    ],
    ids=["fast", "far more", "slow for half of the time", "shown fast", "nothing reported"],
)
def test_a_frame_rate_below_the_senders_is_an_issue(
    made: list[int | None], shown: list[int | None]
) -> None:
    sent = [_activity("ada", CAMERA, made, ssrc=1)] if made else []
    left = _left(_comparison(sent, _activity("bob", SEEN, shown, ssrc=1, from_peer_id="ada")))
    assert {issue.name for issue in left} == set(OF_FRAMES)
