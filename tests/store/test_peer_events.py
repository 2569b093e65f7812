"""Peer events: stored once each."""

from typing import Any

from aftercall.core.instants import EpochMs
from aftercall.core.records import StoredPeerEvent
from aftercall.store import peer_events
from aftercall.store.engine.database import Database


def peer_event(id: str, at: int, peer_id: str = "p", **rest: Any) -> StoredPeerEvent:
    return StoredPeerEvent(
        app_id=rest.pop("app_id", "a"),
        session_id=rest.pop("session_id", "s"),
        peer_id=peer_id,
        id=id,
        at=EpochMs(at),
        received_at=EpochMs(at + 1),
        name="audio_on",
        data=rest,
    )


async def test_a_repeated_event_is_stored_once_and_new_once(db: Database) -> None:
    first = peer_event("1", 5, stars=4, tags=["é"])
    async with db.write() as tx:
        assert await peer_events.append(tx, [first, peer_event("2", 3), peer_event("2", 3)]) == {
            "1",
            "2",
        }
        assert await peer_events.append(tx, [peer_event("1", 99), peer_event("3", 4)]) == {"3"}
        assert await peer_events.append(tx, []) == set()
        found = await peer_events.events_of_peer(tx, "a", "p")
    assert [one.id for one in found] == ["2", "3", "1"]
    assert found[2] == first


async def test_the_events_of_a_session_are_in_order_of_time(db: Database) -> None:
    async with db.write() as tx:
        await peer_events.append(
            tx,
            [
                peer_event("1", 5),
                peer_event("1", 4, "q"),
                peer_event("2", 1, "r", session_id="t"),
                peer_event("1", 1, app_id="b"),
            ],
        )
        found = await peer_events.events_of_session(tx, "a", "s")
    assert [(one.peer_id, one.at) for one in found] == [("q", 4), ("p", 5)]


async def test_thousands_of_events_are_stored_at_once(db: Database) -> None:
    async with db.write() as tx:
        new = await peer_events.append(
            tx, [peer_event(str(number), number) for number in range(3_000)]
        )
        assert len(new) == 3_000
        assert len(await peer_events.events_of_peer(tx, "a", "p")) == 3_000
