"""A database of the previous release opens and answers, on both engines.

Its dumps lie beside this file, named by revision and engine. They hold an ended call of three
people that was folded and summarised, a call that goes on, and a fact that waits for its peer.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from aftercall import store
from aftercall.cli.check import check_data
from aftercall.core.events import PeerLeft
from aftercall.core.instants import EpochMs
from aftercall.core.list_queries import SearchScope, SessionQuery
from aftercall.core.records import Phase, ReportShape
from aftercall.service.data_check import DataCheck
from aftercall.settings import Settings
from aftercall.store import apps, chat_transcript, early_facts, participants, reports, samples
from aftercall.store.codecs.sample_row import decompress
from aftercall.store.engine.database import Database, UnfitDatabase, migrate
from aftercall.store.sessions import rows as session_rows
from aftercall.store.sessions.pages import list_sessions
from tests.conftest import NewDatabase
from tests.store.tables.definitions import definitions

REVISION = "0005"


@pytest.fixture
async def previous_url(own_database_url: str, tmp_path: Path) -> str:
    """The URL of a database into which the dump of the engine was read."""
    if own_database_url.startswith("sqlite"):
        path = tmp_path / "previous.db"
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(_dump("sqlite"))
        return f"sqlite:///{path}"
    server = await asyncpg.connect(own_database_url)
    try:
        await server.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        await server.execute(_dump("postgresql"))
    finally:
        await server.close()
    return own_database_url


@pytest.fixture
async def previous(previous_url: str) -> AsyncIterator[Database]:
    """That database, migrated and open."""
    await migrate(previous_url)
    db = await Database.open(previous_url)
    yield db
    await db.close()


def _dump(engine: str) -> str:
    return (Path(__file__).parent / f"{REVISION}-{engine}.sql").read_text()


async def test_a_migrated_dump_has_the_tables_of_a_new_database(
    previous: Database, new_database: NewDatabase
) -> None:
    assert await previous.is_current()
    async with previous.read() as tx:
        migrated = await tx.run_sync(definitions)
    with new_database("sqlite" if previous.is_sqlite else "postgresql") as url:
        fresh = await Database.open(url)
        async with fresh.read() as tx:
            assert await tx.run_sync(definitions) == migrated
        await fresh.close()


async def test_a_migrated_dump_keeps_the_promises_of_the_database(
    previous: Database, previous_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await asyncio.to_thread(check_data, replace(Settings(), database_url=previous_url))
    assert capsys.readouterr().out == "The database keeps its promises.\n"


async def test_records_of_the_previous_release_can_be_read(previous: Database) -> None:
    async with previous.read() as tx:
        app_id = (await tx.execute(text("SELECT id FROM apps"))).scalar_one()
        app = await apps.find_app(tx, app_id)
        assert app is not None
        assert app.report_shape is ReportShape.BOTH
        found = await tx.execute(text("SELECT id FROM sessions WHERE title = 'Over'"))
        session_id = found.scalar_one()
        session = await session_rows.find_session(tx, app_id, session_id)
        assert session is not None
        assert session.phase is Phase.ENDED
        people = await participants.participants_of_session(tx, app_id, session_id)
        assert len(people) == 3
        kept = await reports.reports_of_session(tx, app_id, session_id)
        assert {report.peer_id for report in kept} == {row.id for row in people}
        assert all([await samples.of_peer(tx, app_id, row.id) for row in people])
        messages = await chat_transcript.messages_of_session(tx, app_id, session_id)
        assert "Hello" in {each.payload for each in messages}
        lines = await chat_transcript.lines_of_session(tx, app_id, session_id)
        assert "We agreed on Friday." in {line.text for line in lines}
        summary = await chat_transcript.find_summary(tx, app_id, session_id)
        assert summary is not None
        assert summary.text
        (key,) = (await tx.execute(text("SELECT peer_id FROM early_facts"))).scalars()
    async with previous.write() as tx:
        (fact,) = await early_facts.release(tx, app_id, key)
    assert isinstance(fact.event, PeerLeft)


async def test_names_of_the_previous_release_are_found_without_their_marks(
    previous_url: str,
) -> None:
    db = await Database.open(previous_url)
    async with db.write() as tx:
        (id,) = (await tx.execute(text("SELECT id FROM sessions WHERE phase = 'ended'"))).scalars()
        for statement in (
            "UPDATE participants SET display_name = 'Søren O’Brien' WHERE session_id = :id",
            "UPDATE people SET name = 'Søren O’Brien'",
        ):
            await tx.execute(text(statement), {"id": id} if ":id" in statement else {})
        app_id = (await tx.execute(text("SELECT id FROM apps"))).scalar_one()
    await db.close()
    await migrate(previous_url)
    db = await Database.open(previous_url)
    async with db.read() as tx:
        for search in ("obrien", "soren", "søren o'brien"):
            query = SessionQuery(app_id=app_id, search=search, scope=SearchScope.PARTICIPANTS)
            page = await list_sessions(tx, query)
            assert [each.session.id for each in page.items] == [id], search
            found = await tx.execute(
                text("SELECT count(*) FROM people_terms WHERE term = 'word:obrien'")
            )
            assert found.scalar_one() > 0
    assert [broken async for broken in DataCheck(db).broken()] == []
    await db.close()


async def _facets_and_titles(db: Database) -> list[list[tuple[Any, ...]]]:
    statements = (
        "SELECT * FROM session_facets ORDER BY facet, created_at, session_id",
        "SELECT * FROM title_terms ORDER BY term, title_key",
        "SELECT id, title_key FROM sessions ORDER BY id",
    )
    async with db.read() as tx:
        return [[tuple(row) for row in await tx.execute(text(each))] for each in statements]


async def test_a_downgrade_makes_the_rows_again_that_the_upgrade_dropped(previous_url: str) -> None:
    db = await Database.open(previous_url)
    before = await _facets_and_titles(db)
    assert all(before)
    await migrate(previous_url)
    async with db.write() as tx:
        await tx.run_sync(_downgrade)
    assert await _facets_and_titles(db) == before
    await db.close()
    await migrate(previous_url)
    db = await Database.open(previous_url)
    assert [broken async for broken in DataCheck(db).broken()] == []
    await db.close()


async def test_a_downgrade_gives_each_sample_a_row_of_its_own(own_db: Database) -> None:
    together = [
        samples.SampleRow("a", "p", "s", n, EpochMs(n), EpochMs(9), b'{"n":%d}' % n)
        for n in (1, 2, 3, 7)
    ]
    async with own_db.write() as tx:
        await samples.append(tx, together)
        await tx.run_sync(_downgrade)
        rows = (
            await tx.execute(text("SELECT sequence, at, body FROM samples ORDER BY sequence"))
        ).all()
    assert [(sequence, at) for sequence, at, _ in rows] == [(n, n) for n in (1, 2, 3, 7)]
    assert [decompress(bytes(body)) for *_, body in rows] == [each.body for each in together]


def _downgrade(connection: Connection) -> None:
    config = Config()
    folder = Path(str(store.__file__)).parent / "migrations"
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.downgrade(config, REVISION)


async def test_a_revision_older_than_the_oldest_is_refused_by_name(
    own_db: Database, own_database_url: str
) -> None:
    async with own_db.write() as tx:
        await tx.execute(text("UPDATE alembic_version SET version_num = '0003'"))
    with pytest.raises(UnfitDatabase, match=r"revision 0003.*older than"):
        await migrate(own_database_url)
