"""Two browsers hold a call on the call page; its record agrees with the browsers."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance import http_client
from tests.acceptance.call_page import HeldCall, Tab, hold_call
from tests.acceptance.chromium import browser, find_chromium
from tests.acceptance.final_reports import close_session
from tests.acceptance.http_client import TIMEOUT_S
from tests.acceptance.packet_counts import assert_packets_agree, key_of
from tests.acceptance.sdks import node_sdks, python_sdk
from tests.acceptance.server import Server, running, wait_until_ended

CHROMIUM = find_chromium()
SECONDS_OF_THE_CALL = 20
SESSIONS_API_CALLS = Path(__file__).with_name("sessions_api_calls.py")

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.realtime,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium was found on this machine"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = {"AFTERCALL_INTERVAL_MS": "2000"}
    with running(tmp_path_factory.mktemp("try"), env=settings) as started:
        yield started


async def hold(url: str) -> HeldCall:
    assert CHROMIUM is not None
    async with browser(CHROMIUM) as chromium:
        return await hold_call(chromium, url, seconds=SECONDS_OF_THE_CALL)


@pytest.fixture(scope="module")
def call(server: Server) -> HeldCall:
    """A call that its backend closed; `test_try_browsers.py` waits for the end of one that nobody
    closes."""
    held = asyncio.run(hold(server.url))
    close_session(server, held.session_id)
    return held


def ask(server: Server, path: str) -> Any:
    answer = http_client.get(server.kit(path), headers=server.headers)
    answer.raise_for_status()
    return answer.json()["data"]


def fetch(server: Server, call: HeldCall, kind: str) -> str:
    """The content of a session's download link."""
    link = ask(server, f"sessions/{call.session_id}/{kind}")[f"{kind}_download_url"]
    return http_client.get(link).raise_for_status().text


def test_a_call_on_the_page_becomes_one_session_with_everybody_in_it(
    server: Server, call: HeldCall
) -> None:
    session = wait_until_ended(server, call.session_id)
    people = ask(server, f"sessions/{call.session_id}/participants")["participants"]

    assert session["associated_id"] == call.meeting_id
    assert session["total_participants"] == 2
    assert sorted(person["display_name"] for person in people) == ["Ann", "Bob"]
    # Both were there for all of the twenty seconds, and Bob came back within one row.
    assert all(20 / 60 < person["duration"] < 1.5 for person in people)
    assert {person["id"] for person in people} == {tab.stays[0].peer_id for tab in call.tabs}


def test_the_report_counts_what_the_browser_counted(server: Server, call: HeldCall) -> None:
    wait_until_ended(server, call.session_id)
    for tab in call.tabs:
        report = ask(server, f"sessions/peer-report/{tab.stays[-1].peer_id}")
        quality = report["peer_report"]["quality"]
        compared = 0
        for stats in tab.stays[-1].streams():
            way, member = counter_of(stats)
            intervals = packet_rows(quality, f"{stats['kind']}_{way}", stats["ssrc"])
            assert_packets_agree(intervals, tab.stays[-1].counted[key_of(stats)], member)
            if stats["kind"] == "video":
                assert intervals[-1]["frame_width"] == stats["frameWidth"]
                assert intervals[-1]["frame_height"] == stats["frameHeight"]
            compared += 1
        assert compared == 4


def counter_of(stats: dict[str, Any]) -> tuple[str, str]:
    """The direction of a stream, and the report's name for its packets."""
    if stats["type"] == "outbound-rtp":
        return "producer", "packets_sent"
    return "consumer", "packets_received"


def test_the_report_has_the_events_of_each_peer(server: Server, call: HeldCall) -> None:
    wait_until_ended(server, call.session_id)
    for tab in call.tabs:
        report = ask(server, f"sessions/peer-report/{tab.stays[-1].peer_id}")
        reported = {event["type"] for event in report["peer_stats"]["events"]}
        assert {"audio_on", "video_on", "connection_state", "candidate_pair_changed"} <= reported
        device = report["peer_stats"]["device_info"]
        assert (device["sdk_name"], device["os"]) == ("aftercall-collector", "Linux")
        completeness = report["peer_report"]["completeness"]
        assert completeness["dropped_entries"] == 0
        assert completeness["gaps"] == []
        assert not completeness["end_is_inferred"]


def test_chat_and_captions_are_stored_once(server: Server, call: HeldCall) -> None:
    wait_until_ended(server, call.session_id)
    chat = fetch(server, call, "chat")
    transcript = fetch(server, call, "transcript")
    for text in (text for _, text in call.chat):
        assert chat.count(text) == 1
    for text in (text for _, text in call.captions):
        assert transcript.count(text) == 1


@pytest.fixture(scope="module")
def summarised(server: Server, call: HeldCall) -> HeldCall:
    """The call, once its summary is there."""
    wait_until_ended(server, call.session_id)
    address = server.kit(f"sessions/{call.session_id}/summary")
    http_client.post(address, headers=server.headers).raise_for_status()
    deadline = time.monotonic() + TIMEOUT_S
    while http_client.get(address, headers=server.headers).status_code != 200:
        assert time.monotonic() < deadline, "the summary was not made"
        time.sleep(0.2)
    return call


def packet_rows(quality: dict[str, Any], family: str, ssrc: int) -> list[dict[str, Any]]:
    return [row for row in quality[family] if row["ssrc"] == ssrc]


def assert_agrees_with_browsers(answers: dict[str, Any], call: HeldCall, tab: Tab) -> None:
    """Asserts that what an SDK read of a real call agrees with its browsers."""
    assert len(answers) == 9
    assert [s["id"] for s in answers["list"]["data"]["sessions"]] == [call.session_id]
    assert len(answers["participants"]["data"]["participants"]) == 2
    reported = answers["report"]["data"]["participant"]
    assert reported["display_name"] == tab.name
    quality = reported["peer_report"]["quality"]
    for stats in tab.stays[-1].streams():
        way, member = counter_of(stats)
        rows = packet_rows(quality, f"{stats['kind']}_{way}", stats["ssrc"])
        assert_packets_agree(rows, tab.stays[-1].counted[key_of(stats)], member)
    for kind, member in (("chat", "chat_download_url"), ("transcript", "transcript_download_url")):
        text = http_client.get(answers[kind]["data"][member]).raise_for_status().text
        sent = call.chat if kind == "chat" else call.captions
        assert all(text.count(words) == 1 for _, words in sent)
    summary = http_client.get(answers["summary"]["data"]["summaryDownloadUrl"]).raise_for_status()
    assert summary.text.strip()


@pytest.mark.parametrize(
    ("version", "strictness"), [("5.9.0", "strict"), ("5.0.0", "loose")], ids=["5.9.0", "5.0.0"]
)
def test_the_official_python_sdks_read_the_real_call(
    server: Server, summarised: HeldCall, version: str, strictness: str
) -> None:
    python = Path(sys.executable) if version == "5.9.0" else python_sdk(version)
    for tab in summarised.tabs:
        command = [
            str(python),
            str(SESSIONS_API_CALLS),
            *arguments(server, summarised, tab),
            strictness,
        ]
        assert_agrees_with_browsers(run_json(command), summarised, tab)


def test_the_official_npm_sdk_reads_the_real_call(server: Server, summarised: HeldCall) -> None:
    script = node_sdks() / "sessions-api-calls.mjs"
    for tab in summarised.tabs:
        command = ["node", str(script), "7", *arguments(server, summarised, tab)]
        assert_agrees_with_browsers(run_json(command), summarised, tab)


def arguments(server: Server, call: HeldCall, tab: Tab) -> list[str]:
    base_url = f"{server.url}/client/v4"
    peer_id = tab.stays[-1].peer_id
    return [base_url, server.api_token, server.account_id, server.app_id, call.session_id, peer_id]


def run_json(command: list[str]) -> dict[str, Any]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S)
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers
