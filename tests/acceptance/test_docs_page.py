"""The API's documentation in a real browser: complete, and from this server alone."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.acceptance import http_client
from tests.acceptance.chromium import find_chromium
from tests.acceptance.http_client import TIMEOUT_MS
from tests.acceptance.server import Server, running

CHROMIUM = find_chromium()
PAGE = Path(__file__).resolve().parents[2] / "src" / "aftercall" / "_static" / "docs" / "index.html"

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.realtime,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium was found on this machine"),
    pytest.mark.skipif(not PAGE.exists(), reason="the pages are not built: make pages"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("docs")) as started:
        yield started


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        expect.set_options(timeout=TIMEOUT_MS)
        running = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"], timeout=TIMEOUT_MS
        )
        yield running
        running.close()


def tags_of(server: Server) -> set[str]:
    """The groups of operations in the server's document."""
    document = http_client.get(f"{server.url}/docs/openapi.json").json()
    return {
        tag
        for methods in document["paths"].values()
        for operation in methods.values()
        for tag in operation["tags"]
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_every_operation_can_be_read_and_tried_without_another_host(
    server: Server, chromium: Browser, scheme: str, width: int
) -> None:
    context = chromium.new_context(
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": width, "height": 900},
    )
    page = context.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        # The page asks who is signed in, and here nobody is.
        lambda message: (
            complaints.append(message.text)
            if message.type == "error" and not message.location["url"].endswith("/v1/me")
            else None
        ),
    )
    page.goto(f"{server.url}/docs", timeout=TIMEOUT_MS)
    expect(page.locator(".opblock-tag")).to_have_count(len(tags_of(server)))
    assert ("dark-mode" in (page.locator("html").get_attribute("class") or "")) == (
        scheme == "dark"
    )

    page.get_by_role("button", name="Authorize", exact=True).click()
    page.get_by_label("auth-bearer-value").first.fill(server.api_token)
    page.locator(".auth-container form").first.get_by_role("button", name="Apply").click()
    page.locator(".close-modal").click()

    page.locator("#operations-tag-Settings").click()
    operation = page.locator("#operations-Settings-list_my_apps")
    operation.locator(".opblock-summary-control").click()
    expect(operation).to_contain_text("curl -X GET")
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    answer = operation.locator(".live-responses-table")
    expect(answer.locator(".response .response-col_status")).to_contain_text("200")
    expect(answer).to_contain_text(server.app_id)

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert {url.split("/")[2] for url in asked if not url.startswith("data:")} == {
        server.url.split("/")[2]
    }
    assert complaints == []
    context.close()


def open_operation(page: Page, tag: str, name: str) -> Locator:
    page.locator(f"#operations-tag-{tag}").click()
    operation = page.locator(f"#operations-{tag}-{name}")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    return operation


def test_who_is_signed_in_tries_requests_with_the_own_ids_filled_in(
    server: Server, chromium: Browser
) -> None:
    context = chromium.new_context(base_url=server.url)
    context.set_default_timeout(TIMEOUT_MS)
    assert context.request.post("/v1/sign-in", data={"token": server.api_token}).ok
    page = context.new_page()
    page.goto("/docs")
    expect(page.locator("#who")).to_contain_text("may read and write")
    expect(page.locator("#use-token")).to_be_hidden()
    operation = open_operation(page, "Meetings", "create_meeting")
    expect(operation.get_by_placeholder("app_id")).to_have_value(server.app_id)
    # The server takes a change with a cookie only with the value that guards against forgery.
    with page.expect_response(lambda answer: answer.request.method == "POST") as sent:
        operation.get_by_role("button", name="Execute").click()
    assert sent.value.status == 201
    page.get_by_role("link", name="Dashboard").click()
    expect(page).to_have_url(re.compile("/sessions"))
    context.close()


def test_a_token_is_taken_in_place_of_a_sign_in_and_not_kept(
    server: Server, chromium: Browser
) -> None:
    context = chromium.new_context(base_url=server.url)
    context.set_default_timeout(TIMEOUT_MS)
    page = context.new_page()
    page.goto("/docs")
    expect(page.locator("#who")).to_contain_text("give an API token")
    page.get_by_label("API token").fill("ac_nobody")
    page.get_by_role("button", name="Use", exact=True).click()
    expect(page.locator("#who")).to_contain_text("does not know this token")
    page.get_by_label("API token").fill(server.api_token)
    page.get_by_role("button", name="Use", exact=True).click()
    expect(page.locator("#who")).to_contain_text("may read and write")
    operation = open_operation(page, "Settings", "list_my_apps")
    with page.expect_response(lambda answer: answer.url.endswith("/v1/apps")) as sent:
        operation.get_by_role("button", name="Execute").click()
    assert sent.value.status == 200
    page.reload()
    expect(page.locator("#who")).to_contain_text("give an API token")
    context.close()


def test_the_theme_is_the_one_chosen_in_the_dashboard(server: Server, chromium: Browser) -> None:
    context = chromium.new_context(base_url=server.url, color_scheme="light")
    page = context.new_page()
    page.goto("/docs")
    page.get_by_role("button", name="Colours: as the system").click()
    page.get_by_role("button", name="Colours: light").click()
    for address in ("/docs", "/docs/guide", "/try", "/sign-in"):
        page.goto(address)
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    context.close()


def test_every_page_of_the_guide_opens_and_its_links_lead_somewhere(
    server: Server, chromium: Browser
) -> None:
    context = chromium.new_context(base_url=server.url, viewport={"width": 390, "height": 860})
    page = context.new_page()
    page.goto("/docs/guide")
    expect(page.get_by_role("heading", level=1)).to_have_text("From nothing to a record")
    addresses = page.locator("#contents a").evaluate_all("links => links.map(link => link.href)")
    inside: set[str] = set()
    for address in addresses:
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).not_to_have_text("There is no such page")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address
        inside |= set(
            page.locator("#text a").evaluate_all("links => links.map(link => link.pathname)")
        )
    guide = {path for path in inside if path.startswith("/docs/guide/")}
    assert len(guide) > 10
    for path in guide:
        assert http_client.get(server.url + path).status_code == 200
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).not_to_have_text("There is no such page")
    assert {path for path in inside - guide if path.endswith(".md")} == set()
    context.close()
