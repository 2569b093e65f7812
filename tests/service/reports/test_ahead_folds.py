"""Open pages find what came since their last look folded."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from aftercall.core.instants import EpochMs
from aftercall.core.lifecycle.presence import by_participant
from aftercall.core.overview.digest import Digest
from aftercall.core.quality.experience.time_scale import scale_of
from aftercall.core.quality.report.peer_fold import PeerAccumulator, PeerFold
from aftercall.core.records import Participant, Peer
from aftercall.service.reports.ahead_folds import OPEN_MS, AheadFolds
from aftercall.service.reports.digests import Digests
from aftercall.service.reports.peer_reports import Reports
from aftercall.store import participants, peers, samples
from aftercall.store.engine.database import Database
from aftercall.store.samples import SampleRow
from aftercall.store.sessions.rows import find_session
from tests.core.quality.synthetic_call import CALL_START
from tests.stored_calls import PEOPLE, lossy_call, store_call

KEY = ("app", "session")


@dataclass
class OpenPage:
    """A live session and who looks at its page."""

    db: Database
    now: EpochMs = lossy_call(minutes=1).end_at
    rows: list[Participant] = field(default_factory=list)
    peers_of: dict[str, list[Peer]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.reports = Reports(db=self.db, clock=lambda: self.now)
        self.ahead = AheadFolds(reports=self.reports, clock=lambda: self.now)

    async def look(self) -> dict[str, Digest]:
        async with self.db.read() as tx:
            self.rows = await participants.participants_of_session(tx, *KEY)
            self.peers_of = by_participant(await peers.peers_of_session(tx, *KEY))
        self.ahead.look(KEY)
        self.ahead.update(KEY, self.rows, self.peers_of)
        return await self.digests(self.reports)

    async def digests(self, reports: Reports) -> dict[str, Digest]:
        scale = scale_of(CALL_START, self.now)
        return await reports.digests_together(self.rows, self.peers_of, scale)

    async def receive(self, name: str) -> None:
        """One more report of that participant."""
        last = lossy_call(minutes=2).facts(name).samples[-1]
        row = SampleRow("app", name, "session", last.sequence, last.at, self.now, last.body)
        async with self.db.write() as tx:
            await samples.append(tx, [row])


@pytest.fixture
async def page(db: Database) -> OpenPage:
    await store_call(db, lossy_call(minutes=1), "app", is_live=True)
    return OpenPage(db)


@pytest.fixture
def folded(monkeypatch: pytest.MonkeyPatch) -> list[PeerAccumulator]:
    """Whose samples were folded, one entry for each fold."""
    found: list[PeerAccumulator] = []
    fold = PeerAccumulator.fold

    def noted(self: PeerAccumulator, *args: Any, **options: Any) -> PeerFold:
        found.append(self)
        return fold(self, *args, **options)

    monkeypatch.setattr(PeerAccumulator, "fold", noted)
    return found


async def test_what_comes_between_looks_is_folded_once(
    page: OpenPage, folded: list[PeerAccumulator]
) -> None:
    await page.look()
    assert len(folded) == len(PEOPLE)
    await page.receive("ada")
    await page.ahead.fold_once(asyncio.Event())
    assert len(folded) == len(PEOPLE) + 1
    await page.ahead.fold_once(asyncio.Event())
    found = await page.look()
    assert len(folded) == len(PEOPLE) + 1
    assert found == await page.digests(Reports(db=page.db, clock=lambda: page.now))


async def test_nothing_is_folded_ahead_for_a_page_that_is_not_open(
    page: OpenPage, folded: list[PeerAccumulator]
) -> None:
    await page.look()
    page.ahead.update(("app", "other"), page.rows, page.peers_of)
    await page.receive("ada")
    page.now = EpochMs(page.now + OPEN_MS)
    await page.ahead.fold_once(asyncio.Event())
    assert len(folded) == len(PEOPLE)


async def test_a_look_at_a_page_opens_it(
    page: OpenPage, folded: list[PeerAccumulator], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aftercall.service.reports.ahead_folds.EVERY_S", 0)
    digests = Digests(db=page.db, clock=lambda: page.now, reports=page.reports)
    async with page.db.read() as tx:
        session = await find_session(tx, *KEY)
    assert session is not None
    stop = asyncio.Event()
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        group.create_task(digests.run(stop))
        await asyncio.sleep(0)
        await digests.session_digest_of(session)
        await digests.live_session_digest(session)
        await page.receive("ada")
        for _ in range(10_000):
            async with page.db.read() as tx:
                await find_session(tx, *KEY)
            if len(folded) > len(PEOPLE):
                break
        stop.set()
    assert len(folded) == len(PEOPLE) + 1


async def test_folding_ahead_ends_with_the_server(page: OpenPage) -> None:
    await page.look()
    await page.receive("ada")
    stop = asyncio.Event()
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        group.create_task(page.ahead.run(stop))
        await asyncio.sleep(0)
        stop.set()
