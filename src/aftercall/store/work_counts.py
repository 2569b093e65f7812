"""How much goes on and how much waits, over all apps: numbers for monitoring."""

from typing import Final, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.alerts.alert import AlertState
from aftercall.core.instants import EpochMs
from aftercall.core.records import Phase
from aftercall.core.webhooks import KEPT_TRYING_MS, DeliveryState
from aftercall.store.tables import schema
from aftercall.store.tables.alerts import UNRESOLVED

MOST_COUNTED: Final = 100_000
"""Deliveries that are counted one by one, each time."""


class WorkCounts(NamedTuple):
    """What goes on and what waits at one moment."""

    live_sessions: int
    live_participants: int
    waiting_jobs: int
    dead_jobs: int
    open_alerts: int
    longest_due_at: EpochMs | None
    """When the job that has waited longest became due; `None` if none is due."""
    waiting_deliveries: int
    """Deliveries to webhooks that wait, up to `MOST_COUNTED`."""
    oldest_delivery_at: EpochMs | None
    """When the delivery that has waited longest was created."""


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
    deliveries, oldest_at = await _count_deliveries(tx)
    return WorkCounts(
        live_sessions=live[0],
        live_participants=int(live[1]),
        waiting_jobs=waiting[0],
        dead_jobs=dead,
        open_alerts=open_alerts,
        longest_due_at=earliest if earliest is not None and earliest <= now else None,
        waiting_deliveries=deliveries,
        oldest_delivery_at=oldest_at,
    )


async def _count_deliveries(tx: AsyncConnection) -> tuple[int, EpochMs | None]:
    c = schema.webhook_deliveries.c
    is_waiting = c.state == DeliveryState.WAITING.value
    some = select(c.expires_at).where(is_waiting).limit(MOST_COUNTED).subquery()
    count = (await tx.execute(select(func.count()).select_from(some))).scalar_one()
    first = (await tx.execute(select(func.min(c.expires_at)).where(is_waiting))).scalar()
    return count, None if first is None else EpochMs(first - KEPT_TRYING_MS)
