"""The intake over HTTP: who may send what, and what is answered."""

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

from aftercall.core.events import AnyEvent, PeerEvent, SampleTaken
from aftercall.web.intake.app import IntakeApp
from aftercall.web.intake.participants import samples_together
from tests.recorder_harness import NOON
from tests.web.rest_server import ApiClient, BuildServer, RestServer


@dataclass(kw_only=True)
class CollectorIntake:
    """The intake of a server, and the token of a participant of a meeting."""

    server: RestServer
    client: httpx.AsyncClient
    owner: ApiClient
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


async def _member_token(owner: ApiClient, meeting_id: str) -> tuple[str, str]:
    added = await owner.request(
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


async def _open_intake(server: RestServer) -> CollectorIntake:
    owner = await server.new_client()
    made = await owner.request("POST", "/meetings", json={"title": "Weekly"})
    meeting_id = made.json()["data"]["id"]
    _, token = await _member_token(owner, meeting_id)
    app: Any = IntakeApp(server.services)
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://aftercall.test"
    )
    return CollectorIntake(
        server=server,
        client=client,
        owner=owner,
        meeting_id=meeting_id,
        token=token,
        peer_id=str(uuid4()),
    )


@pytest.fixture
async def intake(build_server: BuildServer) -> AsyncIterator[CollectorIntake]:
    opened = await _open_intake(
        build_server(collect_max_bytes=2_000, collect_max_inflated_bytes=4_000)
    )
    running = asyncio.create_task(opened.server.services.write_queue.run())
    yield opened
    opened.server.services.write_queue.close()
    await running
    await opened.client.aclose()


async def test_a_batch_is_acknowledged_with_its_session(intake: CollectorIntake) -> None:
    answer = await intake.collect(entry("join"), entry("chat", 1, text="hi"))
    assert answer.status_code == 202
    data = answer.json()["data"]
    assert (data["accepted"], data["duplicates"], data["rejected"]) == (2, 0, [])
    assert data["session"]["status"] == "LIVE"
    assert (data["interval_ms"], data["next"]) == (7_000, "continue")
    listed = await intake.owner.request("GET", "/sessions")
    assert [s["id"] for s in listed.json()["data"]["sessions"]] == [data["session"]["id"]]


async def test_samples_are_wanted_together_until_somebody_looks_at_the_session(
    intake: CollectorIntake,
) -> None:
    async def answer(sequence: int) -> Any:
        sample = entry("sample", sequence, connections=[], streams=[])
        return (await intake.collect(sample)).json()["data"]

    joined = (await intake.collect(entry("join"))).json()["data"]
    assert joined["request_interval_ms"] == 7_000
    assert (await answer(1))["request_interval_ms"] == 28_000
    path = f"/sessions/peer-report/{intake.peer_id}"
    assert (await intake.owner.request("GET", path)).status_code == 200
    assert (await answer(2))["request_interval_ms"] == 7_000


SAMPLE = SampleTaken(id="s", at=NOON, peer_id="p", sequence=1, body=b"{}")
NOTE = PeerEvent(id="n", at=NOON, peer_id="p", name="audio_off", data={})


@pytest.mark.parametrize(
    ("events", "size_bytes", "expected"),
    [
        ([SAMPLE], 6_500, 4),
        ([SAMPLE] * 4, 26_000, 4),
        ([SAMPLE], 18_000, 2),
        ([SAMPLE, NOTE, NOTE], 18_400, 2),
        ([SAMPLE], 90_000, 1),
        ([NOTE], 300, 1),
        ([], 120, 4),
    ],
)
def test_no_more_samples_are_wanted_together_than_a_page_can_send_at_its_end(
    events: list[AnyEvent], size_bytes: int, expected: int
) -> None:
    for is_watched, together in ((False, expected), (True, 1)):
        assert together == samples_together(
            events, is_watched=is_watched, most=4, size_bytes=size_bytes
        )


async def test_a_batch_sent_twice_counts_once(intake: CollectorIntake) -> None:
    batch = (entry("join"), entry("event", 1, name="audio_off"))
    await intake.collect(*batch)
    again = (await intake.collect(*batch)).json()["data"]
    assert (again["accepted"], again["duplicates"]) == (0, 2)


async def test_a_beacon_sends_its_token_in_the_body(intake: CollectorIntake) -> None:
    body = {"v": 1, "peer_id": intake.peer_id, "sent_at": NOON, "token": intake.token}
    answer = await intake.client.post(
        "/v1/collect",
        content=msgspec.json.encode(body | {"entries": [entry("join")]}),
        headers={"content-type": "text/plain"},
    )
    assert answer.status_code == 202


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
async def test_compressed_batches_are_accepted(intake: CollectorIntake, encoding: str) -> None:
    plain = msgspec.json.encode(
        {"v": 1, "peer_id": intake.peer_id, "sent_at": NOON, "entries": [entry("join")]}
    )
    packed = gzip.compress(plain) if encoding == "gzip" else zstandard.compress(plain)
    answer = await intake.client.post(
        "/v1/collect",
        content=packed,
        headers={"authorization": f"Bearer {intake.token}", "content-encoding": encoding},
    )
    assert answer.status_code == 202


async def test_a_batch_without_a_valid_token_is_refused(intake: CollectorIntake) -> None:
    for token in ("", "nonsense", intake.owner.token):
        answer = await intake.collect(entry("join"), token=token)
        assert answer.status_code == 401
        assert answer.json()["errors"][0]["code"] == 10_000
    intake.server.clock.move(86_400_001)
    expired = await intake.collect(entry("join"))
    assert (expired.status_code, expired.json()["error"]["reason"]) == (401, "token_expired")


async def test_a_removed_participants_token_is_refused(intake: CollectorIntake) -> None:
    member_id, token = await _member_token(intake.owner, intake.meeting_id)
    removed = await intake.owner.request(
        "DELETE", f"/meetings/{intake.meeting_id}/participants/{member_id}"
    )
    assert removed.status_code == 200
    answer = await intake.collect(entry("join"), token=token)
    assert (answer.status_code, answer.json()["error"]["reason"]) == (403, "token_revoked")


async def test_the_peer_of_another_participant_is_refused(intake: CollectorIntake) -> None:
    await intake.collect(entry("join"))
    _, other = await _member_token(intake.owner, intake.meeting_id)
    stolen = (await intake.collect(entry("leave", 1), token=other)).json()
    assert "foreign_peer" in str(stolen)
    active = await intake.owner.request("GET", f"/meetings/{intake.meeting_id}/active-session")
    assert active.json()["data"]["live_participants"] == 1


async def test_kicking_all_participants_ends_the_session_and_informs_the_collector(
    intake: CollectorIntake,
) -> None:
    await intake.collect(entry("join"))
    kicked = await intake.owner.request(
        "POST", f"/meetings/{intake.meeting_id}/active-session/kick-all"
    )
    assert kicked.status_code == 200
    reported = (await intake.collect()).json()["data"]
    assert reported["next"] == "kicked"
    assert reported["session"]["status"] == "ENDED"


async def test_a_body_over_the_cap_is_too_large(intake: CollectorIntake) -> None:
    answer = await intake.collect(entry("chat", 0, text="x" * 3_000))
    assert answer.status_code == 413
    bomb = await intake.client.post(
        "/v1/collect",
        content=gzip.compress(b" " * 1_000_000),
        headers={"authorization": f"Bearer {intake.token}", "content-encoding": "gzip"},
    )
    assert bomb.status_code == 413


async def test_only_post_and_preflights_are_answered(intake: CollectorIntake) -> None:
    assert (await intake.client.get("/v1/collect")).status_code == 405
    preflight = await intake.client.options(
        "/v1/collect", headers={"origin": "https://app.example"}
    )
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "authorization" in preflight.headers["access-control-allow-headers"]


async def test_a_backend_sends_events_and_receives_a_result_for_each(
    intake: CollectorIntake,
) -> None:
    headers = {"authorization": f"Bearer {intake.owner.token}"}
    events = [
        {"type": "peer_joined", "at": NOON, "meeting_id": "m", "peer_id": "p"},
        {"type": "peer_left", "at": NOON, "peer_id": "nobody"},
        {"type": "what", "at": NOON},
    ]
    answer = await intake.client.post(
        f"/v1/apps/{intake.owner.app_id}/events", json={"events": events}, headers=headers
    )
    assert answer.status_code == 202
    results = answer.json()["data"]["results"]
    assert [r["status"] for r in results] == ["accepted", "rejected", "rejected"]
    assert [r.get("code") for r in results] == [None, "unknown_session", "bad_event"]


async def test_events_of_another_app_are_refused(intake: CollectorIntake) -> None:
    stranger = await intake.server.new_client()
    for app_id, token, statuses in (
        (intake.owner.app_id, stranger.token, {403, 404}),
        (intake.owner.app_id, intake.token, {401}),
        ("no-such-app", intake.owner.token, {403, 404}),
    ):
        answer = await intake.client.post(
            f"/v1/apps/{app_id}/events",
            json={"events": [{"type": "session_closed", "at": NOON, "meeting_id": "m"}]},
            headers={"authorization": f"Bearer {token}"},
        )
        assert answer.status_code in statuses


async def test_call_statistics_of_realtimekits_client_are_accepted(intake: CollectorIntake) -> None:
    entries = [{"event": "ping_stat", "metaData": {}, "timestamp": "2026-11-21T12:00:00.000Z"}]
    answer = await intake.client.post(
        "/api/v1/message",
        json={"payload": {"entries": entries}, "peerId": intake.peer_id},
        headers={"authorization": f"Bearer {intake.token}"},
    )
    assert answer.status_code == 200
    active = await intake.owner.request("GET", f"/meetings/{intake.meeting_id}/active-session")
    assert active.json()["data"]["live_participants"] == 1


async def test_a_stopping_server_answers_with_retry_after(intake: CollectorIntake) -> None:
    intake.server.services.write_queue.close()
    answer = await intake.collect(entry("join"))
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"


async def test_the_address_in_a_report_depends_on_the_privacy_level(
    intake: CollectorIntake,
) -> None:
    app: Any = IntakeApp(intake.server.services)
    transport = httpx.ASGITransport(app=app, client=("203.0.113.77", 4_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://aftercall.test") as client:
        body = {"v": 1, "peer_id": intake.peer_id, "sent_at": NOON, "entries": [entry("join")]}
        headers = {"authorization": f"Bearer {intake.token}"}
        await client.post("/v1/collect", json=body, headers=headers)
    report = await intake.owner.request("GET", f"/sessions/peer-report/{intake.peer_id}")
    metadata = report.json()["data"]["peer_report"]["metadata"]
    assert metadata["ip_information"]["ipv4"] == "203.0.113.0"
