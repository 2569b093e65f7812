from typing import Any

import httpx
import pytest

from aftercall.core.instants import HOUR_MS, MINUTE_MS
from aftercall.core.records import Role
from aftercall.service.accounts.sign_in import FAILURES_PER_MINUTE
from aftercall.service.accounts.tokens import GRANT_LIFE_MS
from aftercall.web.http.cookies import COOKIE

RestServer = Any
BuildServer = Any


async def _sign_in(server: RestServer, token: str, **headers: str) -> httpx.Response:
    answer: httpx.Response = await server.client.post(
        "/v1/sign-in", json={"token": token}, headers=headers
    )
    return answer


async def _signed_in(
    server: RestServer, role: Role = Role.ADMIN
) -> tuple[Any, dict[str, str], str]:
    """A client, the headers of its cookie, and its CSRF token."""
    caller = await server.new_client(role=role)
    answer = await _sign_in(server, caller.token)
    assert answer.status_code == 200, answer.text
    cookie = {"cookie": f"{COOKIE}={answer.cookies[COOKIE]}"}
    server.client.cookies.clear()
    return caller, cookie, answer.json()["data"]["csrf"]


async def test_a_token_signs_in_and_returns_the_grant(server: RestServer) -> None:
    caller, cookie, csrf = await _signed_in(server)
    me = (await server.client.get("/v1/me", headers=cookie)).json()["data"]
    assert (me["account_id"], me["app_id"], me["role"], me["csrf"]) == (
        caller.account_id,
        caller.app_id,
        "admin",
        csrf,
    )
    assert [app["id"] for app in me["apps"]] == [caller.app_id]
    by_token = (await caller.request_url("GET", "/v1/me")).json()["data"]
    assert (by_token["csrf"], by_token["expires_at"]) == (None, None)


async def test_the_cookie_is_http_only_and_same_site(server: RestServer) -> None:
    caller = await server.new_client()
    stated = (await _sign_in(server, caller.token)).headers["set-cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"} <= set(stated.split("; "))
    assert "Secure" not in stated
    assert caller.token not in stated


async def test_the_cookie_is_secure_over_https(build_server: BuildServer) -> None:
    server = build_server(public_url="https://calls.example.org")
    caller = await server.new_client()
    answer = await _sign_in(server, caller.token, origin="https://calls.example.org")
    assert "Secure" in answer.headers["set-cookie"].split("; ")


async def test_the_cookie_authenticates_the_rest_of_the_api(server: RestServer) -> None:
    caller, cookie, _ = await _signed_in(server)
    url = f"{caller.kit}/{caller.app_id}/sessions"
    assert (await server.client.get(url, headers=cookie)).status_code == 200
    other = await server.new_client()
    foreign = f"{other.kit}/{other.app_id}/sessions"
    assert (await server.client.get(foreign, headers=cookie)).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-csrf-token": "wrong"},
        {"x-csrf-token": "right", "origin": "https://evil.example"},
        {"x-csrf-token": "right", "origin": "null"},
        {"x-csrf-token": "right", "sec-fetch-site": "cross-site"},
        {"x-csrf-token": "right", "sec-fetch-site": "same-site"},
    ],
)
async def test_a_forged_request_is_refused(server: RestServer, headers: dict[str, str]) -> None:
    caller, cookie, csrf = await _signed_in(server)
    sent = {name: csrf if value == "right" else value for name, value in headers.items()}
    url = f"{caller.kit}/{caller.app_id}/meetings"
    answer = await server.client.post(url, json={"title": "Forged"}, headers=cookie | sent)
    assert (answer.status_code, answer.json()["error"]["reason"]) == (403, "csrf_failed")
    assert (await caller.request("GET", "/meetings")).json()["data"] == []


async def test_a_request_of_our_own_page_is_accepted(server: RestServer) -> None:
    caller, cookie, csrf = await _signed_in(server)
    url = f"{caller.kit}/{caller.app_id}/meetings"
    headers = cookie | {
        "x-csrf-token": csrf,
        "origin": "http://aftercall.test",
        "sec-fetch-site": "same-origin",
    }
    answer = await server.client.post(url, json={"title": "Ours"}, headers=headers)
    assert answer.status_code == 201


async def test_a_read_only_sign_in_cannot_change_anything(server: RestServer) -> None:
    caller, cookie, csrf = await _signed_in(server, Role.READ)
    url = f"{caller.kit}/{caller.app_id}/meetings"
    assert (await server.client.get(url, headers=cookie)).status_code == 200
    answer = await server.client.post(
        url, json={"title": "No"}, headers=cookie | {"x-csrf-token": csrf}
    )
    assert answer.json()["error"]["reason"] == "read_only_token"
    tokens = await server.client.get("/v1/tokens", headers=cookie)
    assert tokens.json()["error"]["reason"] == "read_only_token"


async def test_signing_out_invalidates_the_cookie(server: RestServer) -> None:
    _, cookie, _ = await _signed_in(server)
    answer = await server.client.post("/v1/sign-out", headers=cookie)
    assert answer.json()["data"] == {"signed_out": True}
    assert "Max-Age=0" in answer.headers["set-cookie"]
    again = await server.client.get("/v1/me", headers=cookie)
    assert (again.status_code, again.json()["error"]["reason"]) == (401, "sign_in_expired")
    assert (await server.client.post("/v1/sign-out")).status_code == 200


async def test_a_sign_in_expires_after_twelve_hours(server: RestServer) -> None:
    _, cookie, _ = await _signed_in(server)
    server.clock.move(12 * HOUR_MS - 1)
    assert (await server.client.get("/v1/me", headers=cookie)).status_code == 200
    server.clock.move(1)
    assert (await server.client.get("/v1/me", headers=cookie)).status_code == 401


async def test_a_revoked_token_ends_its_sign_ins(server: RestServer) -> None:
    caller, cookie, csrf = await _signed_in(server)
    tokens = (await server.client.get("/v1/tokens", headers=cookie)).json()["data"]["tokens"]
    (mine,) = [token for token in tokens if token["is_mine"]]
    done = await server.client.delete(
        f"/v1/tokens/{mine['id']}", headers=cookie | {"x-csrf-token": csrf}
    )
    assert done.json()["data"] == {"revoked": True}
    assert (await server.client.get("/v1/me", headers=cookie)).status_code == 401
    assert (await caller.request_url("GET", "/v1/me")).status_code == 401


async def test_a_token_revoked_on_another_node_is_refused_within_seconds(
    server: RestServer,
) -> None:
    caller, cookie, _ = await _signed_in(server)
    for token in await server.services.access.list_tokens(caller.account_id):
        await server.services.access.revoke_token(caller.account_id, token.id)
    server.clock.move(GRANT_LIFE_MS)
    assert (await server.client.get("/v1/me", headers=cookie)).status_code == 401


async def test_a_link_signs_in_once(server: RestServer) -> None:
    caller = await server.new_client()
    code = await server.services.sign_ins.make_link(caller.account_id, role=Role.READ)
    first = await server.client.post("/v1/sign-in", json={"link": code})
    assert first.json()["data"]["role"] == "read"
    server.client.cookies.clear()
    second = await server.client.post("/v1/sign-in", json={"link": code})
    assert (second.status_code, second.json()["error"]["reason"]) == (401, "link_invalid")
    assert "set-cookie" not in second.headers


async def test_a_link_expires_after_a_quarter_of_an_hour(server: RestServer) -> None:
    caller = await server.new_client()
    code = await server.services.sign_ins.make_link(caller.account_id)
    server.clock.move(15 * MINUTE_MS)
    assert (await server.client.post("/v1/sign-in", json={"link": code})).status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"token": "a", "link": "b"}, 422),
        ({"token": 1}, 422),
        ({"token": "", "other": 1}, 422),
        ({"token": ""}, 401),
        ({"token": "ac_no"}, 401),
        ({"link": "no"}, 401),
    ],
)
async def test_an_invalid_sign_in_is_refused(
    server: RestServer, body: dict[str, Any], status: int
) -> None:
    answer = await server.client.post("/v1/sign-in", json=body)
    assert answer.status_code == status
    assert "set-cookie" not in answer.headers


async def test_no_form_and_no_other_origin_can_sign_in(server: RestServer) -> None:
    caller = await server.new_client()
    form = await server.client.post("/v1/sign-in", data={"token": caller.token})
    assert form.json()["error"]["reason"] == "unsupported_media_type"
    foreign = await _sign_in(server, caller.token, origin="https://evil.example")
    assert foreign.json()["error"]["reason"] == "csrf_failed"


async def test_too_many_failures_are_rate_limited_but_a_valid_token_is_accepted(
    server: RestServer,
) -> None:
    caller = await server.new_client()
    for _ in range(FAILURES_PER_MINUTE):
        assert (await _sign_in(server, "ac_wrong")).status_code == 401
    assert (await _sign_in(server, "ac_wrong")).status_code == 429
    assert (await _sign_in(server, caller.token)).status_code == 200
    server.clock.move(MINUTE_MS)
    assert (await _sign_in(server, "ac_wrong")).status_code == 401


@pytest.mark.parametrize(
    "cookie", ["", "aftercall_session=", "aftercall_session=x", '="', "\x7f=;"]
)
async def test_an_unknown_cookie_is_refused(server: RestServer, cookie: str) -> None:
    answer = await server.client.get("/v1/me", headers={"cookie": cookie})
    assert answer.status_code == 401
