"""Participants in the rooms of a real Janus, each in a tab, with the times of joins and leaves."""

import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser, Page, async_playwright

from tests.acceptance.chromium import CHROMIUM_FLAGS
from tests.acceptance.http_client import TIMEOUT_MS, TIMEOUT_S
from tests.acceptance.janus_server import AUDIO_ROOM, VIDEO_ROOM
from tests.acceptance.server import Server

SCRIPT: Final = Path(__file__).with_name("node") / "janus-call.js"
_KEEPALIVE_MS: Final = 1_000
_SMALL: Final = {"width": 160, "height": 120, "frameRate": 10}

Span = tuple[float, float]
"""The times (seconds since the epoch) just before and just after an action."""


@dataclass(kw_only=True)
class Chromium:
    """A Chromium all of whose processes are one group."""

    process: subprocess.Popen[bytes]
    debugging_url: str

    def signal(self, number: int) -> Span:
        """Signals all of them at once."""
        before = time.time()
        os.killpg(self.process.pid, number)
        return before, time.time()


@asynccontextmanager
async def own_browser(executable: str, profile: Path) -> AsyncIterator[tuple[Chromium, Browser]]:
    """A headless Chromium that can be killed or frozen as a whole."""
    with _started(executable, profile) as chromium:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.connect_over_cdp(
                chromium.debugging_url, timeout=TIMEOUT_MS
            )
            yield chromium, browser


@contextmanager
def _started(executable: str, profile: Path) -> Iterator[Chromium]:
    profile.mkdir()
    process = subprocess.Popen(
        [
            executable,
            "--headless=new",
            "--remote-debugging-port=0",
            f"--user-data-dir={profile}",
            *CHROMIUM_FLAGS,
            "about:blank",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        port = _debugging_port(profile / "DevToolsActivePort")
        yield Chromium(process=process, debugging_url=f"http://127.0.0.1:{port}")
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _debugging_port(file: Path) -> int:
    give_up_at = time.monotonic() + TIMEOUT_S
    while time.monotonic() < give_up_at:
        if file.is_file() and (lines := file.read_text().splitlines()):
            return int(lines[0])
        time.sleep(0.05)
    raise AssertionError("Chromium did not open its debugging port")


@dataclass(kw_only=True)
class Guest:
    """A participant in a tab with one Janus session, and the spans of its joins and leaves."""

    name: str
    page: Page
    handle: int = 0
    feed: int = 0
    joins: list[Span] = field(default_factory=list)
    leaves: list[Span] = field(default_factory=list)

    async def enter_video(self) -> None:
        """Joins the video room and publishes, on a handle of its own: Janus lets no handle that
        left a video room join one again."""
        self.handle = await self._attach("janus.plugin.videoroom")
        body = {"request": "join", "ptype": "publisher", "room": VIDEO_ROOM, "display": self.name}
        await self._join(body)
        await self._publish({"request": "publish"}, _SMALL)

    async def enter_audio(self) -> None:
        """Joins the audio room and speaks."""
        self.handle = await self._attach("janus.plugin.audiobridge")
        await self._join({"request": "join", "room": AUDIO_ROOM, "display": self.name})
        await self._publish({"request": "configure", "muted": False}, False)

    async def subscribe(self, other: "Guest") -> None:
        """Receives what another one publishes."""
        arguments = [VIDEO_ROOM, other.feed]
        await self.page.evaluate("([room, feed]) => janus.subscribe(room, feed)", arguments)

    async def leave(self) -> None:
        before = time.time()
        await self._ask({"request": "leave"})
        self.leaves.append((before, time.time()))

    async def _join(self, body: dict[str, Any]) -> None:
        before = time.time()
        self.feed = (await self._ask(body))["id"]
        self.joins.append((before, time.time()))

    async def _attach(self, plugin: str) -> int:
        handle: int = await self.page.evaluate("(plugin) => janus.attach(plugin)", plugin)
        return handle

    async def _ask(self, body: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = await self.page.evaluate(
            "([handle, body]) => janus.ask(handle, body)", [self.handle, body]
        )
        return answer

    async def _publish(self, body: dict[str, Any], video: object) -> None:
        await self.page.evaluate(
            "([handle, body, video]) => janus.publish(handle, body, video)",
            [self.handle, body, video],
        )


async def open_guest(browser: Browser, server: Server, janus_url: str, name: str) -> Guest:
    """A tab with a Janus session that keeps itself alive."""
    context = await browser.new_context(bypass_csp=True, permissions=["camera", "microphone"])
    context.set_default_timeout(TIMEOUT_MS)
    page = await context.new_page()
    # A page of the loopback is a secure context, as the camera demands.
    await page.goto(f"{server.url}/healthz")
    await page.add_script_tag(path=SCRIPT)
    await page.evaluate("([url, ms]) => janus.open(url, ms)", [janus_url, _KEEPALIVE_MS])
    return Guest(name=name, page=page)
