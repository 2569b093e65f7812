"""Connections to SQLite, and what is asked of its driver in one turn of the driver's thread."""

import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from aftercall.store.engine import sqlite_driver

READERS: Final = 4
"""SQLite connections that read; chosen: more than the cores give no more answers."""

BUSY_TIMEOUT_MS: Final = 10_000
"""How long SQLite waits for another process that writes; chosen: a command beside a running
server should wait for it rather than fail."""

CACHE_KB: Final = 65_536
"""Page cache of SQLite's writer; measured at this size."""

CHECKPOINT_PAGES: Final = 4_000
"""How far SQLite's journal grows before its pages go into the database: the pages that every group
of reports writes again go there a quarter as often as they would by default."""


def sqlite_engine(
    target: URL,
    connections: int,
    begin: str = "BEGIN",
    *,
    busy_timeout_ms: int = BUSY_TIMEOUT_MS,
) -> AsyncEngine:
    """Connections to a file; each transaction begins with `begin`."""
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


class SpoiltConnections:
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


def empty_journal(driver: sqlite3.Connection) -> bool:
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


def fetch_rows(driver: sqlite3.Connection, sql: str, arguments: Sequence[Any]) -> list[Any]:
    """The rows of one statement."""
    return driver.execute(sql, arguments).fetchall()


def transact(driver: sqlite3.Connection, work: Callable[[sqlite3.Connection], None]) -> None:
    """Do `work` in a transaction, which is undone if it raises."""
    driver.execute("BEGIN IMMEDIATE")
    try:
        work(driver)
        driver.execute("COMMIT")
    except BaseException:
        if driver.in_transaction:
            driver.execute("ROLLBACK")
        raise


def make_private(file: Path) -> None:
    """Make a database's folder and file, unless they exist, for their owner alone. SQLite gives the
    files that it keeps beside a database the same rights."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
