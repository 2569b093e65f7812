"""Attendance as a page, a file and a print: the same figures, two clicks away."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance import http_client
from tests.acceptance.dashboard.browser_harness import MARKS, ROW, read, wait_until_loaded
from tests.acceptance.seeded_session import SDK_SESSION
from tests.acceptance.server import Server

pytestmark = MARKS

ROWS = "main .attendance tbody tr"


def parse(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def downloaded(page: Page) -> list[dict[str, str]]:
    with page.expect_download() as waiting:
        page.get_by_role("link", name="CSV", exact=True).click()
    path = waiting.value.path()
    return parse(Path(path).read_text(encoding="utf-8"))


def test_the_file_of_a_session_is_two_clicks_from_the_list(server: Server, page: Page) -> None:
    page.goto(f"/sessions?search={SDK_SESSION}")
    row = page.locator(f"{ROW}[data-session='{SDK_SESSION}']")
    row.locator(".c-people a").click()
    expect(page.get_by_role("heading", name="Attendance", level=1)).to_be_visible()
    *rows, total = downloaded(page)
    answer = read(server, f"calls/{SDK_SESSION}/attendance")
    assert [row["person"] for row in rows] == [item["person"] for item in answer["items"]]
    assert float(total["minutes"]) == answer["total"]["minutes"]


def test_the_file_of_a_session_is_two_clicks_from_the_session(server: Server, page: Page) -> None:
    page.goto(f"/sessions/{SDK_SESSION}")
    page.get_by_role("link", name="Attendance", exact=True).click()
    assert (
        len(downloaded(page)) == len(read(server, f"calls/{SDK_SESSION}/attendance")["items"]) + 1
    )


def shown(page: Page) -> list[Any]:
    expect(page.locator(ROWS).first).to_be_visible()
    found: list[Any] = page.locator(ROWS).evaluate_all(
        "rows => rows.map(r => [r.querySelector('.row-link').textContent,"
        " r.querySelector('td.number[title]').title])"
    )
    return found


@pytest.mark.parametrize("of", ["session", "meeting"])
def test_the_page_shows_the_figures_of_the_answer(server: Server, page: Page, of: str) -> None:
    answer = read(server, f"calls/{SDK_SESSION}/attendance")
    path = f"/sessions/{SDK_SESSION}/attendance"
    if of == "meeting":
        answer = read(server, f"meetings/{answer['meeting_id']}/attendance")
        path = f"/meetings/{answer['meeting_id']}/attendance"
    page.goto(path)
    assert shown(page) == [[item["name"], f"{item['minutes']} min"] for item in answer["items"]]
    foot = page.locator("main .attendance tfoot td.number[title]")
    assert foot.get_attribute("title") == f"{answer['total']['minutes']} min"


def test_on_paper_there_is_the_list_and_no_frame(page: Page) -> None:
    page.goto(f"/sessions/{SDK_SESSION}/attendance")
    wait_until_loaded(page)
    expect(page.locator(".print-foot")).to_be_hidden()
    page.emulate_media(media="print")
    for gone in (".top", ".tools", ".crumbs"):
        expect(page.locator(gone).first).to_be_hidden()
    expect(page.locator(".print-foot")).to_contain_text("printed")
    expect(page.locator(".print-foot")).to_contain_text("UTC")
    heights = page.locator(ROWS).evaluate_all("rows => rows.map(r => r.offsetHeight)")
    assert max(heights) <= 30


def test_the_zone_of_the_address_is_that_of_the_file(server: Server, page: Page) -> None:
    page.goto(f"/sessions/{SDK_SESSION}/attendance?tz=America/St_Johns")
    wait_until_loaded(page)
    address = page.get_by_role("link", name="CSV", exact=True).get_attribute("href")
    answer = http_client.get(f"{server.url}{address}", headers=server.headers)
    assert {row["zone"] for row in parse(answer.text)[:-1]} == {"America/St_Johns"}


def test_a_month_shows_the_people_and_sums_of_the_answer(server: Server, page: Page) -> None:
    page.goto("/attendance")
    month = page.evaluate("new Date().toISOString().slice(0, 7)")
    answer = read(server, f"attendance?month={month}&tz=Asia/Kolkata")
    assert shown(page) == [[item["name"], f"{item['minutes']} min"] for item in answer["items"]]
    figures = page.locator(".figures .big").all_inner_texts()
    assert figures[0].replace(",", "") == str(answer["month"]["people"])


def test_a_month_is_one_click_from_the_usage(server: Server, page: Page) -> None:
    page.goto("/usage")
    row = page.locator("main .usage tbody tr").first
    answer = read(server, "usage?tz=Asia/Kolkata")["items"][0]
    assert row.locator("td.number[title]").get_attribute("title") == f"{answer['minutes']} min"
    row.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Attendance in")


def test_a_person_begins_with_a_verdict_and_keeps_the_person_in_links(
    server: Server, page: Page
) -> None:
    lane = read(server, f"calls/{SDK_SESSION}")["lanes"][0]
    page.goto(f"/people/{lane['person']}")
    expect(page.locator(".person-verdict .says")).to_contain_text("call")
    link = page.locator("main .person-calls .row-link").first
    assert f"person={lane['person']}" in (link.get_attribute("href") or "")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/sessions/.*person={lane['person']}"))
