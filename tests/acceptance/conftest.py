"""A server with one finished session in it, shared by the tests that only read."""

import time
from collections.abc import Iterator

import pytest

from tests.acceptance.seed import SDK_SESSION, Seeded, seed_session
from tests.acceptance.server import running


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    with running(tmp_path_factory.mktemp("seeded"), chosen=True) as server:
        begin_ms = round(time.time() * 1000) - 600_000
        session = seed_session(
            server, begin_ms=begin_ms, session_id=SDK_SESSION, peer_id=SDK_SESSION
        )
        yield Seeded(server=server, session=session)
