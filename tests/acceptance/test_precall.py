"""The collector's test of the network before a call, in a real browser and through a real relay."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Page

from tests.acceptance import http_client
from tests.acceptance.chromium import browser, find_chromium
from tests.acceptance.sdks import node_sdks
from tests.acceptance.server import Server, running

CHROMIUM = find_chromium()
NODE = shutil.which("node")

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.realtime,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium was found on this machine"),
    pytest.mark.skipif(NODE is None, reason="node was not found: there is no TURN server"),
]


@asynccontextmanager
async def turn() -> AsyncIterator[int]:
    """The port of a TURN server on loopback."""
    process = await asyncio.create_subprocess_exec(
        *(str(NODE), "turn.mjs"),
        cwd=await asyncio.to_thread(node_sdks),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        yield int(await process.stdout.readline())
    finally:
        process.stdin.close()
        await process.wait()


@asynccontextmanager
async def page_with_collector(server: Server) -> AsyncIterator[Page]:
    """A page of another site, with the scripts that the server serves."""
    assert CHROMIUM is not None
    async with browser(CHROMIUM) as chromium:
        context = await chromium.new_context(bypass_csp=True)
        page = await context.new_page()
        await page.goto(f"{server.url}/healthz")
        for name in ("collector", "precall"):
            await page.add_script_tag(url=f"{server.url}/collector/aftercall-{name}.iife.js")
        yield page


def admit(server: Server) -> str:
    """A token for a participant of a new meeting."""
    with http_client.Client(headers=server.headers) as client:
        meeting = client.post(server.kit("meetings"), json={"title": "Precall"})
        meeting_id = meeting.raise_for_status().json()["data"]["id"]
        person = {"name": "Ann", "preset_name": "group_call_host", "custom_participant_id": "ann"}
        added = client.post(server.kit(f"meetings/{meeting_id}/participants"), json=person)
        token: str = added.raise_for_status().json()["data"]["token"]
        return token


JOIN_AND_DESCRIBE = """async ({ url, token, precall }) => {
    const collector = Aftercall.attach(new RTCPeerConnection(), { url, token });
    collector.describe({ precall });
    await collector.leave();
    return collector.peerId;
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("precall")) as started:
        yield started


def report_of(server: Server, peer_id: str) -> Any:
    answer = http_client.get(server.kit(f"sessions/peer-report/{peer_id}"), headers=server.headers)
    return answer.raise_for_status().json()["data"]


async def measure(server: Server, **asked: Any) -> tuple[dict[str, Any], str]:
    """The result of the test, and the peer whose report has it."""
    async with page_with_collector(server) as page:
        measured = await page.evaluate("(asked) => AftercallPrecall.testNetwork(asked)", asked)
        token = await asyncio.to_thread(admit, server)
        described = {"url": server.url, "token": token, "precall": measured}
        return measured, await page.evaluate(JOIN_AND_DESCRIBE, described)


async def test_a_relay_is_measured_and_the_result_stored(server: Server) -> None:
    async with turn() as port:
        ice = {"urls": f"turn:127.0.0.1:{port}", "username": "tester", "credential": "secret"}
        measured, peer_id = await measure(
            server, iceServers=[ice], url=server.url, throughputMs=1_000
        )
    report = await asyncio.to_thread(report_of, server, peer_id)
    assert (measured["host"], measured["relay"], measured["turn"]) == (True, True, True)
    assert 0 < measured["rtt_s"] < 0.5
    assert 0 <= measured["jitter_s"] < 0.5
    assert measured["loss_fraction"] == 0
    assert measured["throughput_kbps"] > 100
    assert 0 < measured["backend_rtt_s"] < 5
    assert report["peer_stats"]["precall_network_information"] == {
        "backend_rtt": measured["backend_rtt_s"],
        "effective_networktype": measured["effective_type"],
        "fractional_loss": 0,
        "jitter": measured["jitter_s"],
        "reflexive_connectivity": measured["reflexive"],
        "relay_connectivity": True,
        "rtt": measured["rtt_s"],
        "throughput": measured["throughput_kbps"],
        "turn_connectivity": True,
    }
    (row,) = report["peer_report"]["metadata"]["pc_metadata"]
    assert row["relay_connectivity"] and row["turn_connectivity"]
    assert row["effective_network_type"] == measured["effective_type"]


async def test_without_a_relay_nothing_is_invented(server: Server) -> None:
    # A port that nobody listens on.
    ice = {"urls": "turn:127.0.0.1:9", "username": "tester", "credential": "secret"}
    measured, peer_id = await measure(server, iceServers=[ice], gatherMs=500)
    report = await asyncio.to_thread(report_of, server, peer_id)
    known = {"host": True, "reflexive": False, "relay": False, "turn": False}
    assert measured == known | {"effective_type": measured["effective_type"]}
    reported = report["peer_stats"]["precall_network_information"]
    assert reported["turn_connectivity"] is False
    assert reported.keys().isdisjoint({"rtt", "jitter", "fractional_loss", "throughput"})
