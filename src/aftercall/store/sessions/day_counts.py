"""How many ended sessions there are of each day and size, kept as they end."""

from collections.abc import Iterable
from functools import cache
from typing import Final

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import EpochMs, day_of
from aftercall.core.records import Phase, Session
from aftercall.store.engine.record_mapping import Insert, insert_into
from aftercall.store.tables import schema

EVERY_SIZE: Final = -1
"""The size under which a day's sessions of all sizes are tallied together."""

Counted = tuple[int, int, float]
"""The day, the number of participants and the minutes an ended session counts for."""


def counted_as(session: Session) -> Counted | None:
    """What a session counts for: nothing until it has ended."""
    return counted_by(
        session.phase,
        session.created_at,
        session.total_participants,
        session.minutes_consumed,
    )


def counted_by(
    phase: str, created_at: EpochMs, participants: int, minutes: float
) -> Counted | None:
    """What a session of these columns counts for."""
    if phase != Phase.ENDED:
        return None
    return day_of(created_at), participants, minutes


async def update_day_counts(
    tx: AsyncConnection, app_id: str, old: Counted | None, new: Counted | None
) -> None:
    """Replace a session's old contribution to the daily counts by its new one."""
    if old == new:
        return
    both = ((-1, old), (1, new))
    await _change(tx, app_id, [(sign, each) for sign, each in both if each is not None])


async def take_out_of_day_counts(tx: AsyncConnection, app_id: str, gone: Iterable[Counted]) -> None:
    """Take the contributions of deleted sessions out of the daily counts."""
    changes = [(-1, each) for each in gone]
    await _change(tx, app_id, changes)
    c = schema.session_tallies.c
    days = sorted({day for _, (day, _, _) in changes})
    await tx.execute(
        delete(schema.session_tallies).where(c.app_id == app_id, c.day.in_(days), c.sessions == 0)
    )


async def _change(tx: AsyncConnection, app_id: str, counts: Iterable[tuple[int, Counted]]) -> None:
    """Add contributions, each with its sign, to the daily counts."""
    changes: dict[tuple[int, int], tuple[int, float]] = {}
    for sign, (day, participants, minutes) in counts:
        for size in (EVERY_SIZE, participants):
            sessions, sum_of_minutes = changes.get((day, size), (0, 0.0))
            changes[day, size] = sessions + sign, sum_of_minutes + sign * minutes
    rows = [
        {
            "app_id": app_id,
            "day": day,
            "total_participants": size,
            "sessions": sessions,
            "minutes": minutes,
        }
        # Sorted, so that two transactions lock tallies in the same order.
        for (day, size), (sessions, minutes) in sorted(changes.items())
        if sessions or minutes
    ]
    if rows:
        await tx.execute(_add(tx.dialect.name), rows)


@cache
def _add(dialect: str) -> Insert:
    statement = insert_into(dialect, schema.session_tallies)
    c, new = schema.session_tallies.c, statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["app_id", "day", "total_participants"],
        set_={"sessions": c.sessions + new.sessions, "minutes": c.minutes + new.minutes},
    )
