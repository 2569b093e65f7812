"""Partitions of PostgreSQL's big tables: attached, found, detached and dropped."""

import asyncio

import pytest
from sqlalchemy import text

from aftercall.core.instants import EpochMs
from aftercall.core.records import StoredReport
from aftercall.store.engine import partitions
from aftercall.store.engine.database import Database
from aftercall.store.reports import find_report, save_reports

DAY = 20_800
NAME = "reports_2026_12_13"


@pytest.fixture
def postgres(own_db: Database) -> Database:
    if own_db.is_sqlite:
        pytest.skip("SQLite's tables are whole")
    return own_db


def _report(id: str, day: int = DAY) -> StoredReport:
    return StoredReport(
        app_id="a",
        session_id="s",
        peer_id=id,
        fold_version=1,
        folded_at=EpochMs(1),
        document=id.encode(),
        recorded_day=day,
    )


async def _rows(db: Database, table: str) -> int:
    async with db.read() as tx:
        return int((await tx.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())


def test_a_partition_is_named_after_its_day() -> None:
    assert partitions.name_of("reports", DAY) == NAME
    assert partitions.name_of("reports", partitions.BEFORE) == "reports_before"


async def test_a_new_database_has_the_partition_of_before_and_the_default_one(
    postgres: Database,
) -> None:
    assert await partitions.days(postgres, "reports") == {partitions.BEFORE}
    assert await _rows(postgres, "reports_default") == 0


async def test_rows_of_a_missing_day_move_into_its_partition(postgres: Database) -> None:
    async with postgres.write() as tx:
        await save_reports(tx, [_report("p"), _report("q", DAY + 1), _report("old", 0)])
    assert await _rows(postgres, "reports_default") == 2
    assert await partitions.attach(postgres, "reports", DAY)
    assert await partitions.attach(postgres, "reports", DAY)
    assert await partitions.days(postgres, "reports") == {0, DAY}
    assert await _rows(postgres, NAME) == 1
    assert await _rows(postgres, "reports_default") == 1
    assert await _rows(postgres, "reports_before") == 1
    async with postgres.read() as tx:
        for id in ("p", "q", "old"):
            found = await find_report(tx, "a", id)
            assert found is not None and found.document == id.encode()


async def test_a_dropped_partition_takes_its_rows_along(postgres: Database) -> None:
    await partitions.attach(postgres, "reports", DAY)
    async with postgres.write() as tx:
        await save_reports(tx, [_report("p"), _report("q"), _report("r", DAY + 1)])
    assert await partitions.drop(postgres, "reports", DAY) == 2
    assert await partitions.drop(postgres, "reports", DAY) is None
    assert await _rows(postgres, "reports") == 1
    async with postgres.read() as tx:
        gone = (await tx.execute(text(f"SELECT to_regclass('{NAME}')"))).scalar_one()
    assert gone is None


async def test_a_partition_that_was_only_detached_is_dropped(postgres: Database) -> None:
    """As after `kill -9` between the two."""
    await partitions.attach(postgres, "reports", DAY)
    async with postgres.write() as tx:
        await tx.execute(text(f"ALTER TABLE reports DETACH PARTITION {NAME}"))
    await partitions.drop_detached(postgres, "reports")
    async with postgres.read() as tx:
        gone = (await tx.execute(text(f"SELECT to_regclass('{NAME}')"))).scalar_one()
    assert gone is None
    assert await _rows(postgres, "reports_default") == 0


async def test_a_reader_of_a_partition_keeps_it(postgres: Database) -> None:
    await partitions.attach(postgres, "reports", DAY)
    async with postgres.read() as tx:
        await tx.execute(text(f"SELECT count(*) FROM {NAME}"))
        assert await partitions.drop(postgres, "reports", DAY) is None
        assert DAY in await partitions.days(postgres, "reports")
    assert await partitions.drop(postgres, "reports", DAY) == 0


async def test_two_processes_attach_the_same_day(postgres: Database) -> None:
    done = await asyncio.gather(*(partitions.attach(postgres, "segments", DAY) for _ in range(4)))
    assert any(done)
    assert DAY in await partitions.days(postgres, "segments")
