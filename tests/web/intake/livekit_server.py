"""A LiveKit server as far as its webhooks go: signs bodies and posts them to the intake."""

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import jwt

from aftercall.core.instants import EpochMs
from tests.web.rest_server import ApiClient, RestServer

SAMPLES = Path(__file__).parents[2] / "samples" / "livekit"
KEY = "APIsample12345"
SECRET = "sample-secret-sample-secret-sample-secret"


def read_sample(name: str) -> list[dict[str, Any]]:
    """The deliveries of a sample."""
    found: list[dict[str, Any]] = json.loads((SAMPLES / f"{name}.json").read_text())["deliveries"]
    return found


def sign(body: bytes, now: EpochMs, *, secret: str = SECRET, key: str = KEY, **claims: Any) -> str:
    """The token of a webhook, as LiveKit makes it."""
    now_s = now // 1_000
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    values = {"iss": key, "nbf": now_s, "iat": now_s, "exp": now_s + 300, "sha256": digest}
    return jwt.encode(values | claims, secret, algorithm="HS256")


@dataclass(kw_only=True)
class LivekitIntake:
    """The intake, an app that knows LiveKit's key, and a client with an API token of it."""

    server: RestServer
    client: httpx.AsyncClient
    owner: ApiClient

    async def send(
        self, body: bytes, token: str | None, *, app_id: str | None = None
    ) -> httpx.Response:
        headers = {"content-type": "application/webhook+json"}
        if token is not None:
            headers["authorization"] = token
        url = f"/v1/apps/{app_id or self.owner.app_id}/sources/livekit"
        return await self.client.post(url, content=body, headers=headers)

    async def post(self, event: dict[str, Any] | str) -> dict[str, Any]:
        """Post a webhook, signed at the server's time; the counts of the answer."""
        body = (event if isinstance(event, str) else json.dumps(event)).encode()
        answer = await self.send(body, sign(body, self.server.clock.now))
        assert answer.status_code == 202, answer.text
        counts: dict[str, Any] = answer.json()["data"]
        return counts

    async def sessions(self) -> list[dict[str, Any]]:
        """All sessions, the first one first."""
        listed = (
            await self.owner.request("GET", "/sessions?sort_by=createdAt&sort_order=ASC")
        ).json()
        found: list[dict[str, Any]] = listed["data"]["sessions"]
        return found

    async def participants(self, session_id: str) -> list[dict[str, Any]]:
        listed = (
            await self.owner.request("GET", f"/sessions/{session_id}/participants?per_page=100")
        ).json()
        found: list[dict[str, Any]] = listed["data"]["participants"]
        return found

    async def sweep(self) -> None:
        """What the background work does with sessions whose time is up."""
        for app_id, session_id in await self.server.recorder.overdue():
            await self.server.recorder.apply_rules(app_id, session_id)
