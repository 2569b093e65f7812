"""Database files that no user can write to, root included, until the test ends."""

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

_SET, _UNSET = "+i", "-i"


@contextmanager
def immutable(*files: Path) -> Iterator[None]:
    """The files with the attribute `i` of chattr(1): the kernel refuses to open them for writing,
    and to write through handles that are open. Permissions would stop neither root nor a handle."""
    _chattr(_SET, files).check_returncode()
    try:
        yield
    finally:
        _chattr(_UNSET, files).check_returncode()


@cache
def why_not_immutable() -> str:
    """Why files cannot be made immutable on this machine; empty if they can."""
    with tempfile.NamedTemporaryFile() as file:
        path = Path(file.name)
        try:
            done = _chattr(_SET, [path])
        except FileNotFoundError:
            return "chattr was not found; on Debian `apt-get install e2fsprogs` brings it"
        _chattr(_UNSET, [path])
    if done.returncode == 0:
        return ""
    stated = done.stderr.strip()
    return f"files cannot be made immutable, which takes root and a file system that can: {stated}"


def _chattr(change: str, files: Sequence[Path]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["chattr", change, *map(str, files)], capture_output=True, text=True, check=False
    )
