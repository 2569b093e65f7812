"""What an app keeps for how long, as its admins read and set it."""

from datetime import datetime
from typing import Any

import pytest

from aftercall.core.instants import DAY_MS
from aftercall.core.records import Role
from tests.web.ended_and_live_calls import record_calls
from tests.web.intake_harness import open_intake
from tests.web.rest_server import ApiClient, RestServer

WEEK_S = 604_800
NOTHING_NEXT = {"next_at": None, "next_sessions": 0}


@pytest.fixture
async def owner(server: RestServer) -> ApiClient:
    return await server.new_client()


async def _kinds(owner: ApiClient, method: str = "GET", **request: object) -> dict[str, object]:
    url = f"/v1/apps/{owner.app_id}/retention"
    answer = await owner.request_url(method, url, **request)
    assert answer.status_code == 200, answer.text
    return {each["kind"]: each for each in answer.json()["data"]["kinds"]}


async def test_an_app_keeps_what_the_settings_say_until_it_chooses(owner: ApiClient) -> None:
    kinds = await _kinds(owner)
    forever = {"kept_s": 0, "effective_s": 0, "is_default": True}
    assert kinds["samples"] == {"kind": "samples", **forever, **NOTHING_NEXT}
    assert kinds["transcripts"] == {
        "kind": "transcripts",
        "kept_s": WEEK_S,
        "effective_s": WEEK_S,
        "is_default": True,
        **NOTHING_NEXT,
    }


async def test_what_an_admin_sets_is_kept_from_then_on(owner: ApiClient) -> None:
    body = {"samples": "30d", "sessions": 86_400, "transcripts": None}
    put = await _kinds(owner, "PUT", json=body)
    assert put == await _kinds(owner)
    assert put["samples"] == {
        "kind": "samples",
        "kept_s": 2_592_000,
        "effective_s": 86_400,
        "is_default": False,
        **NOTHING_NEXT,
    }
    assert (await _kinds(owner, "PUT", json={}))["samples"]["kept_s"] == 0  # type: ignore[index]


async def test_what_goes_next_is_named_with_its_day(server: RestServer) -> None:
    async with open_intake(server) as intake:
        await record_calls(intake)
        (over,) = [each for each in await intake.sessions() if each["status"] == "ENDED"]
        ended_at = int(datetime.fromisoformat(over["ended_at"]).timestamp() * 1000)
        kinds = await _kinds(intake.owner, "PUT", json={"samples": "30d", "chat": "forever"})
    next_at = ended_at + 30 * DAY_MS
    assert _next(kinds["samples"]) == {"next_at": next_at, "next_sessions": 1}
    assert _next(kinds["transcripts"])["next_at"] == ended_at + WEEK_S * 1000
    assert _next(kinds["chat"]) == NOTHING_NEXT


def _next(kind: Any) -> dict[str, int | None]:
    return {name: kind[name] for name in NOTHING_NEXT}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"samples": -1}, "samples"),
        ({"chat": "1 week"}, "chat"),
        ({"reports": 3_153_600_001}, "reports"),
        ({"addresses": True}, "addresses"),
        ({"pictures": 1}, "pictures"),
        ({"summaries": [1]}, "summaries"),
    ],
)
async def test_what_cannot_be_is_refused_by_name(
    owner: ApiClient, body: dict[str, object], field: str
) -> None:
    before = await _kinds(owner)
    for method, path in (("PUT", "retention"), ("POST", "retention/preview")):
        answer = await owner.request_url(method, f"/v1/apps/{owner.app_id}/{path}", json=body)
        assert answer.status_code == 422
        assert answer.json()["error"]["field"] == field
    assert await _kinds(owner) == before


async def test_who_may_only_read_sets_nothing(server: RestServer, owner: ApiClient) -> None:
    reader = await server.new_client(role=Role.READ, of=owner)
    other = await server.new_client()
    assert await _kinds(reader) == await _kinds(owner)
    for client in (reader, other):
        url = f"/v1/apps/{owner.app_id}/retention"
        answer = await client.request_url("PUT", url, json={"chat": 1})
        assert answer.status_code in (403, 404)
    answer = await other.request_url("GET", f"/v1/apps/{owner.app_id}/retention")
    assert answer.status_code in (403, 404)
