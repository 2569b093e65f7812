"""A backup that is made under load is restored elsewhere and gives the same answers."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from aftercall.store import samples
from tests.acceptance.answers_about_the_ended import answers_of, paths_of, wait_until_idle
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
