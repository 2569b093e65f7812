"""The settings say what happened, and show at the field what was refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.acceptance import http_client
from tests.acceptance.dashboard.axe import AXE, violations
from tests.acceptance.dashboard.browser_harness import MARKS, SETTINGS, wait_until_loaded
from tests.acceptance.http_client import TIMEOUT_MS
from tests.acceptance.server import Server, running

pytestmark = MARKS


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path) as started:
        yield started


@pytest.fixture
def page(server: Server, chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(base_url=server.url)
    context.set_default_timeout(TIMEOUT_MS)
    assert context.request.post("/v1/sign-in", data={"token": server.api_token}).ok
    yield context.new_page()
    context.close()


def names_of_apps(server: Server) -> set[str]:
    answer = http_client.get(f"{server.url}/v1/apps", headers=server.headers)
    return {app["name"] for app in answer.raise_for_status().json()["data"]["apps"]}


def test_a_new_app_is_confirmed_and_can_be_deleted_whole_by_its_name(
    server: Server, page: Page
) -> None:
    page.goto("/settings?section=apps")
    page.get_by_label("Name of the new app").fill("Second")
    page.get_by_role("button", name="Make an app").click()
    expect(page.get_by_role("status").filter(has_text="Saved: the app Second")).to_be_visible()
    assert names_of_apps(server) == {"First app", "Second"}

    page.get_by_role("button", name="Delete Second").click()
    delete = page.get_by_role("button", name="Delete the app")
    expect(delete).to_be_disabled()
    page.get_by_label("Type the app's name").fill("First app")
    expect(delete).to_be_disabled()
    page.get_by_label("Type the app's name").fill("Second")
    with page.expect_response(lambda answer: answer.request.method == "DELETE") as sent:
        delete.click()
    assert sent.value.ok
    expect(page.get_by_role("status").filter(has_text="Deleted: Second")).to_be_visible()
    assert names_of_apps(server) == {"First app"}


def test_a_refusal_stands_at_the_field(page: Page) -> None:
    page.route(
        "**/v1/apps",
        lambda route: route.fulfill(
            status=422,
            json={
                "success": False,
                "error": {"code": 422, "message": "This name is too long", "field": "name"},
            },
        ),
    )
    page.goto("/settings?section=apps")
    field = page.get_by_label("Name of the new app")
    field.fill("Second")
    page.get_by_role("button", name="Make an app").click()
    expect(page.get_by_role("alert")).to_have_text("This name is too long")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description("This name is too long")


def test_a_saved_time_and_a_revoked_token_are_confirmed(page: Page) -> None:
    page.goto("/settings?section=retention")
    page.get_by_label("How long measurements are kept").select_option(label="90 days")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()

    page.goto("/settings?section=tokens")
    page.get_by_label("Name of the new token").fill("importer")
    page.get_by_role("button", name="Make a token").click()
    expect(page.locator(".secret")).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Revoke importer").click()
    expect(page.get_by_role("status").filter(has_text="Revoked: importer.")).to_be_visible()


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed")
def test_narrow_settings_are_accessible_and_fit(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 860})
    for name in SETTINGS:
        page.goto(f"/settings?section={name}")
        wait_until_loaded(page)
        page.evaluate(AXE.read_text())
        assert violations(page) == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
