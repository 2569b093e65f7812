"""Jobs: work that is written in the transaction that makes it necessary, and done afterwards.

Jobs of one lane run one at a time in the order in which they were created: only the first that is
not dead can be claimed, and a claim is a lease. A dead job does not block its lane.

A job's attempts identify its holder: each claim increments them, and renewing, finishing,
postponing and burying change nothing for a holder whose lease was taken over.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import EpochMs
from aftercall.core.records import Job
from aftercall.store.engine.record_mapping import Shape, insert_new
from aftercall.store.tables import schema

_JOB = Shape(Job, schema.jobs)


async def add(tx: AsyncConnection, jobs: Iterable[Job]) -> set[str]:
    """Add jobs, except those whose id exists; returns the ids of the new ones."""
    return await insert_new(tx, _JOB, jobs)


async def add_unless_waiting(tx: AsyncConnection, job: Job) -> bool:
    """Add a job, unless its lane has one of the same task that has not begun; returns whether it
    was added. That one is locked until the transaction ends, so that it sees what the transaction
    writes."""
    c = schema.jobs.c
    waiting = await tx.execute(
        select(c.id)
        .where(
            c.lane == job.lane,
            c.task == job.task,
            c.dead_at.is_(None),
            or_(c.lease_until.is_(None), c.lease_until <= job.created_at),
        )
        .limit(1)
        .with_for_update()
    )
    if waiting.first() is not None:
        return False
    return bool(await add(tx, [job]))


async def is_lane_free(tx: AsyncConnection, lane: str) -> bool:
    """Whether no job of a lane waits or runs."""
    c = schema.jobs.c
    found = await tx.execute(select(c.id).where(c.lane == lane, c.dead_at.is_(None)).limit(1))
    return found.first() is None


async def claim(
    tx: AsyncConnection,
    now: EpochMs,
    lease_ms: int,
    limit: int,
    tasks: Sequence[str] | None = None,
) -> list[Job]:
    """Lease up to `limit` due jobs, of these tasks or of all; returns them, the longest due first.
    A claim counts as an attempt; when the lease expires the job can be claimed again."""
    c = schema.jobs.c
    earlier = schema.jobs.alias("earlier")
    is_free = and_(
        c.dead_at.is_(None),
        c.due_at <= now,
        or_(c.lease_until.is_(None), c.lease_until <= now),
    )
    holds_up = exists().where(
        earlier.c.lane == c.lane,
        earlier.c.id != c.id,
        earlier.c.dead_at.is_(None),
        or_(
            tuple_(earlier.c.created_at, earlier.c.id) < tuple_(c.created_at, c.id),
            earlier.c.lease_until > now,
        ),
    )
    heads = select(c.id).where(is_free, ~holds_up).order_by(c.due_at, c.created_at, c.id)
    if tasks is not None:
        heads = heads.where(c.task.in_(list(tasks)))
    # Apart from the update, so that it is run once: joined to it, PostgreSQL may run it again for
    # every row, each time past the rows it has locked, and so beyond the limit.
    chosen = heads.limit(limit).with_for_update(skip_locked=True).cte("chosen")
    # The condition stands outside as well: a row may have been leased between its being
    # selected and its being locked, and only the outer condition is checked again.
    rows = await tx.execute(
        update(schema.jobs)
        .where(c.id.in_(select(chosen.c.id)), is_free)
        .values(lease_until=now + lease_ms, attempts=c.attempts + 1)
        .returning(*_JOB.columns)
    )
    return sorted(map(_JOB.from_row, rows), key=lambda job: (job.due_at, job.created_at, job.id))


async def renew(tx: AsyncConnection, job: Job, lease_until: EpochMs) -> bool:
    """Extend the lease of a job; returns whether the caller still held it."""
    done = await tx.execute(
        update(schema.jobs).where(_is_held(job)).values(lease_until=lease_until)
    )
    return done.rowcount == 1


async def drop(tx: AsyncConnection, job_id: str) -> None:
    """Delete a job that nobody runs."""
    c = schema.jobs.c
    await tx.execute(delete(schema.jobs).where(c.id == job_id, c.lease_until.is_(None)))


async def finish(tx: AsyncConnection, job: Job) -> bool:
    """Delete a job that is done; returns whether the caller still held it."""
    done = await tx.execute(delete(schema.jobs).where(_is_held(job)))
    return done.rowcount == 1


async def postpone(tx: AsyncConnection, job: Job, due_at: EpochMs, error: str) -> bool:
    """Record that a job failed and let its lane wait until `due_at`; returns whether the caller
    still held it."""
    done = await tx.execute(
        update(schema.jobs)
        .where(_is_held(job))
        .values(due_at=due_at, lease_until=None, last_error=error)
    )
    return done.rowcount == 1


async def give_back(tx: AsyncConnection, job: Job) -> bool:
    """End the lease of a job, so that it can be claimed at once; returns whether the caller still
    held it."""
    done = await tx.execute(update(schema.jobs).where(_is_held(job)).values(lease_until=None))
    return done.rowcount == 1


async def bury(tx: AsyncConnection, job: Job, at: EpochMs, error: str) -> bool:
    """Mark a job as dead and unblock its lane; returns whether the caller still held it."""
    done = await tx.execute(
        update(schema.jobs)
        .where(_is_held(job))
        .values(dead_at=at, lease_until=None, last_error=error)
    )
    return done.rowcount == 1


def _is_held(job: Job) -> ColumnElement[bool]:
    """Whether the claim that returned this job is the latest one."""
    c = schema.jobs.c
    return and_(
        c.id == job.id,
        c.attempts == job.attempts,
        c.lease_until.is_not(None),
        c.dead_at.is_(None),
    )


async def revive(tx: AsyncConnection, job_id: str, due_at: EpochMs) -> bool:
    """Reset the attempts of a dead job and put it at the end of its lane; returns whether there was
    one."""
    c = schema.jobs.c
    done = await tx.execute(
        update(schema.jobs)
        .where(c.id == job_id, c.dead_at.is_not(None))
        .values(dead_at=None, attempts=0, due_at=due_at, created_at=due_at)
    )
    return done.rowcount == 1


async def list_jobs(tx: AsyncConnection, *, is_dead: bool = False, limit: int = 1_000) -> list[Job]:
    """Jobs that wait or run, or dead jobs, oldest first."""
    c = schema.jobs.c
    rows = await tx.execute(
        _JOB.select.where(c.dead_at.is_not(None) if is_dead else c.dead_at.is_(None))
        .order_by(c.created_at, c.id)
        .limit(limit)
    )
    return [_JOB.from_row(row) for row in rows]


async def find_job(tx: AsyncConnection, job_id: str) -> Job | None:
    """A job that waits, runs or is dead; `None` once it is done."""
    row = (await tx.execute(_JOB.select.where(schema.jobs.c.id == job_id))).first()
    return None if row is None else _JOB.from_row(row)


async def next_due(tx: AsyncConnection) -> EpochMs | None:
    """When the next job is due or its lease expires; `None` if none waits. Its lane may still
    block it."""
    c = schema.jobs.c
    free_at = func.coalesce(c.lease_until, c.due_at)
    return (await tx.execute(select(func.min(free_at)).where(c.dead_at.is_(None)))).scalar()
