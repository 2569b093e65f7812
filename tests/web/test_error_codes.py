"""The reference of errors names every code the program can give."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from aftercall.core import errors

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "aftercall"
REFERENCE = ROOT / "docs" / "reference" / "errors.md"
FAMILIES = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.AftercallError)
}


def _given_codes(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name in FAMILIES:
            values = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
        elif ast.unparse(node.func) == "NotFound.of":
            yield from (
                str(v.value) + "_not_found" for v in node.args[:1] if isinstance(v, ast.Constant)
            )
            continue
        elif name in {"rejected", "_malformed"}:
            values = node.args[:1]
        else:
            continue
        yield from (str(v.value) for v in values if isinstance(v, ast.Constant))


def _codes() -> set[str]:
    found: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        found.update(_given_codes(ast.parse(path.read_text())))
    return found


def test_every_code_is_documented() -> None:
    documented = set(re.findall(r"`([a-z_]+)`", REFERENCE.read_text()))
    assert _codes() - documented == set()


def test_the_scan_of_the_source_finds_known_codes() -> None:
    assert {
        "bad_body",
        "token_expired",
        "bad_range",
        "no_active_session",
        "session_not_found",
    } <= _codes()
