"""Addresses are shortened for every source in one place."""

from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.events import (
    Identity,
    PeerEvent,
    PeerJoined,
    SampleTaken,
)
from aftercall.core.instants import EpochMs
from aftercall.core.privacy import Privacy
from aftercall.core.quality.stats.getstats import decode_body
from aftercall.ingest.redaction import redact, redact_departure
from aftercall.ingest.source import AliasLeft, ServerGone, SessionTimedOut, UnencodedSample

T0 = EpochMs(1_795_000_000_000)
JOIN = PeerJoined(id="j", at=T0, peer_id="p", identity=Identity())
NOTE = PeerEvent(
    id="n", at=T0, peer_id="p", name="describe", data={"network": {"ip": "203.0.113.9"}}
)
BODY = (
    b'{"connections":[{"id":"c","stats":[{"type":"local-candidate","id":"l",'
    b'"address":"203.0.113.9"}]}],"streams":[]}'
)


def sample() -> UnencodedSample:
    return UnencodedSample(id="s", at=T0, peer_id="p", sequence=1, body=decode_body(BODY))


def test_addresses_in_peer_events_and_samples_depend_on_the_privacy_level() -> None:
    for privacy, kept in (
        (Privacy.FULL, "203.0.113.9"),
        (Privacy.TRUNCATE, "203.0.113.0"),
    ):
        join, note, taken = redact([JOIN, NOTE, sample()], privacy)
        assert join == JOIN
        assert isinstance(note, PeerEvent) and note.data == {"network": {"ip": kept}}
        assert isinstance(taken, SampleTaken) and kept.encode() in taken.body
    _, note, taken = redact([JOIN, NOTE, sample()], Privacy.NONE)
    assert isinstance(note, PeerEvent) and "203.0" not in str(note.data)
    assert isinstance(taken, SampleTaken) and b"203.0" not in taken.body


@given(st.sampled_from(Privacy), st.sampled_from(["janus-1", "203.0.113.9", "sfu 10.1.2.3 b"]))
def test_a_departure_has_the_same_redacted_alias_as_the_peer_events(
    privacy: Privacy, name: str
) -> None:
    data = {"alias": name, "emitter": name}
    [note] = redact([PeerEvent(id="n", at=T0, peer_id="p", name="x", data=data)], privacy)
    assert isinstance(note, PeerEvent)
    left = redact_departure(AliasLeft(0, T0, "m", name), privacy)
    gone = redact_departure(ServerGone(0, T0, name, True), privacy)
    assert isinstance(left, AliasLeft) and isinstance(gone, ServerGone)
    # An alias that is an address is left out of the peer event at level `none`.
    assert note.data.get("alias", "x") == left.alias
    assert note.data.get("emitter", "x") == gone.emitter


def test_a_departure_without_an_alias_is_not_changed() -> None:
    for departure in (ServerGone(0, T0, None, False), SessionTimedOut(0, T0, "p")):
        assert redact_departure(departure, Privacy.TRUNCATE) == departure
