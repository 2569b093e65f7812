"""Names and titles that turn the direction, cannot be seen, are too long or are missing."""

import time

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.dashboard.browser_harness import MARKS, post_events, wait_until_loaded
from tests.acceptance.server import Server

pytestmark = MARKS

SESSION = "7e475000-0000-4000-8000-000000000001"
TURNING = "Ada\u202egnp.exe"
INVISIBLE = "\u200b\u3164\u2066"
LONG = "Wolfeschlegelsteinhausenbergerdorff" * 6


@pytest.fixture(scope="module", autouse=True)
def session(server: Server) -> None:
    """A live session without a title whose participants have such names."""
    at = round(time.time() * 1000)
    place = {"meeting_id": "texts-meeting", "session_id": SESSION}
    joins = [
        {
            "type": "peer_joined",
            "id": f"texts-{number}",
            "at": at + number,
            "peer_id": f"texts-peer-{number}",
            "participant": {"display_name": name, "custom_participant_id": f"texts-{number}"},
            **place,
        }
        for number, name in enumerate((TURNING, "مريم", INVISIBLE, LONG))
    ]
    post_events(server, joins)


def test_a_meeting_without_a_title_is_named_by_who_was_in_it(server: Server, page: Page) -> None:
    page.goto(f"/sessions/{SESSION}")
    # Each name is between isolating marks, so that it turns nothing but itself.
    title = "\u2068Adagnp.exe\u2069, \u2068مريم\u2069 and 2 others"
    expect(page.get_by_role("heading", level=1)).to_contain_text(title)
    page.goto("/sessions?meeting_id=texts-meeting")
    row = page.locator(f"[data-session='{SESSION}']")
    expect(row.locator(".row-link")).to_have_text(title)


def test_every_name_is_isolated_and_visible(server: Server, page: Page) -> None:
    page.goto(f"/sessions/{SESSION}")
    names = page.locator(".lane a.name")
    expect(names).to_have_count(4)
    assert names.evaluate_all("all => all.map(a => a.firstElementChild.tagName)") == ["BDI"] * 4
    expect(names.filter(has_text="Without a name")).to_have_count(1)
    names.filter(has_text=LONG).click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text(LONG)
    assert "\u202e" not in page.title()


def test_a_long_name_is_cut_and_shown_whole_on_demand(server: Server, narrow_page: Page) -> None:
    narrow_page.goto(f"/sessions/{SESSION}")
    narrow_page.locator(".lane a.name").filter(has_text=LONG).click()
    wait_until_loaded(narrow_page)
    heading = narrow_page.get_by_role("heading", level=1)
    cut = heading.bounding_box()
    narrow_page.get_by_role("button", name="Show all").click()
    whole = heading.bounding_box()
    assert cut is not None and whole is not None
    assert whole["height"] > cut["height"] + 20
    assert narrow_page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_nothing_gets_wider_by_a_long_name(server: Server, narrow_page: Page) -> None:
    for address in ("/sessions?meeting_id=texts-meeting", f"/sessions/{SESSION}"):
        narrow_page.goto(address)
        wait_until_loaded(narrow_page)
        beyond = narrow_page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert beyond <= 0, address
