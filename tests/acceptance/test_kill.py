"""Acknowledged entries are on disk, once: the server is killed under load, again and again, while
clients send every batch until it is acknowledged."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.database_reads import assert_samples_stored, messages_of
from tests.acceptance.retrying_client import CollectorClient, Ledger, make_members
from tests.acceptance.server import Server, start

pytestmark = pytest.mark.acceptance

KILLS = 10
PEERS = 6
LOAD_S = 0.35
"""How long the clients send between two kills."""


async def kill_and_restart(server: Server, clients: list[CollectorClient]) -> Server:
    """Kills the server again and again while the clients send; returns the running one."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for client in clients:
            group.create_task(client.run(server, stop, pause_s=0))
        for _ in range(KILLS):
            await asyncio.sleep(LOAD_S)
            server.kill()
            server = await asyncio.to_thread(
                start, server.data_dir, server.rights, port=server.port
            )
        await asyncio.sleep(LOAD_S)
        stop.set()
    return server


async def list_sessions(server: Server) -> dict[str, Any]:
    async with httpx.AsyncClient(headers=server.headers) as client:
        answer = await client.get(server.kit("sessions"))
        listed: dict[str, Any] = answer.raise_for_status().json()
        return listed


async def test_killing_the_server_under_load_loses_nothing_acknowledged_and_counts_nothing_twice(
    tmp_path: Path,
) -> None:
    server = start(tmp_path)
    _, members = make_members(server, PEERS)
    clients = [CollectorClient(member=member, ledger=Ledger()) for member in members]
    try:
        server = await kill_and_restart(server, clients)
        sessions = await list_sessions(server)
    finally:
        server.stop()
    assert sessions["paging"]["total_count"] == 1
    (session,) = sessions["data"]["sessions"]
    assert session["live_participants"] == PEERS

    database_url = f"sqlite:///{tmp_path / 'aftercall.db'}"
    await assert_samples_stored(database_url, server.app_id, clients)
    for client in clients:
        assert counted(tmp_path, client.peer_id) == len(client.samples)
        # what was on disk but not acknowledged when the server died came again as a duplicate
        assert client.accepted + client.duplicates == client.sequence
    stored = len(await messages_of(database_url, server.app_id, session["id"]))
    assert stored == sum(client.messages for client in clients)
    assert stored > KILLS * PEERS


def counted(data_dir: Path, peer_id: str) -> int:
    """The server's own count of a peer's reports."""
    with sqlite3.connect(data_dir / "aftercall.db") as connection:
        row = connection.execute("SELECT samples FROM pulses WHERE peer_id = ?", (peer_id,))
        return int(row.fetchone()[0])
