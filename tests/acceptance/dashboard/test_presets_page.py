"""Presets in the settings, and the recordings and livestreams on a session's page."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.dashboard.axe import AXE, violations
from tests.acceptance.dashboard.browser_harness import (
    MARKS,
    post_events,
    signed_in_page,
    wait_until_loaded,
)
from tests.acceptance.server import Server, start

pytestmark = MARKS

SESSION = "e9e55000-0000-4000-8000-000000000001"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a session that was recorded and goes on as a livestream."""
    started = start(tmp_path_factory.mktemp("presets"))
    at = round(time.time() * 1000)
    place: dict[str, Any] = {"meeting_id": "weekly", "session_id": SESSION, "at": at}
    recording = {
        "recording_id": "EG_1",
        "status": "uploaded",
        "duration_s": 125,
        "size_bytes": 3_400_000,
        "file_name": "weekly.mp4",
        "download_url": "https://files.example.com/weekly.mp4",
    }
    live = {"livestream_id": "EG_2", "status": "live", "started_at": at}
    post_events(
        started,
        [
            {"type": "peer_joined", "peer_id": "ada", "participant": {"display_name": "Ada"}}
            | place,
            {"type": "recording_changed", **recording, **place},
            {"type": "livestream_changed", **live, **place},
        ],
    )
    yield started
    started.stop()


@pytest.fixture(params=[1280, 390])
def page(request: pytest.FixtureRequest, server: Server, chromium: Browser) -> Iterator[Page]:
    yield from signed_in_page(server, chromium, width=request.param)


def check_access(page: Page) -> None:
    wait_until_loaded(page)
    page.evaluate(AXE.read_text())
    assert violations(page) == []
    width = page.evaluate("innerWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_preset_is_created_changed_and_deleted(page: Page) -> None:
    page.goto("/settings?section=presets")
    page.get_by_role("button", name="New preset").click()
    form = page.get_by_role("form", name="New preset")
    form.get_by_label("Name", exact=True).fill("listener")
    form.get_by_label("View type").select_option("WEBINAR")
    form.get_by_text("Permissions", exact=True).click()
    form.get_by_label("Can record").check()
    check_access(page)
    form.get_by_role("button", name="Store the preset").click()
    row = page.get_by_role("article", name="listener")
    expect(row).to_be_visible()

    row.get_by_role("button", name="Edit").click()
    form = page.get_by_role("form", name="Change listener")
    expect(form.get_by_label("View type")).to_have_value("WEBINAR")
    form.get_by_text("All of it as JSON").click()
    text = form.get_by_role("textbox", name="Config, permissions and looks as JSON")
    whole = text.input_value()
    assert '"can_record": true' in whole
    text.fill(whole[:-1])
    expect(form.get_by_role("alert")).to_contain_text("not JSON")
    expect(form.get_by_role("button", name="Store the preset")).to_be_disabled()
    text.fill(whole.replace('"WEBINAR"', '"AUDIO_ROOM"'))
    expect(form.get_by_label("View type")).to_have_value("AUDIO_ROOM")
    form.get_by_role("button", name="Store the preset").click()
    expect(page.get_by_text("Stored: listener.")).to_be_visible()

    row.get_by_role("button", name="Copy").click()
    form = page.get_by_role("form", name="New preset")
    form.get_by_label("Name", exact=True).fill("listener")
    form.get_by_role("button", name="Store the preset").click()
    expect(page.get_by_role("alert")).to_contain_text("another preset of this app")
    form.get_by_role("button", name="Cancel").click()
    row.get_by_role("button", name="Delete listener").click()
    expect(page.get_by_text("There is no preset yet.")).to_be_visible()


def test_a_session_lists_what_was_recorded_and_what_is_streamed(page: Page) -> None:
    page.goto(f"/sessions/{SESSION}")
    listed = page.get_by_role("region", name="2 recordings and livestreams")
    recording = listed.get_by_role("listitem").filter(has_text="Recording")
    expect(recording).to_contain_text("Complete")
    expect(recording).to_contain_text("2 min 05 s")
    expect(recording.get_by_role("link", name="weekly.mp4")).to_have_attribute(
        "href", "https://files.example.com/weekly.mp4"
    )
    live = listed.get_by_role("listitem").filter(has_text="Livestream")
    expect(live).to_contain_text("Going on")
    expect(live).to_contain_text("so far")
    check_access(page)


def test_a_livestream_without_an_end_does_not_go_on_after_its_session(
    page: Page, server: Server
) -> None:
    id = SESSION[:-1] + ("2" if page.viewport_size == {"width": 1280, "height": 860} else "3")
    at = round(time.time() * 1000)
    place: dict[str, Any] = {"meeting_id": id, "session_id": id, "at": at}
    live = {"livestream_id": id, "status": "live", "started_at": at}
    post_events(
        server,
        [
            {"type": "session_opened", **place},
            {"type": "livestream_changed", **live, **place},
            {"type": "session_closed", **place},
        ],
    )
    page.goto(f"/sessions/{id}")
    listed = page.get_by_role("region", name="1 recording or livestream")
    expect(listed).to_contain_text("No end reported")
    expect(listed).not_to_contain_text("so far")
