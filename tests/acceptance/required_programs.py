"""Skips tests whose programs are not installed; `scripts/debian-packages` installs them."""

import shutil
from pathlib import Path

import pytest


def needs(program: str, *, package: str = "") -> pytest.MarkDecorator:
    """Skips, with the reason, where the program is not on the path. `package` is the Debian
    package that has it, where its name differs."""
    reason = (
        f"{program} was not found; on Debian `apt-get install {package or program}` installs it"
    )
    return pytest.mark.skipif(shutil.which(program) is None, reason=reason)


def faketime_library() -> Path | None:
    """The library that shifts the clock of the program it is preloaded into, if installed."""
    return next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)


needs_faketime = pytest.mark.skipif(
    faketime_library() is None,
    reason="libfaketime was not found; on Debian `apt-get install libfaketime` installs it",
)
