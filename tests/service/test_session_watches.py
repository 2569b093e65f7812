"""A look at a session is noted, and seldom written."""

from aftercall.core.instants import EpochMs
from aftercall.service.session_watches import WATCH_MS, SessionWatches
from aftercall.store import watches
from aftercall.store.engine.database import Database
from tests.manual_clock import ManualClock


async def watched_until(db: Database, session_id: str) -> EpochMs | None:
    async with db.read() as tx:
        return await watches.find_watch(tx, "app", session_id)


async def test_a_look_is_noted_for_a_minute(db: Database) -> None:
    clock = ManualClock(EpochMs(1_000))
    await SessionWatches(db=db, clock=clock).look("app", "s")
    assert await watched_until(db, "s") == 1_000 + WATCH_MS
    assert await watched_until(db, "t") is None


async def test_looks_that_follow_at_once_write_nothing(db: Database) -> None:
    clock = ManualClock(EpochMs(1_000))
    noted = SessionWatches(db=db, clock=clock)
    await noted.look("app", "s")
    clock.now = EpochMs(9_000)
    await noted.look("app", "s")
    assert await watched_until(db, "s") == 1_000 + WATCH_MS
    # Another process notes its own.
    await SessionWatches(db=db, clock=clock).look("app", "s")
    assert await watched_until(db, "s") == 9_000 + WATCH_MS


async def test_a_database_that_is_away_does_not_stop_who_looks(own_db: Database) -> None:
    await own_db.close()
    noted = SessionWatches(db=own_db, clock=ManualClock(EpochMs(1_000)))
    await noted.look("app", "s")
