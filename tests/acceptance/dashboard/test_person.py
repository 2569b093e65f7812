"""An admin exports and erases a person on the settings page, and reads who did what."""

import io
import zipfile

from playwright.sync_api import Page, expect

from tests.acceptance.dashboard.browser_harness import MARKS
from tests.acceptance.server import Server

pytestmark = MARKS

NOBODY = "nobody-of-this-id"


def test_a_person_is_erased_once_the_id_is_typed_again(server: Server, page: Page) -> None:
    page.goto("/settings?section=person")
    person = page.get_by_label("Custom participant id of the person to erase")
    again = page.get_by_label("The same id again, to confirm")
    button = page.get_by_role("button", name="Erase", exact=True)
    person.fill(NOBODY)
    expect(button).to_be_disabled()
    again.fill("somebody else")
    expect(button).to_be_disabled()
    again.fill(NOBODY)
    button.click()
    done = page.get_by_role("cell", name="Erased", exact=True)
    expect(done.first).to_be_visible(timeout=30_000)
    expect(person).to_have_value("")
    page.goto("/settings?section=audit")
    expect(page.get_by_role("cell", name="Erase person").first).to_be_visible()


def test_an_export_is_downloaded(server: Server, page: Page) -> None:
    page.goto("/settings?section=person")
    page.get_by_label("Custom participant id of the person to export").fill("another id")
    page.get_by_role("button", name="Export", exact=True).click()
    link = page.get_by_role("link", name="Download the archive")
    expect(link).to_be_visible(timeout=30_000)
    with page.expect_download() as download:
        link.click()
    with zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())) as archive:
        assert "person.json" in archive.namelist()
