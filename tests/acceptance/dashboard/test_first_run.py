"""An empty server, as a newcomer goes through it: three steps, a real call, a sample day."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.acceptance import http_client
from tests.acceptance.chromium import CHROMIUM_FLAGS
from tests.acceptance.dashboard.axe import AXE, violations
from tests.acceptance.dashboard.browser_harness import CHROMIUM, MARKS
from tests.acceptance.http_client import TIMEOUT_MS
from tests.acceptance.server import Server, running

pytestmark = MARKS

CALL = """
navigator.mediaDevices.getUserMedia({ audio: true, video: true }).then(async (stream) => {
  const [one, other] = [new RTCPeerConnection(), new RTCPeerConnection()];
  one.onicecandidate = ({ candidate }) => candidate && other.addIceCandidate(candidate);
  other.onicecandidate = ({ candidate }) => candidate && one.addIceCandidate(candidate);
  for (const track of stream.getTracks()) one.addTrack(track, stream);
  await one.setLocalDescription();
  await other.setRemoteDescription(one.localDescription);
  await other.setLocalDescription();
  await one.setRemoteDescription(other.localDescription);
});
"""
"""An application's own call, which knows nothing of Aftercall."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser with a camera and a microphone."""
    with sync_playwright() as playwright:
        expect.set_options(timeout=TIMEOUT_MS)
        started = playwright.chromium.launch(
            executable_path=CHROMIUM, args=list(CHROMIUM_FLAGS), timeout=TIMEOUT_MS
        )
        yield started
        started.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path, env={"AFTERCALL_INTERVAL_MS": "1000"}) as started:
        yield started


def open_sessions(chromium: Browser, server: Server, *, token: str = "", **options: Any) -> Page:
    """The dashboard's first page, for the holder of the token."""
    context = chromium.new_context(base_url=server.url, **options)
    context.set_default_timeout(TIMEOUT_MS)
    answer = context.request.post("/v1/sign-in", data={"token": token or server.api_token})
    assert answer.ok, answer.text()
    page = context.new_page()
    page.goto("/sessions")
    expect(page.get_by_role("heading", level=1)).to_have_text("Three steps to your first call")
    return page


def make_token(server: Server, role: str) -> str:
    answer = http_client.post(
        f"{server.url}/v1/tokens", json={"name": role, "role": role}, headers=server.headers
    )
    secret: str = answer.raise_for_status().json()["data"]["secret"]
    return secret


def serve_page(html: str) -> ThreadingHTTPServer:
    """A web server of somebody else's, on another origin, whose every page is `html`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = html.encode()
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    shop = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=shop.serve_forever, daemon=True).start()
    return shop


def step(page: Page, title: str) -> Any:
    return page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=title))


def test_the_pasted_snippet_ticks_the_second_step_and_the_third_leads_to_the_call(
    server: Server, chromium: Browser
) -> None:
    page = open_sessions(chromium, server, permissions=["clipboard-read", "clipboard-write"])
    expect(step(page, "Aftercall runs")).to_contain_text("Done")
    expect(step(page, "Aftercall runs")).to_contain_text("SQLite, app “First app”")
    collector = step(page, "Put the collector into your page")
    expect(collector).to_contain_text("Waiting for the first report")
    expect(collector.locator("pre")).to_contain_text("PARTICIPANT_TOKEN")
    collector.get_by_role("button", name="Fill in a real token").click()
    expect(collector).to_contain_text("Ready to paste")
    collector.get_by_role("button", name="Copy").click()
    expect(collector.get_by_text("Copied")).to_be_visible()
    snippet = page.evaluate("navigator.clipboard.readText()")

    shop = serve_page(f"<!doctype html><title>Shop</title>{snippet}<script>{CALL}</script>")
    visitor = chromium.new_context(permissions=["camera", "microphone"])
    try:
        call = visitor.new_page()
        call.goto(f"http://localhost:{shop.server_port}/")
        expect(collector).to_contain_text("the first report is in")
        expect(collector).to_contain_text("Done")
    finally:
        visitor.close()
        shop.shutdown()
        shop.server_close()
    look = step(page, "Look at a call")
    look.get_by_role("link", name="Test meeting").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert "/sessions/" in page.url
    page.get_by_role("link", name="Sessions").first.click()
    expect(page.get_by_role("heading", name="Sessions", level=1)).to_be_visible()
    page.context.close()


def test_every_snippet_names_this_server_and_has_a_token_that_is_taken(
    server: Server, chromium: Browser
) -> None:
    page = open_sessions(chromium, server)
    collector = step(page, "Put the collector into your page")
    for name in ("React", "LiveKit", "RealtimeKit", "Janus"):
        collector.get_by_role("button", name=name).click()
        code = collector.locator("pre")
        expect(code).to_contain_text(server.url)
        expect(code).to_contain_text("PARTICIPANT_TOKEN" if name != "Janus" else "API_TOKEN")
    collector.get_by_role("button", name="Fill in a real token").click()
    expect(collector).to_contain_text("Ready to paste")
    text = collector.locator("pre").inner_text()
    assert f"/v1/apps/{server.app_id}/sources/janus" in text
    answer = http_client.post(
        f"{server.url}/v1/apps/{server.app_id}/sources/janus",
        json=[],
        auth=("janus", text.rpartition("backend_pwd = ")[2].split('"')[1]),
    )
    assert answer.status_code == 202, answer.text
    page.context.close()


def test_a_reader_sees_a_placeholder_and_why(server: Server, chromium: Browser) -> None:
    page = open_sessions(chromium, server, token=make_token(server, "read"))
    collector = step(page, "Put the collector into your page")
    expect(collector).to_contain_text("is a placeholder: you may only read")
    expect(collector.get_by_role("button", name="Fill in a real token")).to_have_count(0)
    expect(page.get_by_role("button", name="Load a sample day")).to_have_count(0)
    expect(page.get_by_role("link", name="Try one in two tabs")).to_have_attribute("href", "/try")
    page.context.close()


def test_a_sample_day_fills_an_app_of_its_own_and_a_second_is_refused(
    server: Server, chromium: Browser
) -> None:
    page = open_sessions(chromium, server)
    late = open_sessions(chromium, server)
    page.get_by_role("button", name="Load a sample day").click()
    expect(page.get_by_text("Loading: 0 of 87 calls.")).to_be_visible()
    late.get_by_role("button", name="Load a sample day").click()
    expect(late.get_by_role("alert")).to_have_text(
        "A sample day is being loaded: wait until it is there"
    )
    expect(page.get_by_role("progressbar", name="Sample day")).to_be_visible()
    page.get_by_role("link", name="Look into the sample day").click()
    expect(page.locator("main tr[data-session], main [data-session]").first).to_be_visible()
    expect(page.get_by_label("App", exact=True)).to_have_value(
        http_client.get(f"{server.url}/v1/sample-day", headers=server.headers).json()["data"][
            "app_id"
        ]
    )
    for opened in (page, late):
        opened.context.close()


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed")
def test_the_steps_are_accessible_and_no_wider_than_the_screen(
    server: Server, chromium: Browser
) -> None:
    for scheme, width in (("light", 1280), ("dark", 390)):
        page = open_sessions(
            chromium, server, color_scheme=scheme, viewport={"width": width, "height": 860}
        )
        page.get_by_role("button", name="Fill in a real token").click()
        expect(page.get_by_text("Ready to paste")).to_be_visible()
        page.evaluate(AXE.read_text())
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.context.close()


def test_a_filter_on_an_empty_app_says_that_nothing_matches(
    server: Server, chromium: Browser
) -> None:
    page = open_sessions(chromium, server)
    page.goto("/sessions?status=ENDED")
    expect(page.get_by_text("No session matches")).to_be_visible()
    page.context.close()
