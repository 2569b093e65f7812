"""The application as a whole: how it starts and stops."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from aftercall.app import Application
from aftercall.composition import prepare
from aftercall.settings import Settings

LOADED_WHEN_NEEDED = {
    "numpy": "for the first fold",
    "alembic": "to migrate",
    "asyncpg": "for PostgreSQL",
    "cryptography": "with jwt, for the first participant token",
    "jwt": "for the first participant token",
    "pydantic": "by nothing of this program",
}

IDLE_SERVER = """
import asyncio, json, sys
from pathlib import Path
import aftercall.cli.main
from aftercall.app import create_app
from aftercall.composition import prepare
from aftercall.settings import Settings

async def main():
    settings = Settings(data_dir=Path(sys.argv[1]))
    await prepare(settings)
    asked, stated = asyncio.Queue(), asyncio.Queue()
    living = asyncio.create_task(create_app(settings)({"type": "lifespan"}, asked.get, stated.put))
    await asked.put({"type": "lifespan.startup"})
    started = await stated.get()
    modules = sorted(sys.modules)
    await asked.put({"type": "lifespan.shutdown"})
    await living
    print(json.dumps([started["type"], modules]))

asyncio.run(main())
"""


async def test_an_idle_server_imports_only_what_it_needs(tmp_path: Path) -> None:
    await prepare(Settings(data_dir=tmp_path))
    ran = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", IDLE_SERVER, str(tmp_path)],
        capture_output=True,
        check=True,
    )
    started, modules = json.loads(ran.stdout)
    assert started == "lifespan.startup.complete"
    assert "litestar" in modules
    assert {name for name in modules if name.partition(".")[0] in LOADED_WHEN_NEEDED} == set()


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
