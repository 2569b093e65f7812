"""The REST side, for tests that fill their database as callers do."""

from tests.web.conftest import build as build
from tests.web.conftest import house as house
