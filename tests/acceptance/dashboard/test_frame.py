"""Around every page: the time zone, the keys, copied links, and what a failure looks like."""

import re
import time
from datetime import datetime
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, Page, expect

from aftercall.simulator.network_conditions import Kind
from tests.acceptance.dashboard.axe import assert_accessible
from tests.acceptance.dashboard.browser_harness import (
    MARKS,
    ROW,
    ZONE,
    all_pages,
    post_events,
    read,
    wait_until_loaded,
)
from tests.acceptance.script_injection import injection_events
from tests.acceptance.seeded_session import SDK_SESSION
from tests.acceptance.server import Server

pytestmark = MARKS


def test_every_page_says_its_time_zone_and_keeps_the_chosen_one(server: Server, page: Page) -> None:
    for address in all_pages(server):
        page.goto(address)
        wait_until_loaded(page)
        expect(page.get_by_role("button", name="Time zone")).to_have_text("Time zone: UTC+5:30")

    started_at = read(server, f"calls/{SDK_SESSION}")["call"]["started_at"]
    page.goto(f"/sessions/{SDK_SESSION}")
    facts = page.locator(".session-facts")
    expect(facts).to_contain_text(datetime.fromtimestamp(started_at / 1000, ZONE).strftime("%H:%M"))
    page.get_by_role("button", name="Time zone").click()
    page.get_by_label("Another zone").fill("America/New_York")
    page.get_by_role("button", name="Use", exact=True).click()
    new_york = ZoneInfo("America/New_York")
    there = datetime.fromtimestamp(started_at / 1000, new_york)
    expect(facts).to_contain_text(there.strftime("%H:%M"))
    expect(page).to_have_url(re.compile(r"tz=America%2FNew_York"))

    page.get_by_role("link", name="Sessions").first.click()
    expect(page.locator(ROW).first).to_be_visible()
    expect(page).to_have_url(re.compile(r"/sessions\?tz=America%2FNew_York"))
    page.goto("/people")
    expect(page).to_have_url(re.compile(r"tz=America%2FNew_York"))
    page.get_by_role("button", name="Time zone").click()
    page.get_by_role("button", name=re.compile("^Yours")).click()
    expect(page).not_to_have_url(re.compile("tz="))


def test_a_zone_that_does_not_exist_is_the_viewers_own(server: Server, page: Page) -> None:
    page.goto("/sessions?tz=Europe/Nowhere")
    expect(page.locator(ROW).first).to_be_visible()
    expect(page.get_by_role("button", name="Time zone")).to_have_text("Time zone: UTC+5:30")


def test_a_copied_link_shows_another_viewer_the_same_moment(
    server: Server, chromium: Browser
) -> None:
    page = read(server, f"calls/{SDK_SESSION}")
    at = page["from_at"] + 60_000
    sender = chromium.new_context(
        base_url=server.url, timezone_id=ZONE.key, permissions=["clipboard-read", "clipboard-write"]
    )
    assert sender.request.post("/v1/sign-in", data={"token": server.api_token}).ok
    opened = sender.new_page()
    opened.goto(f"/sessions/{SDK_SESSION}?at={at}")
    shown = opened.locator(".ticks .cursor-time")
    expect(shown).to_be_visible()
    clock = shown.inner_text()
    opened.keyboard.press(".")
    expect(opened.get_by_text("Link copied")).to_be_visible()
    link = opened.evaluate("navigator.clipboard.readText()")
    query = parse_qs(urlsplit(link).query)
    moment = datetime.fromisoformat(query["at"][0])
    assert (round(moment.timestamp() * 1000), moment.utcoffset()) == (
        at,
        datetime.fromtimestamp(at / 1000, ZONE).utcoffset(),
    )
    sender.close()

    receiver = chromium.new_context(base_url=server.url, timezone_id="America/New_York")
    assert receiver.request.post("/v1/sign-in", data={"token": server.api_token}).ok
    opened = receiver.new_page()
    opened.goto(link)
    expect(opened.locator(".ticks .cursor-time")).to_have_text(clock)
    receiver.close()


def test_keys_are_listed_and_the_search_is_found_from_every_page(
    server: Server, page: Page
) -> None:
    page.goto("/overview")
    wait_until_loaded(page)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("Next and previous row")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_have_count(0)
    page.keyboard.press("/")
    page.keyboard.type("grace nov")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/sessions\?search=grace"))
    expect(page.locator(ROW).first).to_be_visible()
    expect(page.get_by_label("Find a person")).to_have_value("grace nov")


def test_a_narrow_page_finds_too(server: Server, narrow_page: Page) -> None:
    narrow_page.goto("/people")
    wait_until_loaded(narrow_page)
    narrow_page.goto("/sessions")
    narrow_page.get_by_role("button", name="Find", exact=True).click()
    narrow_page.get_by_label("Find a person").fill("grace nov")
    expect(narrow_page.get_by_role("button", name="Remove the filter Search")).to_be_visible()
    narrow_page.get_by_role("navigation", name="Pages").last.get_by_text("Overview").click()
    expect(narrow_page.get_by_role("heading", name="Overview")).to_be_visible()


def test_what_is_not_there_has_a_heading(server: Server, chromium: Browser) -> None:
    context = chromium.new_context(base_url=server.url)
    assert context.request.post("/v1/sign-in", data={"token": server.api_token}).ok
    page = context.new_page()
    for address, heading in (
        ("/nowhere", "There is no page at this address"),
        (f"/sessions/{SDK_SESSION[:-1]}0", "There is no such session here"),
        (f"/sessions/{SDK_SESSION}/peers/nobody", "There is no such participant here"),
        ("/people/nobody", "There is no such person here"),
    ):
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    context.close()


def test_a_lost_connection_keeps_the_data_and_is_tried_again(
    server: Server, chromium: Browser
) -> None:
    context = chromium.new_context(base_url=server.url)
    assert context.request.post("/v1/sign-in", data={"token": server.api_token}).ok
    page = context.new_page()
    page.goto("/sessions")
    expect(page.locator(ROW).first).to_be_visible()
    context.set_offline(True)
    page.get_by_label("Status").select_option("Ended")
    expect(page.get_by_role("alert")).to_contain_text("No connection since")
    expect(page.locator(ROW).first).to_be_visible()
    assert_accessible(page)
    context.set_offline(False)
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator(".list:not(.stale)")).to_be_visible()

    page.goto("/overview")
    expect(page.get_by_role("heading", name="Where it differs")).to_be_visible()
    context.set_offline(True)
    page.get_by_role("link", name="7 days").or_(page.get_by_role("button", name="7 days")).click()
    expect(page.get_by_role("alert").first).to_contain_text("No connection since")
    expect(page.locator(".overview")).to_have_css("opacity", "1")
    assert_accessible(page)
    context.close()


def test_every_page_counts_the_calls_that_are_bad_now(server: Server, page: Page) -> None:
    session_id = "11fe0000-0000-4000-8000-000000000002"
    begin_ms = round(time.time() * 1000) - 300_000
    kinds = (Kind.LOSSY_UPLINK, Kind.LOSSY_UPLINK, Kind.GOOD)
    *past, closed = injection_events(begin_ms=begin_ms, session_id=session_id, kinds=kinds, seed=12)
    still_there = {
        "type": "peer_joined",
        "id": "still there",
        "peer_id": "still-there",
        "at": begin_ms + 299_000,
        "participant": {"display_name": "Zoë"},
    }
    place = {"session_id": session_id, "meeting_id": "bad-now"}
    post_events(server, [{**each, **place} for each in (still_there, *past)])
    page.goto("/overview")
    sessions = page.get_by_role("navigation", name="Pages").first.get_by_role("link").first
    expect(sessions).to_have_text("Sessions1 bad now")
    post_events(server, [{**closed, **place}])
    page.goto("/people")
    expect(page.get_by_role("heading", name="People")).to_be_visible()
    expect(sessions).to_have_text("Sessions")
