"""The official Python SDK's own test module for sessions, with its skip marks lifted."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.sdks import own_tests, python_sdk
from tests.acceptance.seeded_session import Seeded

pytestmark = pytest.mark.acceptance

MODULE = Path("tests/api_resources/realtime_kit/test_sessions.py")
SKIP_MARK = re.compile(r"^\s*@pytest\.mark\.skip\(.*$\n", re.MULTILINE)
TESTS = 210


@pytest.mark.parametrize("version", ["5.9.0", "5.7.0", "5.4.0"])
def test_the_sdks_own_tests_pass_strict_and_loose(
    seeded: Seeded, tmp_path: Path, version: str
) -> None:
    python, source = python_sdk(version, with_test_tools=True), own_tests(version)
    shutil.copytree(source / "tests", tmp_path / "tests")
    shutil.copy(source / "pyproject.toml", tmp_path)
    module = tmp_path / MODULE
    lifted, marks = SKIP_MARK.subn("", module.read_text())
    assert marks > 0
    module.write_text(lifted)
    done = subprocess.run(
        [
            *(str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            "-o",
            "addopts=",
            str(MODULE),
        ],
        cwd=tmp_path,
        env={**os.environ, "TEST_API_BASE_URL": seeded.server.base_url},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    assert f"{TESTS} passed" in done.stdout
