"""Jobs: consequences that are written with their cause and carried out afterwards.

Jobs of one lane run in the order of their making, one at a time: only the first that is alive
can be claimed, and a claim is a lease. A dead job no longer holds up its lane.

The number of a job's attempts says who holds it: whoever claims it counts it up, and renewing,
finishing, postponing and burying change nothing for a holder that has been overtaken.
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
    """Add jobs; one whose id is there already is left as it is. The ids of those that were new."""
    return await insert_new(tx, _JOB, jobs)


async def add_unless_waiting(tx: AsyncConnection, job: Job) -> bool:
    """Add a job, unless its lane has one of its task that is yet to begin; whether it was added.
    That one is held until the transaction ends, so that it sees all the transaction writes."""
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


async def claim(
    tx: AsyncConnection,
    now: EpochMs,
    lease_ms: int,
    limit: int,
    tasks: Sequence[str] | None = None,
) -> list[Job]:
    """Lease up to `limit` jobs that are due, of these tasks or of all, the longest due first.
    A claim counts as an attempt; when the lease runs out the job can be claimed again."""
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
    """Hold the job for longer; whether the caller still held it."""
    done = await tx.execute(
        update(schema.jobs).where(_is_held(job)).values(lease_until=lease_until)
    )
    return done.rowcount == 1


async def finish(tx: AsyncConnection, job: Job) -> bool:
    """Remove the job, which is done; whether the caller still held it."""
    done = await tx.execute(delete(schema.jobs).where(_is_held(job)))
    return done.rowcount == 1


async def postpone(tx: AsyncConnection, job: Job, due_at: EpochMs, error: str) -> bool:
    """Note that the job failed; its lane waits for it until `due_at`. Whether the caller still
    held it."""
    done = await tx.execute(
        update(schema.jobs)
        .where(_is_held(job))
        .values(due_at=due_at, lease_until=None, last_error=error)
    )
    return done.rowcount == 1


async def give_back(tx: AsyncConnection, job: Job) -> bool:
    """Let the job be claimed again at once; whether the caller still held it."""
    done = await tx.execute(update(schema.jobs).where(_is_held(job)).values(lease_until=None))
    return done.rowcount == 1


async def bury(tx: AsyncConnection, job: Job, at: EpochMs, error: str) -> bool:
    """Give the job up; its lane goes on. Whether the caller still held it."""
    done = await tx.execute(
        update(schema.jobs)
        .where(_is_held(job))
        .values(dead_at=at, lease_until=None, last_error=error)
    )
    return done.rowcount == 1


def _is_held(job: Job) -> ColumnElement[bool]:
    """Whether the claim that returned this job is still the last one."""
    c = schema.jobs.c
    return and_(
        c.id == job.id,
        c.attempts == job.attempts,
        c.lease_until.is_not(None),
        c.dead_at.is_(None),
    )


async def revive(tx: AsyncConnection, job_id: str, due_at: EpochMs) -> bool:
    """Give a dead job all its attempts again, at the end of its lane; whether there was one."""
    c = schema.jobs.c
    done = await tx.execute(
        update(schema.jobs)
        .where(c.id == job_id, c.dead_at.is_not(None))
        .values(dead_at=None, attempts=0, due_at=due_at, created_at=due_at)
    )
    return done.rowcount == 1


async def list_jobs(tx: AsyncConnection, *, is_dead: bool = False, limit: int = 1_000) -> list[Job]:
    """Jobs that wait or run, or dead ones, oldest first."""
    c = schema.jobs.c
    rows = await tx.execute(
        select(*_JOB.columns)
        .where(c.dead_at.is_not(None) if is_dead else c.dead_at.is_(None))
        .order_by(c.created_at, c.id)
        .limit(limit)
    )
    return [_JOB.from_row(row) for row in rows]


async def next_due(tx: AsyncConnection) -> EpochMs | None:
    """When the next job can be claimed, as far as moments tell; `None` when none waits."""
    c = schema.jobs.c
    free_at = func.coalesce(c.lease_until, c.due_at)
    return (await tx.execute(select(func.min(free_at)).where(c.dead_at.is_(None)))).scalar()
