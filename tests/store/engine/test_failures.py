"""Which failures of a database pass by themselves, on engines that really fail."""

import sqlite3
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from aftercall.core.errors import Unavailable
from aftercall.store.engine.database import Database, migrate
from aftercall.store.engine.failures import passing_failure
from tests.read_only_file import immutable, why_not_immutable

needs_immutable_files = pytest.mark.skipif(
    bool(why_not_immutable()), reason=why_not_immutable() or "files can be made immutable"
)


def sqlite_error(code: int, name: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("it failed")
    error.sqlite_errorcode, error.sqlite_errorname = code, name
    return error


@pytest.mark.parametrize("code", ["08006", "53100", "53300", "57P01", "57P03", "25006", "58030"])
def test_an_outage_is_recognised_by_its_sqlstate(code: str) -> None:
    failure = passing_failure(asyncpg.PostgresError.new({"C": code, "M": "it failed"}))
    assert failure is not None and failure.is_outage
    assert code in failure.reason


@pytest.mark.parametrize("code", ["40001", "40P01", "55P03"])
def test_a_conflict_is_temporary_and_no_outage(code: str) -> None:
    failure = passing_failure(asyncpg.PostgresError.new({"C": code, "M": "it failed"}))
    assert failure is not None and not failure.is_outage


@pytest.mark.parametrize("code", ["22P02", "23505", "42P01", "22003", "25001"])
def test_a_permanent_failure_is_not_temporary(code: str) -> None:
    assert passing_failure(asyncpg.PostgresError.new({"C": code, "M": "it failed"})) is None


@pytest.mark.parametrize(
    "name",
    ["BUSY", "LOCKED", "FULL", "IOERR", "READONLY", "CANTOPEN", "BUSY_SNAPSHOT", "IOERR_WRITE"],
)
def test_outages_of_sqlite_are_recognised_by_their_primary_code(name: str) -> None:
    full_name = f"SQLITE_{name}"
    wrapped = OperationalError("SELECT 1", {}, sqlite_error(getattr(sqlite3, full_name), full_name))
    failure = passing_failure(wrapped)
    assert failure is not None and failure.is_outage


@pytest.mark.parametrize("name", ["CONSTRAINT", "ERROR", "CORRUPT", "NOTADB", "MISMATCH"])
def test_other_failures_of_sqlite_are_not_temporary(name: str) -> None:
    full_name = f"SQLITE_{name}"
    assert passing_failure(sqlite_error(getattr(sqlite3, full_name), full_name)) is None


def test_a_refused_connection_is_temporary_and_a_wrong_argument_is_not() -> None:
    assert passing_failure(ConnectionRefusedError()) is not None
    assert passing_failure(TimeoutError()) is not None
    assert passing_failure(asyncpg.InterfaceError("connection is closed")) is not None
    assert passing_failure(asyncpg.DataError("value out of range")) is None
    assert passing_failure(ValueError("no")) is None


async def test_a_locked_sqlite_file_is_unavailable_until_it_is_released(tmp_path: Path) -> None:
    path = tmp_path / "locked.db"
    await migrate(f"sqlite:///{path}")
    db = await Database.open(f"sqlite:///{path}", busy_timeout_ms=20)
    insert = text("INSERT INTO keys (name, value) VALUES ('a', '1')")
    other = sqlite3.connect(path, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable):
            async with db.write() as tx:
                await tx.execute(insert)
        with pytest.raises(Unavailable):
            await db.is_current()
        async with db.read() as tx:
            assert (await tx.execute(text("SELECT count(*) FROM keys"))).scalar_one() == 0
        assert db.availability.away_since is not None
        other.execute("ROLLBACK")
        async with db.write() as tx:
            await tx.execute(insert)
        assert db.availability.away_since is None
        assert await db.is_current()
    finally:
        other.close()
        await db.close()


@needs_immutable_files
@pytest.mark.parametrize("opened", ["before", "while"])
@pytest.mark.parametrize("has_read", [False, True])
async def test_a_sqlite_file_that_was_read_only_becomes_writable_again(
    tmp_path: Path, opened: str, has_read: bool
) -> None:
    path = tmp_path / "readonly.db"
    await migrate(f"sqlite:///{path}")
    db = await Database.open(f"sqlite:///{path}")
    insert = text("INSERT INTO keys (name, value) VALUES ('a', '1')")
    count = text("SELECT count(*) FROM keys")
    files = [path]
    try:
        if opened == "before":
            assert await db.is_current()
            files.append(path.with_name("readonly.db-wal"))
        with immutable(*files):
            for _ in range(3):
                with pytest.raises(Unavailable) as refused:
                    async with db.write() as tx:
                        await tx.execute(insert)
            # A connection that was open fails with IOERR_WRITE; later ones report the reason.
            assert "SQLITE_READONLY" in str(passing_failure(refused.value))
            if has_read:
                async with db.read() as tx:
                    assert (await tx.execute(count)).scalar_one() == 0
            assert db.availability.away_since is not None
            with pytest.raises(Unavailable):
                await db.is_current()
        async with db.write() as tx:
            await tx.execute(insert)
        async with db.read() as tx:
            assert (await tx.execute(count)).scalar_one() == 1
        assert db.availability.away_since is None
        assert await db.is_current()
    finally:
        await db.close()


async def test_a_connection_killed_by_the_server_is_unavailable_and_replaced(
    own_db: Database,
) -> None:
    if own_db.is_sqlite:
        pytest.skip("SQLite has no server that could end a connection")
    kill = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with pytest.raises(Unavailable):
        async with own_db.write() as victim:
            await victim.execute(text("SELECT 1"))
            async with own_db.write() as tx:
                await tx.execute(kill)
            await victim.execute(text("SELECT 1"))
    assert await own_db.is_current()
    async with own_db.read() as tx:
        assert (await tx.execute(text("SELECT 1"))).scalar_one() == 1
