"""The intake of an app that knows a LiveKit key."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from aftercall.web.intake.app import IntakeApp
from tests.web.intake.livekit_server import KEY, SECRET, LivekitIntake
from tests.web.rest_server import BuildServer


@pytest.fixture
async def livekit(build_server: BuildServer, tmp_path: Path) -> AsyncIterator[LivekitIntake]:
    server = build_server(data_dir=tmp_path)
    owner = await server.new_client()
    await server.services.source_keys.add(owner.account_id, owner.app_id, "livekit", KEY, SECRET)
    app: Any = IntakeApp(server.services)
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://aftercall.test"
    )
    running = asyncio.create_task(server.services.write_queue.run())
    yield LivekitIntake(server=server, client=client, owner=owner)
    server.services.write_queue.close()
    await running
    await client.aclose()
