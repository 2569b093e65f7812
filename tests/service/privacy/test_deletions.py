"""A deletion goes on where it was killed, and waits for nothing but calls that go on."""

from pathlib import Path

import pytest

from aftercall.core.errors import Malformed, NotFound
from aftercall.service.audit import CLI
from aftercall.service.privacy import deletions
from aftercall.service.privacy.deletions import DELETE_ALL
from aftercall.store import deletion
from aftercall.store.engine.database import Database
from aftercall.store.sessions import rows as session_rows
from aftercall.work.tasks import tasks_of
from tests.service.privacy.erasure_harness import broken, rows_of, run_jobs
from tests.service.privacy.personal_call import record_call
from tests.web.conftest import build_server as build_server
from tests.web.rest_server import ApiClient, BuildServer, RestServer

SESSIONS = ("one", "two", "three")


@pytest.fixture
def server(build_server: BuildServer, tmp_path: Path) -> RestServer:
    return build_server(data_dir=tmp_path)


@pytest.fixture
async def owner(server: RestServer) -> ApiClient:
    """The owner of an app with three ended sessions of one meeting."""
    made = await server.new_client()
    for session_id in SESSIONS:
        await record_call(server, made, session_id=session_id)
    await run_jobs(server)
    return made


async def sessions_left(db: Database, owner: ApiClient) -> set[str]:
    async with db.read() as tx:
        return {
            id
            for id in SESSIONS
            if await session_rows.find_session(tx, owner.app_id, id) is not None
        }


async def test_a_job_that_is_killed_between_two_sessions_goes_on(
    db: Database, server: RestServer, owner: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletions, "AT_ONCE", 1)
    services = server.services
    await services.deletions.delete_meeting(owner.account_id, owner.app_id, "weekly", CLI)
    payload = {"app_id": owner.app_id, "meeting_id": "weekly"}
    ended = deletion.ended_sessions

    async def killed(*given: object) -> object:
        if len(await sessions_left(db, owner)) == 1:
            raise KeyboardInterrupt
        return await ended(*given)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(deletion, "ended_sessions", killed)
        with pytest.raises(KeyboardInterrupt):
            await services.deletions.carry_out(payload)
    assert len(await sessions_left(db, owner)) == 1
    assert await broken(db) == []

    await tasks_of(services)[DELETE_ALL].run(payload)
    assert await sessions_left(db, owner) == set()
    assert await broken(db) == []
    assert await rows_of(db, "SELECT peer_id FROM segments") == []


async def test_what_is_live_is_named_and_not_deleted(
    db: Database, server: RestServer, owner: ApiClient
) -> None:
    await record_call(server, owner, session_id="live", meeting_id="daily", is_over=False)
    delete, where = server.services.deletions, (owner.account_id, owner.app_id)
    for refused in (
        delete.delete_session(*where, "live", CLI),
        delete.delete_meeting(*where, "daily", CLI),
        delete.delete_app(*where, CLI),
    ):
        with pytest.raises(Malformed) as error:
            await refused
        assert error.value.code == "session_live"
    assert await sessions_left(db, owner) == set(SESSIONS)


async def test_what_is_not_there_is_not_found(server: RestServer, owner: ApiClient) -> None:
    delete, where = server.services.deletions, (owner.account_id, owner.app_id)
    for refused in (
        delete.delete_session(*where, "none", CLI),
        delete.delete_meeting(*where, "none", CLI),
        delete.delete_app("another account", owner.app_id, CLI),
    ):
        with pytest.raises(NotFound):
            await refused
