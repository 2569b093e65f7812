"""Calls between real browsers on the call page, and what the browsers themselves counted."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.acceptance.counted import COUNT_STREAMS
from tests.acceptance.machine import PROBE
from tests.acceptance.patient import PATIENCE_MS

CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    # Without it a machine with no interface but loopback finds no candidates.
    "--allow-loopback-in-peer-connection",
    "--auto-select-desktop-capture-source=Entire screen",
    "--mute-audio",
)

KEEP_CONNECTIONS = """
(() => {
  const Native = window.RTCPeerConnection;
  const made = [];
  window.RTCPeerConnection = class RTCPeerConnection extends Native {
    constructor(...rest) { super(...rest); made.push(this); }
  };
  window.readStats = () => Promise.all(
    made.filter((pc) => pc.signalingState !== "closed")
        .map(async (pc) => [...(await pc.getStats()).values()]));
  const { getUserMedia } = navigator.mediaDevices;
  navigator.mediaDevices.getUserMedia = function (asked) {
    const small = asked.video ? { ...asked, video: { width: 320, height: 240 } } : asked;
    return getUserMedia.call(this, small);
  };
})()
"""
"""Wraps the constructor as any other library would, keeps every connection to ask it for its
statistics at the end, and makes the pictures small enough for two cores."""


@dataclass(kw_only=True)
class Stay:
    """One peer: from one load of the page to the next, or to the leave."""

    peer_id: str
    stats: list[list[dict[str, Any]]] = field(default_factory=list)
    """What the browser's connections counted, just before the peer went away."""
    counted: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    """What they had counted time and again until then, by the name of the stream."""

    def streams(self) -> list[dict[str, Any]]:
        """The streams sent and received, as the browser counted them."""
        return [
            entry
            for connection in self.stats
            for entry in connection
            if entry["type"] in ("outbound-rtp", "inbound-rtp")
        ]


@dataclass(kw_only=True)
class Tab:
    """A person in a tab: the page, and the peers it was so far."""

    name: str
    page: Page
    context: BrowserContext
    stays: list[Stay] = field(default_factory=list)

    async def join(self, url: str, room: str) -> None:
        """Goes to the call page, enters, and waits until the record has begun."""
        await self.page.goto(f"{url}/try?room={room}")
        await self.page.fill("#name", self.name)
        await self.page.click("#join")
        await self.wait_until_recorded()

    async def wait_until_recorded(self) -> None:
        await self.page.wait_for_selector("#record-state[data-state=joined]")
        peer_id = await self.page.evaluate("document.body.dataset.peer")
        self.stays.append(Stay(peer_id=peer_id))

    async def wait_until_connected(self, others: int) -> None:
        """Waits until it is connected to that many others."""
        await self.page.wait_for_function(
            """async (others) => {
                const reports = await window.readStats();
                const flows = reports.filter((report) => report.some(
                    (entry) => entry.type === "inbound-rtp" && entry.framesDecoded > 0));
                return flows.length >= others;
            }""",
            arg=others,
            polling=200,
        )

    async def count(self) -> None:
        """Keeps what the browser has counted so far."""
        self.stays[-1].stats = await self.page.evaluate("window.readStats()")
        self.stays[-1].counted = await self.page.evaluate("window.counted")

    async def late_timers(self) -> list[tuple[float, float]]:
        """When timers of the page were due that came late (seconds since the epoch), and by how
        many seconds. A page that is loaded again begins to count again."""
        return [(at, by) for at, by in await self.page.evaluate("window.readLateTimers()")]

    async def reload(self) -> None:
        """Loads the page again in the middle of the call, which it then joins by itself."""
        await self.count()
        await self.page.reload()
        await self.wait_until_recorded()

    async def chat(self, text: str) -> None:
        await self._say("chat", text)

    async def caption(self, text: str) -> None:
        """Says a line of the transcript."""
        await self._say("caption", text)

    async def _say(self, kind: str, text: str) -> None:
        await self.page.select_option("#say-kind", kind)
        await self.page.fill("#say-text", text)
        await self.page.click("#say button")

    async def leave(self) -> str:
        """Leaves as a person would; the id of the session."""
        await self.page.click("#leave")
        await self.page.wait_for_selector("#after:not([hidden])")
        session_id: str = await self.page.evaluate("document.body.dataset.session")
        return session_id


@dataclass(kw_only=True)
class HeldCall:
    """A call that is over: where it was, and what its browsers know of it."""

    room: str
    app_id: str
    meeting_id: str
    session_id: str
    tabs: list[Tab]
    chat: list[tuple[str, str]]
    """Name and text, in order."""
    captions: list[tuple[str, str]]

    def stay(self, peer_id: str) -> Stay:
        return next(stay for tab in self.tabs for stay in tab.stays if stay.peer_id == peer_id)


def find_chromium() -> str | None:
    """A Chromium on this machine: the one `CHROMIUM` names, else one on the path."""
    named = os.environ.get("CHROMIUM")
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return named or next((path for name in names if (path := shutil.which(name))), None)


@asynccontextmanager
async def browser(executable: str, *flags: str) -> AsyncIterator[Browser]:
    """A headless Chromium with a fake camera and microphone."""
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(
            executable_path=executable,
            headless=True,
            timeout=PATIENCE_MS,
            args=[*CHROMIUM_FLAGS, *flags],
        )
        try:
            yield running
        finally:
            await running.close()


async def open_tab(running: Browser, name: str) -> Tab:
    """A person with a profile of their own."""
    context = await running.new_context(permissions=["camera", "microphone"])
    context.set_default_timeout(PATIENCE_MS)
    await context.add_init_script(KEEP_CONNECTIONS)
    await context.add_init_script(COUNT_STREAMS)
    await context.add_init_script(PROBE)
    return Tab(name=name, page=await context.new_page(), context=context)


async def hold_call(
    running: Browser,
    url: str,
    *,
    room: str = "acceptance",
    names: Sequence[str] = ("Ann", "Bob"),
    seconds: float = 20,
) -> HeldCall:
    """A call of `seconds` in which everybody talks, the last one reloads midway, all leave.

    Every browser's own count of each stay is taken just before it ends.
    """
    tabs = [await open_tab(running, name) for name in names]
    for tab in tabs:
        await tab.join(url, room)
    for tab in tabs:
        await tab.wait_until_connected(len(tabs) - 1)
    chat = [(tab.name, f"Hello from {tab.name}, is everybody here?") for tab in tabs]
    captions = [
        (tabs[0].name, "Let us decide about the budget, and then about the date."),
        (tabs[-1].name, "We agreed to ship on Friday; I will write the release notes."),
    ]
    for tab, (_, text) in zip(tabs, chat, strict=True):
        await tab.chat(text)
    await tabs[0].caption(captions[0][1])
    await asyncio.sleep(seconds / 2)
    await tabs[-1].reload()
    for tab in tabs:
        await tab.wait_until_connected(len(tabs) - 1)
    await tabs[-1].caption(captions[1][1])
    await asyncio.sleep(seconds / 2)
    ids = await tabs[0].page.evaluate("({ ...document.body.dataset })")
    for tab in tabs:
        await tab.count()
    session_ids = {await tab.leave() for tab in tabs}
    (session_id,) = session_ids
    for tab in tabs:
        await tab.context.close()
    return HeldCall(
        room=room,
        app_id=ids["app"],
        meeting_id=ids["meeting"],
        session_id=session_id,
        tabs=tabs,
        chat=chat,
        captions=captions,
    )
