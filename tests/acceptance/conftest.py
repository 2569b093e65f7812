"""Servers that several modules read."""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.acceptance.seeded_session import SDK_SESSION, Seeded, seed_session
from tests.acceptance.server import OLDER_SDK_APP, Server, running


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    """A server with one finished session in each of its two apps."""
    with running(tmp_path_factory.mktemp("seeded"), chosen=True) as server:
        begin_ms = round(time.time() * 1000) - 600_000
        apps = (replace(server, app_id=OLDER_SDK_APP), server)
        *_, session = [
            seed_session(app, begin_ms=begin_ms, session_id=SDK_SESSION, peer_id=SDK_SESSION)
            for app in apps
        ]
        yield Seeded(server=server, session=session)


@pytest.fixture(scope="session")
def simulation_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that takes simulated calls."""
    with running(tmp_path_factory.mktemp("simulated")) as started:
        yield started
