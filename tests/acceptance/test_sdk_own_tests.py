"""Test modules of the official Python SDK itself, with their skip marks lifted."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.sdks import own_tests, python_sdk
from tests.acceptance.seeded_session import Seeded, seeded_server

pytestmark = pytest.mark.acceptance

FOLDER = Path("tests/api_resources/realtime_kit")
SKIP_MARK = re.compile(r"^\s*@pytest\.mark\.skip\(.*$\n", re.MULTILINE)
TESTS = {
    ("test_sessions.py", "5.9.0"): 210,
    ("test_sessions.py", "5.7.0"): 210,
    ("test_sessions.py", "5.4.0"): 210,
    ("test_presets.py", "5.9.0"): 140,
    ("test_presets.py", "5.7.0"): 140,
    ("test_presets.py", "5.4.0"): 115,
    ("test_webhooks.py", "5.9.0"): 135,
    ("test_webhooks.py", "5.7.0"): 135,
    ("test_webhooks.py", "5.4.0"): 135,
    ("test_active_session.py", "5.9.0"): 45,
    ("test_analytics.py", "5.9.0"): 25,
    ("test_livestreams.py", "5.9.0"): 185,
    ("test_recordings.py", "5.9.0"): 65,
}
"""How many pass, by module and version of the SDK."""
PLUGINS = {
    "test_presets.py": "known_preset",
    "test_sessions.py": "known_preset",
    "test_webhooks.py": "known_webhook",
}
"""What must be there before each test of a module; else `known_meeting`."""
REFUSED = (
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


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    """A server of their own: they make meetings, sessions and presets."""
    with seeded_server(tmp_path_factory.mktemp("own-tests")) as made:
        yield made


@pytest.mark.parametrize(("name", "version"), TESTS)
def test_the_sdks_own_tests_pass_strict_and_loose(
    seeded: Seeded, tmp_path: Path, name: str, version: str
) -> None:
    python, source = python_sdk(version, with_test_tools=True), own_tests(version)
    shutil.copytree(source / "tests", tmp_path / "tests")
    shutil.copy(source / "pyproject.toml", tmp_path)
    plugin = PLUGINS.get(name, "known_meeting")
    shutil.copy(Path(__file__).with_name(f"{plugin}.py"), tmp_path)
    module = tmp_path / FOLDER / name
    lifted, marks = SKIP_MARK.subn("", module.read_text())
    assert marks > 0
    module.write_text(lifted)
    done = subprocess.run(
        [
            *(str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", plugin),
            *("-o", "addopts=", "-k", " and ".join(f"not {each}" for each in REFUSED)),
            str(FOLDER / name),
        ],
        cwd=tmp_path,
        env={
            **os.environ,
            "AFTERCALL_URL": seeded.server.url,
            "TEST_API_BASE_URL": seeded.server.base_url,
            "AFTERCALL_DATABASE": str(seeded.server.data_dir / "aftercall.db"),
        },
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    assert f"{TESTS[name, version]} passed" in done.stdout
