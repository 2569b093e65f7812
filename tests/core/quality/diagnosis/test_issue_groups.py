from msgspec.structs import replace

from aftercall.core.instants import EpochMs
from aftercall.core.quality.diagnosis.issue_groups import IssueGroup, group_of
from aftercall.core.quality.issues import Issue, IssueName, StreamRef, single
from aftercall.core.spans import Span

NOON = 1_795_262_400_000


def _spans(*seconds: tuple[float, float]) -> list[Span]:
    return [(EpochMs(NOON + int(a * 1_000)), EpochMs(NOON + int(b * 1_000))) for a, b in seconds]


def _issue(start_s: int, end_s: int, loss: float, ssrc: int = 1) -> Issue:
    ref = StreamRef(peer_id="ada", ssrc=ssrc)
    start, end = EpochMs(NOON + start_s * 1_000), EpochMs(NOON + end_s * 1_000)
    return single(IssueName.POOR_NETWORK_DOWNLINK, ref, start, end, {"loss_percent": loss})


def test_issues_within_half_a_minute_are_one_episode() -> None:
    group = group_of([_issue(100, 110, 1), _issue(0, 20, 1), _issue(50, 60, 1)])
    assert group is not None
    assert group.episodes == _spans((0, 60), (100, 110))
    assert group.span == _spans((0, 110))[0]


def test_a_group_of_no_issues_is_none() -> None:
    assert group_of([]) is None


def test_the_worst_of_one_stream_is_not_typical_of_the_path() -> None:
    group = IssueGroup([_issue(0, 9, 6.0), _issue(0, 9, 100.0, ssrc=2), _issue(0, 9, 8.0, ssrc=3)])
    assert group.worst("loss_percent") == 100.0
    assert group.median_worst("loss_percent") == 8.0
    assert group.median_worst("rtt_ms") is None


def _with_mean(issue: Issue, mean: float) -> Issue:
    return replace(issue, typical={"loss_percent": mean})


def test_the_mean_weighs_each_issue_by_its_duration() -> None:
    short, long = _with_mean(_issue(0, 60, 20), 6.0), _with_mean(_issue(300, 480, 20), 10.0)
    assert IssueGroup([short, long]).mean("loss_percent") == 9.0


def test_the_severe_part_of_an_issue_is_not_counted_twice() -> None:
    poor = _with_mean(_issue(0, 100, 20), 8.0)
    severe = replace(_with_mean(_issue(20, 60, 20), 18.0), name=IssueName.SEVERE_NETWORK_DOWNLINK)
    assert IssueGroup([poor, severe]).mean("loss_percent") == 8.0


def test_the_mean_of_most_streams_is_not_that_of_one() -> None:
    group = IssueGroup(
        [_with_mean(_issue(0, 9, 50, ssrc=ssrc), mean) for ssrc, mean in ((1, 5), (2, 40), (3, 7))]
    )
    assert group.median_mean("loss_percent") == 7.0
    assert group.median_mean("rtt_ms") is None
