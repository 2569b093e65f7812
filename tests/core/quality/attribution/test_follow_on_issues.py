"""The issues from which bad audio and video that Bob received from Ada follow, among four
participants."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from aftercall.core.instants import EpochMs
from aftercall.core.quality.activity.stream_activity import FrameCount
from aftercall.core.quality.attribution.follow_on_issues import FollowOnIssues
from aftercall.core.quality.attribution.lost_connections import LostConnections
from aftercall.core.quality.issues import Issue, IssueName, Origin, StreamRef, single
from aftercall.core.quality.stats.report_linker import Family
from tests.core.quality.comparison_builder import BAD, comparison_of, received, sent

SOUND = received("b", "a")
PICTURE = received("b", "a", Family.VIDEO_CONSUMER)
SENT_PICTURE = sent("a", Family.VIDEO_PRODUCER)


def _issue(name: IssueName, ref: StreamRef = SOUND, **worst: float) -> Issue:
    return single(name, ref, *BAD, worst)


def _lost(origin: Origin | None, culprit: str | None = None, ref: StreamRef = SOUND) -> Issue:
    issue = _issue(IssueName.POOR_NETWORK_DOWNLINK, ref, loss_percent=12.0)
    return replace(issue, origin=origin, caused_by=culprit)


def _follow(
    issues: Sequence[Issue],
    own: Mapping[str, Sequence[Issue]] | None = None,
    members: Mapping[StreamRef, Mapping[str, Any]] | None = None,
    people: str = "abcd",
) -> dict[IssueName, tuple[str | None, str | None]]:
    """The origins found; `own` are the issues of people's own reports."""
    comparison = comparison_of(people, own, members)
    found = FollowOnIssues(comparison, LostConnections(comparison)).follow(issues, "b")
    return {issue.name: (issue.origin, issue.caused_by) for issue in found}


@pytest.mark.parametrize(("origin", "culprit"), [("remote", "a"), ("local", None), (None, None)])
def test_concealment_follows_from_loss_on_the_same_stream(
    origin: Origin | None, culprit: str | None
) -> None:
    found = _follow([_issue(IssueName.AUDIO_CONCEALMENT), _lost(origin, culprit)])
    assert found[IssueName.AUDIO_CONCEALMENT] == (origin, culprit)


def test_a_low_mos_follows_from_the_lateness_that_outlasts_the_loss_in_any_order() -> None:
    lost = replace(_lost("server"), last_at=EpochMs(150_000))
    late = _issue(IssueName.AUDIO_CONCEALMENT, concealment_percent=12.0)
    bad = replace(_issue(IssueName.LOW_AUDIO_MOS), first_at=EpochMs(140_000))
    for given in ([bad, late, lost], [lost, late, bad]):
        assert _follow(given)[IssueName.LOW_AUDIO_MOS] == ("server", None)
    assert _follow([bad, lost])[IssueName.LOW_AUDIO_MOS] == (None, None)


def test_lateness_has_the_origin_of_the_long_rtt_without_other_evidence() -> None:
    late = _issue(IssueName.AUDIO_CONCEALMENT, concealment_percent=12.0)
    far = replace(_issue(IssueName.POOR_NETWORK_DOWNLINK, rtt_ms=900.0), origin="server")
    for issues, people, origin in (
        ([late], "ab", None),
        ([late, far], "ab", "server"),
        ([late, far], "abcd", "local"),
    ):
        found = _follow(issues, people=people)
        assert found[IssueName.AUDIO_CONCEALMENT] == (origin, None)


def test_loss_on_another_stream_or_at_another_time_is_no_cause() -> None:
    late = _issue(IssueName.LOW_AUDIO_MOS)
    for other in (
        _lost("remote", "c", received("b", "c")),
        replace(_lost("remote", "a"), first_at=EpochMs(300_000), last_at=EpochMs(400_000)),
    ):
        assert _follow([late, other])[IssueName.LOW_AUDIO_MOS] == (None, None)


def test_a_low_mos_follows_from_a_long_rtt() -> None:
    far = replace(_issue(IssueName.POOR_NETWORK_DOWNLINK, rtt_ms=900.0), origin="local")
    assert _follow([_issue(IssueName.LOW_AUDIO_MOS), far])[IssueName.LOW_AUDIO_MOS] == (
        "local",
        None,
    )


def test_a_known_origin_is_not_replaced() -> None:
    known = replace(_issue(IssueName.LOW_AUDIO_MOS), origin="server")
    assert _follow([known, _lost("remote", "a")])[IssueName.LOW_AUDIO_MOS] == ("server", None)


@pytest.mark.parametrize(
    ("name", "ref", "by"),
    [
        (IssueName.LOW_VIDEO_MOS, PICTURE, _issue(IssueName.CPU_LIMITED, SENT_PICTURE)),
        (IssueName.LOW_RESOLUTION, PICTURE, _issue(IssueName.LOW_RESOLUTION, SENT_PICTURE)),
        (IssueName.LOW_AUDIO_MOS, SOUND, _issue(IssueName.ICE_FAILED, sent("a"))),
    ],
    ids=["a busy machine", "a small picture sent", "a lost connection"],
)
def test_bad_received_video_follows_from_the_senders_encoder_or_capture(
    name: IssueName, ref: StreamRef, by: Issue
) -> None:
    assert _follow([_issue(name, ref)], {"a": [by]})[name] == ("remote", "a")
    assert _follow([_issue(name, ref)])[name] == (None, None)


def test_a_low_audio_mos_does_not_follow_from_a_cpu_limited_encoder() -> None:
    busy = _issue(IssueName.CPU_LIMITED, SENT_PICTURE)
    found = _follow([_issue(IssueName.LOW_AUDIO_MOS)], {"a": [busy]})
    assert found[IssueName.LOW_AUDIO_MOS] == (None, None)


@pytest.mark.parametrize(
    ("relayed", "blame"),
    [("", (None, None)), ("a", ("remote", "a")), ("b", ("local", None)), ("ab", (None, None))],
)
def test_a_low_mos_is_attributed_to_the_peer_relayed_over_tcp(
    relayed: str, blame: tuple[str | None, str | None]
) -> None:
    own = {name: [_issue(IssueName.TURN_RELAYED_TCP, sent(name))] for name in relayed}
    assert _follow([_issue(IssueName.LOW_AUDIO_MOS)], own)[IssueName.LOW_AUDIO_MOS] == blame


def test_a_low_frame_rate_equal_to_the_sent_one_is_no_issue_unless_the_encoder_was_limited() -> (
    None
):
    slow = [
        FrameCount(EpochMs(at), EpochMs(at + 10_000), 30) for at in range(BAD[0], BAD[1], 10_000)
    ]
    members = {PICTURE: {"counted": slow}, SENT_PICTURE: {"counted": slow}}
    issue = _issue(IssueName.LOW_FRAME_RATE, PICTURE)
    assert _follow([issue], members=members) == {}
    held_back = {"a": [_issue(IssueName.BANDWIDTH_LIMITED, SENT_PICTURE)]}
    assert _follow([issue], held_back, members) == {IssueName.LOW_FRAME_RATE: ("remote", "a")}
