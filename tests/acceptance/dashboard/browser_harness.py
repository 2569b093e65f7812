"""Marks, addresses, requests and waits that the tests of the dashboard share."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.acceptance import http_client
from tests.acceptance.chromium import find_chromium
from tests.acceptance.http_client import TIMEOUT_MS, TIMEOUT_S
from tests.acceptance.seeded_session import SDK_SESSION
from tests.acceptance.server import Server

CHROMIUM = find_chromium()
ROOT = Path(__file__).resolve().parents[3]
PAGES = ROOT / "src" / "aftercall" / "_static" / "dashboard" / "index.html"
ZONE = ZoneInfo("Asia/Kolkata")
"""Half an hour off UTC, so that a wrong zone is visible."""
INJECTION_SESSION = "40571e00-0000-4000-8000-000000000001"
ROW = "main tr[data-session]"

MARKS = [
    pytest.mark.acceptance,
    pytest.mark.realtime,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium was found on this machine"),
    pytest.mark.skipif(not PAGES.is_file(), reason="the dashboard is not built"),
]


def post_events(server: Server, events: list[dict[str, Any]]) -> None:
    """Posts events as the app's backend."""
    for part in range(0, len(events), 500):
        answer = http_client.post(
            f"{server.url}/v1/apps/{server.app_id}/events",
            json={"events": events[part : part + 500]},
            headers=server.headers,
        )
        results = answer.raise_for_status().json()["data"]["results"]
        assert [result for result in results if result["status"] == "rejected"] == []


def read(server: Server, rest: str) -> Any:
    answer = http_client.get(f"{server.url}/v1/apps/{server.app_id}/{rest}", headers=server.headers)
    return answer.raise_for_status().json()["data"]


def wait_until_final(server: Server, session_id: str) -> None:
    give_up_at = time.monotonic() + TIMEOUT_S
    while time.monotonic() < give_up_at:
        quality = read(server, f"calls/{session_id}")["call"]["quality"]
        if quality and quality["is_final"]:
            return
        time.sleep(0.2)
    raise AssertionError(f"the reports of {session_id} are not final")


def signed_in_page(server: Server, chromium: Browser, *, width: int) -> Iterator[Page]:
    """A page of a browser of its own, signed in, whose questions are answered with yes."""
    context = chromium.new_context(base_url=server.url, viewport={"width": width, "height": 860})
    context.set_default_timeout(TIMEOUT_MS)
    assert context.request.post("/v1/sign-in", data={"token": server.api_token}).ok
    opened = context.new_page()
    opened.on("dialog", lambda asked: asked.accept())
    yield opened
    context.close()


def ids_of(page: Page) -> list[str]:
    ids: list[str] = page.locator(ROW).evaluate_all("rows => rows.map(r => r.dataset.session)")
    return ids


def plain(shown: str) -> str:
    """A shown text as the server words it: without typographic spaces and apostrophes."""
    return shown.replace("\u00a0", " ").replace("\u2019", "'")


def words(text: list[dict[str, Any]]) -> str:
    """A sentence of the API, which comes in parts."""
    return "".join(part["text"] for part in text)


def wait_until_loaded(page: Page) -> None:
    """Waits until nothing is loading."""
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator(".skeleton")).to_have_count(0)
    expect(page.locator(".chart:not(:has(canvas))")).to_have_count(0)


SETTINGS = (
    "apps",
    "tokens",
    "sources",
    "presets",
    "webhooks",
    "alerts",
    "links",
    "jobs",
    "retention",
    "privacy",
    "person",
    "audit",
    "server",
)


def all_pages(server: Server) -> list[str]:
    found = read(server, f"calls/{SDK_SESSION}")
    person, meeting = found["lanes"][0]["person"], found["call"]["meeting_id"]
    return [
        "/sessions",
        f"/sessions/{SDK_SESSION}",
        f"/sessions/{SDK_SESSION}/peers/{SDK_SESSION}",
        f"/sessions/{SDK_SESSION}/attendance",
        f"/meetings/{meeting}/attendance",
        "/people",
        f"/people/{person}",
        "/attendance",
        "/usage",
        "/usage?by=week",
        "/overview",
        *(f"/settings?section={name}" for name in SETTINGS),
    ]
