"""The API's documentation in a real browser: complete, and from this server alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

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
        lambda message: complaints.append(message.text) if message.type == "error" else None,
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
