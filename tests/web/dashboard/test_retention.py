"""What an app keeps for how long, as its admins read and set it."""

import pytest

from aftercall.core.records import Role
from tests.web.rest_server import ApiClient, RestServer

WEEK_S = 604_800


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
    assert kinds["samples"] == {"kind": "samples", **forever}
    assert kinds["transcripts"] == {
        "kind": "transcripts",
        "kept_s": WEEK_S,
        "effective_s": WEEK_S,
        "is_default": True,
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
    }
    assert (await _kinds(owner, "PUT", json={}))["samples"]["kept_s"] == 0  # type: ignore[index]


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
