"""The intake for media servers: who may post, and what is answered."""

import asyncio
import base64
import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from aftercall.core.instants import EpochMs
from aftercall.core.records import Role
from aftercall.web.intake.app import IntakeApp
from tests.web.rest_server import ApiClient, BuildServer, RestServer

RECORDING = json.loads((Path(__file__).parents[2] / "samples" / "janus-events.json").read_text())
AFTERWARDS = EpochMs(1_795_223_142_000)


@dataclass(kw_only=True)
class JanusIntake:
    server: RestServer
    client: httpx.AsyncClient
    owner: ApiClient

    async def post(self, body: Any, *, query: str = "", **request: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.owner.token}"} | request.pop("headers", {})
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        app_id = request.pop("app_id", self.owner.app_id)
        url = f"/v1/apps/{app_id}/sources/janus{query}"
        return await self.client.post(url, content=content, headers=headers)

    async def sessions(self) -> list[dict[str, Any]]:
        listed = (await self.owner.request("GET", "/sessions")).json()
        found: list[dict[str, Any]] = listed["data"]["sessions"]
        return found


@pytest.fixture
async def intake(build_server: BuildServer) -> AsyncIterator[JanusIntake]:
    server = build_server()
    server.clock.now = AFTERWARDS
    owner = await server.new_client()
    app: Any = IntakeApp(server.services)
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://aftercall.test"
    )
    running = asyncio.create_task(server.services.write_queue.run())
    yield JanusIntake(server=server, client=client, owner=owner)
    server.services.write_queue.close()
    await running
    await client.aclose()


def _room_event(name: str, seconds: int, session: int | None = 5, **data: Any) -> dict[str, Any]:
    event: dict[str, Any] = {
        "emitter": "janus-1",
        "type": 64,
        "timestamp": (AFTERWARDS - 60_000 + seconds * 1_000) * 1_000,
        "event": {
            "plugin": "janus.plugin.videoroom",
            "data": {"event": name, "room": 1234} | data,
        },
    }
    return event if session is None else event | {"session_id": session, "handle_id": session + 1}


async def test_a_recorded_call_is_accepted_and_counted(intake: JanusIntake) -> None:
    answer = await intake.post(RECORDING["call"])
    assert answer.status_code == 202
    assert answer.json() == {
        "success": True,
        "data": {"accepted": 31, "duplicates": 0, "ignored": 12, "rejected": []},
    }
    again = (await intake.post(RECORDING["call"])).json()["data"]
    # The leaves were applied before and add nothing.
    assert (again["accepted"], again["duplicates"], again["ignored"]) == (0, 29, 14)
    [session] = await intake.sessions()
    assert (session["associated_id"], session["total_participants"]) == ("1234", 2)


async def test_the_token_is_the_password_of_januss_basic_credentials(intake: JanusIntake) -> None:
    basic = base64.b64encode(f"janus:{intake.owner.token}".encode()).decode()
    answer = await intake.post(RECORDING["call"], headers={"authorization": f"Basic {basic}"})
    assert answer.status_code == 202
    wrong = base64.b64encode(b"janus:nonsense").decode()
    refused = await intake.post(RECORDING["call"], headers={"authorization": f"Basic {wrong}"})
    assert (refused.status_code, refused.json()["error"]["reason"]) == (401, "token_invalid")


async def test_a_compressed_post_is_accepted(intake: JanusIntake) -> None:
    packed = gzip.compress(json.dumps(RECORDING["call"]).encode())
    answer = await intake.post(packed, headers={"content-encoding": "gzip"})
    assert answer.json()["data"]["accepted"] == 31


async def test_another_tenant_can_neither_write_nor_read(intake: JanusIntake) -> None:
    other = await intake.server.new_client()
    foreign = await intake.post(RECORDING["call"], app_id=other.app_id)
    assert (foreign.status_code, foreign.json()["error"]["reason"]) == (403, "foreign_app")
    assert await intake.sessions() == []
    await intake.post(RECORDING["call"])
    theirs = JanusIntake(server=intake.server, client=intake.client, owner=other)
    assert await theirs.sessions() == []
    # In another app the same Janus session is another peer, which has not joined there.
    stats = (await theirs.post(RECORDING["call"][26])).json()["data"]
    assert (stats["accepted"], stats["rejected"][0]["code"]) == (0, "unknown_session")
    leaving = (await theirs.post(_room_event("leaving", 50, None, id=6603468110306277))).json()[
        "data"
    ]
    assert (leaving["accepted"], leaving["ignored"]) == (0, 1)


async def test_a_read_only_token_is_refused(intake: JanusIntake) -> None:
    reader = await intake.server.new_client(of=intake.owner, role=Role.READ)
    headers = {"authorization": f"Bearer {reader.token}"}
    refused = await intake.post(RECORDING["call"], headers=headers)
    assert (refused.status_code, refused.json()["error"]["reason"]) == (403, "read_only_token")
    nobody = await intake.post(RECORDING["call"], headers={"authorization": ""})
    assert nobody.status_code == 401


async def test_a_leaving_event_with_only_a_feed_ends_the_stay(intake: JanusIntake) -> None:
    await intake.post(
        [_room_event("joined", 0, 5, id=77, display="Ada"), _room_event("joined", 1, 8, id=78)]
    )
    [session] = await intake.sessions()
    assert session["live_participants"] == 2
    counts = (await intake.post(_room_event("leaving", 30, None, id=77))).json()["data"]
    assert (counts["accepted"], counts["ignored"]) == (1, 0)
    [session] = await intake.sessions()
    assert session["live_participants"] == 1


async def test_a_client_that_stops_sending_media_has_left_within_the_configured_period(
    intake: JanusIntake,
) -> None:
    await intake.post([_room_event("joined", 0, 5, id=77), _room_event("published", 1, 5, id=77)])
    await intake.post([_room_event("joined", 0, 8, id=78)])
    [session] = await intake.sessions()
    published = _room_event("published", 2, 5, id=77)
    await intake.post(published, query="?stats_period=5")
    intake.server.clock.move(31_000)
    await intake.server.recorder.apply_rules(intake.owner.app_id, session["id"])
    [session] = await intake.sessions()
    assert session["live_participants"] == 1


def _core(subtype: int, seconds: int, emitter: str = "janus-1") -> dict[str, Any]:
    status = {1: "started", 2: "shutdown"}.get(subtype, "other")
    timestamp = (AFTERWARDS - 60_000 + seconds * 1_000) * 1_000
    stated = {"emitter": emitter, "type": 256, "subtype": subtype, "timestamp": timestamp}
    return stated | {"event": {"status": status}}


def _statistics(seconds: int, session: int) -> dict[str, Any]:
    audio = {"media": "audio", "mid": "0", "base": 48_000, "packets-received": 50 * seconds}
    news = _room_event("", seconds, session)
    return news | {"type": 32, "subtype": 3, "event": audio}


@pytest.mark.parametrize(("subtype", "left_at"), [(1, ["10.000", "5.000"]), (2, ["30.000"] * 2)])
async def test_a_start_or_stop_of_janus_ends_its_stays(
    intake: JanusIntake, subtype: int, left_at: list[str]
) -> None:
    await intake.post([_room_event("joined", 0, 5, id=77), _room_event("published", 1, 5, id=77)])
    await intake.post([_room_event("joined", 2, 8, id=78), _room_event("published", 5, 8, id=78)])
    await intake.post([_room_event("joined", 3, 9, id=79) | {"emitter": "janus-2"}])
    await intake.post([_statistics(10, 5)])
    core = _core(subtype, 30)
    later = _room_event("joined", 31, 10, id=80)
    counts = (await intake.post([core, later])).json()["data"]
    assert (counts["accepted"], counts["ignored"], counts["rejected"]) == (2, 0, [])
    again = (await intake.post([core])).json()["data"]
    assert (again["accepted"], again["ignored"]) == (0, 1)
    [session] = await intake.sessions()
    assert session["live_participants"] == 2
    answer = await intake.owner.request("GET", f"/sessions/{session['id']}/participants")
    people = answer.json()["data"]["participants"]
    left = {each["custom_participant_id"]: each["left_at"] for each in people}
    assert {id for id, at in left.items() if at is None} == {"79", "80"}
    ends = [datetime.fromisoformat(left[id]).timestamp() for id in ("77", "78")]
    begin_s = AFTERWARDS / 1000 - 60
    assert [f"{end - begin_s:.3f}" for end in ends] == left_at


@pytest.mark.parametrize("stated", ["x", "-1", "601", "1.5", "٣"])
async def test_an_invalid_period_is_refused(intake: JanusIntake, stated: str) -> None:
    refused = await intake.post([], query=f"?stats_period={stated}")
    assert (refused.status_code, refused.json()["error"]["reason"]) == (400, "bad_number")


async def test_a_malformed_body_is_refused_and_logged(intake: JanusIntake) -> None:
    refused = await intake.post(b"{")
    assert (refused.status_code, refused.json()["error"]["reason"]) == (400, "bad_json")
    mixed = (await intake.post([3, *RECORDING["call"]])).json()["data"]
    assert mixed["accepted"] == 31
    assert [(r["index"], r["code"]) for r in mixed["rejected"]] == [(0, "bad_event")]
