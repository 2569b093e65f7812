"""Dumps are dropped on the Sessions page, or chosen there, and become sessions, which can be
exported; a finished transcript is dropped on its session's page; keys of sources are stored in the
settings."""

import base64
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.acceptance import http_client
from tests.acceptance.dashboard.axe import assert_accessible
from tests.acceptance.dashboard.browser_harness import (
    MARKS,
    post_events,
    read,
    wait_until_loaded,
)
from tests.acceptance.http_client import TIMEOUT_MS, TIMEOUT_S
from tests.acceptance.server import Server, running, wait_until_ended
from tests.sample_dumps import path_of

pytestmark = MARKS
SESSION = "5e551000-0000-4000-8000-000000000400"
CHROMIUM = "webrtc-internals-chromium156.gz"
FIREFOX = "about-webrtc-firefox153-history-answerer.json.gz"
NOTHING_READ: dict[str, object] = {"format": None, "connections": [], "left_out": {}}
PICTURES = os.environ.get("AFTERCALL_PICTURES")
"""A folder for screenshots, to be looked at."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path) as started:
        yield started


@pytest.fixture(params=[1280, 390])
def page(server: Server, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    width: int = request.param
    context = chromium.new_context(
        base_url=server.url, viewport={"width": width, "height": 800}, accept_downloads=True
    )
    context.set_default_timeout(TIMEOUT_MS)
    assert context.request.post("/v1/sign-in", data={"token": server.api_token}).ok
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    context.close()
    assert problems == []


def wait_until_imported(server: Server) -> None:
    give_up_at = time.monotonic() + TIMEOUT_S
    while time.monotonic() < give_up_at:
        [found] = read(server, "imports")["imports"]
        if found["state"] == "done":
            return
        time.sleep(0.2)
    raise AssertionError("the import is not done")


def picture(page: Page, name: str) -> None:
    """Save what is seen, light and dark, if somebody wants to look."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if PICTURES is None:
        return
    width = page.viewport_size["width"] if page.viewport_size else 0
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
        page.screenshot(path=f"{PICTURES}/{name}-{width}-{scheme}.png")
    page.emulate_media(color_scheme="light")


def drag(page: Page, kind: str, files: dict[str, bytes], *, onto: str = "#root") -> None:
    """What the browser sends while files are dragged over the page and dropped."""
    contents = {name: base64.b64encode(raw).decode() for name, raw in files.items()}
    page.evaluate(
        """([kind, files, onto]) => {
          const data = new DataTransfer();
          for (const [name, text] of Object.entries(files)) {
            const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
            data.items.add(new File([bytes], name));
          }
          const members = { dataTransfer: data, bubbles: true, cancelable: true };
          const event = new DragEvent(kind, members);
          document.querySelector(onto).dispatchEvent(event);
        }""",
        [kind, contents, onto],
    )


def test_dropped_dumps_become_sessions_and_what_is_no_dump_is_named(
    server: Server, page: Page
) -> None:
    url = f"{server.url}/v1/apps/{server.app_id}/imports?title=Earlier"
    raw = path_of(FIREFOX).read_bytes()
    http_client.post(url, content=raw, headers=server.headers).raise_for_status()
    wait_until_imported(server)
    page.goto("/sessions")
    wait_until_loaded(page)
    files = {CHROMIUM: path_of(CHROMIUM).read_bytes(), "letter.txt": b"Dear all,"}
    drag(page, "dragenter", files)
    expect(page.get_by_text("Drop dumps of past calls")).to_be_visible()
    assert_accessible(page)
    picture(page, "drop")
    drag(page, "drop", files)
    expect(page.get_by_text("Drop dumps of past calls")).to_have_count(0)
    imports = page.get_by_label("Imports of dumps")
    expect(imports.get_by_text("made 1 session; 1 file not imported")).to_be_visible()
    expect(imports.get_by_text("Not imported:")).to_be_visible()
    assert_accessible(page)
    picture(page, "imported")
    expect(page.locator("main tr[data-session]")).to_have_count(2)
    imports.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Export").click()
    assert download.value.path().read_bytes().startswith(b"PK\x03\x04")
    picture(page, "session")


def test_a_file_is_chosen_by_the_keyboard_and_a_failure_can_be_tried_again(page: Page) -> None:
    page.goto("/sessions")
    wait_until_loaded(page)
    expect(page.get_by_text("Three steps")).to_be_visible()
    page.route("**/imports", lambda route: route.abort())
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Import dumps").press("Enter")
    chooser.value.set_files(path_of(CHROMIUM))
    expect(page.get_by_role("alert")).to_contain_text("was not imported")
    picture(page, "failed")
    page.unroute("**/imports")
    page.get_by_role("button", name="Try again").press("Enter")
    expect(page.get_by_text("made 1 session")).to_be_visible()
    page.get_by_role("button", name="Close the import of").press("Enter")
    expect(page.get_by_label("Imports of dumps")).to_have_count(0)


def test_an_import_that_goes_on_is_shown_after_a_reload(server: Server, page: Page) -> None:
    page.goto("/sessions")
    wait_until_loaded(page)
    running_import = {
        "id": "i1",
        "requested_at": 1_795_700_000_000,
        "requested_by": "t",
        "state": "running",
        "percent": 42,
        "files": [{"name": "big.gz", "bytes": 9, "error": None, **NOTHING_READ}],
        "sessions": [],
        "error": None,
        "finished_at": None,
    }
    listed = {"imports": [running_import], "most_bytes": 1_000, "most_files": 64}

    def answer(data: object) -> str:
        return json.dumps({"success": True, "data": data, "errors": [], "messages": []})

    page.route("**/imports", lambda route: route.fulfill(body=answer(listed)))
    page.route("**/imports/i1", lambda route: route.fulfill(body=answer(running_import)))
    page.reload()
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "42")
    assert_accessible(page)
    picture(page, "running")
    done = running_import | {"state": "failed", "percent": 0, "error": "The disk broke."}
    page.route("**/imports/i1", lambda route: route.fulfill(body=answer(done)))
    expect(page.get_by_role("alert")).to_contain_text("The disk broke.")
    assert_accessible(page)


def test_keys_of_sources_are_stored_shown_without_the_secret_and_removed(
    server: Server, page: Page
) -> None:
    page.goto("/settings?section=sources")
    wait_until_loaded(page)
    address = f"{server.url}/v1/apps/{server.app_id}/sources/livekit"
    expect(page.get_by_text(address, exact=True)).to_be_visible()
    page.get_by_label("API key").fill("APIk3y")
    page.get_by_label("API secret").fill("s3cret-of-livekit")
    page.get_by_role("button", name="Store the key").press("Enter")
    expect(page.get_by_role("status").filter(has_text="Stored: APIk3y")).to_be_visible()
    expect(page.get_by_label("API secret")).to_have_value("")
    picture(page, "sources")
    page.get_by_role("combobox", name="System").select_option("jitsi")
    page.get_by_label("Name of the deployment").fill("pages")
    page.get_by_role("button", name="Make one").click()
    secret = page.get_by_label("A key of your choice").input_value()
    page.get_by_role("button", name="Store the key").click()
    stats = f"{server.url.replace('http', 'ws')}/v1/apps/{server.app_id}/sources/jitsi/stats/"
    expect(page.get_by_text(stats + secret, exact=True)).to_be_visible()
    picture(page, "sources-jitsi")
    page.reload()
    wait_until_loaded(page)
    expect(page.get_by_role("row").filter(has_text="pages")).to_be_visible()
    assert secret not in page.content() and "s3cret-of-livekit" not in page.content()
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Remove the key APIk3y").click()
    expect(page.get_by_role("row").filter(has_text="APIk3y")).to_have_count(0)
    assert_accessible(page)


TRANSCRIPT = b"WEBVTT\n\n00:05.000 --> 00:07.000\n<v Ada>We agreed on Monday.\n"
BROKEN = b"1\n00:00:05,000 --> 00:00:02,000\nx\n"


def test_a_finished_transcript_is_dropped_on_its_session(server: Server, page: Page) -> None:
    now = round(time.time() * 1000)
    place = {"meeting_id": "weekly", "session_id": SESSION}
    ada = {"user_id": "ada", "display_name": "Ada"}
    post_events(
        server,
        [
            {"type": "peer_joined", "id": "joined", "at": now - 90_000, "peer_id": "ada",
             "participant": ada, **place},
            {"type": "line_spoken", "id": "line", "at": now - 80_000, "end_at": now - 79_000,
             "user_id": "ada", "display_name": "Ada", "text": "Which day?", **place},
            {"type": "session_closed", "id": "closed", "at": now - 30_000, **place},
        ],
    )  # fmt: skip
    wait_until_ended(server, SESSION)
    page.goto(f"/sessions/{SESSION}")
    wait_until_loaded(page)
    page.get_by_role("tab", name="Talk").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload a transcript").press("Enter")
    chooser.value.set_files(FilePayload(name="a.srt", mimeType="text/plain", buffer=BROKEN))
    expect(page.get_by_role("alert")).to_contain_text("Line 2: the cue ends before it begins")
    picture(page, "transcript-refused")
    take = page.locator(".take-transcript")
    drag(page, "drop", {"a.vtt": TRANSCRIPT}, onto=".take-transcript")
    expect(page.get_by_role("alert")).to_contain_text("has a transcript that was recorded")
    assert_accessible(page)
    take.get_by_role("button", name="Replace it").click()
    expect(take.get_by_role("status")).to_contain_text("1 line stored")
    expect(page.locator(".said")).to_contain_text("We agreed on Monday.")
    expect(page.locator(".said")).not_to_contain_text("Which day?")
    picture(page, "transcript-stored")
