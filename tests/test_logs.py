"""Log lines, and what becomes of those that cannot be written."""

import io
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from aftercall.logs import configure_logs
from aftercall.settings import Settings


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()


class Full(io.StringIO):
    """A file on a full disk."""

    is_full = True

    def write(self, text: str) -> int:
        if self.is_full:
            raise OSError(28, "No space left on device")
        return super().write(text)

    def flush(self) -> None:
        if self.is_full:
            raise OSError(28, "No space left on device")


def test_a_log_line_that_cannot_be_written_raises_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    disk: Any = Full()
    monkeypatch.setattr(sys, "stderr", disk)
    configure_logs(Settings())
    log = structlog.get_logger()
    log.warning("lost", action="lost")
    disk.is_full = False
    log.warning("kept", action="kept")
    assert "action=kept" in disk.getvalue()
    assert "lost" not in disk.getvalue()
