"""What the intake itself knows of a peer that joins."""

from aftercall.core.events import INTERVAL_ASKED, Identity, PeerJoined
from aftercall.core.instants import EpochMs
from aftercall.ingest.join_notes import address_notes, interval_notes

T0 = EpochMs(1_795_000_000_000)
JOIN = PeerJoined(id="j", at=T0, peer_id="p", identity=Identity(), interval_ms=7_000)


def test_a_join_is_described_by_its_address_just_before_the_client_describes_itself() -> None:
    network = {"ip": "203.0.113.9", "country": "PT"}
    [note] = address_notes([JOIN], network, app_id="app")
    assert (note.name, note.at, note.peer_id) == ("describe", T0 - 1, "p")
    assert note.data == {"network": network}


def test_nothing_is_noted_of_an_unknown_network() -> None:
    assert address_notes([JOIN], {}, app_id="app") == []


def test_who_is_asked_for_another_interval_has_it_in_a_note() -> None:
    assert interval_notes([JOIN], 7_000, app_id="app") == []
    [asked] = interval_notes([JOIN], 3_000, app_id="app")
    assert (asked.name, asked.at, asked.data) == (INTERVAL_ASKED, T0, {"interval_ms": 3_000})
