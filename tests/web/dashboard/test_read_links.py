"""Links with which one session is read, and nothing else."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from litestar.routes import HTTPRoute

from aftercall.core.instants import DAY_MS, HOUR_MS
from aftercall.core.records import Role
from aftercall.service.accounts.read_links import CODE_PREFIX
from aftercall.store.engine.database import Database
from aftercall.web.http.cookies import LINK_COOKIE
from aftercall.web.intake.sources import ROUTES
from aftercall.web.routes import create_litestar
from tests.service.privacy.erasure_harness import run_jobs
from tests.service.privacy.personal_call import CUSTOM, TEXTS, record_call
from tests.web.rest_server import ApiClient, RestServer

SESSION = "call"
READ_WITH_A_LINK = {
    "/v1/apps/{app_id}/calls/{session_id}",
    "/v1/apps/{app_id}/calls/{session_id}/chat",
    "/v1/apps/{app_id}/calls/{session_id}/transcript",
    "/v1/apps/{app_id}/calls/{session_id}/peers/{peer_id}/series",
    "/v1/apps/{app_id}/calls/{session_id}/peers/{peer_id}/connection",
    "/v1/apps/{app_id}/calls/{session_id}/read-link",
}
"""All that a read link is good for."""

FOR_ANYBODY = {
    ("GET", "/.well-known/webhooks.json"),
    ("POST", "/v1/sign-in"),
    ("POST", "/v1/sign-out"),
    ("POST", "/v1/read-links/open"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
}
"""Operations that need no credentials, besides the documentation."""


@pytest.fixture
async def owner(server: RestServer) -> ApiClient:
    """An admin of an app with an ended session and a later one of the same meeting."""
    owner = await server.new_client()
    await record_call(server, owner, session_id=SESSION)
    await run_jobs(server)
    await record_call(server, owner, session_id="another", custom="custom dan")
    await run_jobs(server)
    return owner


async def make(owner: ApiClient, status: int = 201, session_id: str = SESSION, **body: Any) -> Any:
    url = f"/v1/apps/{owner.app_id}/calls/{session_id}/read-links"
    answer = await owner.request_url("POST", url, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()["data"] if status == 201 else answer.json()["error"]


class Reader:
    """Somebody who opened a link."""

    def __init__(self, server: RestServer, owner: ApiClient, cookie: str) -> None:
        self.server, self.owner, self.cookie = server, owner, cookie

    @property
    def headers(self) -> dict[str, str]:
        return {"cookie": f"{LINK_COOKIE}={self.cookie}", "x-read-link": "1"}

    async def get(self, path: str = "", session_id: str = SESSION) -> httpx.Response:
        url = f"/v1/apps/{self.owner.app_id}/calls/{session_id}{path}"
        return await self.server.client.get(url, headers=self.headers)

    async def status(self) -> int:
        return (await self.get()).status_code


async def open_link(server: RestServer, owner: ApiClient, url: str) -> Reader:
    code = url.split("#")[1]
    answer = await server.client.post("/v1/read-links/open", json={"code": code})
    assert answer.status_code == 200, answer.text
    server.client.cookies.clear()
    return Reader(server, owner, code)


async def test_a_link_opens_its_session_and_its_participants(
    server: RestServer, owner: ApiClient
) -> None:
    made = await make(owner)
    reader = await open_link(server, owner, made["url"])
    page = (await reader.get()).json()["data"]
    assert page["call"]["id"] == SESSION
    peer_id = page["lanes"][0]["peers"][0]["id"]
    charts = await reader.get(f"/peers/{peer_id}/series")
    assert charts.json()["data"]["streams"]
    own = (await reader.get("/read-link")).json()["data"]
    assert (own["app_id"], own["session_id"], own["with_talk"]) == (owner.app_id, SESSION, False)
    assert own["expires_at"] == made["link"]["expires_at"] == server.clock.now + 7 * DAY_MS


async def test_talk_is_left_out_unless_asked_for(server: RestServer, owner: ApiClient) -> None:
    without = await open_link(server, owner, (await make(owner))["url"])
    page = await without.get()
    assert not any(text in page.text for text in TEXTS)
    assert page.json()["data"]["summary"] is None
    for path in ("/chat", "/transcript"):
        refused = await without.get(path)
        assert (refused.status_code, refused.json()["error"]["reason"]) == (403, "read_link_limits")
    with_talk = await open_link(server, owner, (await make(owner, with_talk=True))["url"])
    page = await with_talk.get()
    assert page.json()["data"]["chat"]["total"] > 0
    for path in ("/chat", "/transcript"):
        assert (await with_talk.get(path)).json()["data"]["total"] > 0


async def test_no_download_link_outlives_the_read_link(
    server: RestServer, owner: ApiClient
) -> None:
    reader = await open_link(server, owner, (await make(owner, with_talk=True))["url"])
    page = await reader.get()
    assert page.json()["data"]["artefacts"] == []
    assert "/downloads/" not in page.text


def _routes(server: RestServer) -> Iterator[tuple[str, str]]:
    """The method and path of every operation that the server has."""
    for route in create_litestar(server.services).routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                yield from ((method, route.path_format) for method in handler.http_methods)
    for intake in ROUTES:
        yield "POST", intake.path


async def test_no_other_operation_answers_to_a_link(server: RestServer, owner: ApiClient) -> None:
    """Every route of the server, by the link's cookie and with its code in every place in which
    credentials can be."""
    made = await make(owner, with_talk=True)
    reader = await open_link(server, owner, made["url"])
    ids = {
        "account_id": owner.account_id,
        "app_id": owner.app_id,
        "session_id": SESSION,
        "meeting_id": "weekly",
        "link_id": made["link"]["id"],
        "peer_id": (await reader.get()).json()["data"]["lanes"][0]["participant_id"],
    }
    by_cookie = reader.headers
    plain_cookie = {"cookie": f"{LINK_COOKIE}={reader.cookie}"}
    as_sign_in = {"cookie": f"aftercall_session={reader.cookie}"}
    as_token = {"authorization": f"Bearer {reader.cookie}"}
    as_key = {"x-auth-key": reader.cookie, "x-auth-email": "a@example.com"}
    seen: set[str] = set()
    for method, path in _routes(server):
        seen.add(path)
        is_for_anybody = (method, path) in FOR_ANYBODY or path.startswith("/docs")
        if is_for_anybody or method == "OPTIONS":
            continue
        names = {name.split(":")[0] for name in path.replace("}", "{").split("{")[1::2]}
        url = path.format(**{name: "any" for name in names} | ids)
        for headers in (by_cookie, plain_cookie, as_sign_in, as_token, as_key):
            reads = method in {"GET", "HEAD"}
            body: dict[str, Any] = {} if reads else {"json": {}}
            is_allowed = path in READ_WITH_A_LINK and headers is by_cookie and reads
            answer = await server.client.request(method, url, headers=headers, **body)
            if is_allowed:
                assert answer.status_code == 200, (method, path, answer.text)
            else:
                assert answer.status_code in (401, 403, 404), (method, path, answer.text)
    assert seen >= READ_WITH_A_LINK and len(seen) > 60
    listed = await owner.request_url("GET", f"/v1/apps/{owner.app_id}/calls")
    assert listed.json()["data"]["total"] == 2


async def test_a_link_reads_no_other_session_and_no_other_app(
    server: RestServer, owner: ApiClient
) -> None:
    reader = await open_link(server, owner, (await make(owner))["url"])
    for path in ("", "/read-link", "/peers/ada/series"):
        refused = await reader.get(path, "another")
        assert (refused.status_code, refused.json()["error"]["reason"]) == (
            403,
            "read_link_elsewhere",
        )
    stranger = await server.new_client()
    await record_call(server, stranger, session_id="theirs")
    url = f"/v1/apps/{stranger.app_id}/calls/theirs"
    assert (await server.client.get(url, headers=reader.headers)).status_code == 403


async def test_a_header_without_a_cookie_opens_nothing(
    server: RestServer, owner: ApiClient
) -> None:
    url = f"/v1/apps/{owner.app_id}/calls/{SESSION}"
    answer = await server.client.get(url, headers={"x-read-link": "1"})
    assert answer.status_code == 401
    # Nor does a token beside the header: such a request is one with a link alone.
    answer = await owner.request_url("GET", url, headers={"x-read-link": "1"})
    assert answer.status_code == 401


async def test_a_link_ends_when_it_expires(server: RestServer, owner: ApiClient) -> None:
    made = await make(owner, expires_in_s=3_600)
    reader = await open_link(server, owner, made["url"])
    server.clock.move(HOUR_MS - 1)
    assert await reader.status() == 200
    server.clock.move(1)
    assert await reader.status() == 401
    again = await server.client.post("/v1/read-links/open", json={"code": reader.cookie})
    assert (again.status_code, again.json()["error"]["reason"]) == (401, "read_link_over")
    assert await links_of(owner) == []


async def links_of(owner: ApiClient, path: str = "/read-links") -> list[Any]:
    answer = await owner.request_url("GET", f"/v1/apps/{owner.app_id}{path}")
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json()["data"]["links"]
    return found


async def test_a_link_ends_with_the_next_request_when_it_is_revoked(
    server: RestServer, owner: ApiClient
) -> None:
    made = await make(owner)
    reader = await open_link(server, owner, made["url"])
    assert await reader.status() == 200
    url = f"/v1/apps/{owner.app_id}/read-links/{made['link']['id']}"
    assert (await owner.request_url("DELETE", url)).status_code == 200
    assert await reader.status() == 401
    again = await owner.request_url("DELETE", url)
    assert (again.status_code, again.json()["error"]["reason"]) == (404, "read_link_not_found")
    (listed,) = await links_of(owner)
    assert listed["revoked_at"] == server.clock.now and listed["times_opened"] == 1


async def test_a_link_ends_with_its_session(server: RestServer, owner: ApiClient) -> None:
    reader = await open_link(server, owner, (await make(owner))["url"])
    url = f"/v1/apps/{owner.app_id}/sessions/{SESSION}"
    assert (await owner.request_url("DELETE", url)).status_code == 200
    assert await reader.status() == 401
    assert await links_of(owner) == []


async def test_a_link_ends_when_its_session_is_past_its_time(
    server: RestServer, owner: ApiClient
) -> None:
    reader = await open_link(server, owner, (await make(owner))["url"])
    kept = await owner.request_url(
        "PUT", f"/v1/apps/{owner.app_id}/retention", json={"sessions": "1h"}
    )
    assert kept.status_code == 200
    server.services.retention_rule.forget(owner.app_id)
    server.clock.move(HOUR_MS + 60_000)
    assert await reader.status() == 401


async def test_a_link_ends_when_a_person_is_erased_from_its_session(
    server: RestServer, owner: ApiClient
) -> None:
    reader = await open_link(server, owner, (await make(owner))["url"])
    other = await open_link(server, owner, (await make(owner, session_id="another"))["url"])
    erased = await owner.request_url(
        "POST", f"/v1/apps/{owner.app_id}/erasures", json={"custom_participant_id": CUSTOM}
    )
    assert erased.status_code == 201
    await run_jobs(server)
    assert await reader.status() == 401
    assert (await other.get("", "another")).status_code == 200


async def test_the_code_is_neither_stored_nor_listed(
    db: Database, server: RestServer, owner: ApiClient
) -> None:
    made = await make(owner)
    code = made["url"].split("#")[1]
    assert code.startswith(CODE_PREFIX) and len(code) >= 43
    assert made["url"] == f"http://aftercall.test/shared#{code}" or "/shared#" in made["url"]
    listed = await owner.request_url("GET", f"/v1/apps/{owner.app_id}/read-links")
    assert code not in listed.text and "hash" not in listed.text
    async with db.read() as tx:
        rows = (await tx.exec_driver_sql("SELECT * FROM read_links")).all()
    assert rows and code not in str(rows)


async def test_the_cookie_goes_to_the_sessions_endpoints_alone(
    server: RestServer, owner: ApiClient
) -> None:
    code = (await make(owner, expires_in_s=3_600))["url"].split("#")[1]
    answer = await server.client.post("/v1/read-links/open", json={"code": code})
    stated = set(answer.headers["set-cookie"].split("; "))
    path = f"Path=/v1/apps/{owner.app_id}/calls/{SESSION}"
    assert stated >= {"HttpOnly", "SameSite=Strict", "Max-Age=3600", path}
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert code not in answer.text
    foreign = await server.client.post(
        "/v1/read-links/open", json={"code": code}, headers={"sec-fetch-site": "cross-site"}
    )
    assert foreign.status_code == 403


async def test_making_opening_and_revoking_are_in_the_audit_log(
    server: RestServer, owner: ApiClient
) -> None:
    made = await make(owner, with_talk=True)
    link_id = made["link"]["id"]
    reader = await open_link(server, owner, made["url"])
    assert (await reader.get("/chat")).status_code == 200
    await owner.request_url("DELETE", f"/v1/apps/{owner.app_id}/read-links/{link_id}")
    answer = await owner.request_url("GET", f"/v1/apps/{owner.app_id}/audit")
    token_id = made["link"]["created_by"]
    acts = {
        (entry["actor"], entry["action"], entry["object"])
        for entry in answer.json()["data"]["entries"]
    }
    assert acts >= {
        (token_id, "create_read_link", f"{SESSION}/{link_id}"),
        (f"read link {link_id}", "open_read_link", SESSION),
        (f"read link {link_id}", "read_chat", SESSION),
        (token_id, "revoke_read_link", f"{SESSION}/{link_id}"),
    }
    assert reader.cookie not in answer.text


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"expires_in_s": 299}, "expires_in_s"),
        ({"expires_in_s": 90 * 86_400 + 1}, "expires_in_s"),
        ({"expires_in_s": "1d"}, "expires_in_s"),
        ({"with_talk": 1}, "with_talk"),
        ({"session": "x"}, "session"),
    ],
)
async def test_a_wrong_wish_is_refused_by_name(
    owner: ApiClient, body: dict[str, Any], field: str
) -> None:
    assert (await make(owner, 422, **body))["field"] == field


async def test_only_admins_of_the_app_make_list_and_revoke(
    server: RestServer, owner: ApiClient
) -> None:
    made = await make(owner)
    base = f"/v1/apps/{owner.app_id}"
    operations = [
        ("POST", f"{base}/calls/{SESSION}/read-links"),
        ("GET", f"{base}/calls/{SESSION}/read-links"),
        ("GET", f"{base}/read-links"),
        ("DELETE", f"{base}/read-links/{made['link']['id']}"),
    ]
    reader = await server.new_client(of=owner, role=Role.READ)
    stranger = await server.new_client()
    other_account = await server.new_client(is_of_account=True)
    for method, url in operations:
        body: dict[str, Any] = {"json": {}} if method == "POST" else {}
        for caller, status in ((reader, 403), (stranger, 403), (other_account, 404)):
            answer = await caller.request_url(method, url, **body)
            assert answer.status_code == status, (method, url, answer.text)
        assert (await server.client.request(method, url, **body)).status_code == 401
    own = f"/v1/apps/{stranger.app_id}/read-links/{made['link']['id']}"
    assert (await stranger.request_url("DELETE", own)).status_code == 404
    assert (await make(owner, 404, "none"))["reason"] == "session_not_found"
    assert len(await links_of(owner)) == 1


async def test_links_are_listed_a_page_at_a_time(server: RestServer, owner: ApiClient) -> None:
    made = []
    for _ in range(3):
        server.clock.move(1)
        made.append((await make(owner))["link"]["id"])
    other = (await make(owner, session_id="another"))["link"]["id"]
    of_session = await links_of(owner, f"/calls/{SESSION}/read-links")
    assert [each["id"] for each in of_session] == made[::-1]
    found: list[str] = []
    cursor = ""
    while cursor is not None:
        url = f"/v1/apps/{owner.app_id}/read-links?limit=1&cursor={cursor}"
        page = (await owner.request_url("GET", url)).json()["data"]
        found += [each["id"] for each in page["links"]]
        cursor = page["next_cursor"]
    assert sorted(found) == sorted([*made, other]) and len(found) == 4
