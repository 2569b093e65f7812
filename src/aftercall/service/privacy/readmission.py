"""Readmits people who were erased and come back with consent: from then on they are recorded
again. What was erased stays erased."""

import asyncio
from pathlib import Path

from msgspec.structs import replace

from aftercall.core.errors import Malformed, NotFound
from aftercall.core.instants import Clock
from aftercall.core.privacy_records import Erasure, ErasureState
from aftercall.service.audit import Act, Actor, record_act
from aftercall.service.erased_people import ErasedPeople, PersonIds
from aftercall.service.privacy.receipts import ReceiptFile
from aftercall.store import erasures
from aftercall.store.engine.database import Database


class Readmissions:
    """The use case of admitting an erased person again."""

    def __init__(
        self, *, db: Database, clock: Clock, data_dir: Path, erased_people: ErasedPeople
    ) -> None:
        self._db = db
        self._clock = clock
        self._file = ReceiptFile(data_dir)
        self._erased_people = erased_people

    async def readmit(
        self, account_id: str, app_id: str, ids: PersonIds, actor: Actor
    ) -> list[Erasure]:
        """Record the person again from now on; returns the receipts of the erasures that no longer
        keep the person out. Raises `NotFound` unless the person was erased, and `Malformed` while
        an erasure goes on, or without an id."""
        ids.check()
        now = self._clock()
        async with self._db.write() as tx:
            hashes = await self._erased_people.hashes(tx)
            found = await erasures.lock_of_person(tx, app_id, hashes.of_request(app_id, ids))
            if not found:
                raise NotFound("Nobody was erased under this id", code="erasure_not_found")
            if any(each.state is not ErasureState.DONE for each in found):
                raise Malformed(
                    "The erasure of this person goes on; wait for its end", code="erasure_running"
                )
            readmitted = [replace(each, readmitted_at=now) for each in found]
            for each in readmitted:
                await erasures.save(tx, each)
                await record_act(tx, actor, Act.READMIT_PERSON, account_id, app_id, each.id, now)
            await erasures.forget_readmitted(tx, app_id)
        for each in readmitted:
            await asyncio.to_thread(self._file.append, hashes.key, each)
        return readmitted
