"""On PostgreSQL, what is big goes with its day's partition, and partitions come and go by
themselves."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from aftercall.core.instants import DAY_MS, EpochMs, day_of
from aftercall.service.audit import CLI
from aftercall.service.retention.partitions import AHEAD, SETTLED_DAYS
from aftercall.store.engine import partitions
from aftercall.store.engine.database import Database
from aftercall.store.retention.waiting import PARTITIONED
from aftercall.store.tables import schema
from tests.service.retention.session_copies import SessionCopies
from tests.web.ended_and_live_calls import record_calls
from tests.web.intake_harness import IntakeHarness, open_intake
from tests.web.rest_server import RestServer

KEPT_DAYS = 5


@pytest.fixture
def db(own_db: Database) -> Database:
    return own_db


@pytest.fixture
async def intake(server: RestServer) -> AsyncIterator[IntakeHarness]:
    async with open_intake(server) as intake:
        await record_calls(intake)
        yield intake


class Days:
    """A clock that goes on by days, and a session that is held on each of them."""

    def __init__(self, intake: IntakeHarness, db: Database, copies: SessionCopies) -> None:
        self._intake = intake
        self._db = db
        self._copies = copies
        self._passed = 0
        self.number = 0

    @classmethod
    async def of(cls, intake: IntakeHarness, db: Database) -> "Days":
        """From the day of the calls on, of which only copies stay."""
        (over,) = [each for each in await intake.sessions() if each["status"] == "ENDED"]
        copies = await SessionCopies.of(db, intake.owner.app_id, over["id"])
        return cls(intake, db, copies)

    @property
    def today(self) -> int:
        return day_of(self._intake.server.clock.now)

    async def hold(self, sessions: int = 2) -> None:
        for _ in range(sessions):
            self.number += 1
            await self._copies.save(self._db, self.number, self._passed * DAY_MS)

    def pass_days(self, days: int = 1) -> None:
        clock = self._intake.server.clock
        clock.now = EpochMs(clock.now + days * DAY_MS)
        self._passed += days

    async def keep(self, **times: object) -> None:
        policies = self._intake.server.services.retention_policies
        await policies.choose(self._intake.owner.app_id, times)

    async def run(self) -> None:
        await self._intake.server.services.deletion.run()


@pytest.fixture
async def days(intake: IntakeHarness, own_db: Database) -> Days:
    if own_db.is_sqlite:
        pytest.skip("SQLite's tables are whole")
    return await Days.of(intake, own_db)


async def _rows(db: Database, table: str) -> int:
    async with db.read() as tx:
        return int((await tx.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())


async def _parts(db: Database) -> dict[str, set[int]]:
    return {table: await partitions.days(db, table) for table in PARTITIONED}


async def _broken(intake: IntakeHarness) -> list[str]:
    return [each.name async for each in intake.server.services.data_check.broken()]


async def test_partitions_come_and_go_with_the_days(
    days: Days, own_db: Database, intake: IntakeHarness
) -> None:
    await days.keep(sessions=f"{KEPT_DAYS}d")
    first = days.today
    await days.run()
    for _ in range(3 * KEPT_DAYS):
        days.pass_days()
        await days.run()
        await days.hold()
        for table, there in (await _parts(own_db)).items():
            assert {days.today + each for each in range(AHEAD + 1)} <= there
            assert len(there) <= KEPT_DAYS + AHEAD + SETTLED_DAYS + 1, table
            assert await _rows(own_db, partitions.default_of(table)) == 0
        assert await _broken(intake) == []
    assert first + 1 not in (await _parts(own_db))["reports"]


async def test_rows_wait_for_their_partition_and_nobody_reads_them(
    days: Days, own_db: Database, intake: IntakeHarness
) -> None:
    days.pass_days()
    await days.run()
    await days.hold()
    day = days.today
    await days.keep(sessions=f"{KEPT_DAYS}d")
    sessions = [each["id"] for each in await intake.sessions() if each["status"] == "ENDED"]
    partition = partitions.name_of("segments", day)
    rows = await _rows(own_db, partition)
    assert rows
    # The sessions began and ended an hour or two after the day's first minute.
    clock = intake.server.clock
    clock.now = EpochMs((day + KEPT_DAYS) * DAY_MS + DAY_MS)
    await _note_two_ends(own_db, day)
    await days.run()
    left = [each["id"] for each in await intake.sessions() if each["status"] == "ENDED"]
    assert len(sessions) - len(left) >= 1
    assert await _rows(own_db, partition) == rows
    assert await _broken(intake) == []
    clock.now = EpochMs(clock.now + DAY_MS)
    await days.run()
    assert day not in (await _parts(own_db))["segments"]
    assert await _rows(own_db, "waiting_removals") == 0
    assert await _broken(intake) == []


async def _note_two_ends(db: Database, day: int) -> None:
    """Let one of the day's sessions have ended half a day later."""
    async with db.write() as tx:
        c = schema.sessions.c
        last = (
            await tx.execute(
                text("SELECT max(id) FROM sessions WHERE recorded_day = :day"), {"day": day}
            )
        ).scalar_one()
        later = EpochMs(day * DAY_MS + DAY_MS + DAY_MS // 2)
        await tx.execute(schema.sessions.update().where(c.id == last).values(ended_at=later))


async def test_a_server_that_was_down_for_a_week_makes_and_drops_what_is_missing(
    days: Days, own_db: Database, intake: IntakeHarness
) -> None:
    await days.keep(sessions=f"{KEPT_DAYS}d")
    days.pass_days()
    await days.run()
    await days.hold()
    old = days.today
    days.pass_days(7)
    await days.hold()
    assert await _rows(own_db, "reports_default") > 0
    await days.run()
    there = (await _parts(own_db))["reports"]
    assert old not in there
    assert days.today in there
    # What came before the partition was there is in it.
    assert await _rows(own_db, "reports_default") == 0
    assert await _rows(own_db, partitions.name_of("reports", days.today)) > 0
    assert await _broken(intake) == []


async def test_rows_without_a_partition_are_deleted_all_the_same(
    days: Days, own_db: Database, intake: IntakeHarness
) -> None:
    days.pass_days()
    await days.hold()
    days.pass_days(20)
    await days.keep(sessions="9d")
    assert await _rows(own_db, "segments_default") > 0
    await days.run()
    assert await _rows(own_db, "segments_default") == 0
    assert await _broken(intake) == []


async def test_where_an_app_keeps_data_for_longer_rows_are_deleted_one_by_one(
    days: Days, own_db: Database, intake: IntakeHarness
) -> None:
    days.pass_days()
    await days.run()
    await days.hold()
    day = days.today
    async with own_db.write() as tx:
        # Another app's session of the same day.
        await tx.execute(
            text(
                "UPDATE sessions SET app_id = 'other' WHERE id ="
                " (SELECT max(id) FROM sessions WHERE recorded_day = :day)"
            ),
            {"day": day},
        )
    await days.keep(sessions=f"{KEPT_DAYS}d")
    days.pass_days(KEPT_DAYS + 1)
    await days.run()
    partition = partitions.name_of("reports", day)
    async with own_db.read() as tx:
        mine = f"SELECT count(*) FROM {partition} WHERE session_id IN (SELECT id FROM sessions)"
        left = int((await tx.execute(text(mine))).scalar_one())
    assert left == await _rows(own_db, partition) == 3


async def test_rows_that_waited_go_when_an_app_keeps_its_data_for_longer(
    days: Days, own_db: Database, intake: IntakeHarness
) -> None:
    days.pass_days()
    await days.run()
    await days.hold()
    day = days.today
    await days.keep(samples=f"{KEPT_DAYS}d", reports="forever", sessions="forever")
    intake.server.clock.now = EpochMs((day + KEPT_DAYS + 1) * DAY_MS)
    await _note_two_ends(own_db, day)
    partition = partitions.name_of("segments", day)
    rows = await _rows(own_db, partition)
    await days.run()
    assert await _rows(own_db, partition) == rows
    await days.keep(samples="forever", reports="forever", sessions="forever")
    await days.run()
    assert await _rows(own_db, partition) == rows // 2
    assert await _rows(own_db, "waiting_removals") == 0
    assert await _broken(intake) == []


async def test_an_app_that_is_deleted_takes_along_what_waits(
    days: Days, own_db: Database, intake: IntakeHarness
) -> None:
    days.pass_days()
    await days.run()
    await days.hold()
    day = days.today
    await days.keep(samples=f"{KEPT_DAYS}d")
    intake.server.clock.now = EpochMs((day + KEPT_DAYS + 1) * DAY_MS)
    await _note_two_ends(own_db, day)
    await days.run()
    owner, deletions = intake.owner, intake.server.services.deletions
    async with own_db.write() as tx:
        await tx.execute(text("DELETE FROM sessions WHERE phase <> 'ended'"))
    await deletions.delete_app(owner.account_id, owner.app_id, CLI)
    await deletions.carry_out({"app_id": owner.app_id})
    assert await _rows(own_db, partitions.name_of("segments", day)) == 0


async def test_what_reads_a_partition_is_waited_for_only_for_a_moment(
    days: Days, own_db: Database, intake: IntakeHarness
) -> None:
    days.pass_days()
    await days.run()
    await days.hold()
    day = days.today
    await days.keep(sessions="1d")
    days.pass_days(9)
    name = partitions.name_of("reports", day)
    async with own_db.read() as reader:
        await reader.execute(text(f"SELECT count(*) FROM {name}"))
        run = asyncio.create_task(days.run())
        while not run.done():
            async with own_db.read() as tx:
                await tx.execute(text("SELECT 1 FROM reports WHERE recorded_day = 1"))
            await asyncio.sleep(0)
        await run
        assert day in (await _parts(own_db))["reports"]
    await days.run()
    assert day not in (await _parts(own_db))["reports"]
    # One lock is waited for after the other.
    assert 2 * partitions.LOCK_TIMEOUT_MS < 50
