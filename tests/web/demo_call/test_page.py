"""The call page's intake."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from aftercall.web.demo_call.page import ENTRIES_PER_MINUTE, DemoCallPage

PAGE = "<!doctype html><title>A page</title>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "assets" / "index-1a2b.js").write_text("1;")
    (tmp_path / "secret.key").write_text("not for anybody")
    return tmp_path


@pytest.fixture
async def open_page(build_server: Callable[..., Any], folder: Path) -> Any:
    """Builds a call page with the settings given, and a client that knocks at it."""

    async def open_page_at(
        folder: Path = folder, entries_per_minute: int = ENTRIES_PER_MINUTE, **settings: Any
    ) -> httpx.AsyncClient:
        server = build_server(**settings)
        founded = await server.services.setup.create_first_app("Try")

        async def app_id() -> str:
            return str(founded.app_id)

        page: Any = DemoCallPage(
            server.services, folder, app_id=app_id, entries_per_minute=entries_per_minute
        )
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=page), base_url="http://aftercall.test"
        )
        client.services = server.services  # type: ignore[attr-defined]  # handed on to the tests
        return client

    return open_page_at


async def enter(client: httpx.AsyncClient, **body: Any) -> httpx.Response:
    return await client.post("/try/session", json=body)


async def test_the_page_has_a_policy_that_allows_no_inline_code(open_page: Any) -> None:
    answer = await (await open_page()).get("/try")
    assert answer.text == PAGE
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy


async def test_files_with_a_content_hash_are_cached_for_ever(open_page: Any) -> None:
    client = await open_page()
    answer = await client.get("/try/assets/index-1a2b.js")
    assert "immutable" in answer.headers["cache-control"]
    again = await client.get(
        "/try/assets/index-1a2b.js", headers={"if-none-match": answer.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", ["/try/secret.key", "/try/../app.py", "/try/none", "/try/session"])
async def test_other_paths_are_not_found(open_page: Any, path: str) -> None:
    assert (await (await open_page()).get(path)).status_code == 404


async def test_all_participants_of_a_room_enter_the_same_meeting(open_page: Any) -> None:
    client = await open_page()
    ann = (await enter(client, name="Ann", room="blue")).json()
    bob = (await enter(client, name="Bob", room="blue")).json()
    eve = (await enter(client, name="Eve", room="red")).json()
    assert ann["meeting_id"] == bob["meeting_id"] != eve["meeting_id"]
    assert ann["participant_id"] != bob["participant_id"]
    grant = await client.services.access.verify_participant_token(ann["token"])
    assert grant.meeting_id == ann["meeting_id"]
    assert grant.identity.display_name == "Ann"


async def test_a_room_is_found_again_by_another_process(
    build_server: Callable[..., Any], folder: Path
) -> None:
    server = build_server()
    founded = await server.services.setup.create_first_app("Try")

    async def app_id() -> str:
        return str(founded.app_id)

    meetings = []
    for _ in range(2):
        page: Any = DemoCallPage(server.services, folder, app_id=app_id)
        transport = httpx.ASGITransport(app=page)
        async with httpx.AsyncClient(transport=transport, base_url="http://a.test") as client:
            meetings.append((await enter(client, name="Ann", room="blue")).json()["meeting_id"])
    assert meetings[0] == meetings[1]


async def test_a_token_restores_the_same_participant(open_page: Any) -> None:
    client = await open_page()
    first = (await enter(client, name="Ann", room="blue")).json()
    again = (await enter(client, name="Ann B.", room="blue", token=first["token"])).json()
    elsewhere = (await enter(client, name="Ann", room="red", token=first["token"])).json()
    forged = (await enter(client, name="Ann", room="blue", token="forged")).json()
    assert again["participant_id"] == first["participant_id"]
    assert elsewhere["participant_id"] != first["participant_id"]
    assert forged["participant_id"] != first["participant_id"]


@pytest.mark.parametrize(
    "body",
    [
        {"name": "", "room": "blue"},
        {"name": "Ann", "room": ""},
        {"name": "x" * 65, "room": "blue"},
        {"name": "A\x07nn", "room": "blue"},
        {"name": "Ann", "room": "a/b"},
        {"name": "Ann"},
        {"name": 5, "room": "blue"},
        [],
    ],
)
async def test_an_invalid_name_or_room_is_refused_with_a_message(open_page: Any, body: Any) -> None:
    answer = await (await open_page()).post("/try/session", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["message"]


async def test_a_page_of_another_origin_cannot_enter(open_page: Any) -> None:
    client = await open_page()
    answer = await client.post(
        "/try/session",
        content=b'{"name": "Ann", "room": "blue"}',
        headers={"content-type": "text/plain"},
    )
    assert answer.status_code == 400


async def test_entries_beyond_the_limit_are_refused(open_page: Any) -> None:
    client = await open_page(entries_per_minute=2)
    statuses = [(await enter(client, name="Ann", room="blue")).status_code for _ in range(3)]
    assert statuses == [200, 200, 503]


async def test_without_a_build_the_page_says_how_to_make_one(
    open_page: Any, tmp_path: Path
) -> None:
    answer = await (await open_page(folder=tmp_path / "none")).get("/try")
    assert answer.status_code == 503
    assert "make pages" in answer.text


async def test_the_page_is_disabled_by_a_setting(open_page: Any) -> None:
    client = await open_page(try_page=False)
    assert (await client.get("/try")).status_code == 404
    assert (await enter(client, name="Ann", room="blue")).status_code == 404


async def test_badges_are_only_for_participants_of_the_meeting(open_page: Any) -> None:
    client = await open_page()
    assert (await client.get("/try/quality")).status_code == 401
    ann = (await enter(client, name="Ann", room="blue")).json()
    headers = {"authorization": f"Bearer {ann['token']}"}
    answer = await client.get("/try/quality?peer_id=unknown", headers=headers)
    assert (answer.status_code, answer.json()) == (200, {"peers": []})
