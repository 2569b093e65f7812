"""Peer events that the intake itself adds to a join."""

from aftercall.core.events import INTERVAL_ASKED, Identity, PeerJoined
from aftercall.core.instants import EpochMs
from aftercall.ingest.join_notes import address_notes, interval_notes

T0 = EpochMs(1_795_000_000_000)
JOIN = PeerJoined(id="j", at=T0, peer_id="p", identity=Identity(), interval_ms=7_000)


def test_a_join_gets_a_description_from_its_address_before_the_clients_own() -> None:
    network = {"ip": "203.0.113.9", "country": "PT"}
    [note] = address_notes([JOIN], network, app_id="app")
    assert (note.name, note.at, note.peer_id) == ("describe", T0 - 1, "p")
    assert note.data == {"network": network}


def test_an_unknown_network_gives_no_peer_event() -> None:
    assert address_notes([JOIN], {}, app_id="app") == []


def test_a_requested_interval_is_recorded_as_a_peer_event() -> None:
    assert interval_notes([JOIN], 7_000, app_id="app") == []
    [asked] = interval_notes([JOIN], 3_000, app_id="app")
    assert (asked.name, asked.at, asked.data) == (INTERVAL_ASKED, T0, {"interval_ms": 3_000})
