"""The list of sessions: live rows, filters, search, pages, and finding one call among many."""

import re
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Page, expect

from tests.acceptance.dashboard.browser_harness import (
    MARKS,
    ROW,
    ZONE,
    ids_of,
    plain,
    post_events,
    read,
)
from tests.acceptance.seeded_session import SDK_SESSION
from tests.acceptance.server import Server

pytestmark = MARKS


def test_a_live_call_appears_and_ends_without_a_reload(server: Server, page: Page) -> None:
    page.goto("/sessions")
    expect(page.locator(ROW).first).to_be_visible()
    page.evaluate("window.loadedOnce = true")
    session_id = "11fe0000-0000-4000-8000-000000000001"
    at = round(time.time() * 1000)
    place = {"meeting_id": "live-meeting", "session_id": session_id}
    joined = {"type": "peer_joined", "participant": {"display_name": "Zoë Live"}}
    post_events(
        server,
        [
            {"type": "session_opened", "id": "1", "at": at, "title": "Going on", **place},
            {**joined, "id": "2", "at": at, "peer_id": "peer-live", **place},
        ],
    )
    on_the_board = page.get_by_role("region", name="Now").locator(f"[data-session='{session_id}']")
    expect(on_the_board).to_contain_text("Going on")
    expect(on_the_board).to_contain_text("1 there")
    expect(page.get_by_role("region", name="Now")).to_contain_text("not judged yet")

    post_events(server, [{"type": "session_closed", "id": "3", "at": at + 1, **place}])
    row = page.locator(f"tr[data-session='{session_id}']")
    expect(row).to_contain_text("Going on")
    expect(on_the_board).to_have_count(0)
    assert page.evaluate("window.loadedOnce") is True


def test_filters_are_kept_in_the_address(server: Server, page: Page) -> None:
    page.goto("/sessions")
    verdicts = page.get_by_role("group", name="Verdict")
    counts = read(server, "calls")["levels"]
    for word in ("bad", "poor", "fair"):
        expect(verdicts.get_by_role("button", name=word)).to_contain_text(f"{counts[word]:,}")
    verdicts.get_by_role("button", name="Bad").click()
    expect(page).to_have_url(re.compile(r"level=bad"))
    expect(page.locator(ROW)).to_have_count(counts["bad"])
    bad = ids_of(page)
    assert bad == [call["id"] for call in read(server, "calls?level=bad")["items"]]

    page.reload()
    expect(page.locator(ROW)).to_have_count(len(bad))
    expect(verdicts.get_by_role("button", name="Bad")).to_have_attribute("aria-pressed", "true")

    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    lines = Path(download.value.path()).read_text().splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == bad

    page.get_by_role("link", name="Clear all filters").click()
    expect(page.locator(ROW)).to_have_count(50)
    page.go_back()
    expect(page.locator(ROW)).to_have_count(len(bad))


def test_search_finds_at_once_and_keys_lead_through_the_rows(server: Server, page: Page) -> None:
    page.goto("/sessions")
    expect(page.locator(ROW)).to_have_count(50)
    page.keyboard.press("/")
    page.keyboard.type("grace nov")
    expect(page).to_have_url(re.compile(r"search=grace"))
    wanted = read(server, "calls?search=grace%20nov")
    expect(page.get_by_text(f"{wanted['total']} sessions")).to_be_visible()
    expect(page.locator(".list:not(.stale)")).to_be_visible()
    assert ids_of(page) == [call["id"] for call in wanted["items"]]

    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/sessions/{wanted['items'][1]['id']}"))


def test_paging_keeps_its_place(page: Page) -> None:
    page.goto("/sessions")
    expect(page.locator(ROW)).to_have_count(50)
    first = ids_of(page)
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_label(re.compile("^Page, of"))).to_have_value("2")
    expect(page.locator(f"tr[data-session='{first[0]}']")).to_have_count(0)
    second = ids_of(page)
    assert not set(first) & set(second)

    page.locator(ROW).nth(30).scroll_into_view_if_needed()
    scrolled = page.evaluate("scrollY")
    page.locator(ROW).nth(30).locator(".row-link").click()
    expect(page.get_by_role("link", name="All of this meeting")).to_be_visible()
    page.go_back()
    expect(page.locator(ROW)).to_have_count(50)
    assert ids_of(page) == second
    page.wait_for_function("(y) => Math.abs(scrollY - y) < 3", arg=scrolled)
    page.get_by_role("button", name="Previous").click()
    expect(page.locator(f"tr[data-session='{first[0]}']")).to_be_visible()
    assert ids_of(page) == first


def test_any_page_is_reached_by_its_number(server: Server, page: Page) -> None:
    page.goto("/sessions")
    expect(page.locator(ROW)).to_have_count(50)
    page.get_by_label(re.compile("^Page, of")).fill("120")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("page=120"))
    expect(page.get_by_text(re.compile("^5,951–6,000 of"))).to_be_visible()
    expect(page.locator(".list:not(.stale)")).to_be_visible()
    assert ids_of(page) == [call["id"] for call in read(server, "calls?page=120")["items"]]
    page.get_by_role("button", name="Previous").click()
    expect(page.get_by_text(re.compile("^5,901–5,950 of"))).to_be_visible()
    expect(page.locator(".list:not(.stale)")).to_be_visible()
    assert ids_of(page) == [call["id"] for call in read(server, "calls?page=119")["items"]]


def test_the_heads_of_columns_order_the_list(server: Server, page: Page) -> None:
    page.goto("/sessions")
    expect(page.locator(ROW)).to_have_count(50)
    for head, query, order in (
        ("Person-min", "sort=minutes", "descending"),
        ("Person-min", "sort=minutes&order=asc", "ascending"),
        ("Verdict", "sort=quality&order=asc", "ascending"),
        ("Start", "sort=started", "descending"),
        ("Start", "sort=started&order=asc", "ascending"),
    ):
        page.get_by_role("button", name=head).click()
        column = page.get_by_role("columnheader").filter(has_text=head)
        expect(column).to_have_attribute("aria-sort", order)
        wanted = [call["id"] for call in read(server, f"calls?{query}")["items"]]
        expect(page.locator(ROW).first).to_have_attribute("data-session", wanted[0])
        expect(page.locator(".list:not(.stale)")).to_be_visible()
        assert ids_of(page) == wanted


def test_columns_are_chosen_and_the_address_keeps_them(server: Server, page: Page) -> None:
    page.goto("/sessions?columns=people,browsers&status=ENDED")
    expect(page.locator(ROW)).to_have_count(50)
    heads = page.locator(".calls thead th")
    expect(heads).to_have_text([re.compile("Start"), "Meeting", "People", "Browsers"])
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("dialog", name="Columns").get_by_label("Verdict").check()
    expect(heads).to_contain_text(["Start", "Meeting", "People", "Verdict", "Browsers"])
    page.get_by_role("link", name="Clear all filters").click()
    expect(page).to_have_url(re.compile(r"columns=people%2Cverdict%2Cbrowsers$"))
    expect(heads).to_have_count(5)


def test_a_search_shows_the_people_it_found(server: Server, page: Page) -> None:
    name = read(server, f"calls/{SDK_SESSION}")["lanes"][0]["name"]
    page.goto(f"/sessions?search={quote(name)}")
    found = read(server, f"people?search={quote(name)}")["items"]
    people = page.get_by_role("region", name="People found")
    expect(people.get_by_role("link", name=found[0]["name"]).first).to_be_visible()
    people.get_by_role("link", name="Only these calls").click()
    expect(page).to_have_url(re.compile("person="))
    person = found[0]["person"]
    expect(page.locator(".list:not(.stale)")).to_be_visible()
    expect(page.locator(ROW).first).to_be_visible()
    assert ids_of(page) == [call["id"] for call in read(server, f"calls?person={person}")["items"]]


def bad_call_remembered(server: Server, page: Page) -> tuple[dict[str, Any], datetime]:
    """The list, and what the caller at a support desk knows: a name, a weekday and an hour."""
    reported = read(server, f"calls/{SDK_SESSION}")
    lane = next(lane for lane in reported["lanes"] if lane["is_bad"])
    assert read(server, f"calls?search={quote(lane['name'])}")["total"] > 100
    page.goto("/sessions")
    expect(page.get_by_text(re.compile("10,00. sessions"))).to_be_visible()
    return lane, datetime.fromtimestamp(reported["call"]["started_at"] / 1000, ZONE)


def assert_answer_first(server: Server, page: Page, lane: dict[str, Any]) -> None:
    """The first sentence of the page says why the call was bad for this person."""
    verdict = read(server, f"calls/{SDK_SESSION}")["personal"][lane["participant_id"]]
    said = "".join(part["text"] for part in verdict["who"] + verdict["what"])
    sentence = page.locator("main .answer-sentence")
    expect(sentence).to_be_visible()
    assert plain(sentence.inner_text()).startswith(said)
    shown = plain(page.locator(".answer-do").inner_text())
    assert shown == "What to do: " + "".join(part["text"] for part in verdict["advice"])
    assert f"at={verdict['worst_at']}" in page.url


def test_a_name_a_weekday_and_an_hour_typed_lead_to_the_diagnosis_with_one_click(
    server: Server, page: Page
) -> None:
    lane, began = bad_call_remembered(server, page)
    page.keyboard.press("/")
    page.keyboard.type(f"{lane['name']} {began:%a} {began.hour}:00".lower())
    expect(page).to_have_url(re.compile("from="))
    expect(page.locator(".list:not(.stale)")).to_be_visible()
    expect(page.locator(ROW)).to_have_count(1)
    page.locator(ROW).first.click()
    assert_answer_first(server, page, lane)


def test_a_name_a_weekday_and_an_hour_chosen_lead_to_the_diagnosis_in_three_clicks(
    server: Server, page: Page
) -> None:
    lane, began = bad_call_remembered(server, page)
    page.keyboard.press("/")
    page.keyboard.type(lane["name"])
    page.get_by_role("button", name="Any time").click()
    today = datetime.fromtimestamp(time.time(), ZONE).weekday()
    ago = (today - began.weekday()) % 7
    page.get_by_role("group", name="Day").get_by_role("button").nth(ago).click()
    expect(page).to_have_url(re.compile("from="))
    expect(page.locator(".list:not(.stale)")).to_be_visible()
    page.keyboard.press("Escape")
    # Which of the day's calls it was is read from their times.
    page.locator(ROW).filter(has_text=re.compile(rf"^\s*{began:%H:%M}")).click()
    assert_answer_first(server, page, lane)


def test_a_typed_day_alone_is_offered_when_its_words_are_found_nowhere(
    server: Server, page: Page
) -> None:
    page.goto("/sessions")
    expect(page.locator(ROW)).to_have_count(50)
    page.keyboard.press("/")
    page.keyboard.type("grace yesterday")
    page.locator(".drops").get_by_role("button").first.click()
    expect(page).to_have_url(re.compile("search=grace&from="))
    query = page.url.partition("?")[2]
    expect(page.locator(ROW)).to_have_count(min(50, read(server, f"calls?{query}")["total"]))
    page.get_by_role("searchbox").fill("grace")
    expect(page).to_have_url(re.compile("from="))
    page.get_by_role("searchbox").fill("grace today 12:00")
    expect(page.get_by_role("button", name=re.compile("10:00 – 12:59")).first).to_be_visible()
    page.get_by_role("searchbox").fill("grace")
    expect(page).not_to_have_url(re.compile("from="))


def test_a_call_is_found_in_whichever_app_it_is(server: Server, page: Page) -> None:
    page.goto("/settings")
    page.get_by_label("Name of the new app").fill("Second app")
    page.get_by_role("button", name="Make an app").click()
    expect(page.get_by_role("cell", name="Second app", exact=True)).to_be_visible()
    page.get_by_role("link", name="Sessions", exact=True).click()
    page.get_by_label("App", exact=True).select_option(label="Second app")
    expect(page.get_by_role("heading", name="Three steps to your first call")).to_be_visible()

    page.goto(f"/sessions/{SDK_SESSION}")
    expect(page.locator(".answer-sentence")).to_be_visible()
    expect(page.get_by_label("App", exact=True)).not_to_have_value("")
    page.get_by_role("link", name="Sessions").first.click()
    expect(page.locator(ROW).first).to_be_visible()


def test_an_empty_list_names_its_filters_and_offers_to_drop_each(
    server: Server, page: Page
) -> None:
    page.goto("/sessions?bad=true&search=nobodyhasthisname")
    expect(page.get_by_text("No session matches")).to_be_visible()
    expect(page.locator(".empty")).to_contain_text("Search: nobodyhasthisname; Bad calls")
    page.get_by_role("button", name=re.compile("^Without .*Search")).click()
    expect(page.locator(ROW)).to_have_count(read(server, "calls?bad=true")["total"])


def test_a_search_shows_who_was_found_in_each_row(server: Server, page: Page) -> None:
    page.goto("/sessions?search=grace")
    expect(page.locator(ROW)).to_have_count(50)
    for text in page.locator(ROW).locator(".sought").all_inner_texts():
        assert "Grace" in text
    assert page.locator(ROW).locator(".sought").count() > 0
    page.goto("/sessions")
    expect(page.locator(ROW)).to_have_count(50)
    expect(page.locator(".sought")).to_have_count(0)
