"""Attribution between directly connected browsers. A pair `ba` is what Bob received from Ada."""

from collections.abc import Mapping
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from aftercall.core.instants import EpochMs
from aftercall.core.quality.activity.stream_activity import ConnectionActivity, StreamActivity
from aftercall.core.quality.attribution.origin import AttributedIssues
from aftercall.core.quality.comparison.compared_participant import ComparedParticipant
from aftercall.core.quality.comparison.comparison import Comparison
from aftercall.core.quality.issues import Issue, IssueName, StreamRef, single
from aftercall.core.quality.stats.report_linker import Family
from aftercall.core.spans import Span
from tests.core.quality.comparison_builder import activity_of

CALL: Span = (EpochMs(0), EpochMs(600_000))
BAD: Span = (EpochMs(100_000), EpochMs(200_000))
LOSS = {"loss_percent": 12.0}


class Case(NamedTuple):
    people: str
    missed: str
    remote: str = ""
    local: str = ""
    unknown: str = ""
    uplinks: str = ""
    """The participants with an uplink issue."""

    def comparison(self) -> Comparison:
        return Comparison(self._participant(name) for name in self.people)

    def _participant(self, name: str) -> ComparedParticipant:
        """The sender has a remote report of what the other end lost for each connection."""
        activities, issues = [], []
        for other in self.people.replace(name, ""):
            for listener, sender, family in (
                (other, name, Family.AUDIO_PRODUCER),
                (name, other, Family.AUDIO_CONSUMER),
            ):
                ref = StreamRef(
                    peer_id=name,
                    connection_id=f"to {other}",
                    family=family.value,
                    ssrc=1_000 * ord(listener) + ord(sender),
                )
                is_missed = listener + sender in self.missed.split()
                activities.append(_activity(ref, is_missed))
                if is_missed:
                    is_sent = family is Family.AUDIO_PRODUCER
                    way = "UPLINK" if is_sent else "DOWNLINK"
                    issues.append(single(IssueName[f"POOR_NETWORK_{way}"], ref, *BAD, LOSS))
        return ComparedParticipant(
            participant_id=name, peer_ids=frozenset({name}), issues=issues, streams=activities
        )


def _activity(ref: StreamRef, is_missed: bool) -> StreamActivity:
    return activity_of(
        ref,
        flowing=[CALL],
        lossy=[BAD] if is_missed else [],
    )


CASES: Mapping[str, Case] = {
    "all miss one": Case("abc", "ba ca", remote="ba ca", uplinks="a"),
    "one misses all": Case("abc", "ab ac", local="ab ac"),
    "one bad both ways": Case("abc", "ba ca ab ac", remote="ba ca", local="ab ac", uplinks="a"),
    "one misses one of three": Case("abcd", "ba", unknown="ba"),
    "two alone": Case("ab", "ba", unknown="ba"),
    "two alone miss each other": Case("ab", "ba ab", unknown="ba ab"),
    "all miss all": Case("abc", "ab ac ba bc ca cb", unknown="ab ac ba bc ca cb"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_other_connections_of_a_mesh_decide_the_side_at_fault(case: Case) -> None:
    found = AttributedIssues(case.comparison())
    heard = {
        name + chr(issue.stream.ssrc % 1_000): issue.origin
        for name, issues in found.items()
        for issue in issues
        if issue.name is IssueName.POOR_NETWORK_DOWNLINK and issue.stream.ssrc
    }
    stated = {"remote": case.remote, "local": case.local, None: case.unknown}
    assert heard == {pair: origin for origin, pairs in stated.items() for pair in pairs.split()}


def _uplinks(issues: list[Issue], origin: str | None) -> list[Issue]:
    return [i for i in issues if i.name is IssueName.POOR_NETWORK_UPLINK and i.origin == origin]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_remote_loss_is_an_uplink_issue_only_if_most_connections_have_it(case: Case) -> None:
    found = AttributedIssues(case.comparison())
    assert {name for name, issues in found.items() if _uplinks(issues, "local")} == set(
        case.uplinks
    )


def test_remote_loss_on_the_far_ends_downlink_is_caused_by_the_far_end() -> None:
    found = AttributedIssues(CASES["one misses all"].comparison())
    [issue] = _uplinks(found["b"], "remote")
    assert issue.caused_by == "a"


@pytest.mark.parametrize(("impairment", "origin"), [("late", None), ("lossy", "remote")])
def test_frozen_video_on_another_connection_is_no_evidence_of_a_bad_path(
    impairment: str, origin: str | None
) -> None:
    """What Ada receives from Cyd is late or lost; what Bob receives from her is lost."""
    comparison = CASES["one misses one of three"].comparison()
    for each in comparison.participants["a"].streams:
        if each.ref.ssrc == 1_000 * ord("a") + ord("c"):
            setattr(each, impairment, [BAD])
    assert {issue.origin for issue in AttributedIssues(comparison)["b"]} == {origin}


def test_an_issue_that_follows_from_loss_of_unknown_origin_has_unknown_origin() -> None:
    """Bob's audio from Ada is concealed due to the loss; what she receives from Cyd is frozen."""
    comparison = CASES["one misses one of three"].comparison()
    bob = comparison.participants["b"]
    [lost] = [issue for issue in bob.issues if issue.name is IssueName.POOR_NETWORK_DOWNLINK]
    broken = single(IssueName.AUDIO_CONCEALMENT, lost.stream, *BAD, {"concealment_percent": 12.0})
    for each in comparison.participants["a"].streams:
        if each.ref.ssrc == 1_000 * ord("a") + ord("c"):
            each.late = [BAD]
    participants = [
        replace(participant, issues=[*participant.issues, broken])
        if participant is bob
        else participant
        for participant in comparison.participants.values()
    ]
    found = AttributedIssues(Comparison(participants))
    assert {issue.origin for issue in found["b"]} == {None}
    assert _uplinks(found["a"], "local") == []


def _connection(who: str, other: str) -> ConnectionActivity:
    return ConnectionActivity(peer_id=who, connection_id=f"to {other}", reported=[CALL])


def _lost(who: str, other: str) -> Issue:
    ref = StreamRef(peer_id=who, connection_id=f"to {other}")
    return single(IssueName.ICE_RECONNECTING, ref, *BAD)


def test_a_lost_connection_is_attributed_to_the_peer_that_lost_its_others_too() -> None:
    participants = []
    for participant in Case("abc", "").comparison().participants.values():
        name = participant.participant_id
        others = {"a": "bc", "b": "a", "c": "a"}[name]
        connections = [_connection(name, other) for other in "abc".replace(name, "")]
        participants.append(
            replace(
                participant,
                issues=[_lost(name, other) for other in others],
                connections=connections,
            )
        )
    found = AttributedIssues(Comparison(participants))
    origins = {
        name: {(i.origin, i.caused_by) for i in issues if i.name is IssueName.ICE_RECONNECTING}
        for name, issues in found.items()
    }
    assert origins == {"a": {("local", None)}, "b": {("remote", "a")}, "c": {("remote", "a")}}
