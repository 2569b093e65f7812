"""Two weeks side by side, and from each number to exactly its calls."""

import re
from urllib.parse import parse_qs, urlencode, urlparse

from playwright.sync_api import Page, expect

from tests.acceptance.dashboard.browser_harness import MARKS, read, wait_until_loaded
from tests.acceptance.server import Server

pytestmark = MARKS

OVERVIEW = re.compile(r"/v1/apps/[^/]+/overview\?")


def test_two_weeks_are_compared_with_two_clicks(server: Server, page: Page) -> None:
    page.goto("/sessions")
    wait_until_loaded(page)
    page.get_by_role("navigation", name="Pages").first.get_by_role("link", name="Overview").click()
    expect(page.locator(".headline")).to_be_visible()
    with page.expect_response(OVERVIEW) as answered:
        page.get_by_role("button", name="7 days", exact=True).click()
    asked = parse_qs(urlparse(answered.value.url).query)
    data = answered.value.json()["data"]
    assert data["zone"] == asked["tz"][0]
    assert asked["tz"][0] in ("Asia/Kolkata", "Asia/Calcutta")
    assert (data["this"]["days"], data["other"]["days"]) == (7, 7)
    expect(page.get_by_role("button", name="the 7 days before")).to_be_visible()
    figures = page.locator(".headline")
    for period in ("this", "other"):
        expect(figures).to_contain_text(f"{data[period]['sessions']:,}")
    expect(page).to_have_url(re.compile("days=7"))


def test_each_number_opens_exactly_its_calls(server: Server, page: Page) -> None:
    page.goto("/overview?days=30")
    wait_until_loaded(page)
    table = page.get_by_role("table", name="Bad calls by path")
    table.scroll_into_view_if_needed()
    link = table.locator("tbody tr").first.get_by_role("link").nth(2)
    bad = int(link.inner_text())
    with page.expect_response(re.compile(r"/calls\?")) as answered:
        link.click()
    assert answered.value.json()["data"]["calls"] == bad
    expect(page.get_by_role("status").first).to_contain_text(f"{bad} call")
    chips = page.locator(".chips .chip")
    expect(chips).to_contain_text(["Path"])


def test_a_filter_stays_with_each_number_of_the_overview(server: Server, page: Page) -> None:
    page.goto("/overview?days=30")
    wait_until_loaded(page)
    page.get_by_role("button", name="Filters", exact=True).click()
    with page.expect_response(OVERVIEW) as answered:
        page.get_by_role("combobox", name="System").select_option(index=1)
    data = answered.value.json()["data"]["this"]
    chosen = data["filter"]["os"]
    page.keyboard.press("Escape")
    chip = page.get_by_role("button", name=f"Remove the filter System: {chosen}")
    expect(chip).to_be_visible()
    link = page.locator(".headline").get_by_role("link", name=str(data["sessions"]), exact=True)
    with page.expect_response(re.compile(r"/calls\?")) as listed:
        link.first.click()
    found = listed.value.json()["data"]
    assert (found["total"], found["calls"]) == (
        data["sessions"],
        data["calls"]["measured_participants"],
    )
    page.go_back()
    chip.click()
    expect(page.locator(".headline")).to_contain_text("Person-minutes")


def test_a_chosen_period_is_in_the_address_and_a_wrong_one_is_refused(
    server: Server, page: Page
) -> None:
    page.goto(
        "/overview?from=2020-01-01&to=2020-01-03&against_from=2019-01-01&against_to=2019-01-03"
    )
    expect(page.get_by_text("No session in these periods")).to_be_visible()
    page.get_by_role("button", name="2020").first.click()
    dialog = page.get_by_role("dialog", name="Period")
    dialog.get_by_label("From").fill("2020-02-01")
    expect(dialog.get_by_role("alert")).to_contain_text("must not be after")
    expect(dialog.get_by_role("button", name="Use")).to_be_disabled()
    dialog.get_by_label("To, included").fill("2020-02-05")
    dialog.get_by_role("button", name="Use").click()
    expect(page).to_have_url(re.compile("from=2020-02-01&to=2020-02-05"))


def test_the_page_says_what_the_interface_says(server: Server, page: Page) -> None:
    page.goto("/overview?days=30")
    wait_until_loaded(page)
    with page.expect_response(OVERVIEW) as answered:
        page.reload()
    asked = parse_qs(urlparse(answered.value.url).query)
    found = read(server, f"overview?{urlencode({k: v[0] for k, v in asked.items()})}")
    share = found["this"]["calls"]["share"]
    expected = (
        f"{share['percent']:.1f} %" if share else str(found["this"]["calls"]["bad_participants"])
    )
    expect(page.locator(".headline .big").first).to_contain_text(expected)
    expect(page.locator(".headline")).to_contain_text(f"{found['this']['people']:,}")
