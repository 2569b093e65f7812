"""Senders over their budget: what they are answered, and that nothing is lost by it."""

from typing import Any

import httpx
import msgspec
import pytest

from tests.recorder_harness import NOON
from tests.web.intake_harness import IntakeHarness, open_intake
from tests.web.rest_server import BuildServer

PEER = "0b9c1f0a-5a3e-4a53-9d7e-3a4d8f6f2b11"


def batch(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"v": 1, "peer_id": PEER, "sent_at": NOON, "entries": list(entries)}


def chat(seq: int, text: str = "hello") -> dict[str, Any]:
    return {"seq": seq, "at": NOON, "type": "chat", "id": f"c{seq}", "text": text}


async def collect(
    intake: IntakeHarness, *entries: dict[str, Any], **headers: str
) -> httpx.Response:
    return await intake.client.post(
        "/v1/collect",
        json=batch(*entries),
        headers={"authorization": f"Bearer {intake.token}", **headers},
    )


async def test_a_sender_over_its_budget_is_refused_with_retry_after(
    build_server: BuildServer,
) -> None:
    async with open_intake(build_server(token_talk_characters_per_min=1)) as intake:
        join = {"seq": 0, "at": NOON, "type": "join"}
        assert (await collect(intake, join, chat(1, "abcdefg"))).status_code == 202
        refused = await collect(intake, chat(2))
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "121"
        assert refused.headers["x-ratelimit-limit"] == "5"
        assert refused.headers["x-ratelimit-remaining"] == "0"
        assert refused.headers["x-ratelimit-reset"] == "Sat, 21 Nov 2026 12:02:01 GMT"
        assert refused.headers["ratelimit"] == '"token_talk";r=0;t=121'
        assert refused.headers["ratelimit-policy"] == '"token_talk";q=5;w=300'
        error = refused.json()["error"]
        assert (error["code"], error["reason"]) == (429, "over_budget")
        assert error["message"] == (
            "This token sent more than the 5 characters of chat and transcript that it may in five "
            "minutes: send it again in 121 s."
        )
        counted = intake.server.services.metrics.get_sample_value(
            "aftercall_intake_over_budget_total", {"reason": "token_talk"}
        )
        assert counted == 1


async def test_a_refused_batch_is_accepted_completely_when_repeated(
    build_server: BuildServer,
) -> None:
    async with open_intake(build_server(token_events_per_min=1)) as intake:
        join = {"seq": 0, "at": NOON, "type": "join"}
        await collect(intake, join, *[chat(n) for n in range(1, 6)])
        refused = await collect(intake, *[chat(n) for n in range(6, 9)])
        assert refused.status_code == 429
        intake.pass_time(int(refused.headers["retry-after"]))
        again = (await collect(intake, *[chat(n) for n in range(6, 9)])).json()["data"]
        assert (again["accepted"], again["duplicates"], again["rejected"]) == (3, 0, [])


async def test_a_page_of_another_origin_may_read_retry_after(build_server: BuildServer) -> None:
    async with open_intake(build_server(token_requests_per_min=1)) as intake:
        for _ in range(5):
            await collect(intake)
        refused = await collect(intake, origin="https://calls.example.com")
        assert refused.status_code == 429
        assert "retry-after" in refused.headers["access-control-expose-headers"]


async def test_a_spent_budget_is_checked_before_the_body_is_read(build_server: BuildServer) -> None:
    async with open_intake(build_server(token_bytes_per_min=1)) as intake:
        await collect(intake, {"seq": 0, "at": NOON, "type": "join"})
        unread = await intake.client.post(
            "/v1/collect",
            content=b"no json",
            headers={"authorization": f"Bearer {intake.token}", "content-encoding": "gzip"},
        )
        assert unread.status_code == 429


async def test_a_beacon_spends_the_budget_too(build_server: BuildServer) -> None:
    async with open_intake(build_server(token_bytes_per_min=1)) as intake:
        body = msgspec.json.encode(batch() | {"token": intake.token})
        statuses = [
            (await intake.client.post("/v1/collect", content=body)).status_code for _ in range(2)
        ]
        assert statuses == [202, 429]


@pytest.mark.parametrize(
    "path", ["/v1/apps/{app}/events", "/v1/apps/{app}/sources/janus", "/api/v1/message"]
)
async def test_every_intake_path_has_budgets(build_server: BuildServer, path: str) -> None:
    async with open_intake(build_server(app_requests_per_min=1)) as intake:
        token = intake.token if "message" in path else intake.owner.token
        for attempt in range(6):
            answer = await intake.client.post(
                path.format(app=intake.owner.app_id),
                content=b"[]",
                headers={"authorization": f"Bearer {token}"},
            )
            assert (answer.status_code == 429) is (attempt == 5)


async def test_a_server_that_cannot_record_refunds_the_budget(build_server: BuildServer) -> None:
    async with open_intake(build_server(token_events_per_min=1)) as intake:
        intake.server.services.write_queue.close()
        for number in range(20):
            assert (await collect(intake, chat(number))).status_code == 503
