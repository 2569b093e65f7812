"""Repairs instants written by a wall clock that was set back later.

A moment in the future would make a live peer look silent once the clock has caught up with it,
and a job wait for an hour that never was.
"""

from sqlalchemy import case, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import EpochMs
from aftercall.core.records import Phase
from aftercall.store.tables import schema


async def pull_back(
    tx: AsyncConnection, now: EpochMs, *, step_ms: int = 0, tolerance_ms: int = 0
) -> None:
    """Set moments of the future to `now`, as far as decisions rest on them.

    Jobs that wait become due `step_ms` earlier, those from the future at once. Moments less than
    `tolerance_ms` ahead, which another node's clock may have written, are left.
    """
    latest = now + tolerance_ms
    pulses, peers, sessions, jobs = (
        schema.pulses.c,
        schema.peers.c,
        schema.sessions.c,
        schema.jobs.c,
    )
    await tx.execute(
        update(schema.pulses).where(pulses.last_received_at > latest).values(last_received_at=now)
    )
    await tx.execute(
        update(schema.peers)
        .where(peers.left_at.is_(None), peers.last_received_at > latest)
        .values(last_received_at=now)
    )
    await tx.execute(
        update(schema.sessions)
        .where(sessions.phase != Phase.ENDED.value, sessions.touched_at > latest)
        .values(touched_at=now, deadline_at=case((sessions.deadline_at.is_(None), None), else_=now))
    )
    earlier = jobs.due_at - step_ms
    await tx.execute(
        update(schema.jobs)
        .where(jobs.dead_at.is_(None), jobs.created_at > latest)
        .values(created_at=now, due_at=now, lease_until=None)
    )
    if step_ms:
        await tx.execute(
            update(schema.jobs)
            .where(jobs.dead_at.is_(None), jobs.due_at > now)
            .values(due_at=case((earlier < now, now), else_=earlier))
        )
        await tx.execute(update(schema.jobs).where(jobs.lease_until > now).values(lease_until=now))
