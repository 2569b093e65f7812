"""Watches: until when a session is watched, and that past ones are deleted."""

from sqlalchemy import func, select

from aftercall.core.instants import EpochMs
from aftercall.store import watches
from aftercall.store.engine.database import Database
from aftercall.store.tables import schema


async def watch(db: Database, session_id: str, until: int, now: int, app_id: str = "a") -> None:
    async with db.write() as tx:
        await watches.save_watch(tx, app_id, session_id, until=EpochMs(until), now=EpochMs(now))


async def test_a_watch_is_of_one_session_of_one_app_and_is_extended(db: Database) -> None:
    await watch(db, "s", 60, 0)
    await watch(db, "s", 80, 20)
    async with db.read() as tx:
        assert await watches.find_watch(tx, "a", "s") == 80
        assert await watches.find_watch(tx, "a", "t") is None
        assert await watches.find_watch(tx, "b", "s") is None


async def test_watches_that_are_past_are_deleted_with_the_next_one(db: Database) -> None:
    for number in range(5):
        await watch(db, f"s{number}", 60 + number, 0)
    await watch(db, "t", 122, 62)
    async with db.read() as tx:
        left = await tx.execute(select(func.count()).select_from(schema.session_watches))
        assert left.scalar_one() == 4
        assert await watches.find_watch(tx, "a", "s2") == 62
