"""Runs jobs: a few side by side, again after a failure, until stopped."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog

from aftercall.core.errors import Unavailable
from aftercall.core.records import Job
from aftercall.service.jobs import LEASE_MS, Jobs
from aftercall.work.tasks import Task

POLL_S: Final = 0.5
AT_ONCE: Final = 4

HEARTBEAT_S: Final = LEASE_MS / 4_000
"""How often a running job's lease is renewed: two renewals may fail before it expires."""

GRACE_S: Final = 1.0
"""How long a job that is nearly done may still take when the process stops. Chosen."""

log = structlog.get_logger(__name__)


async def run_due(
    jobs: Jobs, tasks: Mapping[str, Task], *, limit: int = AT_ONCE, heartbeat_s: float = HEARTBEAT_S
) -> int:
    """Claim the jobs that are due and run them to their end; returns how many there were."""
    claimed = await jobs.claim(limit)
    async with asyncio.TaskGroup() as group:
        for job in claimed:
            group.create_task(_run(jobs, tasks, job, heartbeat_s))
    return len(claimed)


async def run_jobs(
    jobs: Jobs,
    tasks: Mapping[str, Task],
    stop: asyncio.Event,
    *,
    grace_s: float = GRACE_S,
    heartbeat_s: float = HEARTBEAT_S,
) -> None:
    """Run jobs as they become due, until `stop`: up to `AT_ONCE` side by side, each claimed as soon
    as another has ended. Jobs that run at `stop` may take `grace_s` longer; after that they are
    cancelled and given back, for any process to begin again."""
    stopped = asyncio.create_task(stop.wait())
    running: set[asyncio.Task[None]] = set()
    try:
        while not stop.is_set():
            for job in await _claim(jobs, AT_ONCE - len(running), stopped, grace_s):
                running.add(asyncio.create_task(_run(jobs, tasks, job, heartbeat_s)))
            # With no free slot, the next claim waits until a job has ended.
            patience_s = POLL_S if len(running) < AT_ONCE else None
            ended, _ = await asyncio.wait(
                {*running, stopped}, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED
            )
            running -= ended
        if running:
            await asyncio.wait(running, timeout=grace_s)
    finally:
        stopped.cancel()
        for job_run in running:
            job_run.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _claim(
    jobs: Jobs, limit: int, stopped: asyncio.Task[bool], grace_s: float
) -> Sequence[Job]:
    """Up to `limit` jobs that are due; none when they cannot be claimed. A claim that is under way
    when the process stops may take `grace_s` longer."""
    claiming = asyncio.create_task(jobs.claim(limit))
    await asyncio.wait({claiming, stopped}, return_when=asyncio.FIRST_COMPLETED)
    try:
        async with asyncio.timeout(grace_s if stopped.done() else None):
            return await claiming
    except (Unavailable, TimeoutError):
        # An outage has a log line of its own.
        return ()
    except Exception as error:
        log.error("jobs could not be claimed", action="jobs_claim_failed", exc_info=error)
        return ()


async def _run(jobs: Jobs, tasks: Mapping[str, Task], job: Job, heartbeat_s: float) -> None:
    """Run one job and record its result. No error reaches the jobs that run beside it; a job whose
    result cannot be recorded runs again when its lease has expired."""
    try:
        async with _leased(jobs, job, heartbeat_s):
            error = await _carry_out(tasks.get(job.task), job)
            if error is None:
                is_holder = await jobs.finish(job)
                log.info("job done", action="job_done", **_named(job), is_holder=is_holder)
            else:
                await _record_failure(jobs, tasks.get(job.task), job, error)
    except asyncio.CancelledError:
        await _give_back(jobs, job)
        raise
    except Unavailable:
        log.warning("job result not noted", action="job_not_noted", **_named(job))
    except Exception as error:
        log.error("job result not noted", action="job_not_noted", **_named(job), exc_info=error)


async def _give_back(jobs: Jobs, job: Job) -> None:
    """Give back a job that was cancelled; where that fails, its lease expires."""
    with suppress(Unavailable):
        await jobs.give_back(job)
    log.info("job given back", action="job_given_back", **_named(job))


async def _carry_out(task: Task | None, job: Job) -> Exception | None:
    """The error with which the job failed; `None` when it did not fail."""
    try:
        if task is None:
            raise LookupError(f"This program knows no task called {job.task}.")
        await task.run(job.payload)
    except Exception as error:
        return error
    return None


async def _record_failure(jobs: Jobs, task: Task | None, job: Job, error: Exception) -> None:
    if isinstance(error, Unavailable):
        # Not the job's fault: it keeps its lease, and is tried again when that has run out.
        log.warning("job interrupted", action="job_interrupted", **_named(job))
        return
    sentence = f"{type(error).__name__}: {error}"
    failure = await jobs.fail(job, sentence)
    log.warning(
        "job failed",
        action="job_failed",
        **_named(job),
        attempts=job.attempts,
        is_dead=failure.is_dead,
        exc_info=error,
    )
    if failure.is_dead and task is not None and task.give_up is not None:
        await task.give_up(job.payload, sentence)


@asynccontextmanager
async def _leased(jobs: Jobs, job: Job, heartbeat_s: float) -> AsyncIterator[None]:
    """Renews the job's lease while the block runs."""
    beating = asyncio.create_task(_beat(jobs, job, heartbeat_s))
    try:
        yield
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)


async def _beat(jobs: Jobs, job: Job, heartbeat_s: float) -> None:
    while True:
        await asyncio.sleep(heartbeat_s)
        try:
            if not await jobs.renew(job):
                log.warning("job overtaken", action="job_overtaken", **_named(job))
                return
        except Unavailable:
            continue


def _named(job: Job) -> dict[str, str]:
    return {"job_id": job.id, "task": job.task}
