"""How much goes on and how much waits, over all apps: numbers for monitoring."""

from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.alerts.alert import AlertState
from aftercall.core.instants import EpochMs
from aftercall.core.records import Phase
from aftercall.store.tables import schema
from aftercall.store.tables.alerts import UNRESOLVED


class WorkCounts(NamedTuple):
    """What goes on and what waits at one moment."""

    live_sessions: int
    live_participants: int
    waiting_jobs: int
    dead_jobs: int
    open_alerts: int
    longest_due_at: EpochMs | None
    """When the job that has waited longest became due; `None` if none is due."""


async def count_work(tx: AsyncConnection, now: EpochMs) -> WorkCounts:
    """Read the numbers; the time grows with what goes on and waits, not with what is stored."""
    sessions, jobs = schema.sessions.c, schema.jobs.c
    live = (
        await tx.execute(
            select(func.count(), func.coalesce(func.sum(sessions.live_participants), 0)).where(
                sessions.phase != Phase.ENDED.value
            )
        )
    ).one()
    waiting = (
        await tx.execute(select(func.count(), func.min(jobs.due_at)).where(jobs.dead_at.is_(None)))
    ).one()
    dead = (await tx.execute(select(func.count()).where(jobs.dead_at.is_not(None)))).scalar_one()
    open_alerts = (
        await tx.execute(
            select(func.count()).where(UNRESOLVED, schema.alerts.c.state == AlertState.OPEN.value)
        )
    ).scalar_one()
    earliest = waiting[1]
    return WorkCounts(
        live_sessions=live[0],
        live_participants=int(live[1]),
        waiting_jobs=waiting[0],
        dead_jobs=dead,
        open_alerts=open_alerts,
        longest_due_at=earliest if earliest is not None and earliest <= now else None,
    )
