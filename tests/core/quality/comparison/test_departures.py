"""Connections between browsers after their far end left."""

import pytest

from aftercall.core.instants import EpochMs
from aftercall.core.quality.activity.stream_activity import StreamActivity
from aftercall.core.quality.attribution.origin import AttributedIssues
from aftercall.core.quality.comparison.compared_participant import ComparedParticipant
from aftercall.core.quality.comparison.comparison import Comparison
from aftercall.core.quality.comparison.departures import OUTAGES
from aftercall.core.quality.issues import Issue, IssueName, StreamRef, single
from aftercall.core.quality.stats.report_linker import Family
from aftercall.core.spans import Span
from tests.core.quality.comparison_builder import activity_of

LEFT_AT = EpochMs(300_000)
END_AT = EpochMs(400_000)


def _flow(who: str, connection: str, family: Family, ssrc: int, end_at: EpochMs) -> StreamActivity:
    life: Span = (EpochMs(0), end_at)
    return activity_of(
        StreamRef(peer_id=who, connection_id=connection, family=family.value, ssrc=ssrc),
        life=life,
        flowing=[life],
    )


def _participant(
    who: str, issues: list[Issue], *, others: str, left_at: EpochMs
) -> ComparedParticipant:
    """A participant with its own connection to each of the others."""
    return ComparedParticipant(
        participant_id=who,
        peer_ids=frozenset({who}),
        issues=issues,
        streams=[
            flow
            for other in others
            for flow in (
                _flow(who, f"to {other}", Family.AUDIO_PRODUCER, _ssrc(who, other), left_at),
                _flow(who, f"to {other}", Family.AUDIO_CONSUMER, _ssrc(other, who), left_at),
            )
        ],
        left_at={who: left_at},
    )


def _ssrc(sender: str, listener: str) -> int:
    return 1_000 * ord(sender) + ord(listener)


def _seen_by_bob(name: IssueName, start_at: int, end_at: int, *, to: str = "a") -> list[Issue]:
    """What is left of an issue of a connection of Bob's in a mesh of three that Ada left first."""
    ref = StreamRef(peer_id="b", connection_id=f"to {to}")
    issue = single(name, ref, EpochMs(start_at), EpochMs(end_at))
    comparison = Comparison(
        [
            _participant("a", [], others="bc", left_at=LEFT_AT),
            _participant("b", [issue], others="ac", left_at=END_AT),
            _participant("c", [], others="ab", left_at=END_AT),
        ]
    )
    return [each for each in AttributedIssues(comparison)["b"] if each.name in OUTAGES]


@pytest.mark.parametrize("lost_at", [LEFT_AT - 1_500, LEFT_AT + 4_000])
def test_a_connection_whose_far_end_left_was_not_lost(lost_at: int) -> None:
    assert _seen_by_bob(IssueName.ICE_RECONNECTING, lost_at, END_AT) == []


@pytest.mark.parametrize("name", [IssueName.ICE_FAILED, IssueName.CONNECTION_FAILED])
def test_a_connection_whose_far_end_left_did_not_fail(name: IssueName) -> None:
    assert _seen_by_bob(name, LEFT_AT + 20_000, LEFT_AT + 20_000) == []


@pytest.mark.parametrize(
    ("name", "start_at", "end_at"),
    [
        (IssueName.ICE_RECONNECTING, 100_000, 120_000),
        (IssueName.ICE_RECONNECTING, LEFT_AT - 20_000, END_AT),
        (IssueName.ICE_RECONNECTING, LEFT_AT - 1_900, LEFT_AT - 300),
        (IssueName.ICE_FAILED, LEFT_AT - 1_000, LEFT_AT - 1_000),
    ],
    ids=["long before", "until it left", "and was back", "failed first"],
)
def test_a_connection_lost_before_the_far_end_left_remains_lost(
    name: IssueName, start_at: int, end_at: int
) -> None:
    assert len(_seen_by_bob(name, start_at, end_at)) == 1


def test_a_connection_to_a_remaining_participant_remains_lost() -> None:
    assert len(_seen_by_bob(IssueName.ICE_RECONNECTING, LEFT_AT, END_AT, to="c")) == 1
