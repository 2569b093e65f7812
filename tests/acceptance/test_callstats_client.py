"""RealtimeKit's own call statistics client, in a real browser, reports to Aftercall."""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance import http_client
from tests.acceptance.chromium import browser, find_chromium
from tests.acceptance.direct_call import admit, make_meeting
from tests.acceptance.http_client import TIMEOUT_S
from tests.acceptance.sdks import node_sdks
from tests.acceptance.server import Server, running

CHROMIUM = find_chromium()
OPENSSL = shutil.which("openssl")

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.realtime,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium was found on this machine"),
    pytest.mark.skipif(OPENSSL is None, reason="no openssl was found to make a certificate"),
]


@asynccontextmanager
async def behind_tls(port: int, folder: Path) -> AsyncIterator[int]:
    """The port of a TLS terminator in front of the server, as the client speaks only HTTPS."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subject = ["-subj", "/CN=rtk.test", "-days", "2"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    made = [str(OPENSSL), "req", "-x509", "-newkey", "rsa:2048", "-nodes", *subject, *files]
    await asyncio.to_thread(subprocess.run, made, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        except (ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pipe(reader, back), pipe(there, writer))

    async with await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context) as terminator:
        yield terminator.sockets[0].getsockname()[1]


def bundled(folder: Path) -> Path:
    """The page's script with the client in it."""
    sdks = node_sdks()
    bundle = folder / "callstats-client.js"
    made = [str(sdks / "node_modules/.bin/rolldown"), "callstats-client.mjs"]
    made += ["--format", "iife", "--platform", "browser", "-o", str(bundle)]
    subprocess.run(made, cwd=sdks, check=True, capture_output=True, timeout=TIMEOUT_S)
    return bundle


async def hold(server: Server, tokens: dict[str, str], folder: Path) -> Any:
    assert CHROMIUM is not None
    async with behind_tls(server.port, folder) as port:
        rules = f"MAP da-collector.rtk.test:443 127.0.0.1:{port}, MAP location* ~NOTFOUND"
        async with browser(CHROMIUM, f"--host-resolver-rules={rules}") as chromium:
            context = await chromium.new_context(
                permissions=["camera", "microphone"], ignore_https_errors=True, bypass_csp=True
            )
            await context.add_init_script(path=bundled(folder))
            page = await context.new_page()
            await page.goto(f"{server.url}/healthz")
            async with asyncio.timeout(TIMEOUT_S):
                counted = await page.evaluate("(tokens) => window.holdCall(tokens)", tokens)
                # The last requests are under way when the call is over.
                await page.wait_for_function("() => window.isAnswered()")
    return counted


@dataclass(frozen=True, kw_only=True)
class ReportedCall:
    """A call that is over: what the browser counted for each, and the reports."""

    session: dict[str, Any]
    people: dict[str, dict[str, Any]]
    counted: dict[str, dict[str, Any]]
    reports: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReportedCall]:
    folder = tmp_path_factory.mktemp("callstats")
    with running(folder) as server, http_client.Client(headers=server.headers) as client:

        def ask(path: str) -> Any:
            return client.get(server.kit(path)).raise_for_status().json()["data"]

        meeting_id = make_meeting(server, "Statistics")
        tokens = {name: admit(server, meeting_id, name) for name in ("Ada", "Bob")}
        counted = asyncio.run(hold(server, tokens, folder))
        (session,) = ask("sessions")["sessions"]
        people = ask(f"sessions/{session['id']}/participants")["participants"]
        yield ReportedCall(
            session=session,
            people={person["display_name"]: person for person in people},
            counted={each["name"]: each for each in counted},
            reports={
                each["name"]: ask(f"sessions/peer-report/{each['peerId']}") for each in counted
            },
        )


def streams(report: list[dict[str, Any]], type_: str) -> dict[int, dict[str, Any]]:
    return {entry["ssrc"]: entry for entry in report if entry["type"] == type_}


def test_both_were_present_and_left(reported: ReportedCall) -> None:
    assert reported.session["total_participants"] == 2
    assert reported.session["live_participants"] == 0
    assert sorted(reported.people) == ["Ada", "Bob"]
    for name, person in reported.people.items():
        assert person["id"] == reported.counted[name]["peerId"]
        assert person["custom_participant_id"] == name
        assert 20 / 60 < person["duration"] < 40 / 60
        assert not person["left_at_inferred"]


@pytest.mark.parametrize("name", ["Ada", "Bob"])
@pytest.mark.parametrize(
    ("way", "type_", "members"),
    [
        ("sent", "outbound-rtp", {"packets_sent": "packetsSent", "bytes_sent": "bytesSent"}),
        (
            "received",
            "inbound-rtp",
            {"packets_received": "packetsReceived", "bytes_received": "bytesReceived"},
        ),
    ],
)
def test_the_report_counts_what_the_browser_counted(
    reported: ReportedCall, name: str, way: str, type_: str, members: dict[str, str]
) -> None:
    family = {"sent": "producer", "received": "consumer"}[way]
    quality = reported.reports[name]["peer_report"]["quality"]
    intervals = [
        interval
        for kind in ("audio", "video", "screenshare_video")
        for interval in quality[f"{kind}_{family}"]
    ]
    first, *_, last = reported.counted[name][way]
    ends = streams(last, type_)
    assert {interval["ssrc"] for interval in intervals} == set(ends)
    for ssrc, begin in streams(first, type_).items():
        mine = [interval for interval in intervals if interval["ssrc"] == ssrc]
        # A muted microphone is reported once more after it was muted, and then no longer.
        is_muted = mine[0].get("producer_id") == "Bob-mic" and way == "sent"
        if is_muted:
            assert len(mine) == 2
            continue
        assert len(mine) == len(reported.counted[name][way]) - 1
        for member, counted in members.items():
            total = sum(interval[member] for interval in mine)
            assert total == ends[ssrc][counted] - begin[counted], (member, ssrc)
        if begin["kind"] == "video":
            size = (mine[-1]["frame_width"], mine[-1]["frame_height"])
            assert size == (ends[ssrc]["frameWidth"], ends[ssrc]["frameHeight"])


def test_a_shared_screen_is_a_family_of_its_own_at_both_ends(reported: ReportedCall) -> None:
    ada, bob = (reported.reports[name]["peer_report"]["quality"] for name in ("Ada", "Bob"))
    assert {each["producer_id"] for each in ada["screenshare_video_producer"]} == {"Ada-screen"}
    assert {each["producer_id"] for each in ada["video_producer"]} == {"Ada-cam"}
    assert {each["producer_id"] for each in bob["screenshare_video_consumer"]} == {"Ada-screen"}
    sender = reported.counted["Ada"]["peerId"]
    assert {each["peer_id"] for each in bob["screenshare_video_consumer"]} == {sender}


@pytest.mark.parametrize("name", ["Ada", "Bob"])
def test_the_report_is_complete(reported: ReportedCall, name: str) -> None:
    report = reported.reports[name]
    completeness = report["peer_report"]["completeness"]
    assert completeness["share"] == 1.0
    assert completeness["gaps"] == []
    assert not completeness["end_is_inferred"]
    device = report["peer_stats"]["device_info"]
    assert (device["browser"], device["os"]) == ("Chrome", "Linux")
    assert (device["sdk_name"], device["sdk_version"]) == ("web-core", "2.0.2")
    metadata = report["peer_report"]["metadata"]
    pairs = metadata["candidate_pairs"]
    for transport in ("producing_transport", "consuming_transport"):
        assert any(pair["selected"] for pair in pairs[transport]), transport
    assert metadata["native_metadata"]["audio_encoder"] == "opus"
    assert len(metadata["pc_metadata"]) == 1
    events = {event["type"] for event in report["peer_stats"]["events"]}
    assert {
        "precall_begin",
        "precall_end",
        "call_join",
        "audio_on",
        "video_on",
        "media_permission",
        "audio_devices_updates",
        "selected_camera_update",
        "disconnect",
    } <= events
    assert ("audio_off" in events) == (name == "Bob")
    assert ({"tab_change", "screenshare_started"} <= events) == (name == "Ada")


@pytest.mark.parametrize("name", ["Ada", "Bob"])
def test_the_server_adds_what_the_client_omits(reported: ReportedCall, name: str) -> None:
    report = reported.reports[name]
    # The client found no location service, and links no round trip to what it sends.
    assert report["peer_stats"]["ip_information"]["ipv4"] == "127.0.0.1"
    quality = report["peer_report"]["quality"]
    for family in ("audio_producer", "video_producer"):
        assert all(interval["rtt"] is not None for interval in quality[family])
        # What was never reported is unknown, not zero.
        assert "packets_lost_percent" not in quality[f"{family}_cumulative"]
    for family in ("video_producer", "video_consumer", "audio_consumer"):
        scores = quality[f"{family}_cumulative"]["mos_estimated"]
        assert 1 <= scores["avg"] <= 5, family
