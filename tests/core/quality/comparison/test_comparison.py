from collections.abc import Sequence

import pytest

from aftercall.core.instants import EpochMs
from aftercall.core.quality.activity.stream_activity import StreamActivity
from aftercall.core.quality.comparison.comparison import ComparedParticipant, Comparison
from aftercall.core.quality.issues import StreamRef
from aftercall.core.quality.stats.report_linker import Family
from aftercall.core.spans import Span
from tests.core.quality.comparison_builder import activity_of


def _span(start: int, end: int) -> Span:
    return (EpochMs(start), EpochMs(end))


def _activity(family: Family, flowing: Sequence[Span], **names: object) -> StreamActivity:
    ref = StreamRef(peer_id="p", family=family.value, **names)  # type: ignore[arg-type] # by name
    return activity_of(
        ref,
        flowing=flowing,
    )


def _comparison(*names: str, **activities: StreamActivity) -> Comparison:
    return Comparison(
        ComparedParticipant(
            participant_id=name,
            peer_ids=frozenset({f"peer of {name}"}),
            issues=[],
            streams=[activities[name]] if name in activities else [],
        )
        for name in names
    )


SENT = _activity(Family.AUDIO_PRODUCER, [_span(0, 100)], ssrc=1, producer_id="p1")
"""What Bob sends."""


@pytest.mark.parametrize(
    ("names", "ref", "sender"),
    [
        ("ada bob cyd", StreamRef(peer_id="p", producer_id="p1"), "bob"),
        ("ada bob cyd", StreamRef(peer_id="p", from_peer_id="peer of cyd", ssrc=1), "cyd"),
        ("ada bob cyd", StreamRef(peer_id="p", ssrc=1), "bob"),
        ("ada bob cyd", StreamRef(peer_id="p", ssrc=2), None),
        ("ada bob", StreamRef(peer_id="p", ssrc=2), "bob"),
        ("ada bob", StreamRef(peer_id="p", from_peer_id="somebody else"), None),
    ],
    ids=["producer", "peer", "ssrc", "nothing", "the only other", "one who is not there"],
)
def test_the_sender_of_a_stream_is_found_by_its_ids(
    names: str, ref: StreamRef, sender: str | None
) -> None:
    assert _comparison(*names.split(), bob=SENT).sender_of("ada", ref) == sender


def test_a_participant_is_never_the_sender_of_its_received_stream() -> None:
    assert (
        _comparison("ada", "bob", bob=SENT).sender_of("bob", StreamRef(peer_id="p", ssrc=1))
        == "ada"
    )
    tagged = StreamRef(peer_id="p", producer_id="p1")
    assert _comparison("ada", "bob", "cyd", bob=SENT).sender_of("bob", tagged) is None


def test_an_uplink_is_known_while_the_far_end_reports() -> None:
    comparison = _comparison("ada", "bob", bob=SENT)
    assert comparison.knows_uplink("bob", _span(0, 100))
    assert comparison.knows_uplink("bob", _span(50, 150))
    assert not comparison.knows_uplink("bob", _span(90, 190))
    assert not comparison.knows_uplink("ada", _span(0, 100))
