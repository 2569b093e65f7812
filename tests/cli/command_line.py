"""The commands as an operator or a script runs them, in this process, on a folder of their own."""

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from aftercall.cli import main


@dataclass(frozen=True, kw_only=True)
class Done:
    exit_code: int
    stdout: str
    stderr: str


class Operator:
    """Runs the program in a folder of its own."""

    def __init__(
        self,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self.folder = folder
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *words: str) -> Done:
        words = ("aftercall", *words, "--data-dir", str(self.folder))
        self._monkeypatch.setattr(sys, "argv", list(words))
        with pytest.raises(SystemExit) as exited:
            main.run()
        stated = self._capsys.readouterr()
        code = exited.value.code
        assert isinstance(code, int)
        return Done(exit_code=code, stdout=stated.out, stderr=stated.err)
