"""The public cases of `tests/samples/cases` at the house's own doors."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from aftercall.core.instants import EpochMs
from aftercall.web.intake.app import IntakeApp
from tests.web.conftest import NOON, Caller, House

CASES = Path(__file__).parents[1] / "samples" / "cases"


def case(name: str) -> dict[str, Any]:
    """A case by the beginning of its file's name."""
    (path,) = CASES.glob(f"{name}-*.json")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


@dataclass(kw_only=True)
class Doors:
    """A house's intake and REST side, with a meeting and one who may join it."""

    house: House
    client: httpx.AsyncClient
    owner: Caller
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
        """What became of a backend's events; `at` is ms after noon."""
        dated = [{"meeting_id": meeting_id, **e, "at": NOON + e["at"]} for e in events]
        path = f"/v1/apps/{self.owner.app_id}/events"
        data = await self.post(path, {"events": dated}, token=self.owner.token)
        results: list[Any] = data["results"]
        return results

    async def janus(self, events: list[dict[str, Any]], *, room: int = 1234) -> Any:
        """What became of Janus' events; `t` is s after noon, room 0 is `room`."""
        text = json.dumps([_dated(event) for event in events])
        text = text.replace('"room": 0', f'"room": {room}')
        path = f"/v1/apps/{self.owner.app_id}/sources/janus?stats_period=5"
        return await self.post(path, text.encode(), token=self.owner.token)

    async def collect(self, *entries: Any, peer_id: str | None = None, **more: Any) -> Any:
        peer = peer_id or str(uuid4())
        body = {"v": 1, "peer_id": peer, "sent_at": NOON, "entries": list(entries)} | more
        return await self.post("/v1/collect", body)

    async def sessions(self) -> list[dict[str, Any]]:
        listed = (await self.owner.ask("GET", "/sessions")).json()
        found: list[dict[str, Any]] = listed["data"]["sessions"]
        return found

    async def people(self, session_id: str) -> list[dict[str, Any]]:
        path = f"/sessions/{session_id}/participants?include_peer_events=true"
        listed = (await self.owner.ask("GET", path)).json()
        found: list[dict[str, Any]] = listed["data"]["participants"]
        return found

    async def report(self, peer_id: str) -> dict[str, Any]:
        answer = (await self.owner.ask("GET", f"/sessions/peer-report/{peer_id}")).json()
        found: dict[str, Any] = answer["data"]["participant"]["peer_report"]
        return found

    def pass_time(self, s: float) -> None:
        self.house.clock.now = EpochMs(self.house.clock.now + int(s * 1000))


def _dated(event: dict[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in event.items() if name != "t"}
    return {"emitter": "janus-1", **rest, "timestamp": round((NOON + event["t"] * 1000) * 1000)}


@asynccontextmanager
async def opened(house: House) -> AsyncIterator[Doors]:
    owner = await house.caller()
    made = await owner.ask("POST", "/meetings", json={"title": "Weekly"})
    meeting_id = made.json()["data"]["id"]
    member = {
        "name": "Ada",
        "preset_name": "group_call_participant",
        "custom_participant_id": "ada",
    }
    added = await owner.ask("POST", f"/meetings/{meeting_id}/participants", json=member)
    app: Any = IntakeApp(house.services)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://aftercall.test") as client:
        running = asyncio.create_task(house.services.write_queue.run())
        yield Doors(
            house=house,
            client=client,
            owner=owner,
            meeting_id=meeting_id,
            token=added.json()["data"]["token"],
        )
        house.services.write_queue.close()
        await running
