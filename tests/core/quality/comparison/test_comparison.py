from collections.abc import Sequence

import pytest

from aftercall.core.instants import EpochMs
from aftercall.core.quality.activity.stream_activity import Span, StreamActivity
from aftercall.core.quality.comparison.comparison import Party, Session
from aftercall.core.quality.issues import StreamRef
from aftercall.core.quality.stats.link import Family
from tests.core.quality.attribution.streams import trace_of


def _span(start: int, end: int) -> Span:
    return (EpochMs(start), EpochMs(end))


def _trace(family: Family, flowing: Sequence[Span], **names: object) -> StreamActivity:
    ref = StreamRef(peer_id="p", family=family.value, **names)  # type: ignore[arg-type] # by name
    return trace_of(
        ref,
        flowing=flowing,
    )


def _session(*names: str, **traces: StreamActivity) -> Session:
    return Session(
        Party(
            row_id=name,
            peer_ids=frozenset({f"peer of {name}"}),
            issues=[],
            traces=[traces[name]] if name in traces else [],
        )
        for name in names
    )


SENT = _trace(Family.AUDIO_PRODUCER, [_span(0, 100)], ssrc=1, producer_id="p1")
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
def test_a_stream_comes_from_whom_its_names_say(
    names: str, ref: StreamRef, sender: str | None
) -> None:
    assert _session(*names.split(), bob=SENT).sender_of("ada", ref) == sender


def test_nobody_receives_from_himself() -> None:
    assert (
        _session("ada", "bob", bob=SENT).sender_of("bob", StreamRef(peer_id="p", ssrc=1)) == "ada"
    )
    tagged = StreamRef(peer_id="p", producer_id="p1")
    assert _session("ada", "bob", "cyd", bob=SENT).sender_of("bob", tagged) is None


def test_an_uplink_is_known_while_the_far_end_reports() -> None:
    session = _session("ada", "bob", bob=SENT)
    assert session.knows_uplink("bob", _span(0, 100))
    assert session.knows_uplink("bob", _span(50, 150))
    assert not session.knows_uplink("bob", _span(90, 190))
    assert not session.knows_uplink("ada", _span(0, 100))
