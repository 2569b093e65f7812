"""A deleted session is in no list, count or search, and its rows go with it."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from aftercall.core.list_queries import SessionQuery
from aftercall.service.data_check import DataCheck
from aftercall.store import people
from aftercall.store.engine.database import Database
from aftercall.store.retention.deleted_sessions import delete_sessions
from aftercall.store.retention.removals import find_removals, remove_rows
from aftercall.store.sessions import rows as session_rows
from aftercall.store.sessions.pages import list_sessions
from aftercall.store.tables.schema import metadata
from tests.store.record_builder import ended as over
from tests.web.ended_and_live_calls import record_calls
from tests.web.intake_harness import open_intake
from tests.web.rest_server import RestServer

KEPT_FOR_NO_SESSION = {"accounts", "apps", "tokens", "keys", "meetings", "members", "presets"}
KEPT_FOR_NO_SESSION |= {"session_days", "sign_ins", "sign_in_links", "audit_log", "dump_imports"}
KEPT_FOR_NO_SESSION |= {"webhooks"}


@pytest.fixture
async def app_id(own_db: Database, server: RestServer) -> AsyncIterator[str]:
    async with open_intake(server) as intake:
        await record_calls(intake)
        yield intake.owner.app_id


@pytest.fixture
def db(own_db: Database) -> Database:
    return own_db


async def _sessions(db: Database, app_id: str) -> tuple[str, str]:
    """The ids of the ended session and of the live one."""
    async with db.read() as tx:
        page = await list_sessions(tx, SessionQuery(app_id=app_id))
    by_phase = {each.session.phase.value: each.session.id for each in page.items}
    return by_phase["ended"], by_phase["live"]


async def _remove_all(db: Database, limit: int = 7) -> None:
    while True:
        async with db.write() as tx:
            found = await find_removals(tx, 1)
            if not found:
                return
            await remove_rows(tx, found[0], limit)


async def _broken(db: Database) -> list[str]:
    return [broken.name async for broken in DataCheck(db).broken()]


async def test_a_deleted_session_is_in_no_list_from_then_on(own_db: Database, app_id: str) -> None:
    ended, live = await _sessions(own_db, app_id)
    async with own_db.write() as tx:
        deleted = await delete_sessions(tx, app_id, [ended, live, "unknown"])
    assert [session.id for session in deleted] == [ended]
    assert await _broken(own_db) == []
    async with own_db.read() as tx:
        page = await list_sessions(tx, SessionQuery(app_id=app_id))
        assert [each.session.id for each in page.items] == [live]
        assert page.total == 1
        found = await list_sessions(tx, SessionQuery(app_id=app_id, search="Over"))
        assert found.total == 0
        assert await people.count_people(tx, app_id) == 0


async def test_the_database_keeps_its_promises_between_any_two_steps(
    own_db: Database, app_id: str
) -> None:
    ended, _ = await _sessions(own_db, app_id)
    async with own_db.write() as tx:
        await delete_sessions(tx, app_id, [ended])
    steps = 0
    while True:
        async with own_db.write() as tx:
            found = await find_removals(tx, 1)
            if not found:
                break
            await remove_rows(tx, found[0], 1)
        assert await _broken(own_db) == []
        steps += 1
    assert steps > 9


async def test_no_row_of_a_deleted_session_is_left(own_db: Database, app_id: str) -> None:
    ended, live = await _sessions(own_db, app_id)
    async with own_db.write() as tx:
        session = await session_rows.lock_session(tx, app_id, live)
        assert session is not None
        await session_rows.save_session(tx, over(session, 1))
        await delete_sessions(tx, app_id, [ended, live])
    await _remove_all(own_db)
    async with own_db.read() as tx:
        rows = {
            name: (await tx.execute(text(f"SELECT count(*) FROM {name}"))).scalar_one()
            for name in metadata.tables
            if name not in KEPT_FOR_NO_SESSION
        }
    waiting = rows.pop("early_facts")
    assert waiting == 1, "a fact about a peer of no session"
    assert {name for name, count in rows.items() if count} == set()


async def test_a_breakout_room_stays_without_its_deleted_parent(
    own_db: Database, app_id: str
) -> None:
    ended, live = await _sessions(own_db, app_id)
    async with own_db.write() as tx:
        await tx.execute(
            text("UPDATE sessions SET parent_session_id = :parent WHERE id = :child"),
            {"parent": ended, "child": live},
        )
    async with own_db.write() as tx:
        await delete_sessions(tx, app_id, [ended])
    assert await _broken(own_db) == []
