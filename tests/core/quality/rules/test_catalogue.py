"""Each rule of the catalogue at, below and above the values at which its issue is raised and
cleared, and for how long they have to last: three of five, and three good ones in a row."""

from typing import Any

import pytest

from aftercall.core.quality.issues import Issue, IssueName
from tests.core.quality.peer_builder import Members, StatsObject, issues_of, moment, peer_of, tag
from tests.core.quality.rule_thresholds import CASES, MICROPHONE, Case

_FIXED: dict[str, Members] = {
    "outbound-rtp": {"mediaSourceId": "media-source"},
    "remote-inbound-rtp": {"localId": "outbound-rtp"},
    "candidate-pair": {"nominated": True, "state": "succeeded"},
}
_BESIDE = StatsObject(type="outbound-rtp", id="beside", fixed={"kind": "video", "ssrc": 8})
"""Video is enabled in every case; nothing else is known about it."""


def _issues(
    name: IssueName,
    reported: list[dict[str, Members]],
    direction: str = "",
    source: str = "",
) -> list[Issue]:
    """The issues of a stream with these intervals."""
    named: dict[str, Any] = {"kind": "audio" if source == MICROPHONE else "video", "ssrc": 7}
    things = [
        StatsObject(
            type=type_,
            id=type_,
            fixed={**_FIXED.get(type_, {}), **(named if source else {})},
            steps=[each[type_] for each in reported],
        )
        for type_ in reported[0]
    ]
    tags = [tag(direction, 7, source)] if source else []
    return issues_of(peer_of([*things, _BESIDE], tags=tags), name)


def _marked(case: Case, marks: str) -> list[Issue]:
    """A peer with an interval for each mark: `x` bad, `-` spared, `~` held, `.` good."""
    values = {"x": case.bad, "-": case.spared, "~": case.held, ".": case.good}
    reported = [case.with_value(values[mark]) for mark in marks]
    return _issues(case.name, reported, case.direction, case.source)


every_case = pytest.mark.parametrize("case", CASES, ids=str)


@every_case
@pytest.mark.parametrize("marks", ["...xxx", "...x.xx", ".x.x.x", ".-x-xx-"])
def test_three_bad_intervals_of_five_raise_the_issue(case: Case, marks: str) -> None:
    [issue] = _marked(case, marks)
    first, last = marks.index("x"), marks.rindex("x")
    assert (issue.first_at, issue.last_at) == (moment(first), moment(last + 1))
    assert issue.sample_count == 3 and issue.is_open
    assert issue.worst[case.label] == pytest.approx(case.worst, abs=1e-3)


@every_case
@pytest.mark.parametrize("marks", ["-" * 8, "~" * 8, "..xx...xx", "xx...x...x", "x---x--x"])
def test_fewer_bad_intervals_raise_no_issue(case: Case, marks: str) -> None:
    assert _marked(case, marks) == []


@every_case
@pytest.mark.parametrize("marks", ["xxx...", "xxx~..~...", "xxx-...x"])
def test_three_good_intervals_in_a_row_clear_the_issue(case: Case, marks: str) -> None:
    [issue] = _marked(case, marks)
    assert not issue.is_open
    assert issue.last_at == moment(3)


@every_case
@pytest.mark.parametrize("marks", ["xxx..", "xxx~~~~~~", "xxx..~..~..", "xxx-----"])
def test_fewer_good_intervals_do_not_clear_the_issue(case: Case, marks: str) -> None:
    [issue] = _marked(case, marks)
    assert issue.is_open


@every_case
def test_a_cleared_issue_can_be_raised_again(case: Case) -> None:
    first, second = _marked(case, "xxx...xxx")
    assert not first.is_open and second.is_open
    assert (first.last_at, second.first_at) == (moment(3), moment(6))
