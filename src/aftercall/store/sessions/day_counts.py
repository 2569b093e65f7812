"""How many ended sessions there are of each day and size, and of each quarter hour, kept as they
end."""

from collections.abc import Iterable
from functools import cache
from typing import Final, NamedTuple

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import EpochMs, day_of, quarter_of
from aftercall.core.records import Phase, Session
from aftercall.store.engine.record_mapping import Insert, insert_into
from aftercall.store.tables import schema

EVERY_SIZE: Final = -1
"""The size under which a day's sessions of all sizes are tallied together."""


class Counted(NamedTuple):
    """What an ended session counts for. A quarter is that of `core.instants.quarter_of`."""

    day: int
    participants: int
    minutes: float
    quarter: int


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
    return Counted(day_of(created_at), participants, minutes, quarter_of(created_at))


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
    days = sorted({each.day for _, each in changes})
    await tx.execute(
        delete(schema.session_tallies).where(c.app_id == app_id, c.day.in_(days), c.sessions == 0)
    )


async def delete_empty_quarters(tx: AsyncConnection, app_id: str, quarters: Iterable[int]) -> None:
    """Delete those of the quarter hours in which no session is left."""
    c = schema.session_quarters.c
    await tx.execute(
        delete(schema.session_quarters).where(
            c.app_id == app_id,
            c.quarter.in_(sorted(set(quarters))),
            c.sessions == 0,
            c.measured == 0,
        )
    )


async def _change(tx: AsyncConnection, app_id: str, counts: Iterable[tuple[int, Counted]]) -> None:
    """Add contributions, each with its sign, to the daily counts."""
    changes: dict[tuple[int, int], tuple[int, float]] = {}
    quarters: dict[int, tuple[int, float]] = {}
    for sign, each in counts:
        for size in (EVERY_SIZE, each.participants):
            sessions, minutes = changes.get((each.day, size), (0, 0.0))
            changes[each.day, size] = sessions + sign, minutes + sign * each.minutes
        sessions, minutes = quarters.get(each.quarter, (0, 0.0))
        quarters[each.quarter] = sessions + sign, minutes + sign * each.minutes
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
    of_quarters = [
        {"app_id": app_id, "quarter": quarter, "sessions": sessions, "minutes": minutes}
        | {"bad_sessions": 0, "measured": 0, "bad": 0}
        for quarter, (sessions, minutes) in sorted(quarters.items())
        if sessions or minutes
    ]
    if of_quarters:
        await tx.execute(_add_quarters(tx.dialect.name), of_quarters)


@cache
def _add(dialect: str) -> Insert:
    statement = insert_into(dialect, schema.session_tallies)
    c, new = schema.session_tallies.c, statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["app_id", "day", "total_participants"],
        set_={"sessions": c.sessions + new.sessions, "minutes": c.minutes + new.minutes},
    )


@cache
def _add_quarters(dialect: str) -> Insert:
    statement = insert_into(dialect, schema.session_quarters)
    c, new = schema.session_quarters.c, statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["app_id", "quarter"],
        set_={"sessions": c.sessions + new.sessions, "minutes": c.minutes + new.minutes},
    )
