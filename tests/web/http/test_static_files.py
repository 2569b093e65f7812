"""Built pages: their headers, their kinds, and when a browser need not load them again."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from aftercall.web.http.static_files import CollectorFiles, StaticFiles, answer_asset


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<p>page</p>")
    (tmp_path / "assets" / "main-1a2b.js").write_text("main()")
    (tmp_path / "collector.js").write_text("collect()")
    (tmp_path / "private.key").write_text("secret")
    return tmp_path


def headers_of(files: StaticFiles, path: str) -> dict[str, str]:
    found = files.find(path)
    assert found is not None
    return {name.decode(): value.decode() for name, value in found.headers}


@pytest.mark.parametrize(
    ("path", "media_type", "cache_control"),
    [
        ("index.html", "text/html; charset=utf-8", "no-cache"),
        ("collector.js", "text/javascript; charset=utf-8", "no-cache"),
        (
            "assets/main-1a2b.js",
            "text/javascript; charset=utf-8",
            "public, max-age=31536000, immutable",
        ),
    ],
)
def test_only_files_with_a_content_hash_are_cached_for_ever(
    folder: Path, path: str, media_type: str, cache_control: str
) -> None:
    headers = headers_of(StaticFiles(folder), path)
    assert (headers["content-type"], headers["cache-control"]) == (media_type, cache_control)
    assert headers["x-content-type-options"] == "nosniff"


def test_a_page_has_a_policy_and_a_script_needs_none(folder: Path) -> None:
    files = StaticFiles(folder)
    policy = headers_of(files, "index.html")["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert "content-security-policy" not in headers_of(files, "collector.js")


@pytest.mark.parametrize(
    "path", ["private.key", "../index.html", "/index.html", "assets", "", "none.js"]
)
def test_other_paths_are_not_found(folder: Path, path: str) -> None:
    assert StaticFiles(folder).find(path) is None


def test_a_missing_folder_has_no_files(tmp_path: Path) -> None:
    assert StaticFiles(tmp_path / "none").find("index.html") is None


def client(files: StaticFiles) -> httpx.AsyncClient:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        found = files.find(scope["path"][1:])
        assert found is not None
        await answer_asset(found, scope, send)

    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://a.test")


async def test_a_cached_file_is_answered_with_not_modified(folder: Path) -> None:
    async with client(StaticFiles(folder)) as browser:
        first = await browser.get("/index.html")
        assert (first.status_code, first.text) == (200, "<p>page</p>")
        etag = {"if-none-match": f'"other", {first.headers["etag"]}'}
        again = await browser.get("/index.html", headers=etag)
        assert (again.status_code, again.content) == (304, b"")
        assert "content-length" not in again.headers
        other = await browser.get("/index.html", headers={"if-none-match": '"other"'})
        assert other.status_code == 200


async def test_a_head_request_has_the_length_and_no_body(folder: Path) -> None:
    async with client(StaticFiles(folder)) as browser:
        answer = await browser.head("/index.html")
        assert (answer.status_code, answer.headers["content-length"]) == (200, "11")
        assert answer.content == b""


async def test_pages_of_any_origin_may_load_the_collector(folder: Path) -> None:
    app: Any = CollectorFiles(folder)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://a.test") as browser:
        answer = await browser.get("/collector/collector.js")
        assert (answer.status_code, answer.text) == (200, "collect()")
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert (await browser.get("/collector/private.key")).status_code == 404
        assert (await browser.post("/collector/collector.js")).status_code == 404
