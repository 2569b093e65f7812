"""`aftercall serve` as an operator starts and stops it."""

import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import httpx
import pytest

from tests.acceptance import http_client
from tests.acceptance.http_client import TIMEOUT_S
from tests.acceptance.server import (
    FIRST_START,
    PROGRAM,
    Server,
    command,
    environment,
    running,
    start,
    wait_until_ready,
)

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server whose address and folder another one may request."""
    with running(tmp_path_factory.mktemp("serve")) as started:
        yield started


def serve(folder: Path, log: Path, *words: str) -> subprocess.Popen[bytes]:
    with log.open("wb") as sink:
        return subprocess.Popen(
            [str(PROGRAM), "serve", "--port", "0", "--data-dir", str(folder), *words],
            stdout=sink,
            stderr=subprocess.STDOUT,
            env=environment({}),
        )


def test_only_the_first_start_makes_an_app_and_its_token_works(
    tmp_path: Path,
) -> None:
    first, second = tmp_path / "first.log", tmp_path / "second.log"
    process = serve(tmp_path, first)
    try:
        url = wait_until_ready(process, first, 0)
        printed = dict(FIRST_START.findall(first.read_text()))
        assert printed["token"].startswith("ac_")
        answer = http_client.get(
            f"{url}/client/v4/accounts/{printed['account']}/realtime/kit/{printed['app']}/sessions",
            headers={"authorization": f"Bearer {printed['token']}"},
        )
        assert answer.json()["data"]["sessions"] == []
    finally:
        process.terminate()
        assert process.wait(TIMEOUT_S) == 0
    process = serve(tmp_path, second)
    try:
        wait_until_ready(process, second, 0)
        assert FIRST_START.search(second.read_text()) is None
    finally:
        process.terminate()
        assert process.wait(TIMEOUT_S) == 0


def test_a_demo_stops_its_simulated_calls_when_it_stops(tmp_path: Path) -> None:
    log = tmp_path / "demo.log"
    process = serve(tmp_path, log, "--demo")
    try:
        wait_until_ready(process, log, 0)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        simulating = [int(child) for child in children.read_text().split()]
        assert len(simulating) == 1
    finally:
        process.terminate()
        assert process.wait(TIMEOUT_S) == 0
    with pytest.raises(ProcessLookupError):
        os.kill(simulating[0], 0)


def test_an_address_in_use_is_reported_in_one_sentence(server: Server, tmp_path: Path) -> None:
    refused = command("serve", "--port", str(server.port), "--data-dir", str(tmp_path))
    assert refused.returncode == 1
    assert f"cannot listen on 127.0.0.1:{server.port}" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_several_workers_on_sqlite_are_refused(tmp_path: Path) -> None:
    refused = command("serve", "--workers", "2", "--data-dir", str(tmp_path))
    assert refused.returncode == 2
    assert "PostgreSQL" in refused.stderr


def test_an_unreachable_database_is_reported_in_one_sentence(tmp_path: Path) -> None:
    url = "postgresql://nobody@127.0.0.1:9/none"
    refused = command("serve", "--database-url", url, "--data-dir", str(tmp_path))
    assert refused.returncode in {1, 3}
    assert "Traceback" not in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


@pytest.mark.parametrize("own_database_url", ["postgresql"], indirect=True)
def test_several_workers_serve_one_postgres(tmp_path: Path, own_database_url: str) -> None:
    words = {"AFTERCALL_DATABASE_URL": own_database_url, "AFTERCALL_WORKERS": "2"}
    server = start(tmp_path, env=words)
    try:
        for _ in range(10):
            assert http_client.get(server.kit("sessions"), headers=server.headers).is_success
    finally:
        server.stop()
    assert server.process.returncode == 0


def test_a_second_server_on_one_folder_is_refused(server: Server) -> None:
    refused = command("serve", "--port", "0", "--data-dir", str(server.data_dir))
    assert refused.returncode == 3
    assert f"process {server.process.pid}" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert http_client.get(f"{server.url}/readyz").is_success


@pytest.mark.parametrize("damage", ["cut off", "no SQLite database", "another program"])
def test_a_file_that_cannot_be_used_is_named_in_one_sentence(
    tmp_path: Path, sqlite_template: Path, damage: str
) -> None:
    path = tmp_path / "aftercall.db"
    shutil.copy(sqlite_template, path)
    if damage == "cut off":
        os.truncate(path, path.stat().st_size // 2)
    elif damage == "another program":
        path.unlink()
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE notes (text)")
    else:
        path.write_bytes(b"not a database" * 100)
    refused = command("serve", "--port", "0", "--data-dir", str(tmp_path))
    assert refused.returncode == 3
    (sentence,) = refused.stderr.splitlines()
    assert str(path) in sentence and damage in sentence


def worker_pids(supervisor: int) -> set[int]:
    """The processes that a process started and that serve."""
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    return {
        int(pid)
        for pid in children
        if b"multiprocessing.spawn" in Path(f"/proc/{pid}/cmdline").read_bytes()
    }


def until(what: Callable[[], bool]) -> None:
    """Wait until it is so."""
    give_up_at = time.monotonic() + TIMEOUT_S
    while not what():
        assert time.monotonic() < give_up_at
        time.sleep(0.1)


@pytest.mark.parametrize("own_database_url", ["postgresql"], indirect=True)
def test_workers_end_when_their_parent_is_killed(tmp_path: Path, own_database_url: str) -> None:
    words = {"AFTERCALL_DATABASE_URL": own_database_url, "AFTERCALL_WORKERS": "2"}
    server = start(tmp_path, env=words)
    workers = worker_pids(server.process.pid)
    assert len(workers) == 2
    server.kill()
    until(lambda: not any(Path(f"/proc/{pid}/cmdline").exists() for pid in workers))
    assert "supervisor_gone" in server.log.read_text()


@pytest.mark.parametrize("own_database_url", ["postgresql"], indirect=True)
def test_a_worker_that_dies_is_replaced_and_the_reason_logged(
    tmp_path: Path, own_database_url: str
) -> None:
    words = {"AFTERCALL_DATABASE_URL": own_database_url, "AFTERCALL_WORKERS": "2"}
    server = start(tmp_path, env=words)
    try:
        before = worker_pids(server.process.pid)
        os.kill(min(before), signal.SIGKILL)
        until(lambda: len(worker_pids(server.process.pid) - before) == 1)
        until(lambda: "signal SIGKILL" in server.log.read_text())
    finally:
        server.stop()
    assert server.process.returncode == 0


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("own_database_url", ["postgresql"], indirect=True)
def test_a_server_with_open_event_streams_stops_soon(
    tmp_path: Path, own_database_url: str, workers: int
) -> None:
    words = {"AFTERCALL_DATABASE_URL": own_database_url, "AFTERCALL_WORKERS": str(workers)}
    server = start(tmp_path, env=words)
    url = f"{server.url}/v1/apps/{server.app_id}/live"
    with ExitStack() as stack:
        for _ in range(4):
            client = stack.enter_context(httpx.Client(timeout=TIMEOUT_S))
            stream = stack.enter_context(client.stream("GET", url, headers=server.headers))
            assert stream.status_code == 200
            assert next(stream.iter_lines())
        asked_at = time.monotonic()
        server.stop()
        took_s = time.monotonic() - asked_at
    assert server.process.returncode == 0
    # If the streams were not closed, the server would wait for them for ten seconds and longer.
    assert took_s < 5 + busy_s()


def busy_s() -> float:
    """How much longer than on an idle machine a short computation takes here, times a hundred."""
    began_at, spent_s = time.monotonic(), time.process_time()
    while time.process_time() - spent_s < 0.05:
        pass
    return 100 * (time.monotonic() - began_at - 0.05)
