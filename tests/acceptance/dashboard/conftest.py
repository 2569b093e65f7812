"""A server with ten thousand calls, and pages of users who are signed in."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from aftercall.core.instants import DAY_MS, EpochMs
from aftercall.simulator.network_conditions import Kind
from tests.acceptance import bulk_sessions, script_injection
from tests.acceptance.dashboard.browser_harness import (
    CHROMIUM,
    INJECTION_SESSION,
    ZONE,
    post_events,
    read,
    wait_until_final,
)
from tests.acceptance.http_client import TIMEOUT_MS
from tests.acceptance.seeded_session import SDK_SESSION, seed_session
from tests.acceptance.server import Server, start, wait_until_ended


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with ten thousand calls, of which two were measured: one that was bad, and one whose
    texts inject scripts."""
    data_dir = tmp_path_factory.mktemp("dashboard")
    now = round(time.time() * 1000)
    begin_ms = now - 2 * DAY_MS
    started = start(data_dir)
    try:
        seed_session(started, begin_ms=begin_ms, session_id=SDK_SESSION, peer_id=SDK_SESSION)
        wait_until_final(started, SDK_SESSION)
        lanes = read(started, f"calls/{SDK_SESSION}")["lanes"]
    finally:
        started.stop()
    bulk_sessions.fill(
        data_dir,
        started.app_id,
        count=10_000,
        now=EpochMs(now),
        also=[lane["name"] for lane in lanes],
        apart_from=EpochMs(begin_ms),
    )
    started = start(data_dir, started.rights)
    try:
        post_events(
            started,
            script_injection.injection_events(
                begin_ms=begin_ms + 600_000,
                session_id=INJECTION_SESSION,
                kinds=(Kind.LOSSY_UPLINK, Kind.GOOD, Kind.TURN_TCP),
            ),
        )
        wait_until_ended(started, INJECTION_SESSION)
        wait_until_final(started, INJECTION_SESSION)
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser for one module: while it is open an event loop runs, and no asynchronous test of
    another module can begin."""
    with sync_playwright() as playwright:
        expect.set_options(timeout=TIMEOUT_MS)
        running = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"], timeout=TIMEOUT_MS
        )
        yield running
        running.close()


@pytest.fixture
def page(server: Server, chromium: Browser) -> Iterator[Page]:
    """A page of a user who is signed in; fails at the end for errors and foreign requests."""
    yield from signed_in(server, chromium, width=1280)


@pytest.fixture
def narrow_page(server: Server, chromium: Browser) -> Iterator[Page]:
    yield from signed_in(server, chromium, width=390)


def signed_in(server: Server, chromium: Browser, *, width: int) -> Iterator[Page]:
    context = chromium.new_context(
        viewport={"width": width, "height": 860},
        timezone_id=ZONE.key,
        locale="en-GB",
        base_url=server.url,
    )
    context.set_default_timeout(TIMEOUT_MS)
    answer = context.request.post("/v1/sign-in", data={"token": server.api_token})
    assert answer.ok, answer.text()
    opened = context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on(
        "console",
        lambda message: (
            problems.append(message.text) if message.type in {"error", "warning"} else None
        ),
    )
    foreign: list[str] = []
    opened.on(
        "request",
        lambda asked: None if asked.url.startswith(server.url) else foreign.append(asked.url),
    )
    yield opened
    context.close()
    assert problems == []
    assert foreign == []
