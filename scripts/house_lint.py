"""Check the project's own rules, which no other linter has. Prints violations; exit code 1 if any.

file length       no source file over 400 lines, unless a script writes it
foreign words     RealtimeKit's spelling stays in `wire/` (and, as query names, in `web/`)
pure rooms        `core/`, `wire/` and `ingest/` name no clock, no random source, no disk
one clock         elsewhere only `app`, `cli` and `simulator` may ask what time it is or make an id
vague modules     no module called utils, helpers, manager, base, common or misc
lost tasks        no task is created and dropped
open ends         no leftover markers, nothing silenced without a code
lock files        no registry is named in them
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
PACKAGE: Final = Path("src/aftercall")
MOST_LINES: Final = 400
GENERATED: Final = "// Written by scripts/"
PURE_ROOMS: Final = ("core", "wire", "ingest")
VAGUE: Final = {"utils", "helpers", "manager", "base", "common", "misc"}
FOREIGN: Final = re.compile(
    r"\b(associated_id|organization_id|meeting_display_name|transcript_download_url\w*"
    r"|chat_download_url\w*|summaryDownloadUrl\w*|sessionId|minutesConsumed|per_page|page_no)\b"
)
ROOMS_FOR_FOREIGN: Final = ("wire", "web", "ingest")
CLOCKS: Final = {
    ("time", "time"),
    ("time", "time_ns"),
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("uuid", "uuid4"),
    ("uuid", "uuid1"),
}
PURE_BANNED_MODULES: Final = {"time", "random", "os", "uuid4", "secrets", "pathlib", "threading"}
OPEN_ENDS: Final = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XXX|NotImplementedError)\b")
SILENCED: Final = re.compile(
    r"#\s*type:\s*ig" r"nore(?!\[)|#\s*no" r"qa(?!:)|@ts-ig" r"nore|eslint-dis" r"able(?!-)"
)
REGISTRY: Final = re.compile(r"https?://[^\s\"']*(?:pypi|npmjs|registry\.)[^\s\"']*")


def sources() -> list[Path]:
    """Files git knows or would add, relative to the root."""
    answer = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return sorted(path for name in answer.split("\0") if name and (path := Path(name)).suffix)


def room_of(path: Path) -> str:
    """The room a file of the package lies in: `core`, `app`, …; empty outside the package."""
    if not path.is_relative_to(PACKAGE):
        return ""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def text_breaches(path: Path, text: str) -> Iterator[str]:
    """Breaches that can be seen line by line."""
    lines = text.splitlines()
    is_generated = text.startswith(GENERATED)
    if len(lines) > MOST_LINES and not is_generated:
        yield f"{path}: {len(lines)} lines, at most {MOST_LINES}"
    room = room_of(path)
    for number, line in enumerate(lines, 1):
        if room and room not in ROOMS_FOR_FOREIGN and (word := FOREIGN.search(line)):
            yield f"{path}:{number}: {word.group()} is RealtimeKit's spelling; it lives in wire/"
        if path != Path("scripts/house_lint.py"):
            if word := OPEN_ENDS.search(line):
                yield f"{path}:{number}: {word.group()} left in"
            if word := SILENCED.search(line):
                yield f"{path}:{number}: {word.group()!r} without a code"


def python_breaches(path: Path, text: str) -> Iterator[str]:
    """Breaches that need the syntax tree."""
    if path.stem in VAGUE:
        yield f"{path}: a module needs a name that says what is in it"
    room = room_of(path)
    is_clockless = bool(room) and room not in {"composition", "cli", "simulator"}
    for node in ast.walk(ast.parse(text, filename=str(path))):
        if isinstance(node, ast.Expr) and is_dropped_task(node.value):
            yield f"{path}:{node.lineno}: the task created here is dropped; keep it in a TaskGroup"
        if room in PURE_ROOMS and (module := banned_import(node)):
            yield f"{path}:{getattr(node, 'lineno', 0)}: {room}/ is pure and may not use {module}"
        if is_clockless and isinstance(node, ast.Call) and (call := clock_call(node)):
            yield f"{path}:{node.lineno}: {call}() belongs to composition.py; take an argument"


def is_dropped_task(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"create_task", "ensure_future"}
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in {"asyncio", "loop"}
    )


def banned_import(node: ast.AST) -> str | None:
    if isinstance(node, ast.Import):
        names = [alias.name.partition(".")[0] for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        names = [(node.module or "").partition(".")[0], *(alias.name for alias in node.names)]
    else:
        return None
    return next((name for name in names if name in PURE_BANNED_MODULES), None)


def clock_call(node: ast.Call) -> str | None:
    match node.func:
        case ast.Attribute(attr=attr, value=ast.Name(id=owner)) if (owner, attr) in CLOCKS:
            return f"{owner}.{attr}"
        case ast.Name(id="uuid4" | "uuid1" as name):
            return name
    return None


def lock_breaches(path: Path, text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), 1):
        if host := REGISTRY.search(line):
            yield f"{path}:{number}: {host.group()} is a registry's address"


def breaches() -> Iterator[str]:
    for path in sources():
        if path.suffix in {".py", ".ts", ".tsx"} and (ROOT / path).exists():
            text = (ROOT / path).read_text()
            is_migration = "migrations" in path.parts
            if not is_migration:
                yield from text_breaches(path, text)
            if path.suffix == ".py":
                yield from python_breaches(path, text)
        elif path.name.endswith("lock.json") or path.parts[0] == "requirements":
            yield from lock_breaches(path, (ROOT / path).read_text())


if __name__ == "__main__":
    found = list(breaches())
    print("\n".join(found) if found else "The house is in order.")
    sys.exit(1 if found else 0)
