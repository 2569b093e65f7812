"""What is past its time is deleted, for good, a little at a time, by whoever comes by."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from itertools import pairwise
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import insert, select, text

from aftercall.core.instants import DAY_MS, EpochMs
from aftercall.core.retention import DataKind
from aftercall.service.privacy.removals import ROWS
from aftercall.service.retention.deletion import AT_ONCE, Deletion
from aftercall.store.engine.database import Database
from aftercall.store.tables import schema
from tests.database_bytes import everything_in
from tests.service.retention.session_copies import SessionCopies
from tests.web.ended_and_live_calls import record_calls
from tests.web.intake_harness import IntakeHarness, open_intake
from tests.web.rest_server import RestServer

WORDS = ("Hello", "We agreed on Friday", "Lisbon", "Utrecht", "Nairobi", "guest-0", "192.0.2")


@pytest.fixture
def db(own_db: Database) -> Database:
    return own_db


@pytest.fixture
async def intake(server: RestServer) -> AsyncIterator[IntakeHarness]:
    async with open_intake(server) as intake:
        await record_calls(intake)
        yield intake


async def _keep(intake: IntakeHarness, times: Mapping[str, object], *, days: float = 0) -> None:
    services, app_id = intake.server.services, intake.owner.app_id
    chosen = {"transcripts": 0, "summaries": 0, **times}
    await services.retention_policies.choose(app_id, chosen)
    clock = intake.server.clock
    clock.now = EpochMs(clock.now + round(days * DAY_MS))


async def _broken(intake: IntakeHarness) -> list[Any]:
    return [broken async for broken in intake.server.services.data_check.broken()]


async def _count(db: Database, table: str) -> int:
    async with db.read() as tx:
        rows: int = (await tx.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()
    return rows


TABLES = {
    DataKind.SAMPLES: ["segments"],
    DataKind.REPORTS: ["reports"],
    DataKind.CHAT: ["chat_messages"],
    DataKind.TRANSCRIPTS: ["transcript_lines"],
    DataKind.SUMMARIES: ["summaries"],
    DataKind.SESSIONS: ["segments", "reports", "chat_messages", "transcript_lines", "summaries"],
}


@pytest.mark.parametrize("kind", TABLES, ids=str)
async def test_the_rows_of_a_kind_are_deleted_when_its_time_is_over(
    intake: IntakeHarness, own_db: Database, kind: DataKind
) -> None:
    deletion = intake.server.services.deletion
    await _keep(intake, {kind.value: "1d"}, days=0.5)
    assert not any((await deletion.run()).values())
    before = {name: await _count(own_db, name) for name in TABLES[DataKind.SESSIONS]}
    assert all(before.values())
    (due,) = [each for each in await deletion.count_due() if each.kind is kind]
    assert due.sessions == 0
    await _keep(intake, {kind.value: "1d"}, days=0.6)
    (due,) = [each for each in await deletion.count_due() if each.kind is kind]
    assert due.sessions == 1
    assert due.rows >= 1
    deleted = await deletion.run()
    assert deleted[kind] >= 1
    for name, rows in before.items():
        assert await _count(own_db, name) == (0 if name in TABLES[kind] else rows), name
    assert await _broken(intake) == []
    assert not any((await deletion.run()).values())


async def test_addresses_are_taken_out_of_what_stays(
    intake: IntakeHarness, own_db: Database
) -> None:
    await _keep(intake, {"addresses": "1d"}, days=2)
    deleted = await intake.server.services.deletion.run()
    assert deleted[DataKind.ADDRESSES] >= 3
    async with own_db.read() as tx:
        notes = (await tx.execute(text("SELECT data FROM notes"))).scalars().all()
    assert notes
    assert not [each for each in notes if "Lisbon" in each or "192.0.2" in each]
    assert any('"country"' in each for each in notes)
    assert await _count(own_db, "reports") == 3
    assert await _broken(intake) == []


class Killed(Exception):
    """Stands for `kill -9` between two transactions."""


async def test_a_run_that_is_killed_at_any_point_is_ended_by_the_next(
    intake: IntakeHarness, own_db: Database
) -> None:
    services = intake.server.services
    await _keep(intake, dict.fromkeys([kind.value for kind in DataKind], "1d"), days=2)
    await _keep(intake, {"sessions": "9d"} | dict.fromkeys(("samples", "chat", "reports"), "1d"))
    for times in ({"samples": "1d", "chat": "1d", "reports": "1d"}, {"sessions": "1d"}):
        await _keep(intake, times)
        steps = 0
        is_done = False
        while not is_done:
            steps += 1
            deletion = _deletion(intake, own_db, pause=_killer(1))
            try:
                await deletion.run()
                is_done = True
            except Killed:
                assert await _broken(intake) == []
        assert steps > 2
    assert await _count(own_db, "segments") == 0
    assert await _count(own_db, "data_removals") == 0
    assert not any((await services.deletion.run()).values())


def _deletion(
    intake: IntakeHarness,
    db: Database,
    pause: Callable[[float], Awaitable[object]],
    seconds: Callable[[], float] | None = None,
) -> Deletion:
    """By default each transaction lasts longer than it may, so that it has one step."""
    server = intake.server
    return Deletion(
        db=db,
        clock=server.clock,
        retention=server.services.retention_rule,
        seconds=seconds or iter(range(10**9)).__next__,
        pause=pause,
    )


async def _yield(_seconds: float) -> None:
    """A pause in which the others go on."""
    await asyncio.sleep(0)


def _killer(after: int) -> Callable[[float], Awaitable[object]]:
    left = after

    async def pause(_seconds: float) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed

    return pause


async def test_a_transaction_deletes_a_bounded_number_of_rows(
    intake: IntakeHarness, own_db: Database
) -> None:
    await _add_messages(own_db, 3 * ROWS + 50)
    await _keep(intake, {"chat": "1d"}, days=2)
    drops = await _drops(intake, own_db, "chat_messages")
    assert max(drops) == ROWS
    assert len(drops) >= 4


async def test_a_transaction_marks_a_bounded_number_of_sessions(
    intake: IntakeHarness, own_db: Database
) -> None:
    (over,) = [each for each in await intake.sessions() if each["status"] == "ENDED"]
    copies = await SessionCopies.of(own_db, intake.owner.app_id, over["id"])
    for number in range(2 * AT_ONCE):
        await copies.save(own_db, number, 0)
    await _keep(intake, {"sessions": "1d"}, days=2)
    drops = await _drops(intake, own_db, "sessions")
    assert max(drops) == AT_ONCE
    assert sum(drops) == 2 * AT_ONCE + 1
    assert await _broken(intake) == []


async def _add_messages(db: Database, count: int) -> None:
    """Let a message of the ended session have been sent so many times more."""
    table = schema.chat_messages
    async with db.write() as tx:
        row = (await tx.execute(select(table))).mappings().first()
        assert row is not None
        copies = [{**row, "id": f"{row['id']} {number}"} for number in range(count)]
        await tx.execute(insert(table), copies)


async def _drops(intake: IntakeHarness, db: Database, table: str) -> list[int]:
    """How many rows of a table each transaction of a run deleted, of those that deleted any."""
    counts = [await _count(db, table)]

    async def pause(_seconds: float) -> None:
        counts.append(await _count(db, table))

    await _deletion(intake, db, pause).run()
    counts.append(await _count(db, table))
    return [before - after for before, after in pairwise(counts) if after < before]


async def test_a_transaction_that_somebody_waits_for_ends_after_its_step(
    intake: IntakeHarness, own_db: Database
) -> None:
    if not own_db.is_sqlite:
        pytest.skip("on PostgreSQL many write at once")
    await _keep(intake, {"sessions": "1d"}, days=2)
    deletion = _deletion(intake, own_db, pause=_yield, seconds=lambda: 0.0)
    run = asyncio.create_task(deletion.run())
    noted: list[int] = []
    while not run.done():
        async with own_db.write() as tx:
            rows = await tx.execute(text("SELECT count(*) FROM data_removals"))
            noted.append(rows.scalar_one())
        await asyncio.sleep(0)
    await run
    # By its clock a transaction may go on for ever, and yet others see the removals dwindle.
    assert len(set(noted) - {0, max(noted)}) >= 2


async def test_several_processes_delete_side_by_side(
    intake: IntakeHarness, own_db: Database
) -> None:
    await _keep(intake, {"sessions": "1d"}, days=2)
    results = await asyncio.gather(
        *(_deletion(intake, own_db, pause=_yield).run() for _ in range(3))
    )
    assert sum(each.get(DataKind.SESSIONS, 0) for each in results) >= 1
    assert await _count(own_db, "segments") == 0
    assert await _broken(intake) == []


async def test_the_metrics_tell_the_lag_and_what_was_deleted(
    intake: IntakeHarness,
) -> None:
    services = intake.server.services
    metrics: CollectorRegistry = services.metrics
    await _keep(intake, {"chat": "1d"}, days=2)
    await services.deletion.run()
    assert metrics.get_sample_value("aftercall_retention_lag_seconds") == 0
    deleted = metrics.get_sample_value("aftercall_retention_deleted_rows_total", {"kind": "chat"})
    assert deleted is not None
    assert deleted >= 1


async def _stored_bytes(db: Database) -> list[bytes]:
    """The compressed texts and documents, as they are stored."""
    found: list[bytes] = []
    async with db.read() as tx:
        for table, column in (
            ("chat_messages", "payload"),
            ("transcript_lines", "text"),
            ("segments", "body"),
            ("reports", "document"),
            ("peer_verdicts", "digest"),
        ):
            rows = await tx.execute(text(f"SELECT {column} FROM {table}"))
            found += [bytes(each) for each in rows.scalars()]
    assert len(found) > 9
    return found


async def test_nothing_deleted_is_left_in_file_journal_or_dump(
    intake: IntakeHarness, own_db: Database, own_database_url: str
) -> None:
    stored = await _stored_bytes(own_db)
    before = everything_in(own_database_url)
    words = [word for word in (*(word.encode() for word in WORDS), *stored) if word in before]
    assert len(words) >= 4
    await _keep(intake, {"sessions": "1d"}, days=2)
    await intake.server.services.deletion.run()
    left = everything_in(own_database_url)
    assert [word[:40] for word in words if _middle_of(word) in left] == []


def _middle_of(word: bytes) -> bytes:
    """What distinguishes a word; frames begin alike."""
    return word if len(word) < 60 else word[20:60]
