"""A person who was erased is recorded again once an operator says so."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from aftercall.core.errors import Malformed, NotFound
from aftercall.core.privacy_records import ErasureState
from aftercall.service.audit import CLI
from aftercall.service.erased_people import PersonIds
from aftercall.service.privacy.receipts import ReceiptFile
from aftercall.store.engine.database import Database
from tests.service.privacy.erasure_harness import erase, places_of_seeds, request, run_jobs
from tests.service.privacy.personal_call import CUSTOM, record_call
from tests.web.rest_server import ApiClient, RestServer

ADA = PersonIds(CUSTOM)


async def _readmit(server: RestServer, owner: ApiClient, ids: PersonIds = ADA) -> list[str]:
    found = await server.services.readmissions.readmit(owner.account_id, owner.app_id, ids, CLI)
    return [each.id for each in found]


async def _is_refused(server: RestServer, owner: ApiClient, ids: PersonIds = ADA) -> bool:
    async with server.services.recorder._db.write() as tx:
        return bool(await server.services.erased_people.find(tx, owner.app_id, [ids]))


async def test_a_readmitted_person_is_recorded_and_the_past_stays_erased(
    db: Database, private_server: RestServer
) -> None:
    server = private_server
    owner = await server.new_client()
    await record_call(server, owner)
    await run_jobs(server)
    receipt = await erase(server, owner)
    assert await _is_refused(server, owner)
    assert await _readmit(server, owner) == [receipt.id]
    assert not await _is_refused(server, owner)
    assert await places_of_seeds(db) == set()
    after = await server.services.erasures.find(owner.app_id, receipt.id)
    assert after == replace(receipt, readmitted_at=server.clock.now)
    entries = await server.services.audit_log.list_entries(
        owner.account_id, owner.app_id, before=None, limit=9, with_account=False
    )
    assert ("readmit_person", receipt.id) in {(each.action, each.object) for each in entries}


async def test_every_erasure_of_the_person_is_lifted_and_nobody_elses(
    private_server: RestServer,
) -> None:
    server = private_server
    owner = await server.new_client()
    first = await erase(server, owner, PersonIds(CUSTOM, "user-1"))
    second = await erase(server, owner, PersonIds(None, "user-1"))
    await erase(server, owner, PersonIds("somebody-else"))
    assert set(await _readmit(server, owner)) == {first.id, second.id}
    assert not await _is_refused(server, owner)
    assert not await _is_refused(server, owner, PersonIds(None, "user-1"))
    assert await _is_refused(server, owner, PersonIds("somebody-else"))


async def test_who_was_not_erased_cannot_be_readmitted(private_server: RestServer) -> None:
    server = private_server
    owner, other = await server.new_client(), await server.new_client()
    with pytest.raises(NotFound):
        await _readmit(server, owner)
    with pytest.raises(Malformed):
        await _readmit(server, owner, PersonIds())
    await erase(server, owner)
    with pytest.raises(NotFound):
        await _readmit(server, other)
    await _readmit(server, owner)
    with pytest.raises(NotFound):
        await _readmit(server, owner)


async def test_an_erasure_that_goes_on_is_ended_first(private_server: RestServer) -> None:
    server = private_server
    owner = await server.new_client()
    await request(server, owner)
    with pytest.raises(Malformed):
        await _readmit(server, owner)
    await run_jobs(server)
    assert await _readmit(server, owner)


async def test_a_person_can_be_erased_again(db: Database, private_server: RestServer) -> None:
    server = private_server
    owner = await server.new_client()
    await erase(server, owner)
    await _readmit(server, owner)
    await record_call(server, owner)
    await run_jobs(server)
    assert await places_of_seeds(db) != set()
    await erase(server, owner)
    assert await places_of_seeds(db) == set()
    assert await _is_refused(server, owner)


async def test_receipts_that_are_applied_again_spare_what_came_with_consent(
    db: Database, private_server: RestServer
) -> None:
    server = private_server
    owner = await server.new_client()
    await erase(server, owner)
    await _readmit(server, owner)
    await record_call(server, owner)
    await run_jobs(server)
    before = await places_of_seeds(db)
    assert await server.services.erasures.apply_receipts() == []
    await run_jobs(server)
    assert await places_of_seeds(db) == before != set()


async def test_a_database_from_before_the_erasure_is_erased_and_the_person_admitted(
    db: Database, private_server: RestServer, tmp_path: Path
) -> None:
    server = private_server
    owner = await server.new_client()
    await record_call(server, owner)
    await run_jobs(server)
    # The file of another server, which erased the person and readmitted it.
    async with db.write() as tx:
        hashes = await server.services.erased_people.hashes(tx)
    erasures = server.services.erasures
    receipt = await request(server, owner)
    lifted = replace(receipt, state=ErasureState.DONE, readmitted_at=server.clock.now)
    ReceiptFile(tmp_path).append(hashes.key, lifted)
    applied = await erasures.apply_receipts()
    assert [each.id for each in applied] == [receipt.id]
    assert await _is_refused(server, owner)
    await run_jobs(server)
    assert await places_of_seeds(db) == set()
    assert not await _is_refused(server, owner)
