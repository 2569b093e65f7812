"""Names and titles that turn the direction, cannot be seen, are too long or are missing."""

import time
from collections.abc import Iterator
from typing import Any

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


@pytest.fixture
def news(server: Server, narrow_page: Page) -> Iterator[None]:
    """A token, a channel and a rule of each such name."""
    headers = {"Authorization": f"Bearer {server.api_token}"}
    made = []

    def make(address: str, **body: Any) -> str:
        answer = narrow_page.request.post(address, data=body, headers=headers)
        assert answer.ok, answer.text()
        data = answer.json()["data"]
        id: str = data.get("token", data)["id"]
        made.append(f"{address}/{id}")
        return id

    of_app = f"/v1/apps/{server.app_id}"
    for name in (TURNING, INVISIBLE, LONG, "<img src=x onerror=window.owned=1>"):
        make("/v1/tokens", name=name[:200], role="read", app_id=None)
        target = {"kind": "webhook", "url": f"https://example.com/{'x' * 200}"}
        channel = make(f"{of_app}/alert-channels", name=name[:200], target=target)
        condition = {"kind": "live_quality", "level": "bad", "minutes": 3, "people": 99}
        make(
            f"{of_app}/alert-rules",
            name=name[:200],
            condition=condition,
            channels=[channel],
        )
    yield
    for address in reversed(made):
        narrow_page.request.delete(address, headers=headers)


def test_no_name_breaks_a_page_of_the_settings(
    server: Server, narrow_page: Page, news: None
) -> None:
    for section in ("tokens", "alerts", "audit"):
        for width in (390, 1280):
            narrow_page.set_viewport_size({"width": width, "height": 860})
            narrow_page.goto(f"/settings?section={section}")
            wait_until_loaded(narrow_page)
            beyond = narrow_page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert beyond <= 0, (section, width)
    narrow_page.goto("/settings?section=alerts")
    expect(narrow_page.locator("td bdi").filter(has_text="Without a name").first).to_be_visible()
    assert narrow_page.evaluate("window.owned") is None
