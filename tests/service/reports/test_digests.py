import asyncio
from itertools import count

import pytest

from aftercall.core.instants import MINUTE_MS, SECOND_MS, EpochMs
from aftercall.core.overview.session_summary import SessionSummary
from aftercall.core.records import Session
from aftercall.service.reports.digests import FRESH_MS, Digests
from aftercall.service.reports.peer_reports import Reports
from aftercall.service.reports.session_reports import SessionReports
from aftercall.store.engine.database import Database
from aftercall.store.sessions import facets
from aftercall.store.sessions.rows import find_session
from tests.stored_calls import PEOPLE, lossy_call, store_call


class DigestServices:
    """A call, and the services that fold and digest it."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.call = lossy_call(minutes=4)
        self.now = self.call.end_at
        self.reports = Reports(db=db, clock=self.clock)
        self.session_reports = SessionReports(db=db, clock=self.clock)
        self.digests = Digests(db=db, clock=self.clock, reports=self.reports)

    def clock(self) -> EpochMs:
        return self.now

    async def summaries(self) -> dict[str, SessionSummary]:
        """What is stored for lists."""
        async with self.db.read() as tx:
            return await facets.find_summaries(tx, "app", ["session"])

    async def session(self, *, is_live: bool) -> Session:
        await store_call(self.db, self.call, "app", is_live=is_live)
        async with self.db.read() as tx:
            found = await find_session(tx, "app", "session")
        assert found is not None
        return found


@pytest.fixture
def services(db: Database) -> DigestServices:
    return DigestServices(db)


async def test_a_folded_session_has_stored_digests(services: DigestServices) -> None:
    session = await services.session(is_live=False)
    assert await services.summaries() == {}
    await services.session_reports.fold_session("app", "session")
    summary = (await services.summaries())["session"]
    assert summary.quality is not None
    assert summary.quality.is_final
    assert [seen.name for seen in summary.participants] == ["Ada", "Bob", "Cyd"]
    found = await services.digests.session_digest_of(session)
    assert [row.id for row, _ in found.participants] == list(PEOPLE)
    assert {digest.scale for _, digest in found.participants} == {found.scale}


async def test_digests_of_a_live_session_are_computed_but_not_stored(
    services: DigestServices,
) -> None:
    session = await services.session(is_live=True)
    await services.session_reports.fold_session("app", "session")
    async with services.db.read() as tx:
        assert await facets.find_digests(tx, "app", "session") == {}
    found = await services.digests.session_digest_of(session)
    assert [digest.is_measured for _, digest in found.participants] == [True] * 3
    summary = (await services.digests.live_summaries_of([session]))["session"]
    assert summary.quality is not None
    assert not summary.quality.is_final


async def test_the_last_live_digests_equal_the_stored_ones(services: DigestServices) -> None:
    live = await services.digests.session_digest_of(await services.session(is_live=True))
    ended = await services.session(is_live=False)
    await services.session_reports.fold_session("app", "session")
    kept = await services.digests.session_digest_of(ended)
    for (row, before), (other, after) in zip(live.participants, kept.participants, strict=True):
        assert row.id == other.id
        assert before.levels == after.levels
        assert before.level == after.level


async def test_a_live_session_is_measured_again_after_its_freshness_ends(
    services: DigestServices,
) -> None:
    session = await services.session(is_live=True)
    first = await services.digests.live_session_digest(session)
    services.now = EpochMs(services.now + FRESH_MS - 1)
    assert await services.digests.live_session_digest(session) is first
    services.now = EpochMs(services.now + 1)
    assert await services.digests.live_session_digest(session) is not first


async def test_lists_do_not_wait_for_a_running_measurement(services: DigestServices) -> None:
    session = await services.session(is_live=True)
    stop = asyncio.Event()
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        group.create_task(services.digests.run(stop))
        await asyncio.sleep(0)
        assert await services.digests.live_summaries_of([session]) == {}
        found = {}
        for _ in range(10_000):
            async with services.db.read() as tx:
                await find_session(tx, "app", "session")
            if found := await services.digests.live_summaries_of([session]):
                break
        stop.set()
    assert found["session"].quality is not None


async def test_a_page_does_not_wait_for_a_long_measurement(
    services: DigestServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aftercall.service.reports.digests.PATIENCE_S", 0)
    session = await services.session(is_live=True)
    stop = asyncio.Event()
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        group.create_task(services.digests.run(stop))
        await asyncio.sleep(0)
        first = await services.digests.session_digest_of(session)
        assert first.participants == []
        made = await services.digests.live_session_digest(session)
        services.now = EpochMs(services.now + MINUTE_MS)
        later = await services.digests.session_digest_of(session)
        assert later is made and len(later.participants) == len(PEOPLE)
        stop.set()
    whole = await services.digests.session_digest_of(session)
    assert len(whole.participants) == len(PEOPLE)


async def test_digests_cover_the_whole_session_beyond_the_last_report(
    services: DigestServices,
) -> None:
    session = await services.session(is_live=True)
    services.now = EpochMs(services.now + 10 * MINUTE_MS)
    found = await services.digests.live_session_digest(session)
    assert found.scale.to_at >= services.now
    last = found.participants[0][1].mos_audio[-(5 * MINUTE_MS // (10 * SECOND_MS)) :]
    assert set(last) == {None}


async def test_a_third_caller_shares_the_digest_of_the_second_when_the_first_is_done(
    services: DigestServices,
) -> None:
    session = await services.session(is_live=True)
    looks = count(1)

    def clock() -> EpochMs:
        # Both checks of the first caller are at one time, at which the second finds it stale.
        return EpochMs(services.now + (FRESH_MS if next(looks) > 2 else 0))

    digests = Digests(db=services.db, clock=clock, reports=services.reports)
    first = asyncio.create_task(digests.live_session_digest(session))
    second = asyncio.create_task(digests.live_session_digest(session))
    done = await first
    third = await digests.live_session_digest(session)
    found = await second
    assert found is not done
    assert third is found
