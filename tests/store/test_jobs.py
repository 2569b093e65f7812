"""Jobs: leased, in order within their lane, never to two at once."""

import asyncio
from typing import Any

from aftercall.core.instants import EpochMs
from aftercall.core.records import Job
from aftercall.store import jobs
from aftercall.store.engine.database import Database

T0 = 1_795_000_000_000
LEASE_MS = 60_000


def job(id: str, lane: str = "", at: int = 0, **rest: Any) -> Job:
    return Job(
        id=id,
        task=rest.pop("task", "fold"),
        lane=lane or id,
        payload=rest.pop("payload", {}),
        created_at=EpochMs(T0 + at),
        due_at=EpochMs(T0 + rest.pop("due", at)),
        **rest,
    )


async def claimed(db: Database, at: int, limit: int = 10, **rest: Any) -> list[Job]:
    async with db.write() as tx:
        return await jobs.claim(tx, EpochMs(T0 + at), LEASE_MS, limit, **rest)


async def claim(db: Database, at: int, limit: int = 10, **rest: Any) -> list[str]:
    return [one.id for one in await claimed(db, at, limit, **rest)]


async def test_a_job_is_added_once_and_claimed_with_a_lease(db: Database) -> None:
    async with db.write() as tx:
        first = job("j", payload={"peer": "p", "n": [1, None]})
        assert await jobs.add(tx, [first, job("k", at=1)]) == {"j", "k"}
        assert await jobs.add(tx, [job("j", at=5), job("l", at=2)]) == {"l"}
        (found,) = await jobs.claim(tx, EpochMs(T0), LEASE_MS, 10)
        assert found.payload == first.payload
        assert (found.attempts, found.lease_until) == (1, T0 + LEASE_MS)


async def test_at_most_one_job_of_a_task_waits_in_a_lane_beside_the_running_one(
    db: Database,
) -> None:
    async def add(id: str, at: int, **rest: Any) -> bool:
        async with db.write() as tx:
            return await jobs.add_unless_waiting(tx, job(id, "lane", at, **rest))

    assert await add("a", 1)
    assert not await add("b", 2)
    assert await add("other", 3, task="send")
    (first,) = await claimed(db, 4)
    assert first.id == "a"
    assert await add("c", 5)
    assert not await add("d", 6)
    async with db.write() as tx:
        await jobs.postpone(tx, first, EpochMs(T0 + 100), "timeout")
    assert not await add("e", 8)
    (again,) = await claimed(db, 100)
    async with db.write() as tx:
        await jobs.finish(tx, again)
    for expected in ("other", "c"):
        (held,) = await claimed(db, 101)
        assert held.id == expected
        async with db.write() as tx:
            await jobs.finish(tx, held)
    assert await add("f", 102)


async def test_jobs_are_claimed_when_due_and_longest_due_first(db: Database) -> None:
    async with db.write() as tx:
        await jobs.add(tx, [job("c", due=30), job("a", due=10), job("b", due=20)])
    assert await claim(db, 9) == []
    assert await claim(db, 25, limit=1) == ["a"]
    assert await claim(db, 40) == ["b", "c"]


async def test_only_the_first_of_a_lane_can_be_claimed(db: Database) -> None:
    async with db.write() as tx:
        await jobs.add(tx, [job("a1", "a", 1), job("a2", "a", 2), job("a3", "a", 3)])
    (first,) = await claimed(db, 9)
    assert first.id == "a1"
    assert await claim(db, 9) == []
    async with db.write() as tx:
        assert await jobs.finish(tx, first)
    assert await claim(db, 9) == ["a2"]


async def test_a_job_earlier_in_the_lane_than_a_running_one_waits_for_it(db: Database) -> None:
    async with db.write() as tx:
        await jobs.add(tx, [job("late", "a", 5)])
    assert await claim(db, 9) == ["late"]
    async with db.write() as tx:
        await jobs.add(tx, [job("early", "a", 1)])
    assert await claim(db, 9) == []


async def test_a_postponed_job_blocks_its_lane_and_a_dead_one_does_not(db: Database) -> None:
    async with db.write() as tx:
        await jobs.add(tx, [job("a1", "a", 1), job("a2", "a", 2)])
    (first,) = await claimed(db, 9)
    async with db.write() as tx:
        assert await jobs.postpone(tx, first, EpochMs(T0 + 100), "timeout")
    assert await claim(db, 99) == []
    (again,) = await claimed(db, 100)
    assert again.id == "a1"
    async with db.write() as tx:
        assert await jobs.bury(tx, again, EpochMs(T0 + 101), "gone for good")
    assert await claim(db, 102) == ["a2"]
    async with db.read() as tx:
        (dead,) = await jobs.list_jobs(tx, is_dead=True)
        assert (dead.id, dead.attempts, dead.last_error) == ("a1", 2, "gone for good")
        assert [one.id for one in await jobs.list_jobs(tx)] == ["a2"]


async def test_a_dead_job_can_be_revived_once(db: Database) -> None:
    async with db.write() as tx:
        await jobs.add(tx, [job("a1", "a", 1)])
    (first,) = await claimed(db, 1)
    async with db.write() as tx:
        await jobs.bury(tx, first, EpochMs(T0 + 2), "no")
        assert await jobs.revive(tx, "a1", EpochMs(T0 + 3))
        assert not await jobs.revive(tx, "a1", EpochMs(T0 + 3))
    assert await claim(db, 3) == ["a1"]


async def test_an_expired_lease_allows_another_claim(db: Database) -> None:
    async with db.write() as tx:
        await jobs.add(tx, [job("a")])
    assert await claim(db, 0) == ["a"]
    assert await claim(db, LEASE_MS - 1) == []
    assert await claim(db, LEASE_MS) == ["a"]


async def test_a_renewed_lease_prevents_other_claims_for_longer(db: Database) -> None:
    async with db.write() as tx:
        await jobs.add(tx, [job("a")])
    (held,) = await claimed(db, 0)
    async with db.write() as tx:
        assert await jobs.renew(tx, held, EpochMs(T0 + 2 * LEASE_MS))
    assert await claim(db, LEASE_MS) == []
    assert await claim(db, 2 * LEASE_MS) == ["a"]


async def test_a_worker_that_lost_its_lease_changes_nothing(db: Database) -> None:
    async with db.write() as tx:
        await jobs.add(tx, [job("a")])
    (slow,) = await claimed(db, 0)
    (quick,) = await claimed(db, LEASE_MS)
    later = EpochMs(T0 + 9 * LEASE_MS)
    async with db.write() as tx:
        assert not await jobs.renew(tx, slow, later)
        assert not await jobs.finish(tx, slow)
        assert not await jobs.postpone(tx, slow, later, "slow")
        assert not await jobs.bury(tx, slow, later, "slow")
        assert await jobs.postpone(tx, quick, EpochMs(T0 + LEASE_MS), "quick")
        assert not await jobs.finish(tx, quick)
    async with db.read() as tx:
        (waiting,) = await jobs.list_jobs(tx)
    assert (waiting.last_error, waiting.due_at) == ("quick", T0 + LEASE_MS)


async def test_a_claimer_takes_only_the_tasks_it_knows(db: Database) -> None:
    async with db.write() as tx:
        await jobs.add(tx, [job("a", task="fold"), job("b", task="send")])
    assert await claim(db, 0, tasks=["send"]) == ["b"]
    assert await claim(db, 0, tasks=[]) == []


async def test_the_next_due_time_is_known(db: Database) -> None:
    async with db.read() as tx:
        assert await jobs.next_due(tx) is None
    async with db.write() as tx:
        await jobs.add(tx, [job("a", due=5), job("b", due=50)])
        await jobs.claim(tx, EpochMs(T0 + 5), LEASE_MS, 1)
        assert await jobs.next_due(tx) == T0 + 50


async def test_eight_workers_never_claim_a_job_twice_or_two_of_a_lane(db: Database) -> None:
    total = 120
    async with db.write() as tx:
        await jobs.add(tx, [job(f"{n:03}", f"lane {n % 30}", n) for n in range(total)])
    claimed: list[str] = []
    running: set[str] = set()

    async def work() -> None:
        while len(claimed) < total:
            async with db.write() as tx:
                mine = await jobs.claim(tx, EpochMs(T0 + total), LEASE_MS, 3)
            lanes = {one.lane for one in mine}
            assert len(lanes) == len(mine)
            assert not lanes & running
            running.update(lanes)
            claimed.extend(one.id for one in mine)
            await asyncio.sleep(0)
            running.difference_update(lanes)
            async with db.write() as tx:
                for one in mine:
                    await jobs.finish(tx, one)

    await asyncio.gather(*(work() for _ in range(8)))
    assert sorted(claimed) == [f"{n:03}" for n in range(total)]
    for lane in range(30):
        ours = [id for id in claimed if int(id) % 30 == lane]
        assert ours == sorted(ours)
