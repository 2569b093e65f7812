"""Erased people are recognised by keyed hashes of their ids, and nobody else is."""

import pytest

from aftercall.core.errors import Malformed, Refused
from aftercall.core.privacy_records import Erasure
from aftercall.service.erased_people import MOST_ID, ErasedPeople, PersonHashes, PersonIds
from aftercall.store import erasures
from aftercall.store.engine.database import Database
from tests.recorder_harness import NOON

HASHES = PersonHashes("a key")


async def erase(db: Database, people: ErasedPeople, app_id: str, ids: PersonIds) -> None:
    async with db.write() as tx:
        hashes = await people.hashes(tx)
        await erasures.save(
            tx,
            Erasure(
                app_id=app_id,
                id=f"erasure of {ids}",
                requested_at=NOON,
                requested_by="cli",
                hashes=hashes.of_request(app_id, ids),
            ),
        )


def test_a_hash_depends_on_key_app_kind_and_id() -> None:
    ids = PersonIds("x", "x")
    custom, user = HASHES.of_request("app", ids)
    assert len({custom, user, HASHES.of_user("app", "x")}) == 3
    assert custom not in HASHES.of_request("other", ids)
    assert custom not in PersonHashes("another key").of_request("app", ids)
    assert "x" not in (custom, user)


def test_the_parts_of_a_hash_cannot_be_moved_into_one_another() -> None:
    one = HASHES.of_request("a", PersonIds("b\0custom_participant_id\0c"))
    other = HASHES.of_request("a\0custom_participant_id\0b", PersonIds("c"))
    assert one != other


@pytest.mark.parametrize("ids", [PersonIds(), PersonIds("", ""), PersonIds("x" * (MOST_ID + 1))])
def test_a_request_names_somebody_by_ids_that_could_have_been_sent(ids: PersonIds) -> None:
    with pytest.raises(Malformed):
        ids.check()


async def test_only_the_named_person_of_the_named_app_is_refused(db: Database) -> None:
    people = ErasedPeople()
    await erase(db, people, "app", PersonIds("ada"))
    async with db.write() as tx:
        with pytest.raises(Refused) as refused:
            await people.refuse(tx, "app", PersonIds("ada", "any user id"))
        assert refused.value.code == "person_erased"
        for app_id, ids in (
            ("other", PersonIds("ada")),
            ("app", PersonIds("bea")),
            ("app", PersonIds(None, "ada")),
            ("app", PersonIds()),
        ):
            await people.refuse(tx, app_id, ids)


async def test_another_process_recognises_them_by_the_stored_key(db: Database) -> None:
    await erase(db, ErasedPeople(), "app", PersonIds(None, "u-1"))
    async with db.write() as tx:
        found = await ErasedPeople().find(tx, "app", [PersonIds("x", "u-1"), PersonIds("x")])
    assert found == {PersonIds("x", "u-1")}
