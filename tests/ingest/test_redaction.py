"""Privacy for facts whose translator knows none, and what the door knows of a sender."""

from msgspec.structs import replace

from aftercall.core.events import (
    INTERVAL_ASKED,
    Identity,
    PeerEvent,
    PeerJoined,
    PeerLeft,
    SampleTaken,
)
from aftercall.core.instants import EpochMs
from aftercall.core.privacy import Privacy
from aftercall.ingest.redaction import redact, with_address, with_interval

T0 = EpochMs(1_795_000_000_000)
JOIN = PeerJoined(id="j", at=T0, peer_id="p", identity=Identity())
NOTE = PeerEvent(
    id="n", at=T0, peer_id="p", name="describe", data={"network": {"ip": "203.0.113.9"}}
)
SAMPLE = SampleTaken(
    id="s",
    at=T0,
    peer_id="p",
    sequence=1,
    body=b'{"connections":[{"id":"c","stats":[{"type":"local-candidate","id":"l",'
    b'"address":"203.0.113.9"}]}],"streams":[]}',
)


def test_addresses_in_notes_and_samples_are_kept_as_far_as_privacy_says() -> None:
    for privacy, kept in (
        (Privacy.FULL, "203.0.113.9"),
        (Privacy.TRUNCATE, "203.0.113.0"),
    ):
        join, note, sample = redact([JOIN, NOTE, SAMPLE], privacy)
        assert join == JOIN
        assert isinstance(note, PeerEvent) and note.data == {"network": {"ip": kept}}
        assert isinstance(sample, SampleTaken) and kept.encode() in sample.body
    _, note, sample = redact([JOIN, NOTE, SAMPLE], Privacy.NONE)
    assert isinstance(note, PeerEvent) and "203.0" not in str(note.data)
    assert isinstance(sample, SampleTaken) and b"203.0" not in sample.body


def test_a_join_tells_where_it_came_from_before_the_client_says_so() -> None:
    found = with_address(
        [JOIN, PeerLeft(id="l", at=T0, peer_id="p")],
        {"ip": "203.0.113.9", "country": "PT"},
        app_id="app",
        privacy=Privacy.TRUNCATE,
    )
    seen = found[-1]
    assert isinstance(seen, PeerEvent)
    assert (seen.name, seen.at) == ("describe", T0 - 1)
    assert seen.data == {"network": {"ip": "203.0.113.0", "country": "PT"}}


def test_without_a_join_nothing_is_added() -> None:
    events = [NOTE]
    assert with_address(events, {"ip": "x"}, app_id="app", privacy=Privacy.FULL) == events


def test_who_is_asked_for_another_interval_has_it_in_a_note() -> None:
    join = replace(JOIN, interval_ms=7_000)
    assert with_interval([join, NOTE], 7_000, app_id="app") == [join, NOTE]
    *_, asked = with_interval([join, NOTE], 3_000, app_id="app")
    assert isinstance(asked, PeerEvent)
    assert (asked.name, asked.at, asked.data) == (INTERVAL_ASKED, T0, {"interval_ms": 3_000})
