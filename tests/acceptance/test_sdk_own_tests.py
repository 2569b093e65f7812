"""Test modules of the official Python SDK itself, with their skip marks lifted."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.sdks import own_tests, python_sdk
from tests.acceptance.seeded_session import Seeded, seeded_server
from tests.acceptance.server import OLDER_SDK_APP, SDK_APP

pytestmark = pytest.mark.acceptance

API_TESTS = Path("tests/api_resources/realtime_kit")
SKIP_MARK = re.compile(r"^\s*@pytest\.mark\.skip\(.*$\n", re.MULTILINE)
SETUP = "own_tests_setup"
PASSED = re.compile(r"^PASSED (.*)$", re.MULTILINE)
MODULES = {
    "test_active_session.py": 27,
    "test_analytics.py": 15,
    "test_livestreams.py": 111,
    "test_meetings.py": 156,
    "test_presets.py": 84,
    "test_recordings.py": 39,
    "test_sessions.py": 126,
    "test_webhooks.py": 81,
}
"""How many tests of each module pass."""
VERSIONS = {
    "5.9.0": (SDK_APP, MODULES),
    "5.7.0": (OLDER_SDK_APP, MODULES),
    "5.4.0": (OLDER_SDK_APP, {**MODULES, "test_active_session.py": 24, "test_presets.py": 69}),
}
"""By version of the SDK: the app that its tests name, and how many pass."""
REFUSED = (
    "create_independent_livestream",
    "create_poll",
    "pause_resume_stop_recording",
    "start_livestreaming",
    "start_recordings",
    "start_track_recording",
    "stop_livestreaming",
    "(kick_participants and not all_params)",
)
"""Tests of what is refused: orders to a call (`tests/web/realtimekit/test_call_control.py`), and to
remove participants without naming any."""
LOOSE = "loose"
"""Tests of a client that takes any answer: those of a strict one ask and check the same."""
PLUGINS = ("pytest_asyncio.plugin", SETUP)
"""What their tests need of pytest; finding and loading every other plugin takes longer."""


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    """A server of their own: they make meetings, sessions and presets."""
    with seeded_server(tmp_path_factory.mktemp("own-tests")) as made:
        yield made


def lay_out(source: Path, folder: Path) -> None:
    """Copies what the tests need, and lifts their marks."""
    (folder / API_TESTS).mkdir(parents=True)
    names = ["pyproject.toml", "tests/__init__.py", "tests/conftest.py", "tests/utils.py"]
    names += [f"{API_TESTS.parent}/__init__.py", f"{API_TESTS}/__init__.py"]
    for name in names:
        shutil.copy(source / name, folder / name)
    for name in MODULES:
        lifted, marks = SKIP_MARK.subn("", (source / API_TESTS / name).read_text())
        assert marks > 0, name
        (folder / API_TESTS / name).write_text(lifted)
    shutil.copy(Path(__file__).with_name(f"{SETUP}.py"), folder)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_sdks_own_tests_pass_strict(seeded: Seeded, tmp_path: Path, version: str) -> None:
    app_id, expected = VERSIONS[version]
    python = python_sdk(version, with_test_tools=True)
    lay_out(own_tests(version), tmp_path)
    done = subprocess.run(
        [
            *(str(python), "-m", "pytest", "-q", "--assert=plain", "-o", "addopts="),
            *("-p", "no:cacheprovider", "-p", "no:logging"),
            *(word for plugin in PLUGINS for word in ("-p", plugin)),
            *("-k", " and ".join(f"not {each}" for each in (LOOSE, *REFUSED))),
            str(API_TESTS),
        ],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "AFTERCALL_URL": seeded.server.url,
            "AFTERCALL_APP": app_id,
            "AFTERCALL_DATABASE": str(seeded.server.data_dir / "aftercall.db"),
            "TEST_API_BASE_URL": seeded.server.base_url,
        },
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    found = PASSED.search(done.stdout)
    assert found is not None, done.stdout[-2000:]
    assert json.loads(found[1]) == expected
