from aftercall.core.events import ALIAS_JOINED, AnyEvent, PeerEvent, PeerLeft
from aftercall.service.recording.aliases import Aliases
from aftercall.service.recording.delivery import Status
from aftercall.store.engine.database import Database
from tests.recorder_harness import APP, RecorderHarness, at, join


def _aliased(peer: str, alias: str, seconds: float) -> PeerEvent:
    return PeerEvent(
        id=f"{peer}{alias}{seconds}",
        at=at(seconds),
        peer_id=peer,
        name=ALIAS_JOINED,
        data={"alias": alias},
    )


async def _departures(db: Database, alias: str, seconds: float) -> list[AnyEvent]:
    return await Aliases(db).farewells(APP, "weekly", alias, at(seconds))


def _left(events: list[AnyEvent]) -> list[str]:
    return [event.peer_id for event in events if isinstance(event, PeerLeft)]


async def test_a_peer_leaves_by_the_alias_of_its_join(db: Database) -> None:
    harness = RecorderHarness(db)
    await harness.record(join("ada", 0), _aliased("ada", "77", 0))
    await harness.record(join("bob", 1), _aliased("bob", "78", 1))
    events = await _departures(db, "77", 30)
    assert _left(events) == ["ada"]
    assert await harness.record(*events) == [Status.ACCEPTED, Status.ACCEPTED]
    assert (await harness.session()).live_participants == 1


async def test_a_peer_with_two_aliases_leaves_with_the_last(db: Database) -> None:
    harness = RecorderHarness(db)
    await harness.record(join("ada", 0), _aliased("ada", "camera", 0), _aliased("ada", "screen", 5))
    first = await _departures(db, "camera", 10)
    assert _left(first) == []
    await harness.record(*first)
    assert (await harness.session()).live_participants == 1
    assert _left(await _departures(db, "screen", 20)) == ["ada"]


async def test_a_repeated_departure_counts_once(db: Database) -> None:
    harness = RecorderHarness(db)
    await harness.record(join("ada", 0), _aliased("ada", "77", 0))
    once, again = await _departures(db, "77", 30), await _departures(db, "77", 30)
    assert once == again
    await harness.record(*once)
    assert await _departures(db, "77", 31) == []


async def test_an_unknown_alias_and_an_empty_room_give_no_leave(db: Database) -> None:
    assert await _departures(db, "77", 30) == []
    harness = RecorderHarness(db)
    await harness.record(join("ada", 0), _aliased("ada", "77", 0))
    assert await _departures(db, "78", 30) == []
    assert await _departures(db, "77", -1) == []
    other_app = await Aliases(db).farewells("another", "weekly", "77", at(30))
    assert other_app == []
