"""One token, and one app, flood a running server beside quiet ones: acknowledged entries are
stored, a refused client learns when to retry and then delivers everything, and the quiet ones lose
nothing."""

import asyncio
import gzip
import logging
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest

from tests.acceptance.server import Server, make_app, running

pytestmark = pytest.mark.acceptance

SETTINGS = {
    "AFTERCALL_TOKEN_TALK_CHARACTERS_PER_MIN": "600",
    "AFTERCALL_TOKEN_BYTES_PER_MIN": "400000",
    "AFTERCALL_INTAKE_QUEUE": "50",
}
log = logging.getLogger(__name__)

QUIET_BATCHES = 60
FLOODERS = 12


@dataclass(kw_only=True)
class Client:
    """One peer, which keeps a batch until it is acknowledged and obeys `retry-after`."""

    http: httpx.AsyncClient
    token: str
    peer_id: str = field(default_factory=lambda: str(uuid4()))
    sequence: int = 0
    accepted: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    latencies_s: list[float] = field(default_factory=list)
    refusals: list[httpx.Response] = field(default_factory=list)

    def entries(self, kind: str, number: int, **members: Any) -> list[dict[str, Any]]:
        now = round(time.time() * 1000)
        first, self.sequence = self.sequence, self.sequence + number
        made = [{"seq": first + n, "at": now, "type": kind, **members} for n in range(number)]
        if first == 0:
            made[0] = {"seq": 0, "at": now, "type": "join"}
        return made

    async def post(self, entries: list[dict[str, Any]]) -> httpx.Response:
        body = {
            "v": 1,
            "peer_id": self.peer_id,
            "sent_at": round(time.time() * 1000),
            "entries": entries,
        }
        began = time.monotonic()
        answer = await self.http.post(
            "/v1/collect",
            content=gzip.compress(msgspec.json.encode(body), 1),
            headers={"authorization": f"Bearer {self.token}", "content-encoding": "gzip"},
        )
        self.latencies_s.append(time.monotonic() - began)
        self.statuses[answer.status_code] += 1
        if answer.status_code == 202:
            self.accepted += answer.json()["data"]["accepted"]
        else:
            self.refusals.append(answer)
        return answer

    async def send(self, entries: list[dict[str, Any]]) -> None:
        """Send until it is acknowledged, no earlier than asked to."""
        while (answer := await self.post(entries)).status_code != 202:
            assert answer.status_code in (429, 503), answer.text
            await asyncio.sleep(float(answer.headers["retry-after"]))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("flood"), env=SETTINGS) as started:
        yield started


def tokens_of(server: Server, rights: dict[str, Any], count: int) -> list[str]:
    kit = f"{server.base_url}/accounts/{rights['account_id']}/realtime/kit/{rights['app_id']}"
    with httpx.Client(headers={"authorization": f"Bearer {rights['api_token']}"}) as client:
        meeting = client.post(f"{kit}/meetings", json={"title": "Flood"}).json()["data"]["id"]
        made = [
            client.post(
                f"{kit}/meetings/{meeting}/participants",
                json={"name": "Kim", "preset_name": "guest", "custom_participant_id": f"kim-{n}"},
            )
            for n in range(count)
        ]
        return [answer.raise_for_status().json()["data"]["token"] for answer in made]


async def send_quietly(client: Client) -> None:
    """Sends a batch at a time, as in a running call."""
    for _ in range(QUIET_BATCHES):
        await client.send(client.entries("event", 2, name="audio_off"))
        await asyncio.sleep(0.02)


def show(record: Any, **clients: Client) -> None:
    """Logs and records latencies, which are the machine's as much as the server's."""
    for name, client in clients.items():
        ordered = sorted(client.latencies_s)
        p50, p99 = (round(ordered[int(q * (len(ordered) - 1))] * 1000, 1) for q in (0.5, 0.99))
        figures = f"p50 {p50} ms, p99 {p99} ms, {dict(client.statuses)}"
        record(name, figures)
        log.info("%s: %s", name, figures)


async def events_kept(server: Server, token: str, app: str, peer_id: str) -> int:
    kit = f"{server.base_url}/accounts/{server.account_id}/realtime/kit/{app}"
    async with httpx.AsyncClient(headers={"authorization": f"Bearer {token}"}) as client:
        answer = await client.get(f"{kit}/sessions/peer-report/{peer_id}", timeout=60)
        report = answer.raise_for_status().json()["data"]["participant"]["peer_report"]
        return len(report["metadata"]["events"])


async def test_a_token_that_floods_is_refused_and_another_is_unaffected(
    server: Server, record_property: Any
) -> None:
    quiet_token, flood_token = tokens_of(server, server.rights, 2)
    async with (
        httpx.AsyncClient(base_url=server.url, timeout=60) as one,
        httpx.AsyncClient(base_url=server.url, timeout=60) as other,
    ):
        quiet, flood = Client(http=one, token=quiet_token), Client(http=other, token=flood_token)

        async def rush() -> None:
            while not done.is_set():
                batch = flood.entries("event", 300, name="audio_off", data={"text": "x" * 900})
                while (await flood.post(batch)).status_code != 202 and not done.is_set():
                    pass

        done = asyncio.Event()
        rushing = asyncio.create_task(rush())
        await send_quietly(quiet)
        done.set()
        await rushing
        show(record_property, quiet=quiet, flood=flood)
        assert quiet.statuses == {202: QUIET_BATCHES}
        assert quiet.accepted == quiet.sequence
        # 2 MB may come at once and 400 kB a minute from then on; a batch has 280 kB.
        assert flood.statuses[429] > 0
        assert flood.statuses[202] <= 8 + sum(flood.latencies_s) / 60 * 400_000 / 280_000 + 1
        refused = flood.refusals[0]
        assert refused.json()["error"]["reason"] == "over_budget"
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.headers["x-ratelimit-remaining"] == "0"
        counted = (await one.get("/metrics")).text
        assert 'aftercall_intake_over_budget_total{reason="token_bytes"}' in counted
    kept = await events_kept(server, server.api_token, server.app_id, flood.peer_id)
    assert kept >= flood.accepted - 1


async def test_a_client_that_obeys_retry_after_delivers_everything(
    server: Server, record_property: Any
) -> None:
    (token,) = tokens_of(server, server.rights, 1)
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as http:
        client = Client(http=http, token=token)
        await client.send(client.entries("event", 1, name="audio_off"))
        for text in ("x" * 3_030, "hello", "hello"):
            entries = client.entries("chat", 1, id=str(uuid4()), text=text)
            await client.send([*entries, *client.entries("event", 1, name="audio_off")])
        show(record_property, obedient=client)
        # 3,000 characters may come at once and ten a second from then on.
        assert client.statuses[202] == 4
        assert client.statuses[429] >= 1
        assert client.accepted == client.sequence


async def test_an_app_that_floods_delays_no_quiet_app(server: Server, record_property: Any) -> None:
    rights = make_app(server.data_dir)
    (quiet_token,) = tokens_of(server, server.rights, 1)
    async with (
        httpx.AsyncClient(base_url=server.url, timeout=60) as one,
        httpx.AsyncClient(base_url=server.url, timeout=60) as other,
    ):
        quiet = Client(http=one, token=quiet_token)
        kept: list[str] = []
        statuses = Counter[int]()

        async def post_joins(sender: int) -> None:
            number = 0
            while not done.is_set():
                number += 1
                peer_ids = [str(uuid4()) for _ in range(50)]
                joins = [
                    {
                        "type": "peer_joined",
                        "at": round(time.time() * 1000),
                        "meeting_id": f"m-{sender}-{number}-{fact // 8}",
                        "peer_id": peer_ids[fact],
                        "participant": {"custom_participant_id": f"u-{fact}"},
                    }
                    for fact in range(50)
                ]
                answer = await other.post(
                    f"/v1/apps/{rights['app_id']}/events",
                    json={"events": joins},
                    headers={"authorization": f"Bearer {rights['api_token']}"},
                )
                statuses[answer.status_code] += 1
                if answer.status_code == 202:
                    assert all(
                        each["status"] != "rejected" for each in answer.json()["data"]["results"]
                    )
                    kept.append(peer_ids[49])
                else:
                    assert answer.status_code in (429, 503), answer.text

        done = asyncio.Event()
        flooding = [asyncio.create_task(post_joins(sender)) for sender in range(FLOODERS)]
        await send_quietly(quiet)
        done.set()
        await asyncio.gather(*flooding)
        show(record_property, quiet=quiet)
        log.info("flood: %s", dict(statuses))
        assert quiet.statuses == {202: QUIET_BATCHES}
        assert quiet.accepted == quiet.sequence
        assert kept, "the flooding app gets its turns as well"
    for peer_id in kept[:3]:
        await events_kept(server, rights["api_token"], rights["app_id"], peer_id)
