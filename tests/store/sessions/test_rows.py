"""Sessions: creation, end, and how they are found."""

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import DAY_MS, EpochMs, day_of
from aftercall.core.list_queries import SessionQuery
from aftercall.core.records import EndReason, SessionKind
from aftercall.store.engine.database import Database
from aftercall.store.sessions import rows as session_rows
from aftercall.store.sessions.day_counts import EVERY_SIZE
from aftercall.store.sessions.pages import list_sessions
from aftercall.store.tables import schema
from tests.store.record_builder import T0, ended, session


async def tallies(tx: AsyncConnection) -> list[tuple[Any, ...]]:
    t = schema.session_tallies.c
    rows = await tx.execute(
        select(t.app_id, t.day, t.total_participants, t.sessions, t.minutes)
        .where(t.sessions != 0, t.total_participants >= 0)
        .order_by(t.app_id, t.day, t.total_participants)
    )
    return [tuple(row) for row in rows]


async def test_a_session_is_loaded_as_last_saved(db: Database) -> None:
    first = session("s", kind=SessionKind.LIVESTREAM, minutes_by_view={"GROUP_CALL": 1.5})
    last = ended(first, 5_000, deadline_at=None, minutes_consumed=12.3456, total_participants=3)
    async with db.write() as tx:
        assert await session_rows.insert_session(tx, first)
        assert await session_rows.find_session(tx, "a", "s") == first
        await session_rows.save_session(tx, last)
        assert await session_rows.find_session(tx, "a", "s") == last
        assert await session_rows.lock_session(tx, "a", "s") == last
        assert await session_rows.find_session(tx, "b", "s") is None
        assert await session_rows.lock_session(tx, "b", "s") is None
        assert await session_rows.find_sessions(tx, "a", ["s", "t"]) == {"s": last}


async def test_twenty_concurrent_inserts_make_one_session(db: Database) -> None:
    async def insert(number: int) -> bool:
        async with db.write() as tx:
            return await session_rows.insert_session(tx, session(f"s{number}"))

    inserted = await asyncio.gather(*(insert(number) for number in range(20)))
    assert inserted.count(True) == 1
    async with db.read() as tx:
        found = await session_rows.find_current_session(tx, "a", "m")
    assert found is not None
    assert inserted[int(found.id[1:])]


async def test_a_meeting_can_have_another_session_after_the_last_has_ended(db: Database) -> None:
    async with db.write() as tx:
        assert await session_rows.insert_session(tx, session("s1"))
        assert not await session_rows.insert_session(tx, session("s2"))
        assert await session_rows.insert_session(tx, session("s3", app_id="b"))
        await session_rows.save_session(tx, ended(session("s1"), 1_000))
        assert await session_rows.find_current_session(tx, "a", "m") is None
        assert await session_rows.insert_session(tx, session("s2"))
    with pytest.raises(IntegrityError):
        async with db.write() as tx:
            await session_rows.save_session(tx, session("s4"))


async def test_a_second_lock_waits_for_the_first(db: Database) -> None:
    async with db.write() as tx:
        await session_rows.insert_session(tx, session("s"))

    async def count_one() -> None:
        async with db.write() as tx:
            found = await session_rows.lock_session(tx, "a", "s")
            assert found is not None
            await session_rows.save_session(
                tx, replace(found, total_participants=found.total_participants + 1)
            )

    await asyncio.gather(*(count_one() for _ in range(12)))
    async with db.read() as tx:
        found = await session_rows.find_session(tx, "a", "s")
    assert found is not None
    assert found.total_participants == 12


async def test_a_session_is_found_by_time_including_its_keep_alive(db: Database) -> None:
    emptied = ended(session("s1", at=0, keep_alive_s=60), 10_000, EndReason.EMPTIED)
    closed = ended(session("s2", at=100_000, keep_alive_s=60), 10_000)
    async with db.write() as tx:
        await session_rows.save_session(tx, emptied)
        await session_rows.save_session(tx, closed)
        await session_rows.save_session(tx, session("s3", at=200_000))

    async def at(moment: int) -> str | None:
        async with db.read() as tx:
            found = await session_rows.find_session_covering(tx, "a", "m", EpochMs(T0 + moment))
        return None if found is None else found.id

    assert await at(-1) is None
    assert await at(0) == "s1"
    assert await at(70_000) == "s1"
    assert await at(70_001) is None
    assert await at(110_000) == "s2"
    assert await at(110_001) is None
    assert await at(200_001) is None


async def test_children_and_past_deadlines_are_found(db: Database) -> None:
    async with db.write() as tx:
        for number, deadline_at in enumerate((500, None, 300, 400)):
            child = session(
                f"s{number}",
                f"m{number}",
                at=number,
                parent_session_id="hall" if number % 2 else None,
                deadline_at=deadline_at,
                app_id="b" if number == 2 else "a",
            )
            await session_rows.insert_session(tx, child)
    async with db.read() as tx:
        children = await session_rows.children_of(tx, "a", "hall")
        assert [child.id for child in children] == ["s1", "s3"]
        past = await session_rows.past_deadline(tx, EpochMs(400), 10)
        assert [one.id for one in past] == ["s2", "s3"]
        assert [one.id for one in await session_rows.past_deadline(tx, EpochMs(999), 1)] == ["s2"]


async def test_ended_sessions_are_counted_once_despite_repeated_saves(db: Database) -> None:
    live = session("s1", total_participants=2)
    async with db.write() as tx:
        await session_rows.insert_session(tx, live)
        assert await tallies(tx) == []
        done = ended(live, 9_000, total_participants=4, minutes_consumed=1.5)
        await session_rows.save_session(tx, done)
        await session_rows.save_session(tx, done)
        day = day_of(EpochMs(T0))
        assert await tallies(tx) == [("a", day, 4, 1, 1.5)]
        await session_rows.save_session(
            tx, replace(done, total_participants=5, minutes_consumed=2.0)
        )
        assert await tallies(tx) == [("a", day, 5, 1, 2.0)]
        late = replace(done, id="s2", created_at=EpochMs(T0 + DAY_MS))
        await session_rows.save_session(tx, late)
        assert await tallies(tx) == [("a", day, 5, 1, 2.0), ("a", day + 1, 4, 1, 1.5)]
        t = schema.session_tallies.c
        together = select(t.day, t.sessions, t.minutes).where(t.total_participants == EVERY_SIZE)
        rows = await tx.execute(together.order_by(t.day))
        assert [tuple(row) for row in rows] == [(day, 1, 2.0), (day + 1, 1, 1.5)]


async def test_sessions_that_end_concurrently_are_all_counted(db: Database) -> None:
    async def end(number: int) -> None:
        async with db.write() as tx:
            one = session(f"s{number}", f"m{number}", total_participants=number % 2)
            await session_rows.save_session(tx, ended(one, 9_000, minutes_consumed=0.5))

    await asyncio.gather(*(end(number) for number in range(20)))
    async with db.read() as tx:
        assert [row[2:] for row in await tallies(tx)] == [(0, 10, 5.0), (1, 10, 5.0)]


async def test_a_new_title_is_found_only_by_its_new_words(db: Database) -> None:
    async def found(word: str) -> int:
        query = SessionQuery(app_id="a", search=word)
        async with db.read() as tx:
            return (await list_sessions(tx, query)).total

    async with db.write() as tx:
        await session_rows.insert_session(tx, session("s", title="Café society"))
        await session_rows.insert_session(tx, session("t", "n", title="Other society"))
    assert [await found(word) for word in ("cafe", "soc", "high")] == [1, 2, 0]
    async with db.write() as tx:
        await session_rows.save_session(tx, session("s", title="High Society"))
    assert [await found(word) for word in ("cafe", "soc", "high")] == [0, 2, 1]
