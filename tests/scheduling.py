"""Which tests run in the same process, and which begin first, where several processes share them.

pytest-xdist has marks for groups, but 3.8 writes them into an attribute that pytest 9.2 does not
read; so the groups are found by the path of a test.
"""

from collections.abc import Mapping
from typing import Final

import pytest
from xdist.scheduler import LoadScopeScheduling

ACCEPTANCE: Final = "tests/acceptance/"

SHARING: Final[Mapping[str, str]] = {
    "test_sdk_npm.py": "seeded",
    "test_sdk_own_tests.py": "seeded",
    "test_sdk_python.py": "seeded",
    "test_simulate.py": "simulated",
    "test_simulated_diagnosis.py": "simulated",
    "test_impaired_call.py": "judged",
    "test_direct_calls.py": "judged",
}
"""Modules of the acceptance tests that are one group, by the name of it: they share a server, or
must not run at the same time. The calls of the group `judged` fill two processors, and the quality
in their reports is judged."""

LONGEST: Final = (
    "tests/acceptance/test_impaired_call.py",
    "tests/acceptance/test_direct_calls.py",
    "tests/acceptance/test_try_browsers.py",
    "tests/acceptance/test_try_call.py",
    "tests/acceptance/test_callstats_client.py",
    "tests/acceptance/test_janus_real.py",
    "tests/acceptance/test_faults.py",
    "tests/acceptance/test_openapi.py",
    "tests/truth/test_confusion.py",
    "tests/acceptance/test_kill.py",
    "tests/acceptance/test_serve.py",
    "tests/acceptance/test_simulate.py",
    "tests/acceptance/test_simulated_diagnosis.py",
    "tests/acceptance/test_docs_commands.py",
    "tests/acceptance/test_backup.py",
    "tests/acceptance/test_erasure.py",
    "tests/acceptance/test_import_realtimekit.py",
    "tests/acceptance/test_postgresql_restore.py",
    "tests/acceptance/test_retention.py",
    "tests/acceptance/test_sdk_own_tests.py",
)
"""Modules that take half a minute or longer, in the order in which they begin. What begins last
decides how long one process works while the others have nothing left to do."""


def group_of(nodeid: str) -> str:
    """The name of a test's group: its module's among the acceptance tests, where a module has a
    server or a browser; elsewhere each test is one of its own."""
    path = nodeid.partition("::")[0]
    if not path.startswith(ACCEPTANCE):
        return nodeid
    name = path.removeprefix(ACCEPTANCE)
    return "dashboard" if name.startswith("dashboard/") else SHARING.get(name, path)


def rank_of(nodeid: str) -> int:
    """The place of a test's module among those that begin first; the same for all others."""
    path = nodeid.partition("::")[0]
    return LONGEST.index(path) if path in LONGEST else len(LONGEST)


class GroupScheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Gives a whole group to the process that has work for the shortest time."""

    def __init__(self, config: pytest.Config, log: object = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)
