"""aiosqlite with one turn of its thread for each statement.

A turn costs about as much as a lookup by key. SQLAlchemy's adapter spends four on a statement (a
cursor, the execution, the rows, the cursor's end); here all of that happens in one.
"""

import asyncio
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final

import aiosqlite

_CHUNK: Final = 64

Row = tuple[Any, ...]


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
        await self._connection.in_one_turn(self._execute, sql, parameters)
        return self

    async def executemany(self, sql: str, many: Iterable[Sequence[Any]]) -> "OneTurnCursor":
        await self._connection.in_one_turn(self._executemany, sql, many)
        return self

    async def fetchall(self) -> list[Row]:
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """No resource is open."""

    def _execute(self, driver: sqlite3.Connection, sql: str, parameters: Sequence[Any]) -> None:
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

    def cursor(self) -> Any:
        """No turn: SQLAlchemy asks for one before each statement."""
        return OneTurnCursor(self)

    async def in_one_turn(self, work: Any, *given: Any) -> Any:
        """What `work` returns when the thread calls it with the driver's connection and what is
        given."""
        turn: Any = self._execute
        return await turn(work, self._conn, *given)

    async def _execute(self, fn: Any, *given: Any, **more: Any) -> Any:
        """A turn is waited for even by one who is cancelled meanwhile, however often: what the
        thread has begun it ends, and only then can be seen whether there is anything to undo.
        (A cancel scope of anyio cancels again at each step until its tasks have ended.)"""
        if not self._running or not self._connection:
            raise ValueError("Connection closed")
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

    async def rollback(self) -> None:
        if self.in_transaction:
            await super().rollback()


def connect(
    *where: Any, connection_class: type[OneTurnConnection] = OneTurnConnection, **options: Any
) -> OneTurnConnection:
    """To be awaited; takes what `sqlite3.connect` takes."""
    connection = connection_class(partial(sqlite3.connect, *where, **options), _CHUNK)
    # A process that ends does not wait for a connection that nobody closed.
    connection._thread.daemon = True
    return connection
