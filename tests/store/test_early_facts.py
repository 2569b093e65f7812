"""Facts that wait for a peer to arrive, or for a session to begin."""

import asyncio

import pytest

from aftercall.core.events import PeerEvent, PeerKicked, PeerLeft, SampleTaken, SessionClosed
from aftercall.core.instants import EpochMs
from aftercall.store import peers
from aftercall.store.early_facts import (
    KEPT_MS,
    EarlyFact,
    HeldFact,
    hold,
    key_of_session,
    overtaken,
    release,
)
from aftercall.store.engine.database import Database
from tests.store.record_builder import open_session, peer

NOON = EpochMs(1_795_262_400_000)
LEFT = PeerLeft(id="left", at=NOON, meeting_id="m", peer_id="p", is_seen=True)


def _early(event: HeldFact, received_at: int = NOON) -> EarlyFact:
    return EarlyFact(source="events", received_at=EpochMs(received_at), event=event)


async def _hold(db: Database, *facts: EarlyFact, app_id: str = "a") -> list[bool]:
    async with db.write() as tx:
        return [await hold(tx, app_id, fact) for fact in facts]


async def _release(db: Database, key: str = "p", app_id: str = "a") -> list[EarlyFact]:
    async with db.write() as tx:
        return await release(tx, app_id, key)


@pytest.mark.parametrize(
    "event",
    [
        LEFT,
        PeerKicked(id="kicked", at=NOON, peer_id="p"),
        PeerEvent(id="note", at=NOON, peer_id="p", name="muted", data={"by": ["Kim \ufffd", 1.5]}),
        SampleTaken(id="sample", at=NOON, peer_id="p", sequence=2**63 - 1, body=b"\x00\xff{}"),
    ],
)
async def test_a_fact_is_released_unchanged_and_once(db: Database, event: HeldFact) -> None:
    fact = _early(event, NOON + 7)
    assert await _hold(db, fact) == [True]
    assert await _release(db) == [fact]
    assert await _release(db) == []


async def test_a_close_waits_for_its_session_and_not_for_a_peer_of_the_same_id(
    db: Database,
) -> None:
    close = _early(SessionClosed(id="close", at=NOON, meeting_id="m", session_id="p"))
    assert await _hold(db, close, _early(LEFT)) == [True, True]
    assert await _release(db, key_of_session("p")) == [close]
    assert await _release(db) == [_early(LEFT)]


async def test_a_repeated_fact_is_not_new_and_changes_nothing(db: Database) -> None:
    assert await _hold(db, _early(LEFT), _early(LEFT, NOON + 9)) == [True, False]
    assert await _release(db) == [_early(LEFT)]


async def test_facts_are_released_in_order_of_receipt(db: Database) -> None:
    facts = [
        _early(PeerLeft(id=id, at=NOON, peer_id="p"), NOON + late)
        for id, late in (("z", 1), ("a", 2), ("b", 2), ("c", 3))
    ]
    await _hold(db, *reversed(facts))
    assert await _release(db) == facts


async def test_facts_of_other_peers_and_apps_are_not_released(db: Database) -> None:
    other = _early(PeerLeft(id="left", at=NOON, peer_id="q"))
    await _hold(db, _early(LEFT), other)
    await _hold(db, _early(LEFT), app_id="b")
    await _release(db)
    assert await _release(db, "q") == [other]
    assert await _release(db, app_id="b") == [_early(LEFT)]


async def test_a_fact_is_held_for_a_day_at_most(db: Database) -> None:
    old = _early(PeerLeft(id="old", at=NOON, peer_id="p"))
    later = _early(PeerLeft(id="later", at=NOON, peer_id="p"), NOON + 1)
    await _hold(db, old, later, _early(PeerLeft(id="x", at=NOON, peer_id="x"), NOON + KEPT_MS))
    assert await _release(db) == [old, later]
    await _hold(db, old, later, _early(PeerLeft(id="y", at=NOON, peer_id="x"), NOON + KEPT_MS + 1))
    assert await _release(db) == [later]


async def test_one_fact_held_concurrently_is_new_once(db: Database) -> None:
    answers = await asyncio.gather(*(_hold(db, _early(LEFT)) for _ in range(6)))
    assert sorted(answers) == [[False]] * 5 + [[True]]


async def _overtaken(db: Database, since: int = NOON, limit: int = 9) -> list[tuple[str, str]]:
    async with db.read() as tx:
        return await overtaken(tx, since=EpochMs(since), limit=limit)


async def test_facts_about_existing_peers_and_sessions_are_found_and_others_wait(
    db: Database,
) -> None:
    close = SessionClosed(id="close", at=NOON, meeting_id="m", session_id="s")
    unknown = SessionClosed(id="close", at=NOON, meeting_id="m", session_id="t")
    await _hold(db, _early(LEFT), _early(PeerKicked(id="kicked", at=NOON, peer_id="p")))
    await _hold(db, _early(PeerLeft(id="left", at=NOON, peer_id="q")))
    await _hold(db, _early(close), _early(unknown))
    await _hold(db, _early(LEFT), app_id="b")
    assert await _overtaken(db) == []
    await open_session(db, "s")
    async with db.write() as tx:
        await peers.save_peers(tx, [peer("p")])
    assert await _overtaken(db) == [("a", "p"), ("a", key_of_session("s"))]
    assert await _overtaken(db, limit=1) == [("a", "p")]
    assert await _overtaken(db, since=NOON + 1) == []
    await _release(db)
    assert await _overtaken(db) == [("a", key_of_session("s"))]
