from typing import Any

import httpx
import pytest
from litestar import get

from aftercall.core.instants import MINUTE_MS
from aftercall.core.records import Role
from aftercall.store.engine.database import Database

# Shared fixtures and their types live in this folder's conftest.
RestServer = Any
BuildServer = Any


async def test_an_unknown_path_has_the_common_error_body(server: RestServer) -> None:
    for url in ("/nothing", "/client/v4/nothing", "/v2/nothing/at/all"):
        answer = await server.client.get(url)
        assert answer.status_code == 404
        body = answer.json()
        assert body["errors"][0]["code"] == 7003
        assert body["error"]["reason"] == "no_route"
        assert body["result"] is None


async def test_an_unsupported_method_has_the_common_error_body(server: RestServer) -> None:
    caller = await server.new_client()
    answer = await caller.request("DELETE", "/meetings")
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) >= {"GET", "POST"}
    assert answer.json()["error"]["reason"] == "method_not_allowed"


async def test_a_request_without_credentials_is_refused(server: RestServer) -> None:
    caller = await server.new_client()
    answer = await server.client.get(f"{caller.kit}/{caller.app_id}/meetings")
    assert answer.status_code == 401
    assert answer.json()["errors"] == [{"code": 10000, "message": "Authentication is needed"}]
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_wrong_token_is_refused(server: RestServer) -> None:
    caller = await server.new_client()
    caller.token = "ac_wrong"
    assert (await caller.request("GET", "/meetings")).status_code == 401


async def test_key_and_email_are_accepted_like_a_bearer_token(server: RestServer) -> None:
    caller = await server.new_client()
    headers = {"X-Auth-Key": caller.token, "X-Auth-Email": "user@example.com"}
    url = f"{caller.kit}/{caller.app_id}/meetings"
    assert (await server.client.get(url, headers=headers)).status_code == 200


async def test_the_operations_also_exist_without_the_prefix_and_below_v2(
    server: RestServer,
) -> None:
    caller = await server.new_client()
    made = (await caller.request("POST", "/meetings", json={"title": "One"})).json()["data"]
    plain = f"/accounts/{caller.account_id}/realtime/kit/{caller.app_id}/meetings/{made['id']}"
    assert (await caller.request_url("GET", plain)).json()["data"] == made
    basic = httpx.BasicAuth(caller.app_id, caller.token)
    answer = await server.client.get(f"/v2/meetings/{made['id']}", auth=basic)
    assert answer.json()["data"] == made
    assert (await caller.request_url("GET", f"/v2/meetings/{made['id']}")).json()["data"] == made


async def test_below_v2_a_token_of_the_account_must_name_the_app(server: RestServer) -> None:
    caller = await server.new_client(is_of_account=True)
    answer = await caller.request_url("GET", "/v2/meetings")
    assert (answer.status_code, answer.json()["error"]["reason"]) == (403, "app_not_named")


async def test_a_read_only_token_is_refused_every_change(server: RestServer) -> None:
    admin = await server.new_client()
    reader = await server.new_client(of=admin, role=Role.READ)
    assert (await reader.request("GET", "/meetings")).status_code == 200
    answer = await reader.request("POST", "/meetings", json={})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, 10000)


async def test_a_token_over_its_limit_is_refused_with_retry_after(
    build_server: BuildServer,
) -> None:
    server = build_server(rate_limit_per_5_min=2)
    caller = await server.new_client()
    first = await caller.request("GET", "/meetings")
    assert first.headers["x-ratelimit-remaining"] == "1"
    await caller.request("GET", "/meetings")
    third = await caller.request("GET", "/meetings")
    assert third.status_code == 429
    assert third.headers["retry-after"] == "300"
    assert third.headers["x-ratelimit-remaining"] == "0"
    assert third.json()["error"]["reason"] == "rate_limited"
    server.clock.move(5 * MINUTE_MS)
    assert (await caller.request("GET", "/meetings")).status_code == 200


async def test_the_result_alias_can_be_disabled(build_server: BuildServer) -> None:
    server = build_server(result_alias=False)
    caller = await server.new_client()
    assert "result" not in (await caller.request("GET", "/meetings")).json()


async def test_every_answer_has_the_security_headers(server: RestServer) -> None:
    for url in ("/healthz", "/nothing", "/docs"):
        headers = (await server.client.get(url)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert len(headers["x-request-id"]) == 36


@pytest.mark.parametrize(
    "path",
    [
        "/meetings/%00",
        "/meetings/a%00b",
        "/meetings/%ff",
        "/meetings/%ED%A0%80",
        "/meetings/" + "a" * 500,
        "/meetings/x%2Fy",
        "/meetings/%20",
    ],
)
async def test_an_invalid_id_is_not_found(server: RestServer, path: str) -> None:
    caller = await server.new_client()
    assert (await caller.request("GET", path)).status_code == 404


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page_no=-1", "page_no"),
        ("per_page=many", "per_page"),
        ("start_time=yesterday", "start_time"),
        ("search=a%00b", "search"),
        ("search=%ED%A0%80%00", "search"),
        ("status=GONE", "status"),
        ("sort_order=SIDEWAYS", "sort_order"),
        ("page_no=" + "9" * 100, "page_no"),
    ],
)
async def test_a_parameter_out_of_range_is_refused_by_name(
    server: RestServer, query: str, field: str
) -> None:
    caller = await server.new_client()
    answer = await caller.request("GET", f"/meetings?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]["field"] == field


async def test_too_many_parameters_are_refused(server: RestServer) -> None:
    caller = await server.new_client()
    answer = await caller.request("GET", "/meetings?" + "a=1&" * 200)
    assert (answer.status_code, answer.json()["error"]["reason"]) == (400, "bad_query")


async def test_unknown_parameters_are_ignored(server: RestServer) -> None:
    caller = await server.new_client()
    assert (await caller.request("GET", "/meetings?colour=blue&status=")).status_code == 200


async def test_a_body_over_the_limit_is_refused(server: RestServer) -> None:
    caller = await server.new_client()
    answer = await caller.request("POST", "/meetings", content=b" " * 300_000)
    assert (answer.status_code, answer.json()["error"]["reason"]) == (413, "too_large")


async def test_an_unexpected_error_is_logged_and_not_disclosed(build_server: BuildServer) -> None:
    @get("/breaks")
    async def breaks() -> None:
        raise ValueError("a secret of ours")

    server = build_server(breaks)
    answer = await server.client.get("/breaks")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    body = answer.json()
    assert answer.headers["x-request-id"] in body["error"]["message"]


async def test_an_unreachable_database_is_a_temporary_server_error(
    build_server: BuildServer, db: Database
) -> None:
    @get("/unreachable")
    async def unreachable() -> None:
        async with db.read():
            raise ConnectionRefusedError("no route to 10.0.0.1")

    answer = await build_server(unreachable).client.get("/unreachable")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert "10.0.0.1" not in answer.text
