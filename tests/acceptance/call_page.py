"""Calls between browsers on the call page `/try`, and the browsers' own counters."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page

from tests.acceptance.http_client import TIMEOUT_MS
from tests.acceptance.machine_lateness import PROBE
from tests.acceptance.packet_counts import RECORD_PACKET_COUNTS

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
"""Wraps the constructor as another library would, keeps every connection so that its statistics can
be read at the end, and makes the pictures small enough for two processors."""


@dataclass(kw_only=True)
class Stay:
    """One peer: from a load of the page to the next load or to the leave."""

    peer_id: str
    stats: list[list[dict[str, Any]]] = field(default_factory=list)
    """The statistics of the browser's connections just before the peer ended."""
    counted: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    """Readings of the packet counters until then, by stream."""

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
        """Opens the call page, joins, and waits until the collector has joined."""
        await self.page.goto(f"{url}/try?room={room}")
        await self.page.fill("#name", self.name)
        await self.page.click("#join")
        await self.wait_until_recorded()

    async def wait_until_recorded(self) -> None:
        await self.page.wait_for_selector("#record-state[data-state=joined]")
        peer_id = await self.page.evaluate("document.body.dataset.peer")
        self.stays.append(Stay(peer_id=peer_id))

    async def wait_until_connected(self, others: int) -> None:
        """Waits until it decodes frames of that many others."""
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
        """Stores the browser's counters in the present stay."""
        self.stays[-1].stats = await self.page.evaluate("window.readStats()")
        self.stays[-1].counted = await self.page.evaluate("window.counted")

    async def late_timers(self) -> list[tuple[float, float]]:
        """When timers of the page were due that came late (seconds since the epoch), and by how
        many seconds. A page that is loaded again begins to count again."""
        return [(at, by) for at, by in await self.page.evaluate("window.readLateTimers()")]

    async def reload(self) -> None:
        """Reloads the page in the middle of the call, which it then rejoins by itself."""
        await self.count()
        await self.page.reload()
        await self.wait_until_recorded()

    async def chat(self, text: str) -> None:
        await self._send_text("chat", text)

    async def caption(self, text: str) -> None:
        """Sends a line of the transcript."""
        await self._send_text("caption", text)

    async def _send_text(self, kind: str, text: str) -> None:
        await self.page.select_option("#say-kind", kind)
        await self.page.fill("#say-text", text)
        await self.page.click("#say button")

    async def leave(self) -> str:
        """Leaves by the button; returns the id of the session."""
        await self.page.click("#leave")
        await self.page.wait_for_selector("#after:not([hidden])")
        session_id: str = await self.page.evaluate("document.body.dataset.session")
        return session_id


@dataclass(kw_only=True)
class HeldCall:
    """A call that is over: its ids, and what its browsers counted and sent."""

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


async def open_tab(running: Browser, name: str) -> Tab:
    """A tab with a profile of its own."""
    context = await running.new_context(permissions=["camera", "microphone"])
    context.set_default_timeout(TIMEOUT_MS)
    await context.add_init_script(KEEP_CONNECTIONS)
    await context.add_init_script(RECORD_PACKET_COUNTS)
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
    """A call of `seconds` in which all chat, the last one reloads midway, and all leave.

    The counters of each stay are read just before it ends.
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
