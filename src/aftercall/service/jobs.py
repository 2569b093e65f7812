"""The jobs that wait, run or are dead."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from aftercall.core.instants import SECOND_MS, Clock, EpochMs
from aftercall.core.job_retry import next_try
from aftercall.core.records import Job
from aftercall.store import jobs
from aftercall.store.engine.database import Database

LEASE_MS: Final = 15 * SECOND_MS
"""How long a claimed job is leased without a heartbeat; chosen: a server that was killed has its
reports final within 20 s of its restart."""


MOST_ERROR: Final = 1_000
"""Characters of an error that are stored."""


class Failure(NamedTuple):
    """The state of a job that failed."""

    is_holder: bool
    """Whether the worker still held it; otherwise the failure changed nothing."""
    is_dead: bool
    """It will not be tried again by itself."""


class Jobs:
    """Leases jobs and records their results."""

    def __init__(self, db: Database, *, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def claim(self, limit: int) -> list[Job]:
        """Lease up to `limit` due jobs to the caller; returns them."""
        async with self._db.read() as tx:
            due_at = await jobs.next_due(tx)
        if due_at is None or due_at > self._clock():
            return []
        async with self._db.write() as tx:
            return await jobs.claim(tx, self._clock(), LEASE_MS, limit)

    async def renew(self, job: Job) -> bool:
        """Renew the lease of a claimed job; `False` if another worker holds it."""
        async with self._db.write() as tx:
            return await jobs.renew(tx, job, EpochMs(self._clock() + LEASE_MS))

    async def finish(self, job: Job) -> bool:
        """Delete a claimed job that is done; `False` if another worker holds it."""
        async with self._db.write() as tx:
            return await jobs.finish(tx, job)

    async def give_back(self, job: Job) -> bool:
        """End the lease of a claimed job; `False` if another worker holds it."""
        async with self._db.write() as tx:
            return await jobs.give_back(tx, job)

    async def fail(self, job: Job, error: str) -> Failure:
        """Record that a claimed job failed, and when it is tried again."""
        now = self._clock()
        due_at = next_try(job.attempts, now)
        error = error[:MOST_ERROR].encode(errors="replace").decode().replace("\0", "\ufffd")
        async with self._db.write() as tx:
            if due_at is None:
                is_holder = await jobs.bury(tx, job, now, error)
            else:
                is_holder = await jobs.postpone(tx, job, due_at, error)
        return Failure(is_holder=is_holder, is_dead=is_holder and due_at is None)

    async def list_dead(self, limit: int = 1_000) -> Sequence[Job]:
        async with self._db.read() as tx:
            return await jobs.list_jobs(tx, is_dead=True, limit=limit)

    async def list_waiting(self, limit: int = 1_000) -> Sequence[Job]:
        async with self._db.read() as tx:
            return await jobs.list_jobs(tx, is_dead=False, limit=limit)

    async def revive(self, job_id: str) -> bool:
        """Reset the attempts of a dead job; returns whether there was one."""
        async with self._db.write() as tx:
            return await jobs.revive(tx, job_id, self._clock())
