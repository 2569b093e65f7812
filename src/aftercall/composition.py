"""The composition root: owns the clock and the source of ids; opens the use cases over a database.

Commands need no more than this; the server adds the web and its background work (`app.py`).
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from aftercall.core.instants import EpochMs
from aftercall.core.lifecycle.downtime import Downtime
from aftercall.core.lifecycle.state_machine import Policy
from aftercall.ingest import collector
from aftercall.ingest.source_kinds import CLIENT_SOURCES, ROOM_SOURCES
from aftercall.service.accounts.setup import FirstAccount
from aftercall.service.services import Services, build_services
from aftercall.settings import Settings
from aftercall.store.engine.database import Database, migrate
from aftercall.store.engine.sqlite_file import check_file, file_of
from aftercall.wire.chat_transcript_links import read_summary_options


def now() -> EpochMs:
    """The wall clock."""
    return EpochMs(time.time_ns() // 1_000_000)


def new_id() -> str:
    return str(uuid4())


async def prepare(settings: Settings) -> FirstAccount | None:
    """Bring the database up to date; on an empty one make an account, an app and a token.

    Raises `UnfitDatabase` when the database belongs to a newer program, or its file cannot be
    used.
    """
    if (file := file_of(settings.effective_database_url)) is not None:
        check_file(file)
    await migrate(settings.effective_database_url)
    async with opened(settings) as services:
        return await services.setup.create_first_account()


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Services]:
    """The use cases over the settings' database, for as long as the block lasts."""
    begun_at = now()
    db = await Database.open(settings.effective_database_url)
    try:
        services = build_services(
            db,
            settings=settings,
            clock=now,
            new_id=new_id,
            policy=Policy(
                downtime=Downtime(listening_since=begun_at, known_until=begun_at),
                client_sources=CLIENT_SOURCES,
                room_sources=ROOM_SOURCES,
                samples_held={collector.SOURCE: settings.samples_per_request},
            ),
            summary_options_of=read_summary_options,
        )
        try:
            yield services
        finally:
            services.geo.close()
            await services.sender.close()
    finally:
        await db.close()
