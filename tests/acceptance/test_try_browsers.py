"""Calls between different browsers, and a call with failures."""

import asyncio
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.acceptance import http_client
from tests.acceptance.call_page import KEEP_CONNECTIONS, Tab, open_tab
from tests.acceptance.chromium import browser, find_chromium
from tests.acceptance.firefox import Firefox, find_firefox, firefox
from tests.acceptance.packet_counts import RECORD_PACKET_COUNTS, assert_packets_agree, moment
from tests.acceptance.server import Server, running, wait_until_ended

CHROMIUM = find_chromium()
FIREFOX = find_firefox()

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.realtime,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium was found on this machine"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = {"AFTERCALL_INTERVAL_MS": "2000"}
    with running(tmp_path_factory.mktemp("browsers"), env=settings) as started:
        yield started


def ask(server: Server, path: str) -> Any:
    answer = http_client.get(server.kit(path), headers=server.headers)
    answer.raise_for_status()
    return answer.json()["data"]


async def join_with_firefox(fox: Firefox, url: str, room: str) -> str:
    """Enters the room; the id of the peer."""
    await fox.go(f"{url}/try?room={room}")
    await fox.evaluate(
        "(() => { document.querySelector('#name').value = 'Fay';"
        " document.querySelector('#join').click(); })()"
    )
    await fox.wait_for("document.querySelector('#record-state').dataset.state === 'joined'")
    peer_id: str = await fox.evaluate("document.body.dataset.peer")
    return peer_id


async def hold_call_with_firefox(url: str) -> tuple[str, dict[str, Any]]:
    """A call between Firefox and Chromium; Firefox's peer, and what that browser counted."""
    assert CHROMIUM and FIREFOX
    preload = f"() => {{ {KEEP_CONNECTIONS} }}"
    async with browser(CHROMIUM) as chromium, firefox(FIREFOX, preload=preload) as fox:
        ann = await open_tab(chromium, "Ann")
        await ann.join(url, "mixed")
        peer_id = await join_with_firefox(fox, url, "mixed")
        await ann.wait_until_connected(1)
        await fox.evaluate(RECORD_PACKET_COUNTS)
        await asyncio.sleep(12)
        counted = await fox.evaluate("window.counted")
        await fox.evaluate("document.querySelector('#leave').click()")
        await fox.wait_for("!document.querySelector('#after').hidden")
        await ann.leave()
        return peer_id, counted


@pytest.mark.skipif(FIREFOX is None, reason="no Firefox was found on this machine")
@pytest.mark.usefixtures("rough_call")
def test_a_call_between_firefox_and_chromium_is_recorded(server: Server) -> None:
    """Runs during the minute after which the session of the rough call ends."""
    peer_id, counted = asyncio.run(hold_call_with_firefox(server.url))
    report = ask(server, f"sessions/peer-report/{peer_id}")
    device = report["peer_stats"]["device_info"]
    assert (device["browser"], device["engine"]) == ("Firefox", "Gecko")
    quality = report["peer_report"]["quality"]
    video = quality["video_consumer"]
    readings = counted[f"inbound-rtp {video[0]['ssrc']}"]
    assert_packets_agree(video, readings, "packets_received")
    for family in ("audio_producer", "audio_consumer", "video_producer", "video_consumer"):
        assert quality[family], family


async def kill(tab: Tab) -> None:
    """Kills the tab's whole browser: no leave, no beacon."""
    assert tab.context.browser is not None
    cdp = await tab.context.browser.new_browser_cdp_session()
    processes = (await cdp.send("SystemInfo.getProcessInfo"))["processInfo"]
    pid = next(process["id"] for process in processes if process["type"] == "browser")
    os.kill(pid, signal.SIGKILL)


@dataclass(kw_only=True)
class RoughCall:
    """A call that is over; no backend closed its session."""

    session_id: str
    anns_peer_id: str
    bobs_peer_id: str
    killed_at: float
    """When Cat's browser was killed."""


async def hold_rough_call(url: str) -> RoughCall:
    assert CHROMIUM
    async with browser(CHROMIUM) as first, browser(CHROMIUM) as second:
        ann, bob = await open_tab(first, "Ann"), await open_tab(first, "Bob")
        cat = await open_tab(second, "Cat")
        for tab in (ann, bob, cat):
            await tab.join(url, "rough")
        for tab in (ann, bob, cat):
            await tab.wait_until_connected(2)
        await ann.page.click("#screen")
        await asyncio.sleep(6)
        killed_at = (await ann.page.evaluate("Date.now()")) / 1000
        await kill(cat)
        # Bob's collector cannot reach the server for twenty seconds; the call continues.
        await bob.context.set_offline(True)
        await asyncio.sleep(20)
        await bob.context.set_offline(False)
        await asyncio.sleep(18)
        session_id = await ann.leave()
        assert await bob.leave() == session_id
    return RoughCall(
        session_id=session_id,
        anns_peer_id=ann.stays[0].peer_id,
        bobs_peer_id=bob.stays[0].peer_id,
        killed_at=killed_at,
    )


@pytest.fixture(scope="module")
def rough_call(server: Server) -> RoughCall:
    """Cat's browser is killed, Bob's cannot reach the server for a while, and Ann shares the
    screen."""
    return asyncio.run(hold_rough_call(server.url))


def test_a_call_with_a_killed_and_an_offline_browser_is_recorded(
    server: Server, rough_call: RoughCall
) -> None:
    wait_until_ended(server, rough_call.session_id)
    people = ask(server, f"sessions/{rough_call.session_id}/participants")["participants"]
    by_name = {person["display_name"]: person for person in people}
    assert sorted(by_name) == ["Ann", "Bob", "Cat"]
    # Cat sent no leave: the last report is the time of leaving, and that is marked as inferred.
    left = moment(by_name["Cat"]["left_at"])
    assert rough_call.killed_at - 4 <= left <= rough_call.killed_at + 1
    assert by_name["Cat"]["left_at_inferred"]
    assert not by_name["Ann"]["left_at_inferred"]

    bobs = ask(server, f"sessions/peer-report/{rough_call.bobs_peer_id}")["peer_report"]
    # Samples from the time offline were sent later: none is missing.
    assert bobs["completeness"]["share"] >= 0.9
    assert bobs["completeness"]["dropped_entries"] == 0
    assert bobs["quality"]["screenshare_video_consumer"]
    anns = ask(server, f"sessions/peer-report/{rough_call.anns_peer_id}")["peer_report"]
    assert anns["quality"]["screenshare_video_producer"]
    assert anns["quality"]["video_producer"]
