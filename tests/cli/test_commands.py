import subprocess
import sys

import pytest

from tests.cli.command_line import Operator

NAMES_ITS_MODULES = """
import sys
from aftercall.cli.main import app
try:
    app(sys.argv[1:])
except SystemExit:
    print(*sorted(sys.modules))
"""


@pytest.mark.parametrize(
    ("words", "unused"),
    [
        (["--version"], {"sqlalchemy", "litestar", "numpy", "uvicorn"}),
        (["simulate", "--help"], {"sqlalchemy", "litestar"}),
        (["app", "list", "--help"], {"litestar", "uvicorn", "numpy"}),
    ],
)
def test_a_command_imports_what_it_needs(words: list[str], unused: set[str]) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", NAMES_ITS_MODULES, *words],
        capture_output=True,
        check=True,
        text=True,
    )
    modules = set(ran.stdout.splitlines()[-1].split())
    assert "aftercall.cli.commands" in modules
    assert modules & unused == set()


def test_a_mistyped_command_is_refused_with_the_likely_one(run: Operator) -> None:
    mistyped = run("lnk")
    assert mistyped.exit_code == 2
    assert "Did you mean 'link'?" in mistyped.stderr
