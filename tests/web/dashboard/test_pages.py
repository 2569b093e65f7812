from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from aftercall.web.dashboard.pages import CONTENT_SECURITY_POLICY, Pages

BROWSER = {"accept": "text/html,application/xhtml+xml"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>Aftercall</title>")
    (tmp_path / "assets" / "main-abc123.js").write_text("export {};")
    (tmp_path / "icon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    return tmp_path


@pytest.fixture
async def client(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    pages: Any = Pages(folder)
    transport = httpx.ASGITransport(app=pages)
    async with httpx.AsyncClient(transport=transport, base_url="http://aftercall.test") as one:
        yield one


@pytest.mark.parametrize("path", ["/", "/sessions", "/sessions/some-id", "/people/x", "/settings"])
async def test_every_page_path_serves_the_single_page(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path, headers=BROWSER)
    assert answer.status_code == 200
    assert "<title>Aftercall</title>" in answer.text
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert len(answer.headers.get_list("content-security-policy")) == 1


def test_the_policy_allows_no_inline_code_and_no_other_origin() -> None:
    rules = dict(rule.split(" ", 1) for rule in CONTENT_SECURITY_POLICY.split("; "))
    assert rules["default-src"] == "'none'"
    assert (rules["script-src"], rules["style-src"]) == ("'self'", "'self'")
    assert rules["frame-ancestors"] == "'none'"
    assert "unsafe" not in CONTENT_SECURITY_POLICY


async def test_files_with_a_content_hash_are_cached_for_ever(client: httpx.AsyncClient) -> None:
    answer = await client.get("/assets/main-abc123.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]
    again = await client.get("/icon.svg", headers={"if-none-match": "x"})
    assert again.headers["content-type"] == "image/svg+xml"


@pytest.mark.parametrize("path", ["/assets/gone.js", "/../index.html", "/assets/../../etc/passwd"])
async def test_a_missing_file_is_not_found(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path, headers={"accept": "*/*"})).status_code == 404


async def test_a_client_that_is_no_browser_does_not_get_the_page(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/sessions/x", headers={"accept": "application/json"})
    assert answer.status_code == 404


async def test_every_client_gets_the_page_at_the_root(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/", headers={"accept": "*/*"})
    assert answer.status_code == 200
    assert "<title>Aftercall</title>" in answer.text


async def test_pages_without_a_build_say_how_to_make_one(tmp_path: Path) -> None:
    pages: Any = Pages(tmp_path / "nothing")
    transport = httpx.ASGITransport(app=pages)
    async with httpx.AsyncClient(transport=transport, base_url="http://aftercall.test") as client:
        answer = await client.get("/", headers=BROWSER)
    assert answer.status_code == 503
    assert "make pages" in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/v1/me",
        "/client/v4/x",
        "/docs",
        "/downloads/x",
        "/try",
        "/healthz",
        "/metrics",
        "/api/v1/x",
    ],
)
def test_paths_of_other_handlers_are_not_served(folder: Path, path: str) -> None:
    assert not Pages(folder).is_for("GET", path)


def test_pages_are_served_for_get_and_head_only(folder: Path) -> None:
    assert Pages(folder).is_for("HEAD", "/sessions/x")
    assert not Pages(folder).is_for("POST", "/sessions/x")
    assert Pages(folder).is_for("GET", "/trying")
