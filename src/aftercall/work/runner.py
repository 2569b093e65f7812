"""Runs jobs: a few at a time, again after a failure, for ever until stopped."""

import asyncio
from collections.abc import Mapping
from typing import Final

import structlog

from aftercall.core.records import Job
from aftercall.service.jobs import Jobs
from aftercall.work.tasks import Task

POLL_S: Final = 0.5
AT_ONCE: Final = 4

log = structlog.get_logger(__name__)


async def run_due(jobs: Jobs, tasks: Mapping[str, Task], *, limit: int = AT_ONCE) -> int:
    """Claim the jobs that are due and run them to their end; how many there were."""
    claimed = await jobs.claim(limit)
    async with asyncio.TaskGroup() as group:
        for job in claimed:
            group.create_task(_run(jobs, tasks, job))
    return len(claimed)


async def run_jobs(jobs: Jobs, tasks: Mapping[str, Task], stop: asyncio.Event) -> None:
    """Run jobs as they become due, until `stop`; the ones under way are finished first."""
    while not stop.is_set():
        try:
            found = await run_due(jobs, tasks)
        except Exception as error:
            log.error("jobs could not be claimed", action="jobs_claim_failed", exc_info=error)
            found = 0
        if not found:
            await _pause(stop, POLL_S)


async def _run(jobs: Jobs, tasks: Mapping[str, Task], job: Job) -> None:
    task = tasks.get(job.task)
    try:
        if task is None:
            raise LookupError(f"This program knows no task called {job.task}.")
        await task.run(job.payload)
    except Exception as error:
        sentence = f"{type(error).__name__}: {error}"
        due_at = await jobs.fail(job, sentence)
        if due_at is None and task is not None and task.give_up is not None:
            await task.give_up(job.payload, sentence)
        log.warning(
            "job failed",
            action="job_failed",
            job_id=job.id,
            task=job.task,
            attempts=job.attempts,
            is_dead=due_at is None,
            exc_info=error,
        )
        return
    await jobs.finish(job)
    log.info("job done", action="job_done", job_id=job.id, task=job.task)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
