"""The intake's door over HTTP: who may say what, and what they are told."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest
import zstandard

from aftercall.web.intake.app import IntakeApp
from tests.web.conftest import NOON, Build, Caller, House


@dataclass(kw_only=True)
class Door:
    """The intake of a house, and one who was added to a meeting there."""

    house: House
    client: httpx.AsyncClient
    owner: Caller
    meeting_id: str
    token: str
    peer_id: str

    async def collect(self, *entries: dict[str, Any], **more: Any) -> httpx.Response:
        token = more.pop("token", self.token)
        body = {"v": 1, "peer_id": self.peer_id, "sent_at": NOON, "entries": entries} | more
        return await self.client.post(
            "/v1/collect", json=body, headers={"authorization": f"Bearer {token}"}
        )


def entry(kind: str, seq: int = 0, **members: Any) -> dict[str, Any]:
    return {"seq": seq, "at": NOON, "type": kind, **members}


async def _member_token(owner: Caller, meeting_id: str) -> tuple[str, str]:
    added = await owner.ask(
        "POST",
        f"/meetings/{meeting_id}/participants",
        json={
            "name": "Ada",
            "preset_name": "group_call_participant",
            "custom_participant_id": "ada",
        },
    )
    data = added.json()["data"]
    return data["id"], data["token"]


async def _open_door(house: House) -> Door:
    owner = await house.caller()
    made = await owner.ask("POST", "/meetings", json={"title": "Weekly"})
    meeting_id = made.json()["data"]["id"]
    _, token = await _member_token(owner, meeting_id)
    app: Any = IntakeApp(house.services)
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://aftercall.test"
    )
    return Door(
        house=house,
        client=client,
        owner=owner,
        meeting_id=meeting_id,
        token=token,
        peer_id=str(uuid4()),
    )


@pytest.fixture
async def door(build: Build) -> AsyncIterator[Door]:
    opened = await _open_door(build(collect_max_bytes=2_000, collect_max_inflated_bytes=4_000))
    running = asyncio.create_task(opened.house.services.write_queue.run())
    yield opened
    opened.house.services.write_queue.close()
    await running
    await opened.client.aclose()


async def test_a_batch_is_acknowledged_with_its_session(door: Door) -> None:
    answer = await door.collect(entry("join"), entry("chat", 1, text="hi"))
    assert answer.status_code == 202
    data = answer.json()["data"]
    assert (data["accepted"], data["duplicates"], data["rejected"]) == (2, 0, [])
    assert data["session"]["status"] == "LIVE"
    assert (data["interval_ms"], data["next"]) == (7_000, "continue")
    listed = await door.owner.ask("GET", "/sessions")
    assert [s["id"] for s in listed.json()["data"]["sessions"]] == [data["session"]["id"]]


async def test_a_batch_sent_twice_counts_once(door: Door) -> None:
    batch = (entry("join"), entry("event", 1, name="audio_off"))
    await door.collect(*batch)
    again = (await door.collect(*batch)).json()["data"]
    assert (again["accepted"], again["duplicates"]) == (0, 2)


async def test_a_beacon_sends_its_token_in_the_body(door: Door) -> None:
    body = {"v": 1, "peer_id": door.peer_id, "sent_at": NOON, "token": door.token}
    answer = await door.client.post(
        "/v1/collect",
        content=msgspec.json.encode(body | {"entries": [entry("join")]}),
        headers={"content-type": "text/plain"},
    )
    assert answer.status_code == 202


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
async def test_compressed_batches_are_accepted(door: Door, encoding: str) -> None:
    plain = msgspec.json.encode(
        {"v": 1, "peer_id": door.peer_id, "sent_at": NOON, "entries": [entry("join")]}
    )
    packed = gzip.compress(plain) if encoding == "gzip" else zstandard.compress(plain)
    answer = await door.client.post(
        "/v1/collect",
        content=packed,
        headers={"authorization": f"Bearer {door.token}", "content-encoding": encoding},
    )
    assert answer.status_code == 202


async def test_a_batch_without_a_valid_token_is_refused(door: Door) -> None:
    for token in ("", "nonsense", door.owner.token):
        answer = await door.collect(entry("join"), token=token)
        assert answer.status_code == 401
        assert answer.json()["errors"][0]["code"] == 10_000
    door.house.clock.move(86_400_001)
    expired = await door.collect(entry("join"))
    assert (expired.status_code, expired.json()["error"]["reason"]) == (401, "token_expired")


async def test_a_removed_participants_token_is_refused(door: Door) -> None:
    member_id, token = await _member_token(door.owner, door.meeting_id)
    removed = await door.owner.ask(
        "DELETE", f"/meetings/{door.meeting_id}/participants/{member_id}"
    )
    assert removed.status_code == 200
    answer = await door.collect(entry("join"), token=token)
    assert (answer.status_code, answer.json()["error"]["reason"]) == (403, "token_revoked")


async def test_the_peer_of_another_participant_is_refused(door: Door) -> None:
    await door.collect(entry("join"))
    _, other = await _member_token(door.owner, door.meeting_id)
    stolen = (await door.collect(entry("leave", 1), token=other)).json()
    assert "foreign_peer" in str(stolen)
    active = await door.owner.ask("GET", f"/meetings/{door.meeting_id}/active-session")
    assert active.json()["data"]["live_participants"] == 1


async def test_kicking_all_participants_ends_the_session_and_informs_the_collector(
    door: Door,
) -> None:
    await door.collect(entry("join"))
    kicked = await door.owner.ask("POST", f"/meetings/{door.meeting_id}/active-session/kick-all")
    assert kicked.status_code == 200
    reported = (await door.collect()).json()["data"]
    assert reported["next"] == "kicked"
    assert reported["session"]["status"] == "ENDED"


async def test_a_body_over_the_cap_is_too_large(door: Door) -> None:
    answer = await door.collect(entry("chat", 0, text="x" * 3_000))
    assert answer.status_code == 413
    bomb = await door.client.post(
        "/v1/collect",
        content=gzip.compress(b" " * 1_000_000),
        headers={"authorization": f"Bearer {door.token}", "content-encoding": "gzip"},
    )
    assert bomb.status_code == 413


async def test_only_post_and_preflights_are_answered(door: Door) -> None:
    assert (await door.client.get("/v1/collect")).status_code == 405
    preflight = await door.client.options("/v1/collect", headers={"origin": "https://app.example"})
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "authorization" in preflight.headers["access-control-allow-headers"]


async def test_a_backend_sends_events_and_receives_a_result_for_each(door: Door) -> None:
    headers = {"authorization": f"Bearer {door.owner.token}"}
    events = [
        {"type": "peer_joined", "at": NOON, "meeting_id": "m", "peer_id": "p"},
        {"type": "peer_left", "at": NOON, "peer_id": "nobody"},
        {"type": "what", "at": NOON},
    ]
    answer = await door.client.post(
        f"/v1/apps/{door.owner.app_id}/events", json={"events": events}, headers=headers
    )
    assert answer.status_code == 202
    results = answer.json()["data"]["results"]
    assert [r["status"] for r in results] == ["accepted", "rejected", "rejected"]
    assert [r.get("code") for r in results] == [None, "unknown_session", "bad_event"]


async def test_events_of_another_app_are_refused(door: Door) -> None:
    stranger = await door.house.caller()
    for app_id, token, statuses in (
        (door.owner.app_id, stranger.token, {403, 404}),
        (door.owner.app_id, door.token, {401}),
        ("no-such-app", door.owner.token, {403, 404}),
    ):
        answer = await door.client.post(
            f"/v1/apps/{app_id}/events",
            json={"events": [{"type": "session_closed", "at": NOON, "meeting_id": "m"}]},
            headers={"authorization": f"Bearer {token}"},
        )
        assert answer.status_code in statuses


async def test_call_statistics_of_realtimekits_client_are_accepted(door: Door) -> None:
    entries = [{"event": "ping_stat", "metaData": {}, "timestamp": "2026-11-21T12:00:00.000Z"}]
    answer = await door.client.post(
        "/api/v1/message",
        json={"payload": {"entries": entries}, "peerId": door.peer_id},
        headers={"authorization": f"Bearer {door.token}"},
    )
    assert answer.status_code == 200
    active = await door.owner.ask("GET", f"/meetings/{door.meeting_id}/active-session")
    assert active.json()["data"]["live_participants"] == 1


async def test_a_stopping_server_answers_with_retry_after(door: Door) -> None:
    door.house.services.write_queue.close()
    answer = await door.collect(entry("join"))
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"


async def test_the_address_in_a_report_depends_on_the_privacy_level(door: Door) -> None:
    app: Any = IntakeApp(door.house.services)
    transport = httpx.ASGITransport(app=app, client=("203.0.113.77", 4_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://aftercall.test") as client:
        body = {"v": 1, "peer_id": door.peer_id, "sent_at": NOON, "entries": [entry("join")]}
        headers = {"authorization": f"Bearer {door.token}"}
        await client.post("/v1/collect", json=body, headers=headers)
    report = await door.owner.ask("GET", f"/sessions/peer-report/{door.peer_id}")
    metadata = report.json()["data"]["peer_report"]["metadata"]
    assert metadata["ip_information"]["ipv4"] == "203.0.113.0"
