"""Read and write transactions, and migrations."""

import asyncio
import stat
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from aftercall.store.engine.database import Database, UnfitDatabase, migrate
from aftercall.store.engine.sqlite_engine import READERS


async def test_a_write_is_committed_when_its_block_ends(db: Database) -> None:
    async with db.write() as tx:
        await tx.execute(text("INSERT INTO keys (name, value) VALUES ('a', '1')"))
    async with db.read() as tx:
        assert (await tx.execute(text("SELECT value FROM keys"))).scalars().all() == ["1"]


async def test_a_write_is_rolled_back_when_its_block_raises(db: Database) -> None:
    with pytest.raises(RuntimeError):
        async with db.write() as tx:
            await tx.execute(text("INSERT INTO keys (name, value) VALUES ('a', '1')"))
            raise RuntimeError("no")
    async with db.read() as tx:
        assert (await tx.execute(text("SELECT count(*) FROM keys"))).scalar_one() == 0


async def test_a_read_transaction_cannot_write(db: Database) -> None:
    async with db.read() as tx:
        with pytest.raises(DBAPIError):
            await tx.execute(text("INSERT INTO keys (name, value) VALUES ('a', '1')"))


async def test_a_reader_sees_one_snapshot_and_does_not_block_the_writer(db: Database) -> None:
    count = text("SELECT count(*) FROM keys")
    async with db.read() as reader:
        assert (await reader.execute(count)).scalar_one() == 0
        async with asyncio.timeout(60), db.write() as tx:
            await tx.execute(text("INSERT INTO keys (name, value) VALUES ('a', '1')"))
        assert (await reader.execute(count)).scalar_one() == 0
    async with db.read() as reader:
        assert (await reader.execute(count)).scalar_one() == 1


async def test_concurrent_writers_are_serialized(db: Database) -> None:
    async def write(number: int) -> None:
        async with db.write() as tx:
            await tx.execute(
                text("INSERT INTO keys (name, value) VALUES (:n, '')"), {"n": str(number)}
            )

    await asyncio.gather(*(write(number) for number in range(40)))
    async with db.read() as tx:
        assert (await tx.execute(text("SELECT count(*) FROM keys"))).scalar_one() == 40


@pytest.mark.parametrize("door", ["read", "write"])
async def test_a_transaction_cancelled_at_any_step_leaves_its_connection_usable(
    db: Database, door: str
) -> None:
    """A client that hangs up cancels its read; a cancel scope cancels at every step until the
    task has ended."""
    open_door = db.read if door == "read" else db.write

    async def transact() -> None:
        async with open_door() as tx:
            for _ in range(3):
                await tx.execute(text("SELECT count(*) FROM keys"))

    cancelled = 0
    for steps in range(0, 600, 3):
        tasks = [asyncio.create_task(transact()) for _ in range(4)]
        for _ in range(steps):
            await asyncio.sleep(0)
        while not all(task.done() for task in tasks):
            for task in tasks:
                task.cancel()
            await asyncio.sleep(0)
        cancelled += sum(task.cancelled() for task in tasks)
    assert cancelled
    async with asyncio.timeout(60):
        await asyncio.gather(*(transact() for _ in range(40)))


async def test_a_new_database_is_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "data" / "aftercall.db"
    await migrate(f"sqlite:///{file}")
    database = await Database.open(f"sqlite:///{file}")
    async with database.read() as tx:
        await tx.execute(text("SELECT 1 FROM apps"))
    made = [file.parent, *file.parent.iterdir()]
    await database.close()
    assert len(made) > 2
    assert {stat.S_IMODE(each.stat().st_mode) & 0o077 for each in made if each.exists()} == {0}


async def test_migrating_twice_changes_nothing(db: Database, database_url: str) -> None:
    assert await db.is_current()
    await migrate(database_url)
    assert await db.is_current()


async def test_a_database_without_tables_is_not_current(tmp_path: Path) -> None:
    db = await Database.open(f"sqlite:///{tmp_path / 'new.db'}")
    assert not await db.is_current()
    await db.close()


async def test_the_folder_of_a_new_file_is_created(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "new.db"
    await migrate(f"sqlite:///{path}")
    assert path.exists()


async def test_a_newer_database_is_refused_by_name(own_db: Database, own_database_url: str) -> None:
    async with own_db.write() as tx:
        await tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert not await own_db.is_current()
    with pytest.raises(UnfitDatabase, match=r"revision 9999.*newer Aftercall"):
        await migrate(own_database_url)


async def test_an_unsupported_url_is_refused() -> None:
    with pytest.raises(UnfitDatabase, match="mysql://"):
        await Database.open("mysql://localhost/x")


async def test_sqlite_syncs_before_it_commits(tmp_path: Path) -> None:
    db = await Database.open(f"sqlite:///{tmp_path / 'new.db'}")
    async with db.write() as tx:
        assert (await tx.execute(text("PRAGMA synchronous"))).scalar_one() == 2
        assert (await tx.execute(text("PRAGMA journal_mode"))).scalar_one() == "wal"
    await db.close()


async def test_a_read_cancelled_at_any_point_leaves_its_connection_usable(db: Database) -> None:
    async def look() -> int:
        async with db.read() as tx:
            await tx.execute(text("SELECT value FROM keys"))
            found = await tx.execute(text("SELECT count(*) FROM keys"))
            return int(found.scalar_one())

    for steps in range(60):
        looking = asyncio.create_task(look())
        for _ in range(steps):
            await asyncio.sleep(0)
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
    assert await asyncio.gather(*(look() for _ in range(12))) == [0] * 12


async def test_a_read_cancelled_repeatedly_leaves_its_connection_usable(db: Database) -> None:
    async def read() -> None:
        async with db.read() as tx:
            for _ in range(3):
                await tx.execute(text("SELECT count(*) FROM keys"))

    for steps in range(60):
        reading = asyncio.create_task(read())
        for _ in range(steps % 20):
            await asyncio.sleep(0)
        while not reading.done():
            reading.cancel()
            await asyncio.sleep(0)
        await asyncio.wait([reading])
    async with db.write() as tx:
        await tx.execute(text("INSERT INTO keys (name, value) VALUES ('a', '1')"))
    counts = []
    async with AsyncExitStack() as stack:
        # All at a time, so that each of SQLite's connections is asked.
        for _ in range(READERS):
            one = await stack.enter_async_context(db.read())
            counts.append((await one.execute(text("SELECT count(*) FROM keys"))).scalar_one())
    assert counts == [1] * READERS
