"""A server that keeps whole addresses, with a data folder of its own."""

from pathlib import Path

import pytest

from tests.web.rest_server import BuildServer, RestServer


@pytest.fixture
def private_server(build_server: BuildServer, tmp_path: Path) -> RestServer:
    return build_server(data_dir=tmp_path, privacy="full")
