"""A run of retention that is killed again and again leaves nothing half deleted, and goes on."""

import asyncio
import signal
from pathlib import Path

import pytest
from sqlalchemy import text

from aftercall.store.engine.database import Database
from tests.acceptance.personal_calls import CALLS, record_calls
from tests.acceptance.server import PROGRAM, command, environment
from tests.database_bytes import everything_in
from tests.service.privacy.erasure_harness import places_of_seeds
from tests.service.privacy.personal_call import SEEDS, TITLE

pytestmark = pytest.mark.acceptance

KILLS = 3
TABLES = ("sessions", "segments", "reports", "chat_messages", "transcript_lines", "notes")


async def counts_of(db: Database, *tables: str) -> list[int]:
    counts = ", ".join(f"(SELECT count(*) FROM {table})" for table in tables)
    async with db.read() as tx:
        return list((await tx.execute(text(f"SELECT {counts}"))).one())


async def run_and_kill(db: Database, env: dict[str, str]) -> bool:
    """Start a run and kill it when it has deleted something; whether it was killed."""
    before = await counts_of(db, *TABLES)
    process = await asyncio.create_subprocess_exec(PROGRAM, "retain", env=environment(env))
    while process.returncode is None:
        if await counts_of(db, *TABLES) != before:
            process.send_signal(signal.SIGKILL)
            break
        await asyncio.sleep(0.005)
    return await process.wait() == -signal.SIGKILL


async def test_a_run_survives_kills_and_leaves_nothing(
    own_database_url: str, tmp_path: Path
) -> None:
    await record_calls(own_database_url, tmp_path)
    env = {"AFTERCALL_DATABASE_URL": own_database_url}
    db = await Database.open(own_database_url)
    chosen = await asyncio.to_thread(command, "app", "set", "--retention", "sessions=1s", env=env)
    assert chosen.returncode == 0, chosen.stderr
    assert (await counts_of(db, "sessions")) == [CALLS]
    assert 0 not in await counts_of(db, *TABLES)

    killed = 0
    while killed < KILLS and await run_and_kill(db, env):
        killed += 1
        checked = await asyncio.to_thread(command, "check", "--data", env=env)
        assert checked.returncode == 0, checked.stdout
    assert killed > 0
    ended = await asyncio.to_thread(command, "retain", env=env)
    assert ended.returncode == 0, ended.stderr
    assert await counts_of(db, *TABLES, "data_removals") == [0] * (len(TABLES) + 1)
    # Meetings and their titles belong to no session.
    assert {place for place, _ in await places_of_seeds(db)} == {"meetings.title"}
    await db.close()
    left = everything_in(own_database_url) + chosen.stdout.encode() + ended.stderr.encode()
    left += files_in(tmp_path)
    seeds = [each for each in SEEDS if each.lower() not in TITLE.lower()]
    assert len(seeds) > 5
    assert [each for each in seeds if each.encode() in left] == []


def files_in(folder: Path) -> bytes:
    return b"".join(each.read_bytes() for each in folder.rglob("*") if each.is_file())
