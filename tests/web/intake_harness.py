"""A server's intake and its REST side, for tests that send what clients and backends send."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from aftercall.core.instants import EpochMs
from aftercall.web.intake.app import IntakeApp
from tests.recorder_harness import NOON
from tests.web.rest_server import ApiClient, RestServer


@dataclass(kw_only=True)
class IntakeHarness:
    """A server's intake and REST side, with a meeting and the token of a participant of it."""

    server: RestServer
    client: httpx.AsyncClient
    owner: ApiClient
    meeting_id: str
    token: str

    async def post(self, path: str, body: Any, *, token: str | None = None) -> Any:
        """The answer's `data`; the body is JSON, or bytes as they are."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"authorization": f"Bearer {token or self.token}"}
        answer = await self.client.post(path, content=content, headers=headers)
        assert answer.status_code in (200, 202), answer.text
        return answer.json()["data"]

    async def events(self, *events: dict[str, Any], meeting_id: str = "room") -> list[Any]:
        """Send events as a backend; the result of each. `at` is in ms after noon."""
        dated = [{"meeting_id": meeting_id, **e, "at": NOON + e["at"]} for e in events]
        path = f"/v1/apps/{self.owner.app_id}/events"
        data = await self.post(path, {"events": dated}, token=self.owner.token)
        results: list[Any] = data["results"]
        return results

    async def janus(self, events: list[dict[str, Any]], *, room: int = 1234) -> Any:
        """Send events as Janus; the answer. `t` is in seconds after noon, room 0 is `room`."""
        text = json.dumps([_dated(event) for event in events])
        text = text.replace('"room": 0', f'"room": {room}')
        path = f"/v1/apps/{self.owner.app_id}/sources/janus?stats_period=5"
        return await self.post(path, text.encode(), token=self.owner.token)

    async def collect(self, *entries: Any, peer_id: str | None = None, **more: Any) -> Any:
        peer = peer_id or str(uuid4())
        body = {"v": 1, "peer_id": peer, "sent_at": NOON, "entries": list(entries)} | more
        return await self.post("/v1/collect", body)

    async def sessions(self) -> list[dict[str, Any]]:
        listed = (await self.owner.request("GET", "/sessions")).json()
        found: list[dict[str, Any]] = listed["data"]["sessions"]
        return found

    async def people(self, session_id: str) -> list[dict[str, Any]]:
        path = f"/sessions/{session_id}/participants?include_peer_events=true"
        listed = (await self.owner.request("GET", path)).json()
        found: list[dict[str, Any]] = listed["data"]["participants"]
        return found

    async def report(self, peer_id: str) -> dict[str, Any]:
        answer = (await self.owner.request("GET", f"/sessions/peer-report/{peer_id}")).json()
        found: dict[str, Any] = answer["data"]["participant"]["peer_report"]
        return found

    def pass_time(self, s: float) -> None:
        self.server.clock.now = EpochMs(self.server.clock.now + int(s * 1000))


def _dated(event: dict[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in event.items() if name != "t"}
    return {"emitter": "janus-1", **rest, "timestamp": round((NOON + event["t"] * 1000) * 1000)}


@asynccontextmanager
async def open_intake(server: RestServer) -> AsyncIterator[IntakeHarness]:
    owner = await server.new_client()
    made = await owner.request("POST", "/meetings", json={"title": "Weekly"})
    meeting_id = made.json()["data"]["id"]
    member = {
        "name": "Ada",
        "preset_name": "group_call_participant",
        "custom_participant_id": "ada",
    }
    added = await owner.request("POST", f"/meetings/{meeting_id}/participants", json=member)
    app: Any = IntakeApp(server.services)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://aftercall.test") as client:
        running = asyncio.create_task(server.services.write_queue.run())
        yield IntakeHarness(
            server=server,
            client=client,
            owner=owner,
            meeting_id=meeting_id,
            token=added.json()["data"]["token"],
        )
        server.services.write_queue.close()
        await running
