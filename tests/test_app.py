"""The application as a whole: how it starts and stops."""

import asyncio
from pathlib import Path
from typing import Any

from aftercall.app import Application
from aftercall.settings import Settings


async def test_a_node_starts_without_its_database_and_stops_on_request(
    tmp_path: Path,
) -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    application = Application(Settings(database_url=nowhere, data_dir=tmp_path))
    asked: asyncio.Queue[Any] = asyncio.Queue()
    stated: asyncio.Queue[Any] = asyncio.Queue()
    scope: Any = {"type": "lifespan"}
    async with asyncio.timeout(60):
        living = asyncio.create_task(application(scope, asked.get, stated.put))
        await asked.put({"type": "lifespan.startup"})
        assert await stated.get() == {"type": "lifespan.startup.complete"}
        await asked.put({"type": "lifespan.shutdown"})
        assert await stated.get() == {"type": "lifespan.shutdown.complete"}
        await living
