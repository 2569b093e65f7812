"""Jobs are run, tried again after a failure, and given up in the end."""

import asyncio
from collections.abc import Mapping
from typing import Any

from aftercall.core.backoff import MOST_ATTEMPTS
from aftercall.core.instants import DAY_MS, EpochMs
from aftercall.core.records import Job
from aftercall.service.jobs import Jobs
from aftercall.store import jobs as stored
from aftercall.store.database import Database
from aftercall.work.runner import run_due, run_jobs
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


async def test_due_jobs_are_done_and_forgotten(db: Database) -> None:
    done: list[str] = []

    async def note(payload: Mapping[str, Any]) -> None:
        done.append(payload["id"])

    await add(db, job("a"), job("b"))
    jobs = Jobs(db, clock=Clock())
    assert await run_due(jobs, {"note": Task(run=note)}) == 2
    assert sorted(done) == ["a", "b"]
    assert await run_due(jobs, {"note": Task(run=note)}) == 0
    assert await jobs.list_waiting() == []


async def test_a_failing_job_is_tried_again_and_buried_in_the_end(db: Database) -> None:
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


async def test_a_task_nobody_knows_is_a_failure_not_a_crash(db: Database) -> None:
    await add(db, job("a", "unheard of"))
    jobs = Jobs(db, clock=Clock())
    assert await run_due(jobs, {}) == 1
    [waiting] = await jobs.list_waiting()
    assert "unheard of" in (waiting.last_error or "")


async def test_the_runner_stops_when_told(db: Database) -> None:
    stop = asyncio.Event()
    done = asyncio.Event()

    async def note(_: Mapping[str, Any]) -> None:
        done.set()

    await add(db, job("a"))
    running = asyncio.create_task(run_jobs(Jobs(db, clock=Clock()), {"note": Task(run=note)}, stop))
    await asyncio.wait_for(done.wait(), 60)
    stop.set()
    await asyncio.wait_for(running, 60)
