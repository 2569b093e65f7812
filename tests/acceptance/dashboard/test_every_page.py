"""On every page text stays text, axe finds no violation, and nothing is too wide."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance import script_injection
from tests.acceptance.dashboard.axe import AXE, assert_accessible, violations
from tests.acceptance.dashboard.browser_harness import (
    INJECTION_SESSION,
    MARKS,
    ROW,
    all_pages,
    read,
    wait_until_loaded,
)
from tests.acceptance.seeded_session import SDK_SESSION
from tests.acceptance.server import Server

pytestmark = MARKS


def test_texts_of_users_are_never_run(server: Server, page: Page) -> None:
    person = read(server, f"calls/{INJECTION_SESSION}")["lanes"][0]["person"]
    page.goto("/sessions?meeting_id=injection-meeting&search=owned")
    expect(page.locator(ROW).first).to_contain_text(script_injection.TITLE)
    expect(page.locator(ROW).first).to_contain_text(script_injection.NAMES[0])

    page.goto(f"/sessions/{INJECTION_SESSION}")
    expect(page.get_by_role("heading", name=script_injection.TITLE)).to_be_visible()
    for name in script_injection.NAMES:
        expect(page.get_by_role("link", name=name, exact=True).first).to_be_visible()
    page.get_by_role("tab", name="Talk").click()
    for text in page.locator(".said-text").all()[:2]:
        expect(text).to_contain_text(script_injection.TEXT)
    page.get_by_role("tab", name="Summary").click()
    page.get_by_role("tab", name="Events").click()
    expect(page.locator(".virtual-list-row").first).to_be_visible()
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("button", name="Raw JSON").click()
    expect(page.locator(".raw pre")).to_contain_text("<svg onload")
    page.keyboard.press("Escape")

    page.get_by_role("link", name=script_injection.NAMES[0], exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(script_injection.NAMES[0])
    page.goto(f"/people/{person}")
    expect(page.get_by_role("heading", level=1)).to_have_text(script_injection.NAMES[0])
    page.goto("/people?search=owned")
    expect(page.locator(".row-link").first).to_contain_text("owned")
    page.goto("/overview")
    # A breakdown is asked for when it comes near, and its heading is drawn again with its rows.
    page.wait_for_function(
        """() => {
          const isOfMeetings = (one) => one.textContent.toLowerCase().includes("worst meetings");
          [...document.querySelectorAll("h2, h3")].find(isOfMeetings)?.scrollIntoView();
          return [...document.querySelectorAll("caption")].some(isOfMeetings);
        }"""
    )
    worst = page.get_by_role("table", name="Bad calls by worst meetings")
    expect(worst.get_by_role("link", name=script_injection.TITLE).first).to_be_visible()
    assert page.evaluate("window.owned") is None
    assert (
        page.locator("#root iframe, #root script, #root img[src='x'], #root svg[onload]").count()
        == 0
    )


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(server: Server, page: Page, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    source = AXE.read_text()
    for address in all_pages(server):
        page.goto(address)
        wait_until_loaded(page)
        page.evaluate(source)
        assert violations(page) == [], address


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed")
def test_axe_finds_nothing_in_dialogs_and_tabs(server: Server, page: Page) -> None:
    source = AXE.read_text()
    page.goto("/sessions?level=bad&country=DE")
    wait_until_loaded(page)
    page.evaluate(source)
    for opener in ("Any time", "Filters · 1", "Columns"):
        page.get_by_role("button", name=opener).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        if opener == "Any time":
            page.get_by_role("button", name="Yesterday").click()
        assert violations(page) == [], opener
        page.keyboard.press("Escape")
    page.goto(f"/sessions/{SDK_SESSION}")
    wait_until_loaded(page)
    page.evaluate(source)
    for tab in ("Talk", "Summary", "Events"):
        page.get_by_role("tab", name=tab).click()
        assert violations(page) == [], tab
    for opener in ("Copy for a ticket", "Downloads", "More", "Time zone", "Account"):
        page.get_by_role("button", name=opener).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        assert violations(page) == [], opener
        page.keyboard.press("Escape")


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed")
def test_the_list_of_keys_and_the_page_that_is_not_there_are_accessible(
    server: Server, narrow_page: Page
) -> None:
    for address in ("/nowhere", "/sessions?search=nobodyhasthisname"):
        narrow_page.goto(address)
        wait_until_loaded(narrow_page)
        narrow_page.evaluate(AXE.read_text())
        assert violations(narrow_page) == [], address
    narrow_page.keyboard.press("?")
    expect(narrow_page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert violations(narrow_page) == []


def test_what_is_loading_filtered_or_empty_is_accessible(server: Server, page: Page) -> None:
    for address in (
        "/overview?os=Windows&issue=high_rtt",
        "/overview?browser=None",
        "/people?search=x",
    ):
        page.goto(address)
        wait_until_loaded(page)
        assert_accessible(page)
    page.route("**/v1/apps/*/calls?*", lambda route: None)
    page.goto("/sessions?level=bad")
    expect(page.locator(".skeleton")).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    assert_accessible(page)


def test_nothing_is_wider_than_a_phone(server: Server, narrow_page: Page) -> None:
    for address in all_pages(server):
        narrow_page.goto(address)
        wait_until_loaded(narrow_page)
        beyond = narrow_page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert beyond <= 0, address
