"""The database, with `read` and `write` transactions, on SQLite and PostgreSQL."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import URL, inspect, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from aftercall.core.errors import AftercallError
from aftercall.store.engine import sqlite_driver
from aftercall.store.engine.availability import Availability
from aftercall.store.engine.failures import passing_failure
from aftercall.store.engine.lookup import Lookup
from aftercall.store.engine.postgresql_engine import postgresql_engine
from aftercall.store.engine.revisions import UnfitDatabase as UnfitDatabase
from aftercall.store.engine.revisions import check_known, head_revision, upgrade
from aftercall.store.engine.sqlite_engine import (
    BUSY_TIMEOUT_MS,
    READERS,
    SpoiltConnections,
    empty_journal,
    fetch_rows,
    make_private,
    sqlite_engine,
    transact,
)
from aftercall.store.engine.turn import Turn

_MIGRATION_LOCK: Final = 4_177_226_210
"""Any number will do; nodes that start together migrate one after another."""


T = TypeVar("T")

CHECK_EVERY_S: Final = 1.0
"""Anybody may ask whether the server is ready, and each answer costs a write."""

_TOUCH_REVISION: Final = text(
    "UPDATE alembic_version SET version_num = version_num WHERE version_num = :head"
)


class Database:
    """One database, open. Transactions are arguments, never ambient."""

    def __init__(self, writer: AsyncEngine, reader: AsyncEngine, url: URL) -> None:
        self._writer = writer
        self._reader = reader
        self._url = url
        self._turn = Turn()
        self.availability = Availability()
        self._spoilt = SpoiltConnections()
        if self.is_sqlite:
            self._spoilt.keep_out_of(writer, reader)
        self._checking = asyncio.Lock()
        self._checked = (0.0, False)

    @classmethod
    async def open(cls, url: str, *, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> "Database":
        """Open `sqlite:///path`, or `postgresql://…`. Tables are made by `migrate`."""
        target = _async_url(url)
        if target.get_backend_name() == "sqlite":
            writer = sqlite_engine(target, 1, "BEGIN IMMEDIATE", busy_timeout_ms=busy_timeout_ms)
            return cls(writer, sqlite_engine(target, READERS), target)
        writer = postgresql_engine(target)
        reader = writer.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        return cls(writer, reader, target)

    @property
    def is_sqlite(self) -> bool:
        return self._url.get_backend_name() == "sqlite"

    @property
    def is_waited_for(self) -> bool:
        """Whether somebody of this process waits until a transaction under way has been written;
        never on PostgreSQL, where many write at once."""
        return self._turn.waiting > 0

    async def close(self) -> None:
        """Close all connections; transactions under way fail."""
        await self._writer.dispose()
        await self._reader.dispose()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that sees one state of the database throughout and cannot write.

        Raises `Unavailable` when the database fails for now.
        """
        async with self._watched(is_write=False), self._reader.connect() as tx, tx.begin():
            yield tx

    async def fetch(self, lookup: Lookup, **given: Any) -> list[tuple[Any, ...]]:
        """The rows of one statement, asked of the driver in one turn of SQLite's thread or one
        query of PostgreSQL: what `read` does, without SQLAlchemy's part in the execution.

        Raises `Unavailable` when the database fails for now.
        """
        compiled = lookup.compiled_for(self._reader.dialect)
        arguments = compiled.arguments(given)
        async with self._watched(is_write=False), self._reader.connect() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            if self.is_sqlite:
                rows = await driver.in_one_turn(fetch_rows, compiled.sql, arguments)
            else:
                rows = await driver.fetch(compiled.sql, *arguments)
        return [compiled.converted(row) for row in rows]

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that is committed at the end, or undone if the block raises.

        Raises `Unavailable` when the database fails for now.
        """
        async with self._watched(is_write=True):
            if self.is_sqlite:
                async with self._turn, self._writer.begin() as tx:
                    yield tx
            else:
                async with self._writer.begin() as tx:
                    yield tx

    async def in_one_turn(self, tx: AsyncConnection, work: Coroutine[Any, Any, T]) -> T:
        """What `work` returns, which may wait for nothing but `tx`. On SQLite its statements are
        executed one after the other by the driver's thread: between two of them nobody else has a
        turn of the event loop, which a transaction would be as much longer for."""
        if not self.is_sqlite:
            return await work
        driver: Any = (await tx.get_raw_connection()).driver_connection
        found: T = await driver.all_in_one_turn(work)
        return found

    async def write_in_one_turn(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """On SQLite, a transaction in which the driver's thread does `work`, in one turn of it."""
        async with (
            self._watched(is_write=True),
            self._turn,
            self._writer.connect() as connection,
        ):
            driver: Any = (await connection.get_raw_connection()).driver_connection
            await driver.in_one_turn(transact, work)

    async def give_back_pages(self, most: int) -> int:
        """Take up to so many free pages off the end of SQLite's file; returns how many were
        taken. A file that was made without `auto_vacuum` has none to take: it uses its free pages
        again, and does not shrink."""
        given: list[int] = []
        await self.write_in_one_turn(
            lambda driver: given.append(sqlite_driver.give_back_pages(driver, most))
        )
        return sum(given)

    @asynccontextmanager
    async def write_through_driver(self) -> AsyncIterator[Any]:
        """On PostgreSQL, asyncpg's own connection, in a transaction that is committed at the end,
        or undone if the block raises."""
        async with self._watched(is_write=True), self._writer.connect() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            async with driver.transaction():
                yield driver

    async def forget_deleted(self, tables: Sequence[str]) -> bool:
        """Let what was deleted from these tables go from the files: on SQLite out of the journal,
        on PostgreSQL out of the tables' pages as they are used again. Returns whether that was
        done; a long read may be in the way."""
        turn = self._turn if self.is_sqlite else nullcontext()
        # The turn first, as everybody takes it, and then the only connection.
        async with self._watched(is_write=True), turn, self._writer.connect() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            if self.is_sqlite:
                return bool(await driver.in_one_turn(empty_journal))
            for table in tables:
                await driver.execute(f"VACUUM {table}")
            return True

    @asynccontextmanager
    async def _watched(self, *, is_write: bool) -> AsyncIterator[None]:
        """Turns passing failures within the block into `Unavailable`, and keeps the record of
        outages."""
        began_at = self.availability.seconds()
        try:
            with self.availability.one_try() if is_write else nullcontext():
                yield
        except AftercallError:
            raise
        except Exception as error:
            failure = passing_failure(error)
            if failure is None:
                raise
            if failure.spoils_connections:
                self._spoilt.note()
            raise self.availability.failed(failure, began_at=began_at, is_write=is_write) from error
        self.availability.worked(is_write=is_write)

    async def is_current(self) -> bool:
        """Whether the database takes writes and has exactly the tables this program expects;
        looked at once a second at the most, unless an outage goes on.

        Raises `Unavailable` when it cannot be reached, or refuses to write.
        """
        async with self._checking:
            checked_at, was_current = self._checked
            is_fresh = self.availability.seconds() - checked_at < CHECK_EVERY_S
            if was_current and is_fresh and self.availability.away_since is None:
                return True
            async with self.read() as tx:
                if not await tx.run_sync(lambda c: inspect(c).has_table("alembic_version")):
                    return False
            async with self.write() as tx:
                # A row written as it was: a full disk or a standby refuses that, too.
                written = await tx.execute(_TOUCH_REVISION, {"head": head_revision()})
            self._checked = (self.availability.seconds(), written.rowcount == 1)
            return self._checked[1]


async def check_known_tables(url: str) -> None:
    """Raises `UnfitDatabase` when the tables are of a newer program, or too old for this one."""
    db = await Database.open(url)
    try:
        async with db.read() as tx:
            await tx.run_sync(check_known)
    finally:
        await db.close()


async def migrate(url: str) -> None:
    """Bring the tables to this program's revision; nothing happens when they are there.

    Raises `UnfitDatabase` when a newer program has migrated the database already, or when it is
    older than the oldest revision this program knows.
    """
    target = _async_url(url)
    if target.get_backend_name() == "sqlite" and target.database:
        make_private(Path(target.database))
    # Alembic blocks, and wants an event loop of its own for the async drivers.
    await asyncio.to_thread(lambda: asyncio.run(_migrate(target)))


async def _migrate(target: URL) -> None:
    if target.get_backend_name() == "sqlite":
        engine = sqlite_engine(target, 1, "BEGIN IMMEDIATE")
    else:
        engine = create_async_engine(target, poolclass=NullPool)
    try:
        async with engine.begin() as tx:
            if tx.dialect.name == "postgresql":
                await tx.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
            await tx.run_sync(upgrade)
    finally:
        await engine.dispose()


def _async_url(url: str) -> URL:
    target = make_url(url)
    drivers = {
        "sqlite": "sqlite+aiosqlite",
        "postgresql": "postgresql+asyncpg",
        "postgres": "postgresql+asyncpg",
    }
    scheme = target.drivername.partition("+")[0]
    if scheme not in drivers:
        raise UnfitDatabase(
            f"The database URL begins with {scheme}://; it may be sqlite:/// or postgresql://."
        )
    return target.set(drivername=drivers[scheme])
