"""Audio that arrives and is not played."""

from typing import Any

import pytest

from aftercall.core.quality.issues import IssueName
from aftercall.core.quality.report.cross_participant_pass import complete
from aftercall.core.quality.report.fold import PeerFacts
from tests.core.quality.peer_builder import StatsObject, folded, issues_of, moment, peer_of, tag

NAME = IssueName.AUDIO_NOT_PLAYED
PLAYED = {"packetsReceived": 500, "totalSamplesReceived": 480_000, "packetsDiscarded": 0}
THROWN_AWAY = {"packetsReceived": 500, "totalSamplesReceived": 0, "packetsDiscarded": 498}
LEFT = {"packetsReceived": 500, "totalSamplesReceived": 0, "packetsDiscarded": 0}


def _received(*steps: dict[str, Any], step_s: float = 10.0) -> PeerFacts:
    lossless = [{"packetsLost": 0, "jitter": 0.001, **step} for step in steps]
    reported = StatsObject(
        type="inbound-rtp", id="I", fixed={"kind": "audio", "ssrc": 7}, steps=lossless
    )
    return peer_of([reported], tags=[tag("receive", 7, "microphone")], step_s=step_s)


@pytest.mark.parametrize("unplayed", [THROWN_AWAY, LEFT])
def test_audio_that_arrives_and_is_not_played_is_an_issue_until_it_is_played(
    unplayed: dict[str, Any],
) -> None:
    [issue] = issues_of(_received(PLAYED, unplayed, unplayed, unplayed, PLAYED), NAME)
    assert (issue.first_at, issue.last_at) == (moment(1), moment(4))
    assert (issue.severity, issue.is_open) == ("severe", False)


def test_unplayed_audio_is_an_issue_after_ten_seconds() -> None:
    for count, is_told in ((9, False), (10, True)):
        steps = [PLAYED, *[THROWN_AWAY] * count, PLAYED]
        assert bool(issues_of(_received(*steps, step_s=1.0), NAME)) is is_told


def test_silence_and_missing_counters_raise_no_issue() -> None:
    assert issues_of(_received(*[LEFT] * 5), NAME) == []
    assert issues_of(_received(*[{"packetsReceived": 500}] * 5), NAME) == []
    nothing = {"packetsReceived": 0, "totalSamplesReceived": 0, "packetsDiscarded": 0}
    assert issues_of(_received(PLAYED, *[nothing] * 5), NAME) == []


def test_unplayed_audio_has_no_score() -> None:
    block = folded(_received(*[THROWN_AWAY] * 5)).verdict.cumulative["audio_consumer"]
    assert block.quality_score.avg is None and block.mos_estimated.avg is None


def test_the_diagnosis_reports_unplayed_audio() -> None:
    facts = _received(PLAYED, *[THROWN_AWAY] * 3)
    made = folded(facts)
    assert facts.peer.left_at is not None
    reported = dict(
        complete({"a": made.verdict}, {"a": made.activity}, {"a": "Ada"}, facts.peer.left_at)
    )
    assert [finding.sentence for finding in reported["a"].diagnosis] == [
        "The sound reached Ada but was not played from 10:00:30 to 10:01:00 UTC."
    ]
