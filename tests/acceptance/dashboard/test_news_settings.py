"""Webhooks and alerts in the settings, with a receiver that is called."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.dashboard.axe import assert_accessible
from tests.acceptance.dashboard.browser_harness import MARKS, signed_in_page, wait_until_loaded
from tests.acceptance.server import Server, start
from tests.http_receiver import HttpReceiver, open_receiver

pytestmark = MARKS


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    env = {"AFTERCALL_OUTBOUND_ALLOW": "127.0.0.0/8"}
    started = start(tmp_path_factory.mktemp("news"), env=env)
    yield started
    started.stop()


@pytest.fixture(params=[1280, 390])
def page(request: pytest.FixtureRequest, server: Server, chromium: Browser) -> Iterator[Page]:
    yield from signed_in_page(server, chromium, width=request.param)


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    with open_receiver() as opened:
        yield opened


def check_access(page: Page) -> None:
    wait_until_loaded(page)
    assert_accessible(page)
    width = page.evaluate("innerWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_webhook_is_added_tried_paused_and_removed(page: Page, receiver: HttpReceiver) -> None:
    receiver.statuses.append(404)
    page.goto("/settings?section=webhooks")
    page.get_by_label("Name").fill("Desk")
    page.get_by_label("Address").fill(f"{receiver.url}/calls")
    page.get_by_label("Participant left").check()
    page.get_by_role("button", name="Add the webhook").click()
    desk = page.get_by_role("article", name="Desk")
    expect(desk).to_contain_text("Session ended, Participant left")
    desk.get_by_role("button", name="Send a test").click()
    row = desk.get_by_role("row").filter(has_text="Test")
    expect(row).to_contain_text("Refused")
    expect(row).to_contain_text("404")
    row.get_by_role("button", name="Post again").click()
    expect(row).to_contain_text("Answered")
    first, second = receiver.take()
    assert first.json["event"] == "webhook.test"
    assert first.headers["rtk-uuid"] == second.headers["rtk-uuid"]

    desk.get_by_role("button", name="Show the secret").click()
    expect(page.locator(".secret code").last).to_contain_text("whsec_")
    desk.get_by_role("button", name="Pause").click()
    expect(desk).to_contain_text("nothing is posted")
    check_access(page)
    desk.get_by_role("button", name="Remove Desk").click()
    expect(page.get_by_text("There is no webhook yet.")).to_be_visible()


def test_an_address_that_is_not_allowed_is_refused_at_its_field(page: Page) -> None:
    page.goto("/settings?section=webhooks")
    page.get_by_label("Name").fill("Inside")
    page.get_by_label("Address").fill("http://10.0.0.1/calls")
    page.get_by_role("button", name="Add the webhook").click()
    expect(page.get_by_role("alert")).to_contain_text("10.0.0.1")
    expect(page.get_by_label("Address")).to_have_attribute("aria-invalid", "true")


def test_a_rule_sends_to_a_channel_that_was_tried(page: Page, receiver: HttpReceiver) -> None:
    page.goto("/settings?section=alerts")
    page.get_by_label("Name of the channel").fill("Operations")
    page.get_by_label("Address that takes JSON").fill(f"{receiver.url}/alerts")
    page.get_by_role("button", name="Add the channel").click()
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_text("The test message reached Operations.")).to_be_visible()
    assert [each.path for each in receiver.take()] == ["/alerts"]

    page.get_by_label("When").select_option(label="Too many calls were bad")
    page.get_by_label("More than per cent").fill("15")
    page.get_by_label("Operations").first.check()
    page.get_by_role("button", name="Add the rule").click()
    rule = page.get_by_role("row").filter(has_text="Too many calls were bad")
    expect(rule).to_contain_text("Of the calls of 1 h more than 15 % are bad, of 20 or more")
    expect(rule).to_contain_text("Operations")
    rule.get_by_role("button", name="Mute").click()
    expect(rule).to_contain_text("muted until")
    check_access(page)
    rule.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("There is no rule yet.")).to_be_visible()
    page.get_by_role("button", name="Remove Operations").click()
    expect(page.get_by_text("There is no channel yet", exact=False)).to_be_visible()
