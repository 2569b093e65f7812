"""Clients that send each batch until it is acknowledged, whatever becomes of the server, and a
ledger of what was acknowledged."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from tests.acceptance import patient
from tests.acceptance.server import Server

PASSING = frozenset({408, 429, 502, 503})
"""Statuses after which a client sends the same again later."""

PAUSE_S = 0.1


class WronglyRefused(AssertionError):
    """A client was refused for good."""


@dataclass(kw_only=True)
class Ledger:
    """The answers to all clients together."""

    acknowledged: int = 0
    refused_for_now: int = 0
    lost_connections: int = 0
    longest_wait_s: float = 0.0
    """From the first try of a batch to its acknowledgement."""
    last_acknowledged_at: float = 0.0


async def send_until_answered(
    client: httpx.AsyncClient, url: str, token: str, body: dict[str, Any], ledger: Ledger
) -> httpx.Response:
    """The answer to a body that is sent again for as long as it is refused only for now."""
    while True:
        try:
            answer = await client.post(
                url, headers={"authorization": f"Bearer {token}"}, json=body, timeout=10
            )
        except httpx.TransportError:
            ledger.lost_connections += 1
        else:
            if answer.status_code not in PASSING:
                return answer
            ledger.refused_for_now += 1
        await asyncio.sleep(PAUSE_S)


async def send_until_taken(
    client: httpx.AsyncClient, url: str, token: str, body: dict[str, Any], ledger: Ledger
) -> dict[str, Any]:
    """The receipt of a body that is sent again until it is acknowledged."""
    begun_at = time.monotonic()
    answer = await send_until_answered(client, url, token, body, ledger)
    if answer.status_code != 202:
        raise WronglyRefused(f"{answer.status_code} {answer.text}")
    now = time.monotonic()
    ledger.longest_wait_s = max(ledger.longest_wait_s, now - begun_at)
    ledger.last_acknowledged_at = now
    receipt: dict[str, Any] = answer.json()["data"]
    return receipt


def collect_url(server: Server) -> str:
    return f"{server.url}/v1/collect"


@dataclass(kw_only=True)
class Caller:
    """A collector in a call that goes on."""

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

    async def go_on(self, server: Server, stop: asyncio.Event, pause_s: float) -> None:
        """Sends report after report until `stop`; returns once the last one is acknowledged."""
        async with httpx.AsyncClient() as client:
            while not stop.is_set():
                await self.send(client, server, self.next_batch())
                if self.samples:
                    self.has_begun.set()
                await asyncio.sleep(pause_s)

    async def send(
        self, client: httpx.AsyncClient, server: Server, batch: list[dict[str, Any]]
    ) -> None:
        """Sends a batch until it is acknowledged; raises `WronglyRefused` for what is not taken."""
        receipt = await send_until_taken(
            client, collect_url(server), self.member["token"], self.body(batch), self.ledger
        )
        if receipt["rejected"]:
            raise WronglyRefused(str(receipt))
        self.accepted += receipt["accepted"]
        self.duplicates += receipt["duplicates"]
        self.samples |= {e["seq"] for e in batch if e["type"] == "sample"}
        self.messages += sum(e["type"] == "chat" for e in batch)
        self.ledger.acknowledged += len(batch)

    def entry(self, kind: str, **members: Any) -> dict[str, Any]:
        """One more entry of the peer, of this moment."""
        self.sequence += 1
        now = round(time.time() * 1000)
        return {"at": now, "seq": self.sequence - 1, "type": kind, **members}

    def body(self, batch: list[dict[str, Any]]) -> dict[str, Any]:
        """What is sent, with a batch in it."""
        now = round(time.time() * 1000)
        return {"v": 1, "peer_id": self.peer_id, "sent_at": now, "entries": batch}


@dataclass(kw_only=True)
class Ender:
    """A backend whose short calls end, one after the other, each at a moment that it says."""

    ledger: Ledger
    ended: dict[str, int] = field(default_factory=dict)
    """When each session ended, by its meeting's id."""
    is_judged: bool = True

    async def go_on(self, server: Server, stop: asyncio.Event, pause_s: float) -> None:
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
                receipt = await send_until_taken(
                    client, url, server.api_token, {"events": events}, self.ledger
                )
                if any(each["status"] == "rejected" for each in receipt["results"]):
                    raise WronglyRefused(str(receipt))
                self.ended[meeting] = now - 1_000
                self.ledger.acknowledged += len(events)


def make_members(server: Server, count: int) -> tuple[str, list[dict[str, Any]]]:
    """A meeting, and those who may join it."""
    with patient.Client(headers=server.headers) as client:
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
