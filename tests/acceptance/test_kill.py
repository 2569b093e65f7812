"""What was acknowledged is on disk, and counts once: the server is killed under load, again and
again, while clients send every batch until it is acknowledged."""

import asyncio
import sqlite3
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from aftercall.core.records import StoredSample
from aftercall.store import samples, talk
from aftercall.store.database import Database
from tests.acceptance.server import Server, make_app, start

pytestmark = pytest.mark.acceptance

KILLS = 20
PEERS = 6
LOAD_S = 0.35
"""How long the clients send between two kills."""


@dataclass(kw_only=True)
class Client:
    """A collector that sends each batch until it is acknowledged, as the protocol allows."""

    number: int
    member: dict[str, Any]
    peer_id: str = field(default_factory=lambda: str(uuid4()))
    sequence: int = 0
    acknowledged_samples: set[int] = field(default_factory=set)
    acknowledged_messages: int = 0
    accepted: int = 0
    duplicates: int = 0

    def next_batch(self) -> list[dict[str, Any]]:
        now = round(time.time() * 1000)
        head = {"at": now}
        if self.sequence == 0:
            batch: list[dict[str, Any]] = [
                {**head, "seq": 0, "type": "join", "interval_ms": 7000, "display_name": "Kim"}
            ]
        else:
            stats = {
                "id": "OT01A1",
                "type": "outbound-rtp",
                "timestamp": now,
                "ssrc": 1,
                "kind": "audio",
                "packetsSent": self.sequence * 50,
                "bytesSent": self.sequence * 4000,
            }
            connection = {"id": "pc1", "stats": [stats]}
            text = {"type": "chat", "id": f"{self.peer_id}-{self.sequence}", "text": "Still there?"}
            batch = [
                {**head, "seq": self.sequence, "type": "sample", "connections": [connection]},
                {**head, "seq": self.sequence + 1, **text},
            ]
        self.sequence += len(batch)
        return batch

    async def send_until(self, stop: asyncio.Event, url: str) -> None:
        """Send batch after batch; one that was not acknowledged is sent again after a restart."""
        async with httpx.AsyncClient(timeout=10) as client:
            while not stop.is_set():
                batch = self.next_batch()
                while not await self.is_taken(client, url, batch):
                    pass

    async def is_taken(
        self, client: httpx.AsyncClient, url: str, batch: list[dict[str, Any]]
    ) -> bool:
        try:
            answer = await client.post(
                f"{url}/v1/collect",
                headers={"authorization": f"Bearer {self.member['token']}"},
                json={
                    "v": 1,
                    "peer_id": self.peer_id,
                    "sent_at": round(time.time() * 1000),
                    "entries": batch,
                },
            )
        except httpx.TransportError:
            await asyncio.sleep(0.05)
            return False
        if answer.status_code == 503:
            await asyncio.sleep(0.05)
            return False
        assert answer.status_code == 202, answer.text
        receipt = answer.json()["data"]
        assert receipt["rejected"] == []
        self.accepted += receipt["accepted"]
        self.duplicates += receipt["duplicates"]
        self.acknowledged_samples |= {e["seq"] for e in batch if e["type"] == "sample"}
        self.acknowledged_messages += sum(1 for e in batch if e["type"] == "chat")
        return True


def make_members(server: Server) -> list[dict[str, Any]]:
    with httpx.Client(headers=server.headers) as client:
        meeting = client.post(server.kit("meetings"), json={"title": "Kill -9"}).json()["data"]
        members = []
        for number in range(PEERS):
            answer = client.post(
                server.kit(f"meetings/{meeting['id']}/participants"),
                json={
                    "name": "Kim",
                    "preset_name": "group_call_participant",
                    "custom_participant_id": f"kim-{number}",
                },
            )
            members.append(answer.raise_for_status().json()["data"])
        return members


async def kill_and_restart(server: Server, clients: list[Client]) -> Server:
    """Kill the server again and again while the clients send; the last one, still running."""
    rights = {name: getattr(server, name) for name in ("account_id", "app_id", "api_token")}
    stop, url = asyncio.Event(), server.url
    async with asyncio.TaskGroup() as group:
        for client in clients:
            group.create_task(client.send_until(stop, url))
        for _ in range(KILLS):
            await asyncio.sleep(LOAD_S)
            server.kill()
            server = await asyncio.to_thread(start, server.data_dir, rights, port=server.port)
        await asyncio.sleep(LOAD_S)
        stop.set()
    return server


async def list_sessions(server: Server) -> dict[str, Any]:
    async with httpx.AsyncClient(headers=server.headers) as client:
        answer = await client.get(server.kit("sessions"))
        listed: dict[str, Any] = answer.raise_for_status().json()
        return listed


async def stored(data_dir: Path, app_id: str, peer_id: str) -> list[StoredSample]:
    db = await Database.open(f"sqlite:///{data_dir / 'aftercall.db'}")
    try:
        async with db.read() as tx:
            return await samples.of_peer(tx, app_id, peer_id)
    finally:
        await db.close()


async def count_messages(data_dir: Path, app_id: str, session_id: str) -> int:
    db = await Database.open(f"sqlite:///{data_dir / 'aftercall.db'}")
    try:
        async with db.read() as tx:
            return len(await talk.messages_of_session(tx, app_id, session_id))
    finally:
        await db.close()


async def test_killing_the_server_under_load_loses_nothing_acknowledged_and_counts_nothing_twice(
    tmp_path: Path,
) -> None:
    server = start(tmp_path, make_app(tmp_path))
    clients = [Client(number=n, member=m) for n, m in enumerate(make_members(server))]
    try:
        server = await kill_and_restart(server, clients)
        sessions = await list_sessions(server)
    finally:
        server.stop()
    assert sessions["paging"]["total_count"] == 1
    (session,) = sessions["data"]["sessions"]
    assert session["live_participants"] == PEERS

    for client in clients:
        kept = await stored(tmp_path, server.app_id, client.peer_id)
        sequences = [sample.sequence for sample in kept]
        assert len(sequences) == len(set(sequences))
        assert set(sequences) == client.acknowledged_samples
        assert counted(tmp_path, client.peer_id) == len(sequences)
        # what was on disk but not acknowledged when the server died came again as a duplicate
        assert client.accepted + client.duplicates == client.sequence
    said = await count_messages(tmp_path, server.app_id, session["id"])
    assert said == sum(client.acknowledged_messages for client in clients)
    assert said > KILLS * PEERS


def counted(data_dir: Path, peer_id: str) -> int:
    """How many reports the server says it has of a peer."""
    with sqlite3.connect(data_dir / "aftercall.db") as connection:
        row = connection.execute("SELECT samples FROM pulses WHERE peer_id = ?", (peer_id,))
        return int(row.fetchone()[0])
