"""Senders over their budget: what they are answered, and that nothing is lost by it."""

from typing import Any

import httpx
import msgspec
import pytest

from tests.web.cases import Doors, opened
from tests.web.conftest import NOON, Build

PEER = "0b9c1f0a-5a3e-4a53-9d7e-3a4d8f6f2b11"


def batch(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"v": 1, "peer_id": PEER, "sent_at": NOON, "entries": list(entries)}


def chat(seq: int, text: str = "hello") -> dict[str, Any]:
    return {"seq": seq, "at": NOON, "type": "chat", "id": f"c{seq}", "text": text}


async def collect(doors: Doors, *entries: dict[str, Any], **headers: str) -> httpx.Response:
    return await doors.client.post(
        "/v1/collect",
        json=batch(*entries),
        headers={"authorization": f"Bearer {doors.token}", **headers},
    )


async def test_a_sender_over_its_budget_is_refused_with_retry_after(build: Build) -> None:
    async with opened(build(token_talk_characters_per_min=1)) as doors:
        join = {"seq": 0, "at": NOON, "type": "join"}
        assert (await collect(doors, join, chat(1, "abcdefg"))).status_code == 202
        refused = await collect(doors, chat(2))
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
        counted = doors.house.services.metrics.get_sample_value(
            "aftercall_intake_over_budget_total", {"reason": "token_talk"}
        )
        assert counted == 1


async def test_a_refused_batch_is_accepted_completely_when_repeated(build: Build) -> None:
    async with opened(build(token_events_per_min=1)) as doors:
        join = {"seq": 0, "at": NOON, "type": "join"}
        await collect(doors, join, *[chat(n) for n in range(1, 6)])
        refused = await collect(doors, *[chat(n) for n in range(6, 9)])
        assert refused.status_code == 429
        doors.pass_time(int(refused.headers["retry-after"]))
        again = (await collect(doors, *[chat(n) for n in range(6, 9)])).json()["data"]
        assert (again["accepted"], again["duplicates"], again["rejected"]) == (3, 0, [])


async def test_a_page_of_another_origin_may_read_retry_after(build: Build) -> None:
    async with opened(build(token_requests_per_min=1)) as doors:
        for _ in range(5):
            await collect(doors)
        refused = await collect(doors, origin="https://calls.example.com")
        assert refused.status_code == 429
        assert "retry-after" in refused.headers["access-control-expose-headers"]


async def test_a_spent_budget_is_checked_before_the_body_is_read(build: Build) -> None:
    async with opened(build(token_bytes_per_min=1)) as doors:
        await collect(doors, {"seq": 0, "at": NOON, "type": "join"})
        unread = await doors.client.post(
            "/v1/collect",
            content=b"no json",
            headers={"authorization": f"Bearer {doors.token}", "content-encoding": "gzip"},
        )
        assert unread.status_code == 429


async def test_a_beacon_spends_the_budget_too(build: Build) -> None:
    async with opened(build(token_bytes_per_min=1)) as doors:
        body = msgspec.json.encode(batch() | {"token": doors.token})
        statuses = [
            (await doors.client.post("/v1/collect", content=body)).status_code for _ in range(2)
        ]
        assert statuses == [202, 429]


@pytest.mark.parametrize(
    "path", ["/v1/apps/{app}/events", "/v1/apps/{app}/sources/janus", "/api/v1/message"]
)
async def test_every_intake_path_has_budgets(build: Build, path: str) -> None:
    async with opened(build(app_requests_per_min=1)) as doors:
        token = doors.token if "message" in path else doors.owner.token
        for attempt in range(6):
            answer = await doors.client.post(
                path.format(app=doors.owner.app_id),
                content=b"[]",
                headers={"authorization": f"Bearer {token}"},
            )
            assert (answer.status_code == 429) is (attempt == 5)


async def test_a_server_that_cannot_record_refunds_the_budget(build: Build) -> None:
    async with opened(build(token_events_per_min=1)) as doors:
        doors.house.services.write_queue.close()
        for number in range(20):
            assert (await collect(doors, chat(number))).status_code == 503
