"""The origin of lateness, beside long round trips and where a sender reports a part of it."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from aftercall.core.instants import EpochMs
from aftercall.core.quality.activity.stream_activity import StreamActivity
from aftercall.core.quality.attribution.origin import AttributedIssues
from aftercall.core.quality.comparison.comparison import ComparedParticipant, Comparison
from aftercall.core.quality.diagnosis.diagnosis import diagnose
from aftercall.core.quality.diagnosis.findings import Finding, Subject
from aftercall.core.quality.issues import Issue, IssueName, StreamRef, single
from aftercall.core.quality.stats.report_linker import Family
from aftercall.core.spans import Span
from tests.core.quality.comparison_builder import activity_of

CALL: Span = (EpochMs(0), EpochMs(600_000))
BAD: Span = (EpochMs(100_000), EpochMs(200_000))
RTT = {"rtt_ms": 640.0}
PEOPLE = "abcd"
SOUND, PICTURE = Family.AUDIO_CONSUMER, Family.VIDEO_CONSUMER
_NAMES = {SOUND: IssueName.AUDIO_CONCEALMENT, PICTURE: IssueName.VIDEO_FROZEN}
_WORST = {SOUND: {"concealment_percent": 12.0}, PICTURE: {"frozen_percent": 50.0}}


def _ref(owner: str, other: str, family: Family, *, is_direct: bool) -> StreamRef:
    sender, listener = (owner, other) if "producer" in family else (other, owner)
    ssrc = 10 * ord(sender) + (family in (PICTURE, Family.VIDEO_PRODUCER))
    return StreamRef(
        peer_id=owner,
        connection_id=f"to {other}" if is_direct else "pc",
        family=family.value,
        ssrc=1_000 * ord(listener) + ssrc if is_direct else ssrc,
    )


def _activity(ref: StreamRef, late: Sequence[Span] = ()) -> StreamActivity:
    return activity_of(
        ref,
        flowing=[CALL],
        late=list(late),
    )


def _call(
    late: Sequence[Family], own: Sequence[Issue] = (), *, is_direct: bool = False
) -> Comparison:
    """Ada's streams arrive late at every listener, and every RTT is long; `own` are Ada's own
    issues."""
    participants = []
    for name in PEOPLE:
        activities, issues = [], list(own) if name == "a" else []
        for other in PEOPLE.replace(name, ""):
            for family in (Family.AUDIO_PRODUCER, Family.VIDEO_PRODUCER):
                activities.append(_activity(_ref(name, other, family, is_direct=is_direct)))
            for family in (SOUND, PICTURE):
                ref = _ref(name, other, family, is_direct=is_direct)
                is_late = other == "a" and family in late
                activities.append(_activity(ref, [BAD] if is_late else []))
                if is_late:
                    issues.append(single(IssueName.POOR_NETWORK_DOWNLINK, ref, *BAD, RTT))
                    issues.append(single(_NAMES[family], ref, *BAD, _WORST[family]))
        participants.append(
            ComparedParticipant(
                participant_id=name,
                peer_ids=frozenset({name}),
                issues=issues,
                streams=activities,
            )
        )
    return Comparison(participants)


def _own(name: IssueName, worst: dict[str, float], span: Span = BAD) -> Issue:
    return single(name, _ref("a", "b", Family.AUDIO_PRODUCER, is_direct=False), *span, worst)


def _spans(issues: Sequence[Issue], name: IssueName) -> list[Span]:
    return [(issue.first_at, issue.last_at) for issue in issues if issue.name is name]


@pytest.mark.parametrize("is_direct", [False, True])
def test_lateness_at_every_listener_is_attributed_to_the_senders_uplink_despite_a_long_rtt(
    is_direct: bool,
) -> None:
    found = AttributedIssues(_call([SOUND, PICTURE], is_direct=is_direct))
    for listener in "bcd":
        late = [i for i in found[listener] if i.name in _NAMES.values()]
        assert {(i.origin, i.caused_by) for i in late} == {("remote", "a")}
    assert _spans(found["a"], IssueName.POOR_NETWORK_UPLINK) == [BAD]


def test_an_uplink_issue_is_added_for_the_time_the_sender_does_not_report() -> None:
    jitter = _own(
        IssueName.POOR_NETWORK_UPLINK, {"jitter_ms": 64.0}, (EpochMs(150_000), EpochMs(190_000))
    )
    found = AttributedIssues(_call([SOUND, PICTURE], [jitter]))["a"]
    assert _spans(found, IssueName.POOR_NETWORK_UPLINK) == [
        (100_000, 150_000),
        (150_000, 190_000),
    ]
    assert _spans(found, IssueName.VIDEO_FROZEN) == []


def test_video_late_at_every_listener_without_late_audio_was_sent_late() -> None:
    found = AttributedIssues(_call([PICTURE]))["a"]
    assert _spans(found, IssueName.VIDEO_FROZEN) == [BAD]
    assert _spans(found, IssueName.POOR_NETWORK_UPLINK) == []


@pytest.mark.parametrize("name", [IssueName.HIGH_RTT, IssueName.POOR_NETWORK_UPLINK])
def test_late_video_of_a_sender_with_a_long_rtt_was_not_sent_late(name: IssueName) -> None:
    found = AttributedIssues(_call([PICTURE], [_own(name, RTT)]))["a"]
    assert _spans(found, IssueName.VIDEO_FROZEN) == []
    assert _spans(found, IssueName.POOR_NETWORK_UPLINK) == [
        BAD for _ in [name] if name is IssueName.POOR_NETWORK_UPLINK
    ]


def _origins(comparison: Comparison, participant_id: str) -> list[Finding]:
    issues = AttributedIssues(comparison)[participant_id]
    names = {name: name.capitalize() for name in PEOPLE}
    subject = Subject(
        participant_id=participant_id, issues=issues, stays=[CALL], device_choices=[], names=names
    )
    return diagnose(subject, comparison)


def test_a_listeners_finding_names_the_cause_of_a_late_sender() -> None:
    far = _own(IssueName.HIGH_RTT, RTT)
    for comparison, cause in (
        (_call([SOUND, PICTURE]), "uplink"),
        (_call([PICTURE], [far]), "round_trip"),
        (_call([PICTURE]), "unknown"),
    ):
        [finding] = [each for each in _origins(comparison, "b") if each.cause == "sender"]
        assert finding.evidence.sender_cause == cause


def test_video_that_was_sent_late_is_a_finding_about_sending() -> None:
    causes = [finding.cause for finding in _origins(_call([PICTURE]), "a")]
    assert causes == ["poor_picture_sent"]


def test_late_video_at_one_listener_with_a_long_rtt_is_attributed_to_it() -> None:
    comparison = _call([PICTURE])
    participants = [
        participant if name in "ab" else replace(participant, issues=[], streams=[])
        for name, participant in comparison.participants.items()
    ]
    found = AttributedIssues(Comparison(participants))["b"]
    assert {i.origin for i in found if i.name is IssueName.VIDEO_FROZEN} == {"local"}


@pytest.mark.parametrize(("lost_from", "origin"), [("a", "remote"), ("b", "local")])
def test_jitter_during_loss_of_the_same_sender_is_attributed_to_that_sender(
    lost_from: str, origin: str
) -> None:
    """Every listener loses Ada's or Bob's audio; only Dan has jitter on Ada's video."""
    participants = []
    for name, participant in _call([]).participants.items():
        issues: list[Issue] = []
        for each in participant.streams:
            sender = chr((each.ref.ssrc or 0) // 10)
            if each.family is SOUND and sender == lost_from:
                each.lossy = [BAD]
                issues.append(
                    single(IssueName.POOR_NETWORK_DOWNLINK, each.ref, *BAD, {"loss_percent": 12.0})
                )
            if each.family is PICTURE and (name, sender) == ("d", "a"):
                each.jittery = [BAD]
                issues.append(
                    single(IssueName.POOR_NETWORK_DOWNLINK, each.ref, *BAD, {"jitter_ms": 80.0})
                )
        participants.append(replace(participant, issues=issues))
    found = AttributedIssues(Comparison(participants))["d"]
    assert {i.origin for i in found if "jitter_ms" in i.worst} == {origin}
