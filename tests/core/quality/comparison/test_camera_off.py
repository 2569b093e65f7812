"""Video that others received of cameras that were disabled."""

import pytest

from aftercall.core.instants import EpochMs
from aftercall.core.quality.activity.stream_activity import ConnectionActivity, StreamActivity
from aftercall.core.quality.attribution.origin import AttributedIssues
from aftercall.core.quality.comparison.camera_off import PICTURE
from aftercall.core.quality.comparison.compared_participant import ComparedParticipant
from aftercall.core.quality.comparison.comparison import Comparison
from aftercall.core.quality.issues import Issue, IssueName, StreamRef, single
from aftercall.core.quality.stats.report_linker import Family
from aftercall.core.spans import Span
from tests.core.quality.comparison_builder import activity_of

CALL: Span = (EpochMs(0), EpochMs(600_000))
SEEN = StreamRef(peer_id="bob", family=Family.VIDEO_CONSUMER.value, ssrc=7, from_peer_id="ada")


def _span(start_s: float, end_s: float) -> Span:
    return EpochMs(round(start_s * 1_000)), EpochMs(round(end_s * 1_000))


def _participant(
    name: str, issues: list[Issue], activities: list[StreamActivity]
) -> ComparedParticipant:
    return ComparedParticipant(
        participant_id=name,
        peer_ids=frozenset({name}),
        issues=issues,
        streams=activities,
        connections=[
            ConnectionActivity(peer_id=name, connection_id="pc", reported=[CALL], pace_ms=7_000)
        ],
    )


def _comparison(
    off: list[Span], bad: Span, name: IssueName = IssueName.VIDEO_FROZEN, ref: StreamRef = SEEN
) -> Comparison:
    camera = StreamRef(peer_id="ada", family=Family.VIDEO_PRODUCER.value)
    activity = activity_of(
        ref,
        flowing=[CALL],
        late=[bad],
    )
    return Comparison(
        [
            _participant(
                "ada", [single(IssueName.CAMERA_MUTED, camera, *span) for span in off], []
            ),
            _participant("bob", [single(name, ref, *bad)], [activity]),
            _participant("cyd", [], []),
        ]
    )


def _left(comparison: Comparison) -> list[Span]:
    return [(issue.first_at, issue.last_at) for issue in AttributedIssues(comparison)["bob"]]


TOGGLED = [_span(start, start + 12) for start in range(100, 280, 40)]


@pytest.mark.parametrize("name", sorted(PICTURE))
def test_received_video_has_no_issues_near_times_when_its_camera_was_off(name: IssueName) -> None:
    comparison = _comparison(TOGGLED, _span(95, 285), name)
    assert _left(comparison) == []
    [activity] = comparison.participants["bob"].streams
    assert sum(end - start for start, end in activity.late) == 0


def test_a_camera_that_was_off_in_a_single_sample_suffices() -> None:
    assert _left(_comparison([_span(110, 110)], _span(100, 121))) == []


def test_a_long_issue_while_the_camera_was_on_remains() -> None:
    assert _left(_comparison([_span(100, 140)], _span(120, 240))) == [_span(154, 240)]
    assert _left(_comparison([_span(150, 160)], _span(90, 230))) == [
        _span(90, 136),
        _span(174, 230),
    ]
    assert _left(_comparison([_span(300, 360)], _span(120, 240))) == [_span(120, 240)]


@pytest.mark.parametrize(
    ("name", "family", "sender"),
    [
        (IssueName.POOR_NETWORK_DOWNLINK, Family.VIDEO_CONSUMER, "ada"),
        (IssueName.AUDIO_CONCEALMENT, Family.AUDIO_CONSUMER, "ada"),
        (IssueName.LOW_FRAME_RATE, Family.VIDEO_CONSUMER, "cyd"),
    ],
)
def test_network_audio_and_other_video_issues_remain_while_a_camera_is_off(
    name: IssueName, family: Family, sender: str
) -> None:
    ref = StreamRef(peer_id="bob", family=family.value, ssrc=7, from_peer_id=sender)
    assert _left(_comparison(TOGGLED, _span(95, 285), name, ref)) == [_span(95, 285)]
