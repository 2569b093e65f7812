import pytest

from aftercall.core.errors import NotFound
from aftercall.service.session_lookup import find_existing_session
from aftercall.store.engine.database import Database
from aftercall.store.sessions.rows import save_session
from tests.stored_calls import lossy_call, session_of


async def test_a_session_is_found_only_in_its_own_app(db: Database) -> None:
    session = session_of(lossy_call(minutes=1), "app")
    async with db.write() as tx:
        await save_session(tx, session)
    async with db.read() as tx:
        assert (await find_existing_session(tx, "app", session.id)).id == session.id
        for app_id, id in (("other", session.id), ("app", "nothing")):
            with pytest.raises(NotFound) as refused:
                await find_existing_session(tx, app_id, id)
            assert refused.value.code == "session_not_found"
            assert id in refused.value.message
