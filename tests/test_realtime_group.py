"""What a busy machine could spoil runs apart: every module with tests that start a browser, hold a
call, drive a media server or break a server under load carries the mark by which `make test` runs
it after all others."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

REAL = (
    "aiortc",
    "playwright",
    "tests.acceptance.fault_run",
    "tests.acceptance.firefox",
    "tests.acceptance.network_namespaces",
)
"""Modules through which a test uses a browser, a call in real time or a load that disturbs other
tests."""

PROGRAMS = {"chromium", "firefox", "firefox-esr", "janus"}
"""Programs that do the same where a test starts them itself."""

SEEK_OR_START = {"which", "needs", "run", "Popen", "create_subprocess_exec"}


def modules_with_tests() -> list[Path]:
    here = Path(__file__)
    return [path for path in sorted(ROOT.glob("tests/**/test_*.py")) if path != here]


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def reach(path: Path, seen: set[Path]) -> Iterator[str]:
    """The real resources that a file of ours uses, through the files of ours that it imports."""
    if path in seen or not path.is_file():
        return
    seen.add(path)
    tree = ast.parse(path.read_text(), filename=str(path))
    for name in imported(tree):
        yield from (real for real in REAL if name == real or name.startswith(f"{real}."))
        if name.startswith("tests."):
            yield from reach(ROOT / f"{name.replace('.', '/')}.py", seen)
    yield from (program for program in programs(tree) if program in PROGRAMS)


def programs(tree: ast.AST) -> Iterator[str]:
    """The words passed to a function that finds or starts a program."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name in SEEK_OR_START:
                words = [each for given in node.args for each in ast.walk(given)]
                yield from (str(w.value) for w in words if isinstance(w, ast.Constant))


def is_marked(path: Path) -> bool:
    module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    marks = getattr(module, "pytestmark", [])
    return "realtime" in {mark.name for mark in (marks if isinstance(marks, list) else [marks])}


def test_every_module_that_starts_a_browser_or_a_call_runs_apart() -> None:
    real = {path: reached for path in modules_with_tests() if (reached := set(reach(path, set())))}
    assert len(real) >= 11
    slipped_out = {path.name: reached for path, reached in real.items() if not is_marked(path)}
    assert slipped_out == {}


def test_only_whole_modules_that_must_run_alone_are_marked() -> None:
    marked = [path for path in modules_with_tests() if "mark.realtime" in path.read_text()]
    for path in marked:
        assert is_marked(path), f"{path}: the mark belongs into pytestmark"
        assert set(reach(path, set())), f"{path} starts nothing real"


def test_all_marked_modules_are_where_make_test_collects_them() -> None:
    marked = {path for path in modules_with_tests() if is_marked(path)}
    assert {
        path for path in marked if not path.is_relative_to(ROOT / "tests" / "acceptance")
    } == set()
