"""The audit log: acts with their transaction, reads a moment later, none older than it is kept."""

import asyncio

import pytest

from aftercall.core.instants import DAY_MS, EpochMs
from aftercall.service.audit import CLI, Act, Actor, AuditLog, record_act
from aftercall.store.engine.database import Database
from tests.manual_clock import ManualClock


def log_of(db: Database, clock: ManualClock, *, keep_days: int = 0) -> AuditLog:
    return AuditLog(db, clock=clock, keep_days=keep_days)


async def listed(log: AuditLog, app_id: str = "app", *, with_account: bool = False) -> list[str]:
    found = await log.list_entries(
        "account", app_id, before=None, limit=100, with_account=with_account
    )
    return [f"{each.actor} {each.action} {each.object}" for each in found]


async def test_an_act_is_written_with_its_transaction_or_not_at_all(db: Database) -> None:
    log = log_of(db, ManualClock())
    with pytest.raises(RuntimeError):
        async with db.write() as tx:
            await record_act(tx, CLI, Act.ERASE_PERSON, "account", "app", "e-1", EpochMs(1))
            raise RuntimeError
    async with db.write() as tx:
        await record_act(tx, CLI, Act.ERASE_PERSON, "account", "app", "e-2", EpochMs(2))
    assert await listed(log) == ["cli erase_person e-2"]


async def test_reads_are_written_together_and_each_is_kept(db: Database) -> None:
    clock = ManualClock()
    log = log_of(db, clock)
    for _ in range(3):
        log.note_read(Actor("token-1"), Act.READ_CHAT, "account", "app", "session-1")
    await asyncio.gather(log.flush(), log.flush())
    assert await listed(log) == ["token-1 read_chat session-1"] * 3
    assert await listed(log, "other app") == []


async def test_what_waits_is_written_when_the_log_stops(db: Database) -> None:
    clock, stop = ManualClock(), asyncio.Event()
    log = log_of(db, clock)
    running = asyncio.create_task(log.run(stop))
    log.note_read(Actor("token-1"), Act.READ_SUMMARY, "account", "app", "session-1")
    stop.set()
    await running
    assert await listed(log_of(db, clock)) == ["token-1 read_summary session-1"]


async def test_acts_of_a_whole_account_are_listed_for_those_who_may_see_them(db: Database) -> None:
    log = log_of(db, ManualClock())
    async with db.write() as tx:
        await record_act(tx, CLI, Act.CREATE_TOKEN, "account", None, "token-2", EpochMs(1))
        await record_act(tx, CLI, Act.CREATE_TOKEN, "account", "app", "token-3", EpochMs(2))
        await record_act(tx, CLI, Act.CREATE_TOKEN, "other", "app-2", "token-4", EpochMs(3))
    assert await listed(log) == ["cli create_token token-3"]
    assert await listed(log, with_account=True) == [
        "cli create_token token-3",
        "cli create_token token-2",
    ]


async def test_pages_follow_one_another(db: Database) -> None:
    log = log_of(db, ManualClock())
    async with db.write() as tx:
        for number in range(5):
            at = EpochMs(number // 2)
            await record_act(tx, CLI, Act.DELETE_SESSION, "account", "app", f"s-{number}", at)
    seen: list[str] = []
    before = None
    while page := await log.list_entries(
        "account", "app", before=before, limit=2, with_account=True
    ):
        seen += [entry.object for entry in page]
        before = (page[-1].at, page[-1].id)
    assert sorted(seen) == [f"s-{number}" for number in range(5)]


async def test_entries_are_deleted_when_they_are_older_than_they_are_kept(db: Database) -> None:
    clock = ManualClock()
    log = log_of(db, clock, keep_days=30)
    async with db.write() as tx:
        for days in range(0, 60, 1):
            at = EpochMs(clock.now - days * DAY_MS)
            await record_act(tx, CLI, Act.DELETE_SESSION, "account", "app", f"s-{days}", at)
    assert await log.delete_old() == 29
    assert len(await listed(log)) == 31
    assert await log_of(db, clock).delete_old() == 0
