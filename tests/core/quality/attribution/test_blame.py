"""The origin of an impairment of one received stream; `ba` is what Bob received from Ada."""

from typing import NamedTuple

import pytest

from aftercall.core.instants import EpochMs
from aftercall.core.quality.activity.stream_activity import ConnectionActivity, StreamActivity
from aftercall.core.quality.attribution.blame import LOCAL, SERVER, UNKNOWN, Blame, blame
from aftercall.core.quality.comparison.compared_participant import ComparedParticipant
from aftercall.core.quality.comparison.comparison import Comparison
from aftercall.core.quality.issues import IssueName, StreamRef, single
from aftercall.core.quality.stats.report_linker import Family
from aftercall.core.spans import Span
from tests.core.quality.comparison_builder import activity_of

CALL: Span = (EpochMs(0), EpochMs(600_000))
BAD: Span = (EpochMs(100_000), EpochMs(200_000))
REMOTE = Blame("remote", "a")


class SfuCall(NamedTuple):
    """Participants behind a server, who all receive each other."""

    people: str
    missed: str
    lossy: str = ""
    """The senders whose remote reports show the same loss on their uplinks."""
    slow: str = ""
    """The participants whose RTT to the server was far above the usual one."""
    has_remote_loss: bool = True
    """Whether the server reports back what it lost of what it was sent."""
    is_named: bool = True
    """Whether received streams are tagged with their sender."""

    def comparison(self) -> Comparison:
        return Comparison(self._participant(name) for name in self.people)

    def received(self, listener: str, sender: str) -> StreamRef:
        named = sender if self.is_named else None
        ssrc = 1_000 * ord(listener) + ord(sender)
        return StreamRef(
            peer_id=listener,
            connection_id="down",
            family=Family.AUDIO_CONSUMER.value,
            ssrc=ssrc,
            from_peer_id=named,
        )

    def _participant(self, name: str) -> ComparedParticipant:
        sent = StreamRef(
            peer_id=name, connection_id="up", family=Family.AUDIO_PRODUCER.value, ssrc=ord(name)
        )
        activities = [_activity(sent, is_lossy=name in self.lossy, has_loss=self.has_remote_loss)]
        for other in self.people.replace(name, ""):
            is_missed = name + other in self.missed.split()
            activities.append(_activity(self.received(name, other), is_lossy=is_missed))
        connection = ConnectionActivity(
            peer_id=name,
            connection_id="up",
            reported=[CALL],
            slow=[BAD] if name in self.slow else [],
        )
        return ComparedParticipant(
            participant_id=name,
            peer_ids=frozenset({name}),
            issues=[],
            streams=activities,
            connections=[connection],
        )


def _activity(ref: StreamRef, *, is_lossy: bool, has_loss: bool = True) -> StreamActivity:
    return activity_of(
        ref,
        flowing=[CALL],
        lossy=[BAD] if is_lossy else [],
        has_loss=has_loss,
    )


@pytest.mark.parametrize(
    ("room", "found"),
    [
        (SfuCall("abc", "ba ca", lossy="a"), REMOTE),
        (SfuCall("abc", "ba ca", has_remote_loss=False), REMOTE),
        (SfuCall("abc", "ba bc"), LOCAL),
        (SfuCall("abc", "ba"), LOCAL),
        (SfuCall("abcd", "ba ca da"), REMOTE),
        (SfuCall("abcd", "ab ac ad ba bc bd ca cb cd da db dc", has_remote_loss=False), SERVER),
        (SfuCall("ab", "ba", lossy="a"), REMOTE),
        (SfuCall("ab", "ba"), LOCAL),
        (SfuCall("ab", "ba", has_remote_loss=False), UNKNOWN),
        (SfuCall("ab", "ba", has_remote_loss=False, slow="a"), REMOTE),
        (SfuCall("ab", "ba", has_remote_loss=False, slow="b"), LOCAL),
        (SfuCall("ab", "ba", has_remote_loss=False, slow="ab"), UNKNOWN),
        (SfuCall("abcd", "ba ca da", is_named=False), Blame("remote", "a")),
        (SfuCall("abcd", "ba bc bd", is_named=False), LOCAL),
    ],
    ids=str,
)
def test_each_issue_of_a_received_stream_has_its_origin(room: SfuCall, found: Blame) -> None:
    ref = room.received("b", "a")
    issue = single(IssueName.POOR_NETWORK_DOWNLINK, ref, *BAD, {"loss_percent": 12.0})
    assert blame(issue, "b", room.comparison()) == found
