"""The promises of the tables, each as a query."""

from collections import Counter

from sqlalchemy import text

from aftercall.core.instants import EpochMs
from aftercall.core.records import Job, Phase
from aftercall.store import jobs, peers
from aftercall.store.checks.invariants import EXAMPLES, PROMISES, Promise, find_broken
from aftercall.store.engine.database import Database
from tests.store.record_builder import NOW, open_session, peer

BY_NAME = {promise.name: promise for promise in PROMISES}


def test_every_promise_has_its_own_name_sentence_and_query() -> None:
    for part in ("name", "sentence", "statement"):
        times = Counter(getattr(promise, part) for promise in PROMISES)
        assert {value for value, count in times.items() if count > 1} == set()


async def test_an_empty_database_breaks_no_promise(db: Database) -> None:
    async with db.read() as tx:
        assert [await find_broken(tx, promise) for promise in PROMISES] == [None] * len(PROMISES)


async def test_all_violations_are_counted_and_some_are_examples(db: Database) -> None:
    async with db.write() as tx:
        await peers.save_peers(tx, [peer(f"p{n}") for n in range(EXAMPLES + 2)])
    async with db.read() as tx:
        broken = await find_broken(tx, BY_NAME["peers_have_a_session"])
    assert broken is not None
    assert (broken.name, broken.count) == ("peers_have_a_session", EXAMPLES + 2)
    assert len(broken.examples) == EXAMPLES
    assert set(broken.examples) <= {f"a/p{n}" for n in range(EXAMPLES + 2)}


async def test_rows_of_another_app_satisfy_no_promise(db: Database) -> None:
    await open_session(db, app_id="b")
    async with db.write() as tx:
        await peers.save_peers(tx, [peer("p")])
        assert await find_broken(tx, BY_NAME["peers_have_a_session"]) is not None
        await peers.save_peers(tx, [peer("p", app_id="b")])
        broken = await find_broken(tx, BY_NAME["peers_have_a_session"])
    assert broken is not None and broken.examples == ["a/p"]


async def test_a_promise_of_a_pending_job_is_checked_after_the_job(db: Database) -> None:
    promise: Promise = BY_NAME["samples_of_ended_sessions_are_merged"]
    await open_session(db)
    async with db.write() as tx:
        await peers.save_peers(tx, [peer("p", left_at=NOW)])
        await tx.execute(
            text(
                "INSERT INTO samples (app_id, peer_id, session_id, sequence, at, received_at, body,"
                " last_sequence, samples) VALUES ('a', 'p', 's', 1, 1, 1, :body, 1, 1)"
            ),
            {"body": b"{}"},
        )
        assert await find_broken(tx, promise) is None
        await tx.execute(text("UPDATE sessions SET phase = :it"), {"it": Phase.ENDED.value})
        assert await find_broken(tx, promise) is not None
        moment = EpochMs(1)
        job = Job(
            id="j", task="fold", lane="session:a:s", payload={}, created_at=moment, due_at=moment
        )
        await jobs.add(tx, [job])
        assert await find_broken(tx, promise) is None
        await tx.execute(text("UPDATE jobs SET dead_at = 2"))
        assert await find_broken(tx, promise) is not None
