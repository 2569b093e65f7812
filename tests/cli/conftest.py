"""The command line, for tests of it."""

from pathlib import Path

import pytest

from tests.cli.command_line import Operator


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Operator:
    monkeypatch.setenv("COLUMNS", "200")
    return Operator(tmp_path, monkeypatch, capsys)
