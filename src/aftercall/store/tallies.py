"""How many ended sessions there are of each day and size, kept as they end."""

from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import EpochMs, day_of
from aftercall.core.records import Phase, Session
from aftercall.store import schema
from aftercall.store.rows import insert_into


async def retally(
    tx: AsyncConnection, app_id: str, old: "Counted | None", new: "Counted | None"
) -> None:
    """Take what a session counted for out of the tallies, and put what it counts for now."""
    if old == new:
        return
    # By key, so that two transactions lock tallies in the same order.
    for sign, counted in sorted(
        ((sign, counted) for sign, counted in ((-1, old), (1, new)) if counted is not None),
        key=lambda change: change[1][:2],
    ):
        await _add(tx, app_id, counted, sign)


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
    if phase != Phase.ENDED:
        return None
    return day_of(created_at), participants, minutes


async def _add(tx: AsyncConnection, app_id: str, counted: Counted, sign: int) -> None:
    day, participants, minutes = counted
    table = schema.session_tallies
    c = table.c
    key: dict[str, Any] = {"app_id": app_id, "day": day, "total_participants": participants}
    if sign > 0:
        statement = insert_into(tx.dialect.name, table).values(**key, sessions=1, minutes=minutes)
        await tx.execute(
            statement.on_conflict_do_update(
                index_elements=list(key),
                set_={"sessions": c.sessions + 1, "minutes": c.minutes + minutes},
            )
        )
    else:
        await tx.execute(
            update(table)
            .where(*(c[name] == value for name, value in key.items()))
            .values(sessions=c.sessions - 1, minutes=c.minutes - minutes)
        )
