"""Lists the modules of `src/aftercall` that have no mirror test; exit code 1 if there are any.

The mirror test of `src/aftercall/core/storable_json.py` is `tests/core/test_storable_json.py`.
A module that is tested elsewhere has a line in `tests/covered_elsewhere.txt`: the module, then the
tests that cover it. A line about a module that has a mirror test, or about a file that does not
exist, is an error. Modules without functions and classes need no test.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
PACKAGE: Final = ROOT / "src" / "aftercall"
TESTS: Final = ROOT / "tests"
NOTES: Final = TESTS / "covered_elsewhere.txt"


def modules() -> list[Path]:
    """The modules that hold functions or classes, relative to the package."""
    paths = (path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)
    return sorted(path.relative_to(PACKAGE) for path in paths if _has_code(path))


def _has_code(path: Path) -> bool:
    body = ast.parse(path.read_text()).body
    return any(isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) for n in body)


def mirror_test(module: Path) -> Path:
    return TESTS / module.parent / f"test_{module.name}"


def notes() -> dict[Path, list[Path]]:
    """Modules tested elsewhere, with the tests that cover them."""
    lines = (line.split("#")[0].split() for line in NOTES.read_text().splitlines())
    return {Path(words[0]): [ROOT / word for word in words[1:]] for words in lines if words}


def errors() -> Iterator[str]:
    known, noted = modules(), notes()
    for module in known:
        if mirror_test(module).exists():
            if module in noted:
                yield f"{module}: has a mirror test; its line in {NOTES.name} is not needed"
        elif not noted.get(module):
            yield f"{module}: no {mirror_test(module).relative_to(ROOT)}, no line in {NOTES.name}"
    for module, tests in noted.items():
        if module not in known:
            yield f"{module}: named in {NOTES.name}, but there is no such module"
        missing = [test for test in tests if not test.exists()]
        yield from (f"{module}: {test.relative_to(ROOT)} does not exist" for test in missing)


if __name__ == "__main__":
    found = list(errors())
    print("\n".join(found) if found else "Every module has a test.")
    sys.exit(1 if found else 0)
