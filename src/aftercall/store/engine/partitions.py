"""The partitions of PostgreSQL's big tables: one for each UTC day on which sessions were recorded.

A row is in the partition of its `recorded_day`, or, where that is missing, in the partition
`…_default`, where nothing is lost: its rows are found like all others and deleted row by row. Rows
that are older than the partitions are in `…_before`, of day 0. Partitions are attached and detached
under short locks; what is in the way of one, a backup for instance, makes it fail, and it is tried
again later.
"""

import re
from datetime import date, timedelta
from typing import Any, Final

from aftercall.core.errors import SerializationConflict
from aftercall.store.engine.database import Database

LOCK_TIMEOUT_MS: Final = 15
"""How long attaching or detaching waits for each of its two locks. Chosen: whoever comes meanwhile
waits behind it, and nobody may wait for 50 ms."""

_TURN: Final = 4_177_226_211
"""Any number will do; processes attach and detach one after another."""

_CHECK_VIOLATION: Final = "23514"

_EPOCH: Final = date(1970, 1, 1)
_NAME: Final = re.compile(r"\w+?_(?:(before)|(\d{4})_(\d{2})_(\d{2}))")

BEFORE: Final = 0
"""The recorded day of what was stored before there were partitions."""

_PARTITIONS: Final = """
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = to_regclass($1) ORDER BY c.relname
"""
_DETACHED: Final = """
    SELECT relname FROM pg_class
    WHERE relkind = 'r' AND NOT relispartition AND relname ~ ('^' || $1 || '_(before|[0-9_]{10})$')
      AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = to_regclass($1))
"""


def name_of(table: str, day: int) -> str:
    """The name of a table's partition of a day."""
    if day == BEFORE:
        return f"{table}_before"
    return f"{table}_{_EPOCH + timedelta(days=day):%Y_%m_%d}"


def default_of(table: str) -> str:
    """The name of a table's partition for rows of no other one."""
    return f"{table}_default"


def _day_of(name: str) -> int | None:
    """The day of a partition; `None` for the default one."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    if found[1]:
        return BEFORE
    return (date(int(found[2]), int(found[3]), int(found[4])) - _EPOCH).days


async def days(db: Database, table: str) -> set[int]:
    """The days of which the table has a partition."""
    async with db.write_through_driver() as driver:
        return await _days(driver, table)


async def _days(driver: Any, table: str) -> set[int]:
    names = [row[0] for row in await driver.fetch(_PARTITIONS, table)]
    return {day for name in names if (day := _day_of(name)) is not None}


async def attach(db: Database, table: str, day: int) -> bool:
    """Give a table the partition of a day, unless it has it; takes over what the default partition
    holds of it. False if something was in the way."""
    name, default = name_of(table, day), default_of(table)
    try:
        async with db.write_through_driver() as driver:
            if not await _has_turn(driver):
                return False
            if day in await _days(driver, table):
                return True
            await driver.execute(f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL)")
            await driver.execute(
                f"WITH moved AS (DELETE FROM {default} WHERE recorded_day = {day} RETURNING *)"
                f" INSERT INTO {name} SELECT * FROM moved"
            )
            await driver.execute(
                f"ALTER TABLE {table} ATTACH PARTITION {name}"
                f" FOR VALUES FROM ({day}) TO ({day + 1})"
            )
    except SerializationConflict:
        return False
    except Exception as error:
        if getattr(error, "sqlstate", None) != _CHECK_VIOLATION:
            raise
        # A row of the day came into the default partition meanwhile.
        return False
    return True


async def drop(db: Database, table: str, day: int) -> int | None:
    """Detach the partition of a day and drop it; returns how many rows it had, or `None` if
    something was in the way."""
    name = name_of(table, day)
    try:
        async with db.write_through_driver() as driver:
            if not await _has_turn(driver) or day not in await _days(driver, table):
                return None
            rows = int(await driver.fetchval(f"SELECT count(*) FROM {name}"))
            await driver.execute(f"ALTER TABLE {table} DETACH PARTITION {name}")
    except SerializationConflict:
        return None
    await drop_detached(db, table)
    return rows


async def drop_detached(db: Database, table: str) -> None:
    """Drop the partitions that were detached, also by a process that was killed then."""
    try:
        async with db.write_through_driver() as driver:
            if await _has_turn(driver):
                for (name,) in await driver.fetch(_DETACHED, table):
                    await driver.execute(f"DROP TABLE {name}")
    except SerializationConflict:
        # A backup that reads it. It is found again.
        return


async def _has_turn(driver: Any) -> bool:
    """Whether no other process attaches or detaches until the end of the transaction, in which
    locks are waited for only for a moment."""
    await driver.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
    return bool(await driver.fetchval("SELECT pg_try_advisory_xact_lock($1)", _TURN))
