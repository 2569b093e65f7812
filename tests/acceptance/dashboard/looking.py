"""What the tests of the dashboard look at it with."""

import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance import patient
from tests.acceptance.calls import find_chromium
from tests.acceptance.patient import PATIENCE_S
from tests.acceptance.seed import SDK_SESSION
from tests.acceptance.server import Server

CHROMIUM = find_chromium()
ROOT = Path(__file__).resolve().parents[3]
PAGES = ROOT / "src" / "aftercall" / "_static" / "dashboard" / "index.html"
ZONE = ZoneInfo("Asia/Kolkata")
"""Half an hour beside UTC, so that no mistaken zone goes unseen."""
HOSTILE_SESSION = "40571e00-0000-4000-8000-000000000001"
ROW = "main tr[data-session]"

MARKS = [
    pytest.mark.acceptance,
    pytest.mark.realtime,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium was found on this machine"),
    pytest.mark.skipif(not PAGES.is_file(), reason="the dashboard is not built"),
]


def tell(server: Server, events: list[dict[str, Any]]) -> None:
    """Hands events in at the backend's door."""
    for part in range(0, len(events), 500):
        answer = patient.post(
            f"{server.url}/v1/apps/{server.app_id}/events",
            json={"events": events[part : part + 500]},
            headers=server.headers,
        )
        results = answer.raise_for_status().json()["data"]["results"]
        assert [result for result in results if result["status"] == "rejected"] == []


def ask(server: Server, rest: str) -> Any:
    answer = patient.get(f"{server.url}/v1/apps/{server.app_id}/{rest}", headers=server.headers)
    return answer.raise_for_status().json()["data"]


def wait_until_folded(server: Server, session_id: str) -> None:
    give_up_at = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up_at:
        quality = ask(server, f"calls/{session_id}")["call"]["quality"]
        if quality and quality["is_final"]:
            return
        time.sleep(0.2)
    raise AssertionError(f"{session_id} was not folded")


def ids_of(page: Page) -> list[str]:
    ids: list[str] = page.locator(ROW).evaluate_all("rows => rows.map(r => r.dataset.session)")
    return ids


def wait_until_still(page: Page) -> None:
    """Waits until nothing is loading any more."""
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator(".skeleton")).to_have_count(0)
    expect(page.locator(".chart:not(:has(canvas))")).to_have_count(0)


def all_pages(server: Server) -> list[str]:
    person = ask(server, f"calls/{SDK_SESSION}")["lanes"][0]["person"]
    return [
        "/sessions",
        f"/sessions/{SDK_SESSION}",
        f"/sessions/{SDK_SESSION}/peers/{SDK_SESSION}",
        "/people",
        f"/people/{person}",
        "/overview",
        *(f"/settings?section={name}" for name in ("apps", "tokens", "jobs", "server")),
    ]
