"""Servers that several modules read."""

from collections.abc import Iterator

import pytest

from tests.acceptance.seeded_session import Seeded, seeded_server
from tests.acceptance.server import Server, running


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    """A server for tests that only read."""
    with seeded_server(tmp_path_factory.mktemp("seeded")) as made:
        yield made


@pytest.fixture(scope="session")
def simulation_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that takes simulated calls."""
    with running(tmp_path_factory.mktemp("simulated")) as started:
        yield started
