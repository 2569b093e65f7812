"""Clients that send each batch until it is acknowledged, also when the server fails meanwhile, and
a ledger of what was acknowledged."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from tests.acceptance import http_client
from tests.acceptance.server import Server

RETRIABLE = frozenset({408, 429, 502, 503})
"""Statuses after which a client sends the same body again."""

PAUSE_S = 0.1


class RefusedForGood(AssertionError):
    """A request was refused with a status that allows no retry."""


@dataclass(kw_only=True)
class Ledger:
    """The answers to all clients, counted."""

    acknowledged: int = 0
    refused_for_now: int = 0
    lost_connections: int = 0
    longest_wait_s: float = 0.0
    """From the first attempt to send a batch to its acknowledgement."""
    last_acknowledged_at: float = 0.0


async def send_until_answered(
    client: httpx.AsyncClient, url: str, token: str, body: dict[str, Any], ledger: Ledger
) -> httpx.Response:
    """Sends a body until the answer allows no retry; returns that answer."""
    while True:
        try:
            answer = await client.post(
                url, headers={"authorization": f"Bearer {token}"}, json=body, timeout=10
            )
        except httpx.TransportError:
            ledger.lost_connections += 1
        else:
            if answer.status_code not in RETRIABLE:
                return answer
            ledger.refused_for_now += 1
        await asyncio.sleep(PAUSE_S)


async def send_until_accepted(
    client: httpx.AsyncClient, url: str, token: str, body: dict[str, Any], ledger: Ledger
) -> dict[str, Any]:
    """Sends a body until it is acknowledged; returns the receipt."""
    begun_at = time.monotonic()
    answer = await send_until_answered(client, url, token, body, ledger)
    if answer.status_code != 202:
        raise RefusedForGood(f"{answer.status_code} {answer.text}")
    now = time.monotonic()
    ledger.longest_wait_s = max(ledger.longest_wait_s, now - begun_at)
    ledger.last_acknowledged_at = now
    receipt: dict[str, Any] = answer.json()["data"]
    return receipt


def collect_url(server: Server) -> str:
    return f"{server.url}/v1/collect"


@dataclass(kw_only=True)
class CollectorClient:
    """A collector whose call continues until it is stopped."""

    member: dict[str, Any]
    ledger: Ledger
    peer_id: str = field(default_factory=lambda: str(uuid4()))
    sequence: int = 0
    samples: set[int] = field(default_factory=set)
    messages: int = 0
    has_begun: asyncio.Event = field(default_factory=asyncio.Event)
    accepted: int = 0
    duplicates: int = 0

    def next_batch(self) -> list[dict[str, Any]]:
        if self.sequence == 0:
            return [self.entry("join", interval_ms=7000, display_name="Kim")]
        stats = {
            "id": "OT01A1",
            "type": "outbound-rtp",
            "timestamp": round(time.time() * 1000),
            "ssrc": 1,
            "kind": "audio",
            "packetsSent": self.sequence * 50,
            "bytesSent": self.sequence * 4000,
        }
        message_id = f"{self.peer_id}-{self.sequence}"
        return [
            self.entry("sample", connections=[{"id": "pc1", "stats": [stats]}]),
            self.entry("chat", id=message_id, text="Still there?"),
        ]

    async def run(self, server: Server, stop: asyncio.Event, pause_s: float) -> None:
        """Sends reports until `stop` is set; returns when the last one is acknowledged."""
        async with httpx.AsyncClient() as client:
            while not stop.is_set():
                await self.send(client, server, self.next_batch())
                if self.samples:
                    self.has_begun.set()
                await asyncio.sleep(pause_s)

    async def send(
        self, client: httpx.AsyncClient, server: Server, batch: list[dict[str, Any]]
    ) -> None:
        """Sends a batch until it is acknowledged; raises `RefusedForGood` for a rejected entry."""
        receipt = await send_until_accepted(
            client, collect_url(server), self.member["token"], self.body(batch), self.ledger
        )
        if receipt["rejected"]:
            raise RefusedForGood(str(receipt))
        self.accepted += receipt["accepted"]
        self.duplicates += receipt["duplicates"]
        self.samples |= {e["seq"] for e in batch if e["type"] == "sample"}
        self.messages += sum(e["type"] == "chat" for e in batch)
        self.ledger.acknowledged += len(batch)

    def entry(self, kind: str, **members: Any) -> dict[str, Any]:
        """The peer's next entry, with the current time."""
        self.sequence += 1
        now = round(time.time() * 1000)
        return {"at": now, "seq": self.sequence - 1, "type": kind, **members}

    def body(self, batch: list[dict[str, Any]]) -> dict[str, Any]:
        """The request's body."""
        now = round(time.time() * 1000)
        return {"v": 1, "peer_id": self.peer_id, "sent_at": now, "entries": batch}


@dataclass(kw_only=True)
class ShortCallBackend:
    """A backend that reports one short, ended call after another."""

    ledger: Ledger
    ended: dict[str, int] = field(default_factory=dict)
    """When each session ended, by its meeting's id."""
    is_checked: bool = True

    async def run(self, server: Server, stop: asyncio.Event, pause_s: float) -> None:
        async with httpx.AsyncClient() as client:
            while not stop.is_set():
                await asyncio.sleep(pause_s)
                meeting, now = str(uuid4()), round(time.time() * 1000)
                place = {"meeting_id": meeting, "session_id": meeting}
                peer = {"peer_id": str(uuid4()), **place}
                sample = {"connections": [{"id": "pc", "stats": [{"id": "A", "type": "codec"}]}]}
                events: list[dict[str, Any]] = [
                    {"type": "peer_joined", "at": now - 60_000, "interval_ms": 7000, **peer},
                    {"type": "sample_taken", "at": now - 50_000, "sequence": 1, **peer}
                    | {"sample": sample},
                    {"type": "session_closed", "at": now - 1_000, **place},
                ]
                for place_in, event in enumerate(events):
                    event["id"] = f"{meeting}-{place_in}"
                url = f"{server.url}/v1/apps/{server.app_id}/events"
                receipt = await send_until_accepted(
                    client, url, server.api_token, {"events": events}, self.ledger
                )
                if any(each["status"] == "rejected" for each in receipt["results"]):
                    raise RefusedForGood(str(receipt))
                self.ended[meeting] = now - 1_000
                self.ledger.acknowledged += len(events)


def make_members(server: Server, count: int) -> tuple[str, list[dict[str, Any]]]:
    """A new meeting's id, and members with their tokens."""
    with http_client.Client(headers=server.headers) as client:
        meeting = client.post(server.kit("meetings"), json={"title": "Faults"}).json()["data"]
        members = []
        for number in range(count):
            answer = client.post(
                server.kit(f"meetings/{meeting['id']}/participants"),
                json={
                    "name": "Kim",
                    "preset_name": "group_call_participant",
                    "custom_participant_id": f"kim-{number}",
                },
            )
            members.append(answer.raise_for_status().json()["data"])
        return meeting["id"], members
