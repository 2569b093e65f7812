"""The database, with `read` and `write` transactions, on SQLite and PostgreSQL."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, event, inspect, make_url, text
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from aftercall.core.errors import AftercallError
from aftercall.store.engine import sqlite_driver
from aftercall.store.engine.availability import Availability
from aftercall.store.engine.failures import passing_failure
from aftercall.store.engine.lookup import Lookup
from aftercall.store.engine.revisions import UnfitDatabase as UnfitDatabase
from aftercall.store.engine.revisions import head_revision, upgrade

READERS: Final = 4
"""SQLite connections that read; chosen: more than the cores give no more answers."""

POOL: Final = 10
"""PostgreSQL connections a process keeps; as many again may be opened in a rush."""

CONNECT_WITHIN_S: Final = 5
"""How long PostgreSQL may take to accept a connection; a request that waits longer is better
sent again."""

POOL_WAIT_S: Final = 10
"""How long a transaction waits for one of the pool's connections."""

BUSY_TIMEOUT_MS: Final = 10_000
"""How long SQLite waits for another process that writes; chosen: a command beside a running
server should wait for it rather than fail."""

CACHE_KB: Final = 65_536
"""Page cache of SQLite's writer; measured at this size."""

CHECKPOINT_PAGES: Final = 4_000
"""How far SQLite's journal grows before its pages go into the database: the pages that every group
of reports writes again go there a quarter as often as they would by default."""

_MIGRATION_LOCK: Final = 4_177_226_210
"""Any number will do; nodes that start together migrate one after another."""


_POSTGRESQL_SETTINGS: Final = {"jit": "off", "plan_cache_mode": "force_custom_plan"}
"""Our statements are short: compiling one takes longer than running it. And they are planned
each time, which takes 0.3 ms, for their arguments: the plan for any argument was made when the
tables were small, or suits a range of a year where a day is asked for (measured: 40 ms for 3)."""


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
        self._turn = asyncio.Lock()
        self.availability = Availability()
        self._spoilt = _Spoilt()
        if self.is_sqlite:
            self._spoilt.keep_out_of(writer, reader)
        self._checking = asyncio.Lock()
        self._checked = (0.0, False)

    @classmethod
    async def open(cls, url: str, *, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> "Database":
        """Open `sqlite:///path`, or `postgresql://…`. Tables are made by `migrate`."""
        target = _async_url(url)
        if target.get_backend_name() == "sqlite":
            writer = _sqlite(target, 1, "BEGIN IMMEDIATE", busy_timeout_ms=busy_timeout_ms)
            return cls(writer, _sqlite(target, READERS), target)
        writer = create_async_engine(
            target,
            pool_size=POOL,
            max_overflow=POOL,
            pool_timeout=POOL_WAIT_S,
            pool_pre_ping=True,
            # Errors are logged, and arguments are people's data.
            hide_parameters=True,
            connect_args={
                "server_settings": _POSTGRESQL_SETTINGS,
                "timeout": CONNECT_WITHIN_S,
            },
        )
        reader = writer.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        return cls(writer, reader, target)

    @property
    def is_sqlite(self) -> bool:
        return self._url.get_backend_name() == "sqlite"

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
                rows = await driver.in_one_turn(_fetch, compiled.sql, arguments)
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

    async def write_in_one_turn(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """On SQLite, a transaction in which the driver's thread does `work`, in one turn of it."""
        async with (
            self._watched(is_write=True),
            self._turn,
            self._writer.connect() as connection,
        ):
            driver: Any = (await connection.get_raw_connection()).driver_connection
            await driver.in_one_turn(_transact, work)

    async def give_back_pages(self, most: int) -> int:
        """Take up to so many free pages off the end of SQLite's file; returns how many there were
        to take. A file that was made without `auto_vacuum` has none to take: it uses its free pages
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
                return bool(await driver.in_one_turn(_empty_journal))
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


class _Spoilt:
    """Has connections of SQLite replaced, when they are next asked for, that were opened before a
    failure after which they may never work again."""

    def __init__(self) -> None:
        self._failures = 0

    def note(self) -> None:
        """Such a failure has happened."""
        self._failures += 1

    def keep_out_of(self, *engines: AsyncEngine) -> None:
        def connected(_: Any, record: Any) -> None:
            record.info[self] = self._failures

        def asked_for(_: Any, record: Any, __: Any) -> None:
            if record.info[self] != self._failures:
                raise DisconnectionError

        for engine in engines:
            event.listen(engine.sync_engine, "connect", connected)
            event.listen(engine.sync_engine, "checkout", asked_for)


def _empty_journal(driver: sqlite3.Connection) -> bool:
    """Copy the journal into the database and truncate it; returns whether nobody was reading it.
    What many pages take is done first, beside others who write."""
    (timeout_ms,) = driver.execute("PRAGMA busy_timeout").fetchone()
    driver.execute("PRAGMA busy_timeout = 0")
    try:
        driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        (is_busy, *_) = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        driver.execute(f"PRAGMA busy_timeout = {timeout_ms}")
    return not is_busy


def _fetch(driver: sqlite3.Connection, sql: str, arguments: Sequence[Any]) -> list[Any]:
    return driver.execute(sql, arguments).fetchall()


def _transact(driver: sqlite3.Connection, work: Callable[[sqlite3.Connection], None]) -> None:
    driver.execute("BEGIN IMMEDIATE")
    try:
        work(driver)
        driver.execute("COMMIT")
    except BaseException:
        if driver.in_transaction:
            driver.execute("ROLLBACK")
        raise


async def migrate(url: str) -> None:
    """Bring the tables to this program's revision; nothing happens when they are there.

    Raises `UnfitDatabase` when a newer program has migrated the database already, or when it is
    older than the oldest revision this program knows.
    """
    target = _async_url(url)
    if target.get_backend_name() == "sqlite" and target.database:
        _make_private(Path(target.database))
    # Alembic blocks, and wants an event loop of its own for the async drivers.
    await asyncio.to_thread(lambda: asyncio.run(_migrate(target)))


def _make_private(file: Path) -> None:
    """Make a database's folder and file, unless they exist, for their owner alone. SQLite gives the
    files that it keeps beside a database the same rights."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


async def _migrate(target: URL) -> None:
    if target.get_backend_name() == "sqlite":
        engine = _sqlite(target, 1, "BEGIN IMMEDIATE")
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


def _sqlite(
    target: URL,
    connections: int,
    begin: str = "BEGIN",
    *,
    busy_timeout_ms: int = BUSY_TIMEOUT_MS,
) -> AsyncEngine:
    engine = create_async_engine(
        target,
        pool_size=connections,
        max_overflow=0,
        hide_parameters=True,
        connect_args={"timeout": busy_timeout_ms / 1000, "async_creator_fn": sqlite_driver.connect},
    )
    pragmas = [
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "PRAGMA temp_store = MEMORY",
        f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}",
        f"PRAGMA busy_timeout = {busy_timeout_ms}",
        f"PRAGMA cache_size = -{CACHE_KB // connections}",
        "PRAGMA secure_delete = ON",
    ]
    if begin == "BEGIN":
        pragmas.append("PRAGMA query_only = ON")
    if target.database and sqlite_driver.is_new(Path(target.database)):
        # Before all else: a file takes it only as long as it is empty. Asked of another one, it
        # would write.
        pragmas.insert(0, "PRAGMA auto_vacuum = INCREMENTAL")

    def connected(connection: Any, _record: Any) -> None:
        # The driver's own transactions begin late and deferred; ours begin where we say.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()

    def began(connection: Connection) -> None:
        adapted: Any = connection.connection.dbapi_connection
        if begin == "BEGIN":
            adapted.driver_connection.begin_read(begin)
        else:
            # One turn of the driver's thread; through a cursor it would be three.
            adapted.run_async(lambda driver: driver.execute(begin))

    event.listen(engine.sync_engine, "connect", connected)
    event.listen(engine.sync_engine, "begin", began)
    return engine
