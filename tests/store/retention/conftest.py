"""The REST server, for tests that fill their database through it."""

from tests.web.conftest import build_server as build_server
from tests.web.conftest import server as server
