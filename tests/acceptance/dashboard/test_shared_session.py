"""A session that is shared by a link: made in the popover, read by somebody without an account."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.acceptance import http_client
from tests.acceptance.dashboard.browser_harness import (
    MARKS,
    ROOT,
    ZONE,
    read,
    wait_until_loaded,
)
from tests.acceptance.http_client import TIMEOUT_MS
from tests.acceptance.seeded_session import SDK_SESSION
from tests.acceptance.server import Server

pytestmark = MARKS
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"


def make_link(server: Server, **wanted: Any) -> Any:
    url = f"{server.url}/v1/apps/{server.app_id}/calls/{SDK_SESSION}/read-links"
    answer = http_client.post(url, json=wanted, headers=server.headers)
    return answer.raise_for_status().json()["data"]


def address_of(server: Server, url: str) -> str:
    """The link at the address under which the browser knows the server."""
    parts = urlsplit(url)
    return f"{server.url}{parts.path}#{parts.fragment}"


@pytest.fixture
def context(server: Server, chromium: Browser) -> Iterator[BrowserContext]:
    """A browser of somebody without an account."""
    opened = chromium.new_context(
        viewport={"width": 1280, "height": 860},
        timezone_id=ZONE.key,
        locale="en-GB",
        base_url=server.url,
    )
    opened.set_default_timeout(TIMEOUT_MS)
    yield opened
    opened.close()


def opened_page(context: BrowserContext, server: Server, url: str) -> Page:
    page = context.new_page()
    page.goto(address_of(server, url))
    expect(page.get_by_text("Shared with you")).to_be_visible()
    wait_until_loaded(page)
    return page


def test_a_link_is_made_in_the_popover_and_read_without_an_account(
    server: Server, page: Page, context: BrowserContext
) -> None:
    page.goto(f"/sessions/{SDK_SESSION}")
    wait_until_loaded(page)
    page.get_by_role("button", name="Share", exact=True).click()
    panel = page.get_by_role("dialog", name="Share this session")
    panel.get_by_label("Can be read for").select_option(label="1 day")
    with page.expect_response(
        lambda answer: answer.request.method == "POST" and answer.url.endswith("/read-links")
    ) as made:
        panel.get_by_role("button", name="Make a link").click()
    assert made.value.status == 201
    url = panel.get_by_role("textbox", name="The link").input_value()
    assert "/shared?" in url and "#rl_" in url

    reader = context.new_page()
    sent: list[str] = []
    reader.on("request", lambda asked: sent.append(asked.url + str(asked.headers.get("referer"))))
    reader.goto(url.replace(url.partition("/shared")[0], server.url))
    expect(reader.get_by_text("Shared with you")).to_be_visible()
    wait_until_loaded(reader)
    code = url.partition("#")[2]
    assert code not in reader.url and not any(code in each for each in sent)
    assert urlsplit(reader.url).path == f"/shared/{server.app_id}/sessions/{SDK_SESSION}"
    title = read(server, f"calls/{SDK_SESSION}")["call"]["title"]
    expect(reader.get_by_role("heading", level=1)).to_contain_text(title)
    # Nothing of the frame of those who are signed in.
    for name in ("Sessions", "People", "Overview", "Settings"):
        expect(reader.get_by_role("navigation").get_by_role("link", name=name)).to_have_count(0)
    expect(reader.get_by_role("combobox", name="Find")).to_have_count(0)
    expect(reader.get_by_role("button", name="Share", exact=True)).to_have_count(0)

    with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        panel.get_by_role("button", name="Revoke").first.click()
    reader.reload()
    expect(reader.get_by_role("heading", name="This link is over")).to_be_visible()


def test_a_participant_of_a_shared_session_is_read_and_no_other_page_is(
    server: Server, context: BrowserContext
) -> None:
    page = opened_page(context, server, make_link(server)["url"])
    base = f"/shared/{server.app_id}/sessions/{SDK_SESSION}"
    page.goto(f"{base}/peers/{SDK_SESSION}")
    wait_until_loaded(page)
    expect(page.locator(".measure, .chart").first).to_be_visible()
    refused: list[int] = []
    page.on("response", lambda answer: refused.append(answer.status))
    for other in ("/sessions", "/people", "/overview", "/settings"):
        page.goto(other)
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto(f"/shared/{server.app_id}/sessions/00000000-0000-4000-8000-000000000000")
    expect(page.get_by_role("heading", name="This link is over")).to_be_visible()
    assert 401 in refused


def test_a_link_and_a_sign_in_do_not_mix(server: Server, page: Page) -> None:
    """The same browser shows a shared page by the link, and its own pages by the sign-in."""
    page.goto(address_of(server, make_link(server)["url"]))
    expect(page.get_by_text("Shared with you")).to_be_visible()
    wait_until_loaded(page)
    expect(page.get_by_role("button", name="Share", exact=True)).to_have_count(0)
    page.goto(f"/sessions/{SDK_SESSION}")
    wait_until_loaded(page)
    expect(page.get_by_role("button", name="Share", exact=True)).to_be_visible()


def test_an_unknown_link_says_that_it_is_over(server: Server, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto("/shared#rl_unknown")
    expect(page.get_by_role("heading", name="This link is over")).to_be_visible()
    assert page.url == f"{server.url}/shared"


def test_talk_is_on_the_page_only_if_the_link_is_with_it(
    server: Server, context: BrowserContext
) -> None:
    said = read(server, f"calls/{SDK_SESSION}/transcript")["items"][0]["text"]
    page = opened_page(context, server, make_link(server)["url"])
    expect(page.get_by_text("without chat, transcript and summary")).to_be_visible()
    assert said not in page.content()
    expect(page.get_by_role("tab")).to_have_count(1)
    with_talk = opened_page(context, server, make_link(server, with_talk=True)["url"])
    expect(with_talk.get_by_role("tab", name="Talk")).to_be_visible()
    expect(with_talk.get_by_text("without chat, transcript and summary")).to_have_count(0)


def test_links_are_listed_and_revoked_in_the_settings(server: Server, page: Page) -> None:
    link = make_link(server)["link"]
    page.goto("/settings?section=links")
    wait_until_loaded(page)
    row = page.locator("tbody tr").first
    expect(row).to_contain_text("not opened yet")
    page.on("dialog", lambda dialog: dialog.accept())
    with page.expect_response(lambda answer: answer.request.method == "DELETE") as gone:
        row.get_by_role("button", name="Revoke").click()
    assert gone.value.status == 200 and link["id"] in gone.value.url
    expect(row).to_contain_text("Revoked")


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed")
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_on_shared_pages(
    server: Server, context: BrowserContext, width: int
) -> None:
    page = opened_page(context, server, make_link(server)["url"])
    page.set_viewport_size({"width": width, "height": 860})
    base = f"/shared/{server.app_id}/sessions/{SDK_SESSION}"
    for path in (base, f"{base}/peers/{SDK_SESSION}", "/shared/none/sessions/none"):
        page.goto(path)
        wait_until_loaded(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.evaluate(AXE.read_text())
        found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
        assert [(each["id"], each["nodes"]) for each in found["violations"]] == []
