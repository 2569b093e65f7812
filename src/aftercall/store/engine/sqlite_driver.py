"""aiosqlite with one turn of its thread for each statement.

A turn costs about as much as a lookup by key. SQLAlchemy's adapter spends four on a statement (a
cursor, the execution, the rows, the cursor's end); here all of that happens in one. A transaction
that only reads begins in the turn of its first statement, and nobody waits for its end.
"""

import asyncio
import sqlite3
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import get_ident
from typing import Any, Final, TypeVar

import aiosqlite

from aftercall.core.errors import Bug

_CHUNK: Final = 64

Row = tuple[Any, ...]
T = TypeVar("T")


class OneTurnCursor:
    """The cursor that SQLAlchemy's adapter needs; all rows are read by `execute`."""

    def __init__(self, connection: "OneTurnConnection") -> None:
        self._connection = connection
        self._rows: list[Row] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> "OneTurnCursor":
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> "OneTurnCursor":
        begin = self._connection.take_begin()
        await self._connection.in_one_turn(self._execute, begin, sql, parameters)
        return self

    async def executemany(self, sql: str, many: Iterable[Sequence[Any]]) -> "OneTurnCursor":
        await self._connection.in_one_turn(self._executemany, sql, many)
        return self

    async def fetchall(self) -> list[Row]:
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """No resource is open."""

    def _execute(
        self,
        driver: sqlite3.Connection,
        begin: str | None,
        sql: str,
        parameters: Sequence[Any],
    ) -> None:
        if begin is not None:
            driver.execute(begin)
        self._take(driver.execute(sql, parameters))

    def _executemany(
        self, driver: sqlite3.Connection, sql: str, many: Iterable[Sequence[Any]]
    ) -> None:
        self._take(driver.executemany(sql, many))

    def _take(self, cursor: sqlite3.Cursor) -> None:
        self.description = cursor.description
        self._rows = cursor.fetchall() if cursor.description else []
        self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        cursor.close()


class OneTurnConnection(aiosqlite.Connection):
    """A connection whose cursors take one turn, and that does not undo what was not begun."""

    _stopping: asyncio.Future[Any] | None = None
    _only_reads = False
    _begin: str | None = None
    _is_reading = False
    _inside: int | None = None
    """The thread, while it executes all that a transaction asks for."""

    def begin_read(self, statement: str) -> None:
        """Begin a transaction that only reads, by this statement, in the turn of the next one: a
        deferred transaction of SQLite sees the database as it is at its first read anyway."""
        self._only_reads = True
        self._begin = statement

    def take_begin(self) -> str | None:
        """What has to be executed before the next statement."""
        begin, self._begin = self._begin, None
        self._is_reading |= begin is not None
        return begin

    def _end_read(self) -> None:
        """The thread ends the transaction before anything else that is asked of it later."""
        self._begin = None
        if self._is_reading and self._running and self._connection:
            self._tx.put_nowait((None, self._connection.rollback))
        self._is_reading = False

    def cursor(self) -> Any:
        """No turn: SQLAlchemy asks for one before each statement."""
        return OneTurnCursor(self)

    async def in_one_turn(self, work: Any, *given: Any) -> Any:
        """What `work` returns when the thread calls it with the driver's connection and what is
        given."""
        turn: Any = self._execute
        return await turn(work, self._conn, *given)

    async def all_in_one_turn(self, work: Coroutine[Any, Any, T]) -> T:
        """What `work` returns, all of whose statements are executed in one turn. It may wait for
        nothing but this connection."""
        found: T = await self.in_one_turn(self._drive, work)
        return found

    def _drive(self, _driver: sqlite3.Connection, work: Coroutine[Any, Any, T]) -> T:
        self._inside = get_ident()
        try:
            work.send(None)
        except StopIteration as end:
            found: T = end.value
            return found
        finally:
            self._inside = None
            work.close()
        raise Bug("A transaction in one turn waited for something else.")

    async def _execute(self, fn: Any, *given: Any, **more: Any) -> Any:
        """A turn is waited for even by one who is cancelled meanwhile, however often: what the
        thread has begun it ends, and only then can be seen whether there is anything to undo.
        (A cancel scope of anyio cancels again at each step until its tasks have ended.)"""
        if not self._running or not self._connection:
            raise ValueError("Connection closed")
        if self._inside == get_ident():
            return fn(*given, **more)
        turn = asyncio.get_running_loop().create_future()
        self._tx.put_nowait((turn, partial(fn, *given, **more)))
        try:
            return await asyncio.shield(turn)
        except asyncio.CancelledError:
            while not turn.done():
                with suppress(asyncio.CancelledError):
                    await asyncio.wait([turn])
            raise

    def stop(self) -> asyncio.Future[Any] | None:
        """Ends the thread. A second call waits for the same end: the thread answers only once."""
        if self._stopping is None:
            self._stopping = super().stop()
        return self._stopping

    async def commit(self) -> None:
        if self._only_reads:
            self._end_read()
        else:
            await super().commit()

    async def rollback(self) -> None:
        if self._only_reads:
            self._end_read()
        elif self.in_transaction:
            await super().rollback()


def connect(
    *where: Any, connection_class: type[OneTurnConnection] = OneTurnConnection, **options: Any
) -> OneTurnConnection:
    """To be awaited; takes what `sqlite3.connect` takes."""
    connection = connection_class(partial(sqlite3.connect, *where, **options), _CHUNK)
    # A process that ends does not wait for a connection that nobody closed.
    connection._thread.daemon = True
    return connection


def is_new(path: Path) -> bool:
    """Whether a file is not there, or empty."""
    return not path.exists() or path.stat().st_size == 0


_INCREMENTAL: Final = 2
"""What `PRAGMA auto_vacuum` answers for INCREMENTAL (sqlite.org, "PRAGMA Statements")."""


def give_back_pages(driver: sqlite3.Connection, most: int) -> int:
    """Take up to so many free pages off the end of the file; returns how many were taken."""
    (is_incremental,) = driver.execute("PRAGMA auto_vacuum").fetchone()
    if is_incremental != _INCREMENTAL:
        return 0
    (free,) = driver.execute("PRAGMA freelist_count").fetchone()
    given = min(int(free), most)
    for _ in range(given):
        # The pragma takes a page each time that SQLite's statement is stepped, and has no rows, so
        # that Python's driver steps it once, whatever number it names.
        driver.execute("PRAGMA incremental_vacuum(1)")
    return given
