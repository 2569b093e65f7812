"""Attribution case by case. A pair `ba` is what Bob received from Ada."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from aftercall.core.instants import EpochMs
from aftercall.core.quality.activity.stream_activity import StreamActivity
from aftercall.core.quality.attribution.origin import AttributedIssues
from aftercall.core.quality.comparison.comparison import ComparedParticipant, Comparison
from aftercall.core.quality.issues import Issue, IssueName, StreamRef, single
from aftercall.core.quality.stats.report_linker import Family
from aftercall.core.spans import Span

CALL: Span = (EpochMs(0), EpochMs(600_000))
BAD: Span = (EpochMs(100_000), EpochMs(200_000))
LOSS = {"loss_percent": 12.0}
JITTER = {"jitter_ms": 80.0}
BROKEN = {"concealment_percent": 12.0}


def activity(
    ref: StreamRef,
    family: Family,
    *,
    lossy: bool = False,
    jittery: bool = False,
    late: bool = False,
    has_loss: bool = True,
    stalled: Sequence[Span] = (),
) -> StreamActivity:
    """A stream that flowed throughout the call."""
    return StreamActivity(
        ref=replace(ref, family=family.value),
        family=family,
        flowing=[CALL],
        stalled=list(stalled),
        voiced=[],
        lossy=[BAD] if lossy else [],
        jittery=[BAD] if jittery else [],
        late=[BAD] if late else [],
        has_loss=has_loss,
        is_shown=False,
    )


class Case(NamedTuple):
    """Participants, each with one sent stream and one received from every other."""

    people: str
    missed: str
    """Pairs with loss."""
    jittery: str = ""
    """Pairs with jitter."""
    remote: str = ""
    local: str = ""
    unknown: str = ""
    server: str = ""
    late: str = ""
    """Pairs whose audio was concealed although the listener lost no packets."""
    lossy: str = ""
    """The participants whose own reports show enough loss for an issue."""
    mild: str = ""
    """The participants whose own reports show loss, but too little for an issue."""
    own_jitter: str = ""
    """The participants whose own reports show jitter."""
    not_sending: str = ""
    """The participants that send no media."""
    silent: str = ""
    """The participants without remote reports."""
    is_tagged: bool = True
    """Whether received streams are tagged with their sender."""

    def comparison(self) -> Comparison:
        return Comparison(self._participant(name) for name in self.people)

    def _participant(self, name: str) -> ComparedParticipant:
        sent = StreamRef(peer_id=name, ssrc=ord(name))
        activities = [
            activity(
                sent,
                Family.AUDIO_PRODUCER,
                lossy=name in self.lossy + self.mild,
                jittery=name in self.own_jitter,
                has_loss=name not in self.silent,
            )
        ]
        issues = []
        if name in self.lossy:
            ref = replace(sent, family=Family.AUDIO_PRODUCER.value)
            issues.append(single(IssueName.POOR_NETWORK_UPLINK, ref, *BAD, LOSS))
        for sender in sorted(set(self.people) - {name} - set(self.not_sending)):
            ref = self.ref(name, sender)
            is_missed = name + sender in self.missed.split()
            is_jittery = name + sender in self.jittery.split()
            is_late = name + sender in self.late.split()
            activities.append(
                activity(
                    ref, Family.AUDIO_CONSUMER, lossy=is_missed, jittery=is_jittery, late=is_late
                )
            )
            if is_late:
                heard = replace(ref, family=Family.AUDIO_CONSUMER.value)
                issues.append(single(IssueName.AUDIO_CONCEALMENT, heard, *BAD, BROKEN))
            if is_missed or is_jittery:
                worst = LOSS if is_missed else JITTER
                issues.append(single(IssueName.POOR_NETWORK_DOWNLINK, ref, *BAD, worst))
        return ComparedParticipant(
            participant_id=name, peer_ids=frozenset({name}), issues=issues, streams=activities
        )

    def ref(self, listener: str, sender: str) -> StreamRef:
        """An SFU that rewrites SSRCs gives every received stream a new one."""
        return StreamRef(
            peer_id=listener,
            family=Family.AUDIO_CONSUMER.value,
            ssrc=1_000 * ord(listener) + ord(sender),
            consumer_id=listener + sender,
            from_peer_id=sender if self.is_tagged else None,
        )

    def blame(self) -> dict[str, str | None]:
        """The origin found for each pair."""
        return {
            issue.stream.consumer_id or "": issue.origin
            for issues in AttributedIssues(self.comparison()).values()
            for issue in issues
            if issue.name in (IssueName.POOR_NETWORK_DOWNLINK, IssueName.AUDIO_CONCEALMENT)
        }

    def expected(self) -> dict[str, str | None]:
        stated = {
            "remote": self.remote,
            "local": self.local,
            "server": self.server,
            None: self.unknown,
        }
        return {pair: origin for origin, pairs in stated.items() for pair in pairs.split()}


ALL_OF_THREE = "ab ac ba bc ca cb"

CASES: Mapping[str, Case] = {
    "one listener misses everybody": Case("abc", "ba bc", local="ba bc"),
    "one of many listeners misses nearly everybody": Case(
        "abcde", "ba bc bd", local="ba bc bd", silent="abcde"
    ),
    "the senders own reports show it": Case("abc", "ba", remote="ba", mild="a"),
    "two, and the sender shows it": Case("ab", "ba", remote="ba", lossy="a"),
    "two, and the sender shows that it lost nothing": Case("ab", "ba", local="ba"),
    "two, and the sender does not say": Case("ab", "ba", unknown="ba", silent="a"),
    "one of several listeners misses a sender": Case("abcd", "ba", local="ba", silent="abcd"),
    "all listeners miss a sender who does not say": Case(
        "abc", "ba ca", remote="ba ca", silent="a"
    ),
    "all listeners miss a sender whose reports are clean, and hear others well": Case(
        "abc", "ba ca", remote="ba ca"
    ),
    "all but one miss a sender whose reports are clean": Case(
        "abcde", "ba ca da", local="ba ca da"
    ),
    "all but one miss a sender who does not say": Case(
        "abcde", "ba ca da", remote="ba ca da", silent="a"
    ),
    "all listeners miss two of three senders whose reports are clean": Case(
        "abcd", "ba ca da ab cb db", remote="ba ca da ab cb db"
    ),
    "everybody misses everybody": Case("abc", ALL_OF_THREE, server=ALL_OF_THREE),
    "everybody misses everybody, and all uplinks show it": Case(
        "abc", ALL_OF_THREE, server=ALL_OF_THREE, mild="abc"
    ),
    "everybody misses everybody, and one of three uplinks is clean": Case(
        "abc", ALL_OF_THREE, remote="ab ba ca cb", local="ac bc", lossy="ab"
    ),
    "two uplinks of three that nothing shows": Case(
        "abc", "ba ca ab cb", remote="ba ca ab cb", silent="abc"
    ),
    "two downlinks of three": Case("abc", "ab ac ba bc", local="ab ac ba bc"),
    "one bad both ways": Case("abc", "ba ca ab ac", remote="ba ca", local="ab ac", silent="abc"),
    "two miss each other though both uplinks are clean": Case("ab", "ab ba", server="ab ba"),
    "two miss each other and nothing is told": Case("ab", "ab ba", unknown="ab ba", silent="ab"),
    "all miss the only one who speaks, and his uplink is clean": Case(
        "abc", "ba ca", server="ba ca", not_sending="bc"
    ),
    "all miss the only one who speaks, and nothing is told": Case(
        "abc", "ba ca", remote="ba ca", not_sending="bc", silent="abc"
    ),
    "a server closes the gaps of one uplink": Case(
        "abc", "", late="ba ca", remote="ba ca", lossy="a"
    ),
    "a server closes the gaps and reports no loss": Case("abc", "", late="ba ca", remote="ba ca"),
    "a server closes the gaps and reports nothing": Case(
        "abcd", "", late="ba ca da", remote="ba ca da", silent="abcd"
    ),
    "two, and a server closes the gaps": Case("ab", "", late="ba", remote="ba", mild="a"),
    "two, late, and nothing shows on which side": Case("ab", "", late="ba", unknown="ba"),
    "everything is late at one listener": Case("abc", "", late="ba bc", local="ba bc"),
    "everything is late at everybody": Case("abc", "", late=ALL_OF_THREE, server=ALL_OF_THREE),
    "a server closes the gaps of two uplinks": Case(
        "abc", "", late="ba ca ab cb", remote="ba ca ab cb"
    ),
    "a bad downlink while a senders own reports show a little": Case(
        "abc", "ba bc", local="ba bc", mild="a"
    ),
    "a bad downlink while a senders uplink is bad too": Case(
        "abc", "ba bc ca", remote="ba ca", local="bc", lossy="a"
    ),
    "a senders jitter does not lose packets": Case("abc", "ba bc", local="ba bc", own_jitter="a"),
    "two, and the sender shows jitter but no loss": Case("ab", "ba", local="ba", own_jitter="a"),
    "a senders jitter shows": Case("abc", "", jittery="ba ca", remote="ba ca", own_jitter="a"),
    "a senders loss does not shake packets": Case("ab", "", jittery="ba", local="ba", mild="a"),
    "everything is jittery, and one sender shows it too": Case(
        "abc", "", jittery="ba bc", local="ba bc", own_jitter="a"
    ),
    "a listeners jitter is no loss of the senders": Case(
        "abcd", "ba", jittery="ca da", local="ba ca da"
    ),
    "nothing says who sent it, and one uplink is bad": Case(
        "abc", "ba ca", remote="ba ca", lossy="a", is_tagged=False
    ),
    "nothing says who sent it, and two uplinks are bad": Case(
        "abcd", "da", unknown="da", lossy="ab", is_tagged=False
    ),
    "nothing says who sent it, and everything is missed": Case(
        "abc", "ba bc", local="ba bc", lossy="a", is_tagged=False
    ),
    "nothing says who sent it, and the bad uplink is bad in another way": Case(
        "abc", "ba ca", remote="ba ca", own_jitter="a", is_tagged=False
    ),
    "nothing says who sent it, and one alone misses nothing": Case(
        "abc", "ba ca", remote="ba ca", is_tagged=False
    ),
    "nothing says who sent it, and two alone miss one less": Case(
        "abcd", "ba ca da ab cb db", remote="ba ca da ab cb db", is_tagged=False
    ),
    "nothing says who sent it, and two are missed by all of three": Case(
        "abc", "ba ca ab cb", remote="ba ca ab cb", is_tagged=False
    ),
    "nothing says who sent it, and one of four misses one": Case(
        "abcd", "ba", unknown="ba", is_tagged=False
    ),
    "nothing says who sent it, and everything is late": Case(
        "abcd", "", late="ba bc bd", local="ba bc bd", is_tagged=False
    ),
    "nothing says who sent it, and a server closes the gaps": Case(
        "abcd", "", late="ba ca da", remote="ba ca da", is_tagged=False
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_impairment_is_attributed_to_the_sender_or_the_listener(case: Case) -> None:
    assert set(case.expected()) == set(f"{case.missed} {case.jittery} {case.late}".split())
    assert case.blame() == case.expected()


def _uplinks(issues: Sequence[Issue]) -> list[Issue]:
    return [issue for issue in issues if "uplink" in issue.name]


def test_an_uplink_issue_shown_only_by_listeners_is_raised_for_the_sender() -> None:
    found = AttributedIssues(Case("abc", "ba ca", silent="a").comparison())
    [issue] = _uplinks(found["a"])
    assert (issue.name, issue.origin) == (IssueName.POOR_NETWORK_UPLINK, "local")
    assert (issue.stream.peer_id, issue.first_at, issue.last_at) == ("a", *BAD)
    assert _uplinks(found["b"]) == _uplinks(found["c"]) == []


def test_an_uplink_issue_that_the_sender_reports_is_not_raised_again() -> None:
    assert len(_uplinks(AttributedIssues(Case("abc", "ba ca", lossy="a").comparison())["a"])) == 1


def test_an_inferred_uplink_issue_has_only_measures_that_listeners_had() -> None:
    [issue] = _uplinks(AttributedIssues(Case("abc", "ba ca", silent="a").comparison())["a"])
    assert issue.worst == LOSS


def test_an_uplink_issue_inferred_without_tags_is_raised_for_the_peer() -> None:
    participants = list(
        Case("abc", "ba ca", mild="a", is_tagged=False).comparison().participants.values()
    )
    rows = [
        replace(participant, participant_id=f"row {participant.participant_id}")
        for participant in participants
    ]
    [issue] = _uplinks(AttributedIssues(Comparison(rows))["row a"])
    assert issue.stream.peer_id == "a"


def test_an_issue_whose_cause_changes_is_split() -> None:
    """Ada's uplink is impaired first, then Bob's downlink."""
    whole: Span = (BAD[0], EpochMs(300_000))
    later: Span = (BAD[1], whole[1])
    comparison = Case("abcd", "ba ca da", silent="abcd").comparison()
    [bob] = [
        participant
        for participant in comparison.participants.values()
        if participant.participant_id == "b"
    ]
    for each in bob.streams:
        if each.family is Family.AUDIO_CONSUMER:
            each.lossy = [whole] if each.ref.from_peer_id == "a" else [later]
    issues = [replace(issue, last_at=whole[1]) for issue in bob.issues]
    participants = [
        replace(participant, issues=issues) if participant is bob else participant
        for participant in comparison.participants.values()
    ]
    found = AttributedIssues(Comparison(participants))["b"]
    assert [(i.first_at, i.last_at, i.origin) for i in found] == [
        (*BAD, "remote"),
        (*later, "local"),
    ]
