"""A REST server for each test."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from aftercall.core.instants import SECOND_MS
from aftercall.core.lifecycle.state_machine import Policy
from aftercall.ingest.source_kinds import CLIENT_SOURCES, ROOM_SOURCES
from aftercall.service.services import build_services
from aftercall.settings import Settings
from aftercall.store.engine.database import Database
from aftercall.web.routes import create_web_app
from tests.manual_clock import ManualClock
from tests.web.rest_server import BuildServer, RestServer, new_id

SECRET_KEY = "the encryption key of a server of tests"


@pytest.fixture
async def build_server(db: Database) -> AsyncIterator[BuildServer]:
    """Builds a server with further handlers and the given settings."""
    clients: list[httpx.AsyncClient] = []

    def build(*extra: Any, **settings: Any) -> RestServer:
        clock = ManualClock()
        services = build_services(
            db,
            settings=replace(Settings(), **({"secret_key": SECRET_KEY} | settings)),
            clock=clock,
            new_id=new_id,
            policy=Policy(client_sources=CLIENT_SOURCES, room_sources=ROOM_SOURCES),
            seconds=lambda: clock.now / SECOND_MS,
        )
        app: Any = create_web_app(services, *extra)
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://aftercall.test"
        )
        clients.append(client)
        return RestServer(services=services, recorder=services.recorder, clock=clock, client=client)

    yield build
    for client in clients:
        await client.aclose()


@pytest.fixture
def server(build_server: BuildServer) -> RestServer:
    return build_server()
