"""Faults of a server's process, files, database and clients."""

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

from tests.acceptance import http_client
from tests.acceptance.fault_target import Fault, FaultTarget
from tests.acceptance.removed_participants import remove_and_kick
from tests.acceptance.retrying_client import Ledger
from tests.read_only_file import immutable, why_not_immutable


async def kill_server(target: FaultTarget, lasting_s: float) -> None:
    target.server.kill()
    await target.start_again()


async def kill_worker(target: FaultTarget, lasting_s: float) -> None:
    os.kill(target.pids[-1], signal.SIGKILL)
    if len(target.pids) == 1:
        target.server.process.wait()
        await target.start_again()


async def suspend_server(target: FaultTarget, lasting_s: float) -> None:
    pids = target.pids
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    await asyncio.sleep(lasting_s)
    for pid in reversed(pids):
        os.kill(pid, signal.SIGCONT)


async def lock_file(target: FaultTarget, lasting_s: float) -> None:
    """Another program holds SQLite's write lock."""
    with closing(sqlite3.connect(target.database_file, timeout=60)) as other:
        other.execute("BEGIN IMMEDIATE")
        await asyncio.sleep(lasting_s)
        other.execute("ROLLBACK")


async def fill_disk(target: FaultTarget, lasting_s: float) -> None:
    """No file of the server can grow, its log included."""
    with target.server.log.open("a") as log:
        log.write("This file is larger than any may become.\n" * 200)
    (pid, *_) = target.pids
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (4_096, before[1]))
    try:
        await asyncio.sleep(lasting_s)
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


async def make_file_read_only(target: FaultTarget, lasting_s: float) -> None:
    """SQLite's file and its journal, as on a file system that was remounted read-only. Meanwhile
    the server is not ready, refuses writes and answers reads."""
    file = target.database_file
    with immutable(file, file.with_name(f"{file.name}-wal")):
        _assert_read_only(file)
        await asyncio.to_thread(_assert_refuses_writes, target)
        await asyncio.sleep(lasting_s)
        await asyncio.to_thread(_assert_refuses_writes, target)


def _assert_read_only(file: Path) -> None:
    with closing(sqlite3.connect(file)) as other:
        try:
            other.execute("UPDATE alembic_version SET version_num = version_num")
        except sqlite3.OperationalError as error:
            assert error.sqlite_errorname == "SQLITE_READONLY", error
            return
    raise AssertionError(f"{file} can be written to")


def _assert_refuses_writes(target: FaultTarget) -> None:
    server = target.server
    with http_client.Client(headers=server.headers) as client:
        written = client.post(server.kit("meetings"), json={"title": "Not now"})
        assert written.status_code == 503, written.text
        assert int(written.headers["retry-after"]) > 0
        assert client.get(f"{server.url}/readyz").status_code == 503
        assert client.get(server.kit("sessions")).status_code == 200


async def kill_database(target: FaultTarget, lasting_s: float) -> None:
    assert target.postgres is not None
    target.postgres.kill()
    await asyncio.to_thread(target.postgres.start)


async def take_database_away(target: FaultTarget, lasting_s: float) -> None:
    assert target.postgres is not None
    target.postgres.kill()
    await asyncio.sleep(lasting_s)
    await asyncio.to_thread(target.postgres.start)


async def make_read_only(target: FaultTarget, lasting_s: float) -> None:
    """As on a standby. Open connections are cut, so that every connection is read-only."""
    assert target.postgres is not None
    for value in ("on", "off"):
        connection = await asyncpg.connect(target.postgres.url)
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


async def send_headers_slowly(target: FaultTarget, lasting_s: float) -> None:
    """Three hundred clients that send their headers line by line and never finish them."""
    lines: list[asyncio.StreamWriter] = []
    for _ in range(300):
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", target.server.port)
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


async def flood_headers(target: FaultTarget, lasting_s: float) -> None:
    """Clients that send endless headers."""

    def flood() -> None:
        for _ in range(10):
            with (
                suppress(OSError),
                socket.create_connection(("127.0.0.1", target.server.port), timeout=5) as line,
            ):
                line.sendall(b"GET /healthz HTTP/1.1\r\n" + b"x: y\r\n" * 200_000)
                line.recv(1_000)

    await asyncio.gather(*(asyncio.to_thread(flood) for _ in range(4)))


MALFORMED_BODIES: tuple[bytes, ...] = (
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b'{"v": 1, "peer_id": "x", "entries": [' + b"1," * 50_000 + b"1]}",
    b'{"v": 1' + b"0" * 100_000 + b"}",
    b"\xff\xfe\x00" * 10_000,
    b"\x1f\x8b" + b"\x00" * 100,
    b'{"events": [{"type": "peer_joined", "at": 1e999}]}',
    b"",
)


async def send_malformed_bodies(target: FaultTarget, lasting_s: float) -> None:
    """Malformed bodies, to every endpoint that accepts one."""
    server = target.server
    endpoints = (
        f"{server.url}/v1/collect",
        f"{server.url}/api/v1/message",
        f"{server.url}/v1/apps/{server.app_id}/events",
        f"{server.url}/v1/apps/{server.app_id}/sources/janus",
        f"{server.url}/try/session",
        f"{server.url}/v1/sign-in",
        server.kit("meetings"),
    )

    def send() -> None:
        with http_client.Client(headers=server.headers) as client:
            for url in endpoints:
                for body in MALFORMED_BODIES:
                    for encoding in ("identity", "gzip", "zstd"):
                        answer = client.post(
                            url, content=body, headers={"content-encoding": encoding}
                        )
                        assert answer.status_code != 500, (url, body[:40], answer.text)

    await asyncio.to_thread(send)


ABUSES: dict[str, Fault] = {
    "300 slow requests": send_headers_slowly,
    "endless headers": flood_headers,
    "malformed bodies at every endpoint": send_malformed_bodies,
}
ON_BOTH: dict[str, Fault] = {
    "server suspended": suspend_server,
    "removed and kicked clients keep sending": remove_and_kick,
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


def faults_on(target: FaultTarget) -> dict[str, Fault]:
    """The faults of the server's engine, by name."""
    return ON_SQLITE if target.postgres is None else ON_POSTGRESQL


def figures(target: FaultTarget, ledger: Ledger) -> dict[str, Any]:
    """The figures of a run, by name."""
    return {
        "acknowledged": ledger.acknowledged,
        "refused for now": ledger.refused_for_now,
        "connections lost": ledger.lost_connections,
        "longest wait, s": round(ledger.longest_wait_s, 1),
        "peak memory, MB": round(target.peak_mb),
    }
