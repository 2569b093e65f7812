"""A backup that is made under load is restored elsewhere and gives the same answers."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aftercall.store import samples
from tests.acceptance import http_client
from tests.acceptance.database_reads import read_transaction
from tests.acceptance.retrying_client import CollectorClient, Ledger, make_members
from tests.acceptance.server import (
    Server,
    command,
    running,
    simulate,
    start,
    wait_until_ended,
)

pytestmark = pytest.mark.acceptance

PEERS = 4


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with two ended sessions, whose reports are final."""
    with running(tmp_path_factory.mktemp("backed-up")) as started:
        played = simulate(
            started, "--meetings", "2", "--participants", "3", "--minutes", "4", "--seed", "3"
        )
        for session in played["sessions"]:
            wait_until_ended(started, session["session_id"])
        wait_until_idle(started)
        yield started


def wait_until_idle(server: Server) -> None:
    """Waits until no job is left: reports are folded by jobs."""
    give_up_at = time.monotonic() + http_client.TIMEOUT_S
    jobs: dict[str, Any] = {}
    while time.monotonic() < give_up_at:
        answer = http_client.get(f"{server.url}/v1/jobs", headers=server.headers)
        jobs = answer.raise_for_status().json()["data"]
        if jobs == {"waiting": [], "dead": []}:
            return
        time.sleep(0.2)
    raise AssertionError(f"jobs are left: {jobs}")


def get(server: Server, path: str) -> dict[str, Any]:
    """An answer's JSON, also that of a refusal."""
    answer: dict[str, Any] = http_client.get(server.kit(path), headers=server.headers).json()
    return answer


def paths_of(server: Server) -> list[str]:
    """All reads of RealtimeKit's Sessions API on ended sessions."""
    listed = get(server, "sessions?status=ENDED")
    paths: list[str] = []
    for session in listed["data"]["sessions"]:
        under = f"sessions/{session['id']}"
        paths += [f"sessions?search={session['id']}", under]
        paths += [f"{under}/participants?include_peer_events=true"]
        for person in get(server, f"{under}/participants")["data"]["participants"]:
            paths.append(f"{under}/participants/{person['id']}?include_peer_events=true")
            paths.append(f"sessions/peer-report/{person['id']}")
        paths += [f"{under}/{name}" for name in ("chat", "transcript", "summary")]
    assert len(paths) > 20
    return paths


def answers_of(server: Server, paths: list[str]) -> dict[str, Any]:
    return {path: with_files(get(server, path)) for path in paths}


def with_files(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer with the files that its links lead to in the place of the links, which are signed
    for a time. `result` repeats `data`."""
    data = {
        name: http_client.get(value).text if name.endswith("download_url") and value else value
        for name, value in (answer.get("data") or {}).items()
        if not name.endswith("download_url_expiry")
    }
    return {**answer, "data": data, "result": None}


async def back_up_under_load(server: Server, file: Path) -> list[CollectorClient]:
    """Makes a backup while clients send; returns them as they were when it began."""
    _, members = make_members(server, PEERS)
    clients = [CollectorClient(member=member, ledger=Ledger()) for member in members]
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for client in clients:
            group.create_task(client.run(server, stop, pause_s=0))
        await asyncio.gather(*(client.has_begun.wait() for client in clients))
        before = {client.peer_id: set(client.samples) for client in clients}
        done = await asyncio.to_thread(
            command, "backup", str(file), "--data-dir", str(server.data_dir)
        )
        stop.set()
    assert done.returncode == 0, done.stderr
    for client in clients:
        assert client.samples > before[client.peer_id]
        client.samples = before[client.peer_id]
    return clients


async def test_a_backup_under_load_restored_elsewhere_gives_the_same_answers(
    server: Server, tmp_path: Path
) -> None:
    file = tmp_path / "backup.db"
    paths = await asyncio.to_thread(paths_of, server)
    expected = await asyncio.to_thread(answers_of, server, paths)
    clients = await back_up_under_load(server, file)
    restored = tmp_path / "restored"
    done = await asyncio.to_thread(command, "restore", str(file), "--data-dir", str(restored))
    assert (done.returncode, done.stdout) == (0, "The database keeps its promises.\n"), done.stderr

    async with read_transaction(f"sqlite:///{restored / 'aftercall.db'}") as tx:
        for client in clients:
            stored = await samples.of_peer(tx, server.app_id, client.peer_id)
            assert {each.sequence for each in stored} >= client.samples

    other = await asyncio.to_thread(start, restored, server.rights)
    try:
        assert await asyncio.to_thread(answers_of, other, paths) == expected
    finally:
        other.stop()
