"""The moment, the person and the filters stay in every link to a session and from it."""

import re
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, Page, expect

from aftercall.core.instants import DAY_MS
from tests.acceptance.dashboard.browser_harness import (
    MARKS,
    ZONE,
    read,
    words,
)
from tests.acceptance.seeded_session import SDK_SESSION
from tests.acceptance.server import Server

pytestmark = MARKS


def test_moment_person_and_filters_survive_links_and_the_back_button(
    server: Server, page: Page
) -> None:
    reported = read(server, f"calls/{SDK_SESSION}")
    first, last = day_of(reported, -DAY_MS), day_of(reported, DAY_MS)
    page.goto(f"/sessions?search={SDK_SESSION}&from={first}&to={last}")
    page.locator(f"[data-session='{SDK_SESSION}'] .row-link").click()
    expect(page.get_by_role("region", name="Verdict", exact=True)).to_be_visible()
    expect(page.locator(".answer-sentence")).to_be_visible()
    person = parse_qs(urlsplit(page.url).query).get("person")
    page.keyboard.press("]")
    expect(page).to_have_url(re.compile("cause="))
    here = page.url
    page.locator(".lane a.name").first.click()
    expect(page).to_have_url(re.compile(f"/peers/.*at={moment_from(here)}"))
    assert parse_qs(urlsplit(page.url).query).get("person") == person
    page.go_back()
    expect(page).to_have_url(here)
    expect(page.locator(".explained")).to_be_visible()
    page.locator(".crumbs a").first.click()
    expect(page).to_have_url(re.compile(f"/sessions\\?.*search={SDK_SESSION}"))


def moment_from(url: str) -> str:
    return parse_qs(urlsplit(url).query)["at"][0]


def day_of(reported: Any, after_ms: int) -> str:
    """The day of a moment that is so far from the start of a call."""
    at_ms = reported["call"]["started_at"] + after_ms
    return datetime.fromtimestamp(at_ms / 1000, ZONE).strftime("%Y-%m-%d")


def test_the_link_to_the_moment_is_one_click_and_names_the_zone(
    server: Server, chromium: Browser
) -> None:
    at = read(server, f"calls/{SDK_SESSION}")["from_at"] + 60_000
    context = chromium.new_context(
        base_url=server.url, timezone_id=ZONE.key, permissions=["clipboard-read", "clipboard-write"]
    )
    assert context.request.post("/v1/sign-in", data={"token": server.api_token}).ok
    opened = context.new_page()
    opened.goto(f"/sessions/{SDK_SESSION}?at={at}")
    opened.get_by_role("button", name=re.compile("Copy link to ")).click()
    expect(opened.get_by_text("Link copied")).to_be_visible()
    link = opened.evaluate("navigator.clipboard.readText()")
    said = datetime.fromisoformat(parse_qs(urlsplit(link).query)["at"][0])
    assert round(said.timestamp() * 1000) == at
    assert said.utcoffset() == datetime.fromtimestamp(at / 1000, ZONE).utcoffset()

    opened.get_by_role("button", name="Copy for a ticket").click()
    for kind in ("plain text", "Markdown"):
        opened.get_by_role("button", name=f"Copy as {kind}").click()
        expect(opened.get_by_text("Copied", exact=True)).to_be_visible()
        ticket = opened.evaluate("navigator.clipboard.readText()")
        verdict = read(server, f"calls/{SDK_SESSION}")["verdict"]
        assert words(verdict["who"]) in ticket.replace("\\", "")
        assert "What to do:" in ticket and f"/sessions/{SDK_SESSION}?" in ticket
        expect(opened.get_by_text("Copied", exact=True)).to_have_count(0)
    context.close()
