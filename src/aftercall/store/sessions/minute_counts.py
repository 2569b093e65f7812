"""How many ended sessions consumed about as many minutes, kept as they end: a page far down the
order of minutes is found without reading the rows before it."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.store.engine.record_mapping import Insert, insert_into
from aftercall.store.sessions.day_counts import Counted
from aftercall.store.tables import schema

EVERY_DAY: Final = -1
"""The day under which the sessions of all days are counted together."""

_PARTS_OF_A_DOUBLING: Final = 16
"""Chosen: a bucket of a year of calls has one session in fifty at the most, and a day few rows."""

LIMITS: Final = [
    2.0 ** (part / _PARTS_OF_A_DOUBLING)
    for part in range(-10 * _PARTS_OF_A_DOUBLING, 30 * _PARTS_OF_A_DOUBLING)
]
"""The least minutes of each bucket but the first, from a sixteenth of a second to two thousand
years."""


def bucket_of(minutes: float) -> int:
    """The bucket of a number of minutes; the first, 0, is of all that are below the limits."""
    return bisect_right(LIMITS, minutes)


def limits_of(bucket: int) -> tuple[float | None, float | None]:
    """The least minutes of a bucket, and the least of the next one."""
    least = LIMITS[bucket - 1] if bucket > 0 else None
    return least, LIMITS[bucket] if bucket < len(LIMITS) else None


async def update_minute_counts(
    tx: AsyncConnection, app_id: str, old: Counted | None, new: Counted | None
) -> None:
    """Replace a session's old contribution to the counts by its new one."""
    changes: dict[tuple[int, int], int] = {}
    for sign, counted in ((-1, old), (1, new)):
        for key in keys_of(counted):
            changes[key] = changes.get(key, 0) + sign
    await add_counts(tx, app_id, changes)


def keys_of(counted: Counted | None) -> list[tuple[int, int]]:
    """The days and buckets that a session is counted in."""
    if counted is None:
        return []
    return keys_of_day(counted.day, counted.minutes)


def keys_of_day(day: int, minutes: float) -> list[tuple[int, int]]:
    """The days and buckets that so many minutes on a day are counted in."""
    bucket = bucket_of(minutes)
    return [(EVERY_DAY, bucket), (day, bucket)]


async def take_out_of_minute_counts(
    tx: AsyncConnection, app_id: str, gone: Iterable[Counted]
) -> None:
    """Take the contributions of deleted sessions out of the counts."""
    sums = Counter(key for each in gone for key in keys_of(each))
    await add_counts(tx, app_id, {key: -number for key, number in sums.items()})
    c = schema.minute_tallies.c
    days = sorted({day for day, _ in sums})
    await tx.execute(
        delete(schema.minute_tallies).where(c.app_id == app_id, c.day.in_(days), c.sessions == 0)
    )


async def add_counts(
    tx: AsyncConnection, app_id: str, changes: Mapping[tuple[int, int], int]
) -> None:
    rows = [
        {"app_id": app_id, "day": day, "bucket": bucket, "sessions": sessions}
        # Sorted, so that two transactions lock tallies in the same order.
        for (day, bucket), sessions in sorted(changes.items())
        if sessions
    ]
    if rows:
        await tx.execute(_add(tx.dialect.name), rows)


@cache
def _add(dialect: str) -> Insert:
    statement = insert_into(dialect, schema.minute_tallies)
    c, new = schema.minute_tallies.c, statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["app_id", "day", "bucket"],
        set_={"sessions": c.sessions + new.sessions},
    )
