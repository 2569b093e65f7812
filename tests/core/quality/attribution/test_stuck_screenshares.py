"""When a screenshare was stuck at a listener, and when it was merely still."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.instants import EpochMs
from aftercall.core.quality.activity.stream_activity import FrameCount, StreamActivity
from aftercall.core.quality.attribution.origin import AttributedIssues
from aftercall.core.quality.comparison.comparison import ComparedParticipant, Comparison
from aftercall.core.quality.issues import Issue, IssueName, StreamRef
from aftercall.core.quality.stats.report_linker import Family
from tests.core.quality.comparison_builder import activity_of

STEP_MS = 7_000
SENT, SHOWN = Family.SCREENSHARE_VIDEO_PRODUCER, Family.SCREENSHARE_VIDEO_CONSUMER


def _activity(
    family: Family, frames: Sequence[int], *, offset_ms: int = 0, ssrc: int = 1
) -> StreamActivity:
    owner, sender = ("ada", None) if family is SENT else ("bob", "ada")
    ref = StreamRef(peer_id=owner, family=family.value, ssrc=ssrc, from_peer_id=sender)
    starts = [EpochMs(offset_ms + place * STEP_MS) for place in range(len(frames))]
    ends = [EpochMs(start + STEP_MS) for start in starts]
    return activity_of(
        ref,
        flowing=[(starts[0], ends[-1])],
        counted=[FrameCount(*each) for each in zip(starts, ends, frames, strict=True)],
    )


def _frozen(sent: Sequence[StreamActivity], shown: StreamActivity) -> list[Issue]:
    participants = [
        ComparedParticipant(
            participant_id=name, peer_ids=frozenset({name}), issues=[], streams=activities
        )
        for name, activities in (("ada", list(sent)), ("bob", [shown]), ("cyd", []))
    ]
    found = AttributedIssues(Comparison(participants))["bob"]
    return [issue for issue in found if issue.name is IssueName.VIDEO_FROZEN]


def test_a_screenshare_whose_sent_frames_do_not_arrive_is_stuck() -> None:
    shown = _activity(SHOWN, [70] * 6 + [0] * 6 + [70] * 6, offset_ms=2_000)
    [issue] = _frozen([_activity(SENT, [70] * 20)], shown)
    assert issue.first_at == pytest.approx(2_000 + 6 * STEP_MS, abs=STEP_MS)
    assert issue.last_at == pytest.approx(2_000 + 12 * STEP_MS, abs=STEP_MS)
    assert issue.worst == {"frozen_percent": 100.0}


def test_a_still_screenshare_is_not_stuck() -> None:
    assert (
        _frozen([_activity(SENT, [70] * 4 + [0] * 16)], _activity(SHOWN, [70] * 4 + [0] * 16)) == []
    )
    assert _frozen([_activity(SENT, [7] * 20)], _activity(SHOWN, [0] * 20)) == []


def test_frames_dropped_by_a_server_make_no_screenshare_stuck() -> None:
    assert _frozen([_activity(SENT, [210] * 20)], _activity(SHOWN, [53] * 20)) == []


def test_a_screenshare_is_compared_by_its_busiest_layer() -> None:
    layers = [_activity(SENT, [0] * 20), _activity(SENT, [70] * 20, ssrc=2)]
    assert len(_frozen(layers, _activity(SHOWN, [70] * 6 + [0] * 6 + [70] * 8))) == 1


def test_a_screenshare_of_a_sender_without_reports_is_never_stuck() -> None:
    assert _frozen([], _activity(SHOWN, [70] * 6 + [0] * 14)) == []


_TURNS = st.lists(st.sampled_from([0, 0, 0, 15, 60, 150]), min_size=20, max_size=20)


@given(seconds=_TURNS, offset_s=st.integers(0, 6))
def test_a_screenshare_whose_frames_all_arrive_is_never_stuck(
    seconds: list[int], offset_s: int
) -> None:
    """The same frames, counted by two browsers whose samples are not simultaneous."""
    frames = [count for each in seconds for count in (each, 0, 0, 0, 0, 0, 0)]
    at_sender = [sum(frames[place : place + 7]) for place in range(0, 126, 7)]
    at_listener = [sum(frames[place : place + 7]) for place in range(offset_s, 119, 7)]
    shown = _activity(SHOWN, at_listener, offset_ms=offset_s * 1_000)
    assert _frozen([_activity(SENT, at_sender)], shown) == []
