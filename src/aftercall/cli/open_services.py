"""Shared by the commands: the settings as given, and the services for as long as a command runs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from aftercall import composition
from aftercall.core.records import App
from aftercall.logs import configure_logs
from aftercall.service.services import Services
from aftercall.settings import Settings, about, read_settings
from aftercall.store.engine.database import UnfitDatabase, check_known_tables

DataDir = Annotated[Path | None, typer.Option("--data-dir", help=about("data_dir"))]
DatabaseUrl = Annotated[str | None, typer.Option("--database-url", help=about("database_url"))]


T = TypeVar("T")


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Services]:
    """The use cases over the settings' database. Raises `UnfitDatabase` when there is none, or
    its tables are not those of this program."""
    if not settings.database_url and not (settings.data_dir / "aftercall.db").exists():
        raise UnfitDatabase(
            f"There is no database in {settings.data_dir}; `aftercall migrate` makes one."
        )
    async with composition.opened(settings) as services:
        if not await services.is_ready():
            await check_known_tables(settings.effective_database_url)
            raise UnfitDatabase(
                "The database has not the tables of this program; `aftercall migrate` makes them."
            )
        yield services


def with_app(
    settings: Settings, app_id: str | None, work: Callable[[Services, App], Awaitable[T]]
) -> T:
    """What `work` returns of the services and the app; without an id, the only app there is.
    Standard output is the answer's alone: only warnings are logged."""
    configure_logs(replace(settings, log_level="warning"))

    async def run() -> T:
        async with opened(settings) as services:
            setup = services.setup
            app = await (setup.app_of(app_id) if app_id else setup.chosen_app(None, None))
            return await work(services, app)

    return asyncio.run(run())


def settings_of(data_dir: Path | None, database_url: str | None) -> Settings:
    """The settings of a command that only needs the database."""
    return read_settings(data_dir=data_dir, database_url=database_url)


def address_of(settings: Settings, url: str | None, path: str) -> str:
    """The whole address of a page, below `url` or where the server is set to be."""
    base = url or settings.public_url or f"http://{settings.host}:{settings.port}"
    return base.rstrip("/") + path
