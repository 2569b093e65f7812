"""Thirty days of sessions, each kept for five: what is stored does not grow."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from aftercall.core.instants import DAY_MS, EpochMs
from aftercall.store.engine.database import Database
from aftercall.store.engine.sqlite_file import file_of
from tests.service.retention.session_copies import SessionCopies
from tests.web.ended_and_live_calls import record_calls
from tests.web.intake_harness import IntakeHarness, open_intake
from tests.web.rest_server import RestServer

DAYS = 30
EACH_DAY = 2
KEPT_DAYS = 5


@pytest.fixture
def db(own_db: Database) -> Database:
    return own_db


@pytest.fixture
async def intake(server: RestServer) -> AsyncIterator[IntakeHarness]:
    async with open_intake(server) as intake:
        await record_calls(intake)
        yield intake


async def test_thirty_days_take_as_much_room_as_the_days_that_are_kept(
    intake: IntakeHarness, own_db: Database, own_database_url: str
) -> None:
    services, app_id, clock = intake.server.services, intake.owner.app_id, intake.server.clock
    await services.retention_policies.choose(app_id, {"sessions": f"{KEPT_DAYS}d"})
    (over,) = [each for each in await intake.sessions() if each["status"] == "ENDED"]
    copies = await SessionCopies.of(own_db, app_id, over["id"])
    sizes: list[int] = []
    for day in range(1, DAYS + 1):
        clock.now = EpochMs(clock.now + DAY_MS)
        for each in range(EACH_DAY):
            await copies.save(own_db, day * EACH_DAY + each, day * DAY_MS)
        await services.deletion.run()
        if (file := file_of(own_database_url)) is not None:
            sizes.append(await asyncio.to_thread(lambda: file.stat().st_size))
    kept = [each for each in await intake.sessions() if each["status"] == "ENDED"]
    assert EACH_DAY * (KEPT_DAYS - 1) <= len(kept) <= EACH_DAY * (KEPT_DAYS + 1)
    if sizes:
        settled = sizes[2 * KEPT_DAYS :]
        assert max(settled) <= 1.1 * min(settled)
    assert [broken async for broken in services.data_check.broken()] == []
