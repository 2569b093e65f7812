"""The consequences that wait to be carried out."""

from collections.abc import Sequence

from aftercall.core.backoff import next_try
from aftercall.core.instants import MINUTE_MS, Clock, EpochMs
from aftercall.core.records import Job
from aftercall.store import jobs
from aftercall.store.database import Database

LEASE_MS = 5 * MINUTE_MS
"""How long a worker may take over a job before another may try."""


class Jobs:
    """Hands jobs out and takes their results."""

    def __init__(self, db: Database, *, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def claim(self, limit: int) -> list[Job]:
        """Jobs that are due, leased to the caller."""
        async with self._db.read() as tx:
            due_at = await jobs.next_due(tx)
        if due_at is None or due_at > self._clock():
            return []
        async with self._db.write() as tx:
            return await jobs.claim(tx, self._clock(), LEASE_MS, limit)

    async def finish(self, job: Job) -> None:
        async with self._db.write() as tx:
            await jobs.finish(tx, job.id)

    async def fail(self, job: Job, error: str) -> EpochMs | None:
        """Note a failure; when the job is tried again, or `None` if it is now dead."""
        now = self._clock()
        due_at = next_try(job.attempts, now)
        async with self._db.write() as tx:
            if due_at is None:
                await jobs.bury(tx, job.id, now, error)
            else:
                await jobs.postpone(tx, job.id, due_at, error)
        return due_at

    async def list_dead(self, limit: int = 1_000) -> Sequence[Job]:
        async with self._db.read() as tx:
            return await jobs.list_jobs(tx, is_dead=True, limit=limit)

    async def list_waiting(self, limit: int = 1_000) -> Sequence[Job]:
        async with self._db.read() as tx:
            return await jobs.list_jobs(tx, is_dead=False, limit=limit)

    async def revive(self, job_id: str) -> bool:
        """Give a dead job all its attempts again; whether there was one."""
        async with self._db.write() as tx:
            return await jobs.revive(tx, job_id, self._clock())
