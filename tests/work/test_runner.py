"""Jobs are run, tried again after a failure, and given up in the end."""

import asyncio
from collections.abc import Mapping
from typing import Any

from aftercall.core.instants import DAY_MS, EpochMs
from aftercall.core.job_retry import MOST_ATTEMPTS
from aftercall.core.records import Job
from aftercall.service.jobs import LEASE_MS, Jobs
from aftercall.store import jobs as stored
from aftercall.store.engine.database import Database
from aftercall.work.runner import AT_ONCE, run_due, run_jobs
from aftercall.work.tasks import Task

T0 = 1_795_000_000_000


class Clock:
    def __init__(self) -> None:
        self.now = EpochMs(T0)

    def __call__(self) -> EpochMs:
        return self.now


def job(id: str, task: str = "note", lane: str = "") -> Job:
    return Job(
        id=id,
        task=task,
        lane=lane or id,
        payload={"id": id},
        created_at=EpochMs(T0),
        due_at=EpochMs(T0),
    )


async def add(db: Database, *new: Job) -> None:
    async with db.write() as tx:
        await stored.add(tx, new)


async def test_due_jobs_are_run_and_deleted(db: Database) -> None:
    done: list[str] = []

    async def note(payload: Mapping[str, Any]) -> None:
        done.append(payload["id"])

    await add(db, job("a"), job("b"))
    jobs = Jobs(db, clock=Clock())
    assert await run_due(jobs, {"note": Task(run=note)}) == 2
    assert sorted(done) == ["a", "b"]
    assert await run_due(jobs, {"note": Task(run=note)}) == 0
    assert await jobs.list_waiting() == []


async def test_a_failing_job_is_retried_and_finally_dead(db: Database) -> None:
    clock = Clock()
    jobs = Jobs(db, clock=clock)
    attempts = 0

    async def fail(_: Mapping[str, Any]) -> None:
        nonlocal attempts
        attempts += 1
        raise ValueError("no luck")

    async def give_up(payload: Mapping[str, Any], error: str) -> None:
        given_up.append((payload["id"], error))

    given_up: list[tuple[str, str]] = []
    tasks = {"fail": Task(run=fail, give_up=give_up)}
    await add(db, job("a", "fail"))
    for _ in range(MOST_ATTEMPTS + 2):
        await run_due(jobs, tasks)
        clock.now = EpochMs(clock.now + DAY_MS)
    assert attempts == MOST_ATTEMPTS
    [dead] = await jobs.list_dead()
    assert dead.last_error == "ValueError: no luck"
    assert given_up == [("a", "ValueError: no luck")]
    assert await jobs.revive("a")
    await run_due(jobs, tasks)
    assert attempts == MOST_ATTEMPTS + 1


async def test_an_unknown_task_fails_its_job_and_does_not_stop_the_runner(db: Database) -> None:
    await add(db, job("a", "unheard of"))
    jobs = Jobs(db, clock=Clock())
    assert await run_due(jobs, {}) == 1
    [waiting] = await jobs.list_waiting()
    assert "unheard of" in (waiting.last_error or "")


async def test_the_runner_stops_on_request(db: Database) -> None:
    stop = asyncio.Event()
    done = asyncio.Event()

    async def note(_: Mapping[str, Any]) -> None:
        done.set()

    await add(db, job("a"))
    running = asyncio.create_task(run_jobs(Jobs(db, clock=Clock()), {"note": Task(run=note)}, stop))
    await asyncio.wait_for(done.wait(), 60)
    stop.set()
    await asyncio.wait_for(running, 60)


async def test_a_long_job_does_not_delay_jobs_that_become_due_meanwhile(db: Database) -> None:
    stop, release = asyncio.Event(), asyncio.Event()
    begun: dict[str, asyncio.Event] = {id: asyncio.Event() for id in ("long", "next", "last")}

    async def note(payload: Mapping[str, Any]) -> None:
        begun[payload["id"]].set()
        if payload["id"] == "long":
            await release.wait()

    await add(db, job("long"))
    jobs = Jobs(db, clock=Clock())
    running = asyncio.create_task(run_jobs(jobs, {"note": Task(run=note)}, stop))
    for id in ("long", "next", "last"):
        await add(db, job(id))
        await asyncio.wait_for(begun[id].wait(), 60)
    assert "long" in {one.id for one in await jobs.list_waiting()}
    release.set()
    stop.set()
    await asyncio.wait_for(running, 60)
    assert await jobs.list_waiting() == []


async def test_a_limited_number_of_jobs_runs_concurrently(db: Database) -> None:
    stop, release = asyncio.Event(), asyncio.Event()
    running_now, most = 0, 0
    are_all_done = asyncio.Event()
    done: list[str] = []

    async def note(payload: Mapping[str, Any]) -> None:
        nonlocal running_now, most
        running_now += 1
        most = max(most, running_now)
        if running_now == AT_ONCE:
            release.set()
        await release.wait()
        running_now -= 1
        done.append(payload["id"])
        if len(done) == 3 * AT_ONCE:
            are_all_done.set()

    await add(db, *(job(f"{number:02}") for number in range(3 * AT_ONCE)))
    running = asyncio.create_task(run_jobs(Jobs(db, clock=Clock()), {"note": Task(run=note)}, stop))
    await asyncio.wait_for(are_all_done.wait(), 60)
    stop.set()
    await asyncio.wait_for(running, 60)
    assert most == AT_ONCE


class ForgetfulJobs(Jobs):
    """Jobs whose bookkeeping fails for one of them."""

    async def finish(self, job: Job) -> bool:
        if job.id == "gone":
            raise LookupError("no such row")
        return await super().finish(job)


async def test_a_failed_bookkeeping_write_does_not_affect_other_jobs(db: Database) -> None:
    done: list[str] = []

    async def note(payload: Mapping[str, Any]) -> None:
        await asyncio.sleep(0)
        done.append(payload["id"])

    await add(db, job("gone"), job("a"), job("b"))
    jobs = ForgetfulJobs(db, clock=Clock())
    assert await run_due(jobs, {"note": Task(run=note)}) == 3
    assert sorted(done) == ["a", "b", "gone"]
    assert {one.id for one in await jobs.list_waiting()} == {"gone"}


async def test_an_error_that_no_database_stores_is_recorded_in_storable_form(db: Database) -> None:
    async def fail(_: Mapping[str, Any]) -> None:
        raise ValueError("a \x00 and half an emoji \ud83d" + "x" * 10_000)

    await add(db, job("a"))
    jobs = Jobs(db, clock=Clock())
    await run_due(jobs, {"note": Task(run=fail)})
    [waiting] = await jobs.list_waiting()
    assert (waiting.last_error or "").startswith("ValueError: a \ufffd and half an emoji")
    assert len(waiting.last_error or "") <= 1_000


async def test_a_long_job_keeps_its_lease(db: Database) -> None:
    clock = Clock()
    jobs = Jobs(db, clock=clock)
    renewed = asyncio.Event()

    async def work(_: Mapping[str, Any]) -> None:
        clock.now = EpochMs(T0 + LEASE_MS - 1)
        async with asyncio.timeout(60):
            while not renewed.is_set():
                await asyncio.sleep(0.01)
                [running] = await jobs.list_waiting()
                assert running.lease_until is not None
                if running.lease_until > T0 + LEASE_MS:
                    renewed.set()
        clock.now = EpochMs(T0 + LEASE_MS + 1)
        assert await jobs.claim(1) == []

    await add(db, job("a"))
    assert await run_due(jobs, {"note": Task(run=work)}, heartbeat_s=0.01) == 1
    assert renewed.is_set()
    assert await jobs.list_waiting() == []


async def test_a_job_of_a_dead_worker_is_run_again_after_its_lease(db: Database) -> None:
    clock = Clock()
    jobs = Jobs(db, clock=clock)
    await add(db, job("a"))
    assert len(await jobs.claim(1)) == 1
    done: list[str] = []

    async def note(payload: Mapping[str, Any]) -> None:
        done.append(payload["id"])

    clock.now = EpochMs(T0 + LEASE_MS - 1)
    assert await run_due(jobs, {"note": Task(run=note)}) == 0
    clock.now = EpochMs(T0 + LEASE_MS)
    assert await run_due(jobs, {"note": Task(run=note)}) == 1
    assert done == ["a"]


async def test_an_unfinished_job_is_released_when_the_runner_stops(db: Database) -> None:
    stop, begun, outcome = asyncio.Event(), asyncio.Event(), []

    async def go_on(_payload: Mapping[str, Any]) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            outcome.append("called off")
            raise

    await add(db, job("a"))
    jobs = Jobs(db, clock=Clock())
    running = asyncio.create_task(run_jobs(jobs, {"note": Task(run=go_on)}, stop, grace_s=0))
    await begun.wait()
    stop.set()
    async with asyncio.timeout(60):
        await running
    assert outcome == ["called off"]
    assert [each.id for each in await jobs.claim(4)] == ["a"]


async def test_a_job_that_ends_soon_is_finished_when_the_runner_stops(db: Database) -> None:
    stop, begun, may_end = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def end_soon(_payload: Mapping[str, Any]) -> None:
        begun.set()
        await may_end.wait()

    await add(db, job("a"))
    jobs = Jobs(db, clock=Clock())
    running = asyncio.create_task(run_jobs(jobs, {"note": Task(run=end_soon)}, stop, grace_s=60))
    await begun.wait()
    stop.set()
    may_end.set()
    async with asyncio.timeout(60):
        await running
    assert await jobs.list_waiting() == []
