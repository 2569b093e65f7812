"""Signing in, and what a role may do."""

import json
import re

from playwright.sync_api import Browser, Page, expect

from tests.acceptance import http_client
from tests.acceptance.dashboard.browser_harness import MARKS
from tests.acceptance.server import Server, command

pytestmark = MARKS


def test_an_api_token_signs_in_and_signing_out_ends_it(server: Server, chromium: Browser) -> None:
    context = chromium.new_context(base_url=server.url)
    page = context.new_page()
    page.goto("/people")
    page.get_by_label("API token").fill("ac_wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("unknown or was revoked")

    page.get_by_label("API token").fill(server.api_token)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="People")).to_be_visible()
    (cookie,) = context.cookies()
    assert (cookie.get("httpOnly"), cookie.get("sameSite")) == (True, "Strict")
    assert page.evaluate("document.cookie") == ""

    page.get_by_role("button", name="Account").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto("/sessions")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    context.close()


def test_a_printed_link_signs_in_once(server: Server, chromium: Browser) -> None:
    printed = command("link", "--data-dir", str(server.data_dir), "--url", server.url)
    found = re.search(r"http\S+/sign-in#\S+", printed.stdout)
    assert found is not None, printed.stdout + printed.stderr
    context = chromium.new_context()
    page = context.new_page()
    page.goto(found[0])
    expect(page.get_by_role("heading", name="Sessions")).to_be_visible()
    assert "#" not in page.url
    context.close()

    again = chromium.new_context()
    page = again.new_page()
    page.goto(found[0])
    expect(page.get_by_role("alert")).to_contain_text("used already")
    again.close()


def test_a_printed_link_leads_to_its_page(server: Server, chromium: Browser) -> None:
    to = "/people?tz=UTC"
    where = ("--data-dir", str(server.data_dir), "--url", server.url)
    printed = command("link", "--to", to, *where)
    context = chromium.new_context()
    page = context.new_page()
    page.goto(printed.stdout.strip())
    expect(page.get_by_role("heading", name="People")).to_be_visible()
    assert page.url == server.url + to
    context.close()


def test_a_read_only_token_shows_no_controls_for_changes(server: Server, chromium: Browser) -> None:
    made = http_client.post(
        f"{server.url}/v1/tokens",
        content=json.dumps({"name": "looker", "role": "read", "app_id": None}),
        headers={**server.headers, "content-type": "application/json"},
    )
    secret = made.raise_for_status().json()["data"]["secret"]
    context = chromium.new_context(base_url=server.url)
    assert context.request.post("/v1/sign-in", data={"token": secret}).ok
    page = context.new_page()
    page.goto("/settings")
    expect(page.get_by_text("read only")).to_be_visible()
    expect(page.get_by_role("button", name="Make an app")).to_have_count(0)
    page.goto("/settings?section=tokens")
    expect(page.get_by_text("Only an admin may see this.")).to_be_visible()
    context.close()


def test_a_token_is_shown_once_and_can_be_revoked(page: Page) -> None:
    page.goto("/settings?section=tokens")
    page.get_by_label("Name of the new token").fill("for the importer")
    page.get_by_role("button", name="Make a token").click()
    expect(page.locator(".secret code")).to_have_text(re.compile(r"^ac_"))
    page.reload()
    row = page.get_by_role("row").filter(has_text="for the importer")
    expect(row).to_be_visible()
    expect(page.locator(".secret")).to_have_count(0)
    page.on("dialog", lambda dialog: dialog.accept())
    row.get_by_role("button", name="Revoke").click()
    expect(row).to_contain_text("Revoked")
