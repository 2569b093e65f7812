"""Jobs handed out and taken back: leases, repeats with longer waits, the dead and their revival."""

from typing import Any

from aftercall.core.instants import EpochMs
from aftercall.core.job_retry import MOST_ATTEMPTS, next_try
from aftercall.core.records import Job
from aftercall.service.jobs import LEASE_MS, MOST_ERROR, Jobs
from aftercall.store import jobs as stored
from aftercall.store.engine.database import Database

T0 = EpochMs(1_795_000_000_000)


class JobsHarness:
    """Jobs with a clock that the test moves."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.now = T0
        self.jobs = Jobs(db, clock=lambda: self.now)

    async def add(self, id_: str = "a", **members: Any) -> None:
        known: dict[str, Any] = {"task": "t", "lane": id_, "payload": {}, "created_at": T0}
        async with self.db.write() as tx:
            await stored.add(tx, [Job(id=id_, **({"due_at": T0} | known | members))])

    def move(self, ms: int) -> None:
        self.now = EpochMs(self.now + ms)


async def test_a_due_job_is_claimed_by_one_worker_only(db: Database) -> None:
    harness = JobsHarness(db)
    await harness.add(due_at=EpochMs(T0 + 1_000))
    assert await harness.jobs.claim(10) == []
    harness.move(1_000)
    [job] = await harness.jobs.claim(10)
    assert (job.id, job.attempts) == ("a", 1)
    assert await harness.jobs.claim(10) == []
    assert await harness.jobs.finish(job)
    harness.move(LEASE_MS)
    assert await harness.jobs.claim(10) == []


async def test_a_worker_that_does_not_renew_its_lease_loses_its_job(db: Database) -> None:
    harness = JobsHarness(db)
    await harness.add()
    [lost] = await harness.jobs.claim(10)
    harness.move(LEASE_MS + 1)
    [taken] = await harness.jobs.claim(10)
    assert taken.attempts == 2
    assert not await harness.jobs.renew(lost)
    assert not await harness.jobs.finish(lost)
    assert not await harness.jobs.give_back(lost)
    failure = await harness.jobs.fail(lost, "late")
    assert (failure.is_holder, failure.is_dead) == (False, False)
    assert await harness.jobs.finish(taken)


async def test_a_job_renewed_in_time_remains_with_its_worker(db: Database) -> None:
    harness = JobsHarness(db)
    await harness.add()
    [job] = await harness.jobs.claim(10)
    harness.move(LEASE_MS - 1)
    assert await harness.jobs.renew(job)
    harness.move(LEASE_MS - 1)
    assert await harness.jobs.claim(10) == []


async def test_a_released_job_is_due_at_once(db: Database) -> None:
    harness = JobsHarness(db)
    await harness.add()
    [job] = await harness.jobs.claim(10)
    assert await harness.jobs.give_back(job)
    assert [each.id for each in await harness.jobs.claim(10)] == ["a"]


async def test_a_failed_job_waits_longer_each_time_until_dead_and_can_be_revived(
    db: Database,
) -> None:
    harness = JobsHarness(db)
    await harness.add()
    for attempt in range(1, MOST_ATTEMPTS + 1):
        [job] = await harness.jobs.claim(10)
        failure = await harness.jobs.fail(job, f"error {attempt}")
        assert failure.is_holder
        assert failure.is_dead is (attempt == MOST_ATTEMPTS)
        due_at = next_try(attempt, harness.now)
        if due_at is not None:
            harness.now = EpochMs(due_at - 1)
            assert await harness.jobs.claim(10) == []
            harness.move(1)
    harness.move(365 * 86_400_000)
    assert await harness.jobs.claim(10) == []
    assert await harness.jobs.list_waiting() == []
    [dead] = await harness.jobs.list_dead()
    assert dead.last_error == f"error {MOST_ATTEMPTS}"
    assert await harness.jobs.revive("a")
    assert not await harness.jobs.revive("a")
    [job] = await harness.jobs.claim(10)
    assert job.attempts == 1


async def test_an_error_message_is_stored_in_storable_form(db: Database) -> None:
    harness = JobsHarness(db)
    await harness.add()
    [job] = await harness.jobs.claim(10)
    await harness.jobs.fail(job, "\0\ud800" + "x" * 2 * MOST_ERROR)
    [waiting] = await harness.jobs.list_waiting()
    assert waiting.last_error == "\ufffd?" + "x" * (MOST_ERROR - 2)
