"""Programs that tests drive, which not every machine has; `scripts/debian-packages` brings them."""

import shutil
from pathlib import Path

import pytest


def needs(program: str, *, package: str = "") -> pytest.MarkDecorator:
    """Skips, with the reason, where the program is not on the path. `package` is the Debian
    package that has it, where the two are not called the same."""
    reason = f"{program} was not found; on Debian `apt-get install {package or program}` brings it"
    return pytest.mark.skipif(shutil.which(program) is None, reason=reason)


def faketime_library() -> Path | None:
    """The library that moves the clock of the program it is preloaded into, if it is here."""
    return next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)


needs_faketime = pytest.mark.skipif(
    faketime_library() is None,
    reason="libfaketime was not found; on Debian `apt-get install libfaketime` brings it",
)
