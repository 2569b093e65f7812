"""The consequences that wait to be carried out."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from aftercall.core.backoff import next_try
from aftercall.core.instants import SECOND_MS, Clock, EpochMs
from aftercall.core.records import Job
from aftercall.store import jobs
from aftercall.store.engine.database import Database

LEASE_MS: Final = 15 * SECOND_MS
"""How long a job stays with a worker that gives no sign of life; chosen: a server that was killed
has its reports final within 20 s of its return."""


MOST_ERROR: Final = 1_000
"""Characters of an error that are kept."""


class Failure(NamedTuple):
    """What became of a job that failed."""

    is_holder: bool
    """Whether the worker that failed still held it; else the failure changed nothing."""
    is_dead: bool
    """It will not be tried again by itself."""


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

    async def renew(self, job: Job) -> bool:
        """Hold a claimed job for another lease; `False` if it is somebody else's by now."""
        async with self._db.write() as tx:
            return await jobs.renew(tx, job, EpochMs(self._clock() + LEASE_MS))

    async def finish(self, job: Job) -> bool:
        """Note that a claimed job is done; `False` if it is somebody else's by now."""
        async with self._db.write() as tx:
            return await jobs.finish(tx, job)

    async def give_back(self, job: Job) -> bool:
        """Leave a claimed job to whoever comes next; `False` if it is somebody else's by now."""
        async with self._db.write() as tx:
            return await jobs.give_back(tx, job)

    async def fail(self, job: Job, error: str) -> Failure:
        """Note that a claimed job failed, and when it is tried again."""
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
        """Give a dead job all its attempts again; whether there was one."""
        async with self._db.write() as tx:
            return await jobs.revive(tx, job_id, self._clock())
