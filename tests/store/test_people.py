"""People are found by the names and ids of the sessions that are left."""

import pytest

from aftercall.store import people
from aftercall.store.engine.database import Database
from aftercall.store.retention.deleted_sessions import delete_sessions
from tests.service.privacy import personal_call
from tests.service.privacy.erasure_harness import run_jobs
from tests.web.conftest import build_server as build_server
from tests.web.conftest import server as server
from tests.web.rest_server import RestServer


async def found_by(db: Database, app_id: str, search: str) -> list[str | None]:
    async with db.read() as tx:
        listed = await people.list_people(tx, app_id, search=search, before=None, limit=10)
    return [each.name for each in listed]


async def test_a_name_that_only_a_deleted_session_had_finds_nobody(
    db: Database, server: RestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = await server.new_client()
    await personal_call.record_call(server, owner, session_id="before", meeting_id="first")
    monkeypatch.setattr(personal_call, "NAME", "Zebulon Ohara")
    await personal_call.record_call(server, owner, session_id="since", meeting_id="second")
    await run_jobs(server)
    for search in ("quux", "ohara", "zebulon", personal_call.CUSTOM):
        assert len(await found_by(db, owner.app_id, search)) == 1, search

    async with db.write() as tx:
        await delete_sessions(tx, owner.app_id, ["before"])
    assert await found_by(db, owner.app_id, "quux") == []
    for search in ("ohara", "zebulon", personal_call.CUSTOM):
        assert await found_by(db, owner.app_id, search) == ["Zebulon Ohara"], search

    async with db.write() as tx:
        await delete_sessions(tx, owner.app_id, ["since"])
    assert await found_by(db, owner.app_id, personal_call.CUSTOM) == []
