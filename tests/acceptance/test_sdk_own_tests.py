"""Test modules of the official Python SDK itself, with their skip marks lifted."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.sdks import own_tests, python_sdk
from tests.acceptance.seeded_session import Seeded

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
}
"""How many pass, by module and version of the SDK."""
PLUGINS = ("known_preset", "known_webhook")


@pytest.mark.parametrize(("name", "version"), TESTS)
def test_the_sdks_own_tests_pass_strict_and_loose(
    seeded: Seeded, tmp_path: Path, name: str, version: str
) -> None:
    python, source = python_sdk(version, with_test_tools=True), own_tests(version)
    shutil.copytree(source / "tests", tmp_path / "tests")
    shutil.copy(source / "pyproject.toml", tmp_path)
    for plugin in PLUGINS:
        shutil.copy(Path(__file__).with_name(f"{plugin}.py"), tmp_path)
    module = tmp_path / FOLDER / name
    lifted, marks = SKIP_MARK.subn("", module.read_text())
    assert marks > 0
    module.write_text(lifted)
    done = subprocess.run(
        [
            *(str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *(word for plugin in PLUGINS for word in ("-p", plugin)),
            "-o",
            "addopts=",
            str(FOLDER / name),
        ],
        cwd=tmp_path,
        env={
            **os.environ,
            "TEST_API_BASE_URL": seeded.server.base_url,
            "AFTERCALL_DATABASE": str(seeded.server.data_dir / "aftercall.db"),
        },
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    assert f"{TESTS[name, version]} passed" in done.stdout
