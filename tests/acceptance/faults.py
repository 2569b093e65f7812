"""Faults of what a server stands on, brought about while clients send."""

import asyncio
import os
import resource
import signal
import socket
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import asyncpg

from tests.acceptance import patient
from tests.acceptance.ground import Fault, Ground
from tests.acceptance.sent_away import send_away
from tests.acceptance.steadfast import Ledger
from tests.read_only_file import immutable, why_not_immutable


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
    with closing(sqlite3.connect(ground.database_file, timeout=60)) as other:
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


async def make_file_read_only(ground: Ground, lasting_s: float) -> None:
    """SQLite's file, and its journal, as on a file system that was remounted read-only. Nobody is
    ready or acknowledges a write meanwhile, and reads are answered."""
    file = ground.database_file
    with immutable(file, file.with_name(f"{file.name}-wal")):
        _assert_read_only(file)
        await asyncio.to_thread(_assert_refuses_writes, ground)
        await asyncio.sleep(lasting_s)
        await asyncio.to_thread(_assert_refuses_writes, ground)


def _assert_read_only(file: Path) -> None:
    with closing(sqlite3.connect(file)) as other:
        try:
            other.execute("UPDATE alembic_version SET version_num = version_num")
        except sqlite3.OperationalError as error:
            assert error.sqlite_errorname == "SQLITE_READONLY", error
            return
    raise AssertionError(f"{file} can be written to")


def _assert_refuses_writes(ground: Ground) -> None:
    server = ground.server
    with patient.Client(headers=server.headers) as client:
        written = client.post(server.kit("meetings"), json={"title": "Not now"})
        assert written.status_code == 503, written.text
        assert int(written.headers["retry-after"]) > 0
        assert client.get(f"{server.url}/readyz").status_code == 503
        assert client.get(server.kit("sessions")).status_code == 200


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


ABUSES: dict[str, Fault] = {
    "300 dripping requests": drip_requests,
    "headers without end": flood_headers,
    "poison at every door": poison_doors,
}
ON_BOTH: dict[str, Fault] = {
    "server suspended": suspend_server,
    "removed and kicked clients go on": send_away,
    **ABUSES,
}
ON_SQLITE: dict[str, Fault] = {
    "kill -9 of the server": kill_server,
    "file locked": lock_file,
    "disk full and back": fill_disk,
    **({} if why_not_immutable() else {"file read-only and back": make_file_read_only}),
    **ON_BOTH,
}
ON_POSTGRESQL: dict[str, Fault] = {
    "kill -9 of the parent": kill_server,
    "kill -9 of a worker": kill_worker,
    "kill -9 of the database": kill_database,
    "database away": take_database_away,
    "database read-only": make_read_only,
    **ON_BOTH,
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
