import asyncio
import sqlite3
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from aftercall.core.errors import Bug
from aftercall.store.engine import sqlite_driver
from aftercall.store.engine.database import Database, migrate
from aftercall.store.engine.sqlite_driver import OneTurnConnection, connect


class CountedConnection(OneTurnConnection):
    """Counts the turns of the thread that it takes."""

    turns = 0

    async def _execute(self, fn: Any, *given: Any, **more: Any) -> Any:
        self.turns += 1
        return await super()._execute(fn, *given, **more)


async def test_a_statement_takes_one_call_of_the_thread(tmp_path: Path) -> None:
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{tmp_path / 'a.db'}",
        connect_args={"async_creator_fn": partial(connect, connection_class=CountedConnection)},
    )

    async with engine.connect() as tx:
        await tx.execute(text("CREATE TABLE t (a INTEGER, b TEXT)"))
        await tx.execute(text("INSERT INTO t VALUES (:a, :b)"), {"a": 1, "b": "one"})
        driver = (await tx.get_raw_connection()).driver_connection
        assert isinstance(driver, CountedConnection)
        before = driver.turns
        rows = (await tx.execute(text("SELECT a, b FROM t"))).all()
        assert rows == [(1, "one")]
        assert driver.turns == before + 1
    await engine.dispose()


async def test_a_read_transaction_takes_a_turn_for_each_statement_and_none_besides(
    new_database: Callable[[str], AbstractContextManager[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with new_database("sqlite") as url:
        # What the engine opens its connections with.
        monkeypatch.setattr(
            sqlite_driver, "connect", partial(connect, connection_class=CountedConnection)
        )
        db = await Database.open(url)
        async with db.read() as tx:
            await tx.execute(text("SELECT 1"))
            driver: Any = (await tx.get_raw_connection()).driver_connection
        before = driver.turns
        async with db.read() as tx:
            pass
        assert driver.turns == before
        async with db.read() as tx:
            assert (await tx.execute(text("SELECT count(*) FROM keys"))).scalar_one() == 0
            async with db.write() as other:
                await other.execute(text("INSERT INTO keys (name, value) VALUES ('a', '1')"))
            assert (await tx.execute(text("SELECT count(*) FROM keys"))).scalar_one() == 0
            assert driver.in_transaction
        assert driver.turns == before + 2
        assert not await driver.in_one_turn(lambda connection: connection.in_transaction)
        with pytest.raises(OperationalError):
            async with db.read() as tx:
                await tx.execute(text("SELECT nothing FROM keys"))
        async with db.read() as tx:
            assert (await tx.execute(text("SELECT count(*) FROM keys"))).scalar_one() == 1
        await db.close()


async def test_the_driver_returns_rows_counts_and_errors_of_sqlite(tmp_path: Path) -> None:
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{tmp_path / 'a.db'}", connect_args={"async_creator_fn": connect}
    )
    async with engine.begin() as tx:
        await tx.execute(text("CREATE TABLE t (a INTEGER PRIMARY KEY)"))
        made = await tx.execute(
            text("INSERT INTO t VALUES (:a)"), [{"a": number} for number in range(5)]
        )
        assert made.rowcount == 5
        assert (await tx.execute(text("DELETE FROM t WHERE a > 2"))).rowcount == 2
        left = await tx.execute(text("SELECT a FROM t ORDER BY a"))
        assert list(left.keys()) == ["a"]
        assert left.scalars().all() == [0, 1, 2]
        assert (await tx.execute(text("SELECT a FROM t WHERE a = 9"))).first() is None
    for statement, error in (
        ("INSERT INTO t VALUES (1)", IntegrityError),
        ("SELECT nothing FROM t", OperationalError),
    ):
        with pytest.raises(error):
            async with engine.begin() as tx:
                await tx.execute(text(statement))
    await engine.dispose()


async def test_a_rollback_undoes_only_its_transaction(tmp_path: Path) -> None:
    connection = await connect(tmp_path / "a.db", isolation_level=None)
    try:
        await connection.rollback()
        await connection.execute("CREATE TABLE t (a)")
        await connection.execute("BEGIN")
        await connection.execute("INSERT INTO t VALUES (1)")
        await connection.rollback()
        with sqlite3.connect(tmp_path / "a.db") as other:
            assert other.execute("SELECT count(*) FROM t").fetchone() == (0,)
        other.close()
    finally:
        await connection.close()


async def test_a_transaction_begun_by_a_twice_cancelled_task_is_rolled_back(
    tmp_path: Path,
) -> None:
    connection = connect(tmp_path / "a.db", isolation_level=None)
    await connection
    may_go_on = threading.Event()

    def wait(_driver: sqlite3.Connection) -> None:
        may_go_on.wait()

    async def begin() -> None:
        try:
            await connection.execute("BEGIN")
        finally:
            await connection.rollback()

    try:
        holding_up = asyncio.create_task(connection.in_one_turn(wait))
        await asyncio.sleep(0)
        beginning = asyncio.create_task(begin())
        for _ in range(3):
            await asyncio.sleep(0)
            beginning.cancel()
        may_go_on.set()
        await holding_up
        with pytest.raises(asyncio.CancelledError):
            await beginning
        assert not await connection.in_one_turn(lambda driver: driver.in_transaction)
    finally:
        may_go_on.set()
        await connection.close()


async def test_a_connection_stopped_twice_closes_once(tmp_path: Path) -> None:
    connection = await connect(tmp_path / "a.db")
    closing = asyncio.create_task(connection.close())
    await asyncio.sleep(0)
    connection.stop()
    async with asyncio.timeout(60):
        await closing


async def test_as_many_free_pages_are_given_back_as_are_asked_for(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    await migrate(url)
    db = await Database.open(url)
    async with db.write() as tx:
        await tx.execute(text("CREATE TABLE t (a BLOB)"))
        await tx.execute(text("INSERT INTO t VALUES (zeroblob(400000))"))
        await tx.execute(text("DELETE FROM t"))

    async def count_free() -> int:
        async with db.read() as tx:
            return int((await tx.execute(text("PRAGMA freelist_count"))).scalar_one())

    free = await count_free()
    assert free > 50
    assert await db.give_back_pages(20) == 20
    assert await count_free() == free - 20
    assert await db.give_back_pages(10_000) == free - 20
    assert await count_free() == await db.give_back_pages(1) == 0
    await db.close()


async def test_a_transaction_takes_one_turn_for_all_its_statements(tmp_path: Path) -> None:
    db = await Database.open(f"sqlite:///{tmp_path / 'turns.db'}")
    threads: set[int] = set()

    async def count(tx: AsyncConnection, upto: int) -> list[int]:
        found = []
        for number in range(upto):
            threads.add(threading.get_ident())
            found.append((await tx.execute(text("SELECT :n"), {"n": number})).scalar_one())
        return found

    try:
        async with db.write() as tx:
            await tx.execute(text("CREATE TABLE numbers (n INTEGER)"))
            assert await db.in_one_turn(tx, count(tx, 3)) == [0, 1, 2]
            assert await count(tx, 1) == [0]
    finally:
        await db.close()
    assert len(threads) == 2


async def test_what_fails_in_one_turn_undoes_its_transaction(tmp_path: Path) -> None:
    db = await Database.open(f"sqlite:///{tmp_path / 'undone.db'}")

    async def insert_and_fail(tx: AsyncConnection) -> None:
        await tx.execute(text("INSERT INTO numbers VALUES (1)"))
        await tx.execute(text("INSERT INTO nothing VALUES (1)"))

    try:
        async with db.write() as tx:
            await tx.execute(text("CREATE TABLE numbers (n INTEGER)"))
        with pytest.raises(OperationalError):
            async with db.write() as tx:
                await db.in_one_turn(tx, insert_and_fail(tx))
        async with db.read() as tx:
            assert (await tx.execute(text("SELECT count(*) FROM numbers"))).scalar_one() == 0
    finally:
        await db.close()


async def test_a_turn_that_waits_for_something_else_is_a_bug(tmp_path: Path) -> None:
    db = await Database.open(f"sqlite:///{tmp_path / 'waiting.db'}")
    try:
        with pytest.raises(Bug):
            async with db.write() as tx:
                await db.in_one_turn(tx, asyncio.sleep(0))
        async with db.write() as tx:
            await tx.execute(text("CREATE TABLE numbers (n INTEGER)"))
    finally:
        await db.close()
