"""The peer event for a rejected entry."""

from typing import Any

from aftercall.core.events import ENTRY_REFUSED, OWN_EVENTS, PeerEvent
from aftercall.core.instants import EpochMs
from aftercall.ingest.refusals import refusal

NOON = EpochMs(1_795_262_400_000)


def _refused(app_id: str = "app", peer_id: str = "p", key: str = "4", **more: Any) -> PeerEvent:
    values: dict[str, Any] = {"at": NOON, "code": "bad_time", "is_sample": True} | more
    return refusal(app_id, peer_id, key, **values)


def test_a_refusal_states_its_reason_time_and_whether_it_was_a_sample() -> None:
    note = _refused(meeting_id="room")
    assert (note.name, note.peer_id, note.meeting_id, note.at) == (
        ENTRY_REFUSED,
        "p",
        "room",
        NOON,
    )
    assert note.data == {"code": "bad_time", "is_sample": True}
    assert note.name in OWN_EVENTS


def test_a_repeated_entry_gives_the_same_peer_event_and_any_other_another() -> None:
    assert _refused().id == _refused(at=NOON + 5, code="bad_name").id
    assert (
        len({_refused().id, _refused("b").id, _refused(peer_id="q").id, _refused(key="5").id}) == 4
    )
