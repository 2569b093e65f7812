"""Compare two recordings. Values that depend on chance or time are left out first; ids that only
one side has are replaced by their position in the text."""

import difflib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

_UUID: Final = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_VARYING: Final = (
    (re.compile(r"^(x-request-id|date|content-length): .*$", re.MULTILINE), r"\1: …"),
    (re.compile(r'("request_id":\s*)"[^"]*"'), r'\1"…"'),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]+"), "JWT"),
    (re.compile(r'("secret":\s*)"[^"]*"'), r'\1"…"'),
    (re.compile(r"(/downloads/[^/\s]+/[^/\s]+)/\d+/[\w=-]+/"), r"\1/EXPIRES/SIGNATURE/"),
)
_ALLOW: Final = re.compile(r"^allow: (.*)$", re.MULTILINE)
"""The framework keeps the methods of a path in a set, whose order differs from start to start."""
_METRIC_VALUE: Final = re.compile(r"^([a-z_]\w*(?:\{.*\})?) \S+$", re.MULTILINE)
_ROUNDS: Final = 8
_CONTEXT_LINES: Final = 2
_MOST_LINES: Final = 60
"""Lines shown of one file's difference."""


def compare(a: Path, b: Path) -> int:
    """Print the differences between two recordings, file by file; returns the number of files."""
    names = sorted(_names(a) | _names(b))
    tables = [name for name in names if name.startswith("database/")]
    rest = [name for name in names if not name.startswith("database/")]
    differing = Counter[str]()
    for name, left, right in _pairs(a, b, rest, tables):
        kind = name.partition("/")[0]
        differing[kind] += left != right
        if left != right:
            print(f"\n=== {name}")
            for line in _difference(left, right):
                print(line)
    print()
    for kind, count in sorted(differing.items()):
        of = sum(name.startswith(f"{kind}/") for name in names)
        print(f"{kind}: {count} of {of} differ")
    return differing.total()


def _pairs(
    a: Path, b: Path, answers: Iterable[str], tables: Iterable[str]
) -> Iterator[tuple[str, list[str], list[str]]]:
    """Each file's lines on both sides as they are to be compared; none where there is no file."""
    for name in answers:
        both = [_text(side / name) for side in (a, b)]
        ids = [set(_UUID.findall(text)) for text in both]
        common = ids[0] & ids[1]
        left, right = (_lines(_in_order(_steady(name, text), common)) for text in both)
        yield name, left, right
    sides = [{name: _text(side / name) for name in tables} for side in (a, b)]
    every = [set(_UUID.findall("".join(side.values()))) for side in sides]
    left_side, right_side = (_recoloured(side, every[0] & every[1]) for side in sides)
    for name in tables:
        yield name, _lines(left_side[name]), _lines(right_side[name])


def _names(folder: Path) -> set[str]:
    parts = ("answers", "database", "intake")
    return {
        path.relative_to(folder).as_posix()
        for part in parts
        for path in (folder / part).rglob("*.txt")
    }


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", errors="backslashreplace") if path.exists() else ""


def _steady(name: str, text: str) -> str:
    for pattern, replacement in _VARYING:
        text = pattern.sub(replacement, text)
    text = _ALLOW.sub(_allowed, text)
    return _METRIC_VALUE.sub(r"\1 …", text) if "metrics" in name else text


def _allowed(found: re.Match[str]) -> str:
    return f"allow: {', '.join(sorted(found[1].split(', ')))}"


def _in_order(text: str, common: set[str]) -> str:
    """With ids that are not common to both sides replaced by the order in which they come."""
    seen: dict[str, str] = {}

    def named(found: re.Match[str]) -> str:
        if found[0] in common:
            return found[0]
        return seen.setdefault(found[0], f"id {len(seen) + 1}")

    return _UUID.sub(named, text)


def _recoloured(tables: Mapping[str, str], common: set[str]) -> dict[str, str]:
    """Rows with ids that are not common to both sides replaced by what the rows say around them:
    in each round an id is named by the rows it stands in, with the names of the round before."""
    rows = [(name, line) for name, text in tables.items() for line in text.splitlines()]
    names: dict[str, str] = {}
    for _ in range(_ROUNDS):
        places: dict[str, list[str]] = {}
        for table, line in rows:
            for own in set(_UUID.findall(line)) - common:
                around = _named(line.replace(own, "OWN"), names, common)
                places.setdefault(own, []).append(f"{table} {around}")
        new = {
            own: sha256("\n".join(sorted(found)).encode()).hexdigest()[:12]
            for own, found in places.items()
        }
        is_stable = len(set(new.values())) == len(set(names.values()))
        names = new
        if is_stable:
            break
    return {
        table: "\n".join(sorted(_named(line, names, common) for line in text.splitlines()))
        for table, text in tables.items()
    }


def _named(line: str, names: Mapping[str, str], common: set[str]) -> str:
    return _UUID.sub(
        lambda found: found[0] if found[0] in common else f"id {names.get(found[0], '?')}", line
    )


def _lines(text: str) -> list[str]:
    """The text's lines, with JSON spread over several where that makes a difference readable."""
    return [part for line in text.splitlines() for part in _spread(line)]


def _spread(line: str) -> list[str]:
    if not line.startswith(("{", "[")):
        return [line]
    try:
        document: Any = json.loads(line)
    except ValueError:
        return [line]
    if json.dumps(document, ensure_ascii=False, separators=(",", ":")) != line:
        # written otherwise than as plain JSON: the bytes are shown beside what they mean
        return [line, *json.dumps(document, indent=1, ensure_ascii=False).splitlines()]
    return json.dumps(document, indent=1, ensure_ascii=False).splitlines()


def _difference(left: list[str], right: list[str]) -> Iterator[str]:
    lines = list(difflib.unified_diff(left, right, lineterm="", n=_CONTEXT_LINES))[2:]
    for line in lines[:_MOST_LINES]:
        yield line[:400]
    if len(lines) > _MOST_LINES:
        yield f"… {len(lines) - _MOST_LINES} more lines"
