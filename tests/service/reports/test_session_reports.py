"""The fold of a whole session, and what is left of it when it is cut off at any step."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import EpochMs
from aftercall.core.quality.report.fold import FOLD_VERSION
from aftercall.core.records import StoredReport
from aftercall.service.reports.peer_reports import Reports
from aftercall.service.reports.session_reports import SessionReports
from aftercall.store import reports, samples
from aftercall.store.engine.database import Database
from aftercall.store.reports import PROVISIONAL
from aftercall.store.sessions import facets
from tests.stored_calls import PEOPLE, lossy_call, store_call

CALL = lossy_call(minutes=4)


class Killed(Exception):
    """Simulates the end of the process."""


class DyingDatabase:
    """A database whose process ends after so many writes, before the next commit."""

    def __init__(self, db: Database, *, writes: int, then: type[BaseException] = Killed) -> None:
        self._db = db
        self._writes = writes
        self._then = then

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        async with self._db.read() as tx:
            yield tx

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        async with self._db.write() as tx:
            yield tx
            if self._writes == 0:
                raise self._then
        self._writes -= 1


def _clock() -> EpochMs:
    return CALL.end_at


def _folding(db: Database | DyingDatabase) -> SessionReports:
    return SessionReports(db=db, clock=_clock)  # type: ignore[arg-type]


async def _documents(db: Database) -> dict[str, StoredReport]:
    async with db.read() as tx:
        found = await reports.reports_of_session(tx, "app", "session")
    return {each.peer_id: each for each in found}


async def _unmerged(db: Database) -> set[str]:
    async with db.read() as tx:
        return await samples.unmerged_peers(tx, "app", "session")


async def test_a_fold_merges_the_samples_of_every_peer(db: Database) -> None:
    await store_call(db, CALL, "app")
    assert await _unmerged(db) == set(PEOPLE)
    assert await _folding(db).fold_session("app", "session") == len(PEOPLE)
    assert await _unmerged(db) == set()
    assert {each.fold_version for each in (await _documents(db)).values()} == {FOLD_VERSION}


async def test_a_fold_interrupted_at_any_write_continues_to_the_same_result(db: Database) -> None:
    await store_call(db, CALL, "app")
    for done in range(len(PEOPLE) + 1):
        # The first process commits nothing, each later one a single write.
        with pytest.raises(Killed):
            await _folding(DyingDatabase(db, writes=min(done, 1))).fold_session("app", "session")
        found = await _documents(db)
        assert len(found) == done
        assert {each.fold_version for each in found.values()} <= {PROVISIONAL}
        assert await _unmerged(db) == set(PEOPLE) - found.keys()
        async with db.read() as tx:
            assert await facets.find_digests(tx, "app", "session") == {}
    await _folding(DyingDatabase(db, writes=1)).fold_session("app", "session")
    resumed = {id: each.document for id, each in (await _documents(db)).items()}
    async with db.write() as tx:
        await reports.delete_other_reports(tx, "app", "session", [])
    await _folding(db).fold_session("app", "session")
    assert {id: each.document for id, each in (await _documents(db)).items()} == resumed


async def test_a_continued_fold_reads_no_samples_again(db: Database) -> None:
    await store_call(db, CALL, "app")
    with pytest.raises(Killed):
        await _folding(DyingDatabase(db, writes=len(PEOPLE))).fold_session("app", "session")
    async with db.write() as tx:
        # Nothing is left to fold from but what the provisional reports hold.
        nothing = "X'00'" if tx.dialect.name == "sqlite" else "'\\x00'::bytea"
        await tx.exec_driver_sql(f"UPDATE segments SET body = {nothing}")
    assert await _folding(db).fold_session("app", "session") == len(PEOPLE)
    assert {each.fold_version for each in (await _documents(db)).values()} == {FOLD_VERSION}


async def test_a_provisional_report_is_not_returned_and_counts_as_old(db: Database) -> None:
    await store_call(db, CALL, "app")
    with pytest.raises(Killed):
        await _folding(DyingDatabase(db, writes=1)).fold_session("app", "session")
    (provisional,) = (await _documents(db)).values()
    assert provisional.fold_version == PROVISIONAL
    live = await Reports(db=db, clock=_clock).peer_report("app", provisional.peer_id)
    assert not live.verdict.is_final
    assert live.verdict.diagnosis
    progress = [step async for step in _folding(db).refold()]
    assert [(step.sessions, step.reports) for step in progress] == [(1, len(PEOPLE))]
    stored = await Reports(db=db, clock=_clock).peer_report("app", provisional.peer_id)
    assert stored.verdict.is_final


async def test_a_cancelled_fold_leaves_what_was_committed(db: Database) -> None:
    await store_call(db, CALL, "app")
    stopping = DyingDatabase(db, writes=2, then=asyncio.CancelledError)
    folding = asyncio.create_task(_folding(stopping).fold_session("app", "session"))
    await asyncio.wait([folding])
    assert folding.cancelled()
    assert len(await _documents(db)) == 2
    assert await _folding(db).fold_session("app", "session") == len(PEOPLE)
    assert {each.fold_version for each in (await _documents(db)).values()} == {FOLD_VERSION}
    assert await _unmerged(db) == set()


async def test_an_unknown_session_has_no_reports(db: Database) -> None:
    assert await _folding(db).fold_session("app", "nothing") == 0
