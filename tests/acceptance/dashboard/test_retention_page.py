"""How long an app keeps which data, on the settings page."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.acceptance import http_client
from tests.acceptance.dashboard.browser_harness import MARKS
from tests.acceptance.server import Server

pytestmark = MARKS

PAGE = "/settings?section=retention"
TWO_YEARS_S = 730 * 86_400


def kept_of_samples(server: Server) -> tuple[int, bool]:
    answer = http_client.get(
        f"{server.url}/v1/apps/{server.app_id}/retention", headers=server.headers
    )
    kinds = {each["kind"]: each for each in answer.json()["data"]["kinds"]}
    return kinds["samples"]["kept_s"], kinds["samples"]["is_default"]


def click_and_wait_for_answer(page: Page, save: Locator) -> None:
    """The button is disabled while the request is on its way, and after it too."""
    with page.expect_response(lambda answer: answer.request.method == "PUT") as answer:
        save.click()
    assert answer.value.ok


def test_a_time_is_chosen_and_given_back_to_the_server(server: Server, page: Page) -> None:
    page.goto(PAGE)
    choice = page.get_by_label("How long measurements are kept")
    save = page.get_by_role("button", name="Save", exact=True)
    expect(save).to_be_disabled()
    choice.select_option("2 years")
    click_and_wait_for_answer(page, save)
    expect(save).to_be_disabled()
    assert kept_of_samples(server) == (TWO_YEARS_S, False)
    page.reload()
    expect(choice).to_have_value(str(TWO_YEARS_S))

    choice.select_option(index=0)
    click_and_wait_for_answer(page, save)
    expect(save).to_be_disabled()
    assert kept_of_samples(server)[1]


def test_what_would_be_deleted_is_shown_before_it_is_saved(server: Server, page: Page) -> None:
    page.goto(PAGE)
    before = kept_of_samples(server)
    page.get_by_label("How long sessions are kept").select_option("1 day")
    row = page.locator(".set").filter(has_text="Everything: who was in a call")
    expect(row).to_contain_text(re.compile(r"Would be deleted of [\d,.\s]+ sessions"))
    expect(page.get_by_role("button", name="Save, and delete what is past")).to_be_enabled()
    page.get_by_role("button", name="Undo").click()
    expect(row).not_to_contain_text("Would be deleted")
    assert kept_of_samples(server) == before
