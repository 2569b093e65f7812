"""`aftercall import realtimekit` from a second Aftercall that plays the vendor."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance import http_client
from tests.acceptance.server import (
    PROGRAM,
    SDK_ACCOUNT,
    SDK_APP,
    SDK_TOKEN,
    Server,
    command,
    environment,
    running,
    simulate,
    start,
    wait_until_ended,
)

pytestmark = pytest.mark.acceptance

CALLS = 5
INTERRUPTIONS = 10
FILTERS = ("device_info", "ip_information", "events", "quality_stats", "device_info,events")
_LINK = re.compile(r'"(https?://[^"]+)"')


def _ended(server: Server) -> list[dict[str, Any]]:
    with http_client.Client(headers=server.headers) as client:
        answer = client.get(server.kit("sessions?per_page=100&sort_by=createdAt&sort_order=ASC"))
        sessions: list[dict[str, Any]] = answer.raise_for_status().json()["data"]["sessions"]
    return sessions


def _egresses(session: dict[str, Any]) -> list[dict[str, Any]]:
    """A recording and a livestream of a session."""
    common = {"started_at": session["started_at"], "at": session["ended_at"]}
    common["stopped_at"] = session["ended_at"]
    recording = {"status": "uploaded", "download_url": "https://files.test/call.mp4"}
    livestream = {"status": "ended", "name": "Hall", "playback_url": "https://live.test/1"}
    id = session["id"]
    return [
        {"type": "recording_changed", "recording_id": f"r-{id}", **recording, **common},
        {"type": "livestream_changed", "livestream_id": f"l-{id}", **livestream, **common},
    ]


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with some calls, each with chat, transcript and a summary."""
    with running(tmp_path_factory.mktemp("vendor"), chosen=True) as server:
        simulate(
            server, "--meetings", str(CALLS), "--seed", "7", "--minutes", "3", "--over-hours", "9"
        )
        sessions = _ended(server)
        assert len(sessions) >= CALLS
        with http_client.Client(headers=server.headers) as client:
            for session in sessions:
                wait_until_ended(server, session["id"])
                place = {"session_id": session["id"], "meeting_id": session["associated_id"]}
                client.post(
                    f"{server.url}/v1/apps/{server.app_id}/events",
                    json={"events": [{**each, **place} for each in _egresses(session)]},
                ).raise_for_status()
                client.post(server.kit(f"sessions/{session['id']}/summary"))
        yield server


def _words(vendor: Server, data_dir: Path, token: Path) -> list[str]:
    return [
        *("import", "realtimekit", "--account", vendor.account_id, "--app", vendor.app_id),
        *("--token-file", str(token), "--base-url", vendor.base_url, "--json"),
        *("--requests-per-second", "200", "--data-dir", str(data_dir)),
    ]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A data folder with an app of the same ids, so that nothing needs to differ."""
    done = command(
        *("app", "create", "Mine", "--json", "--data-dir", str(tmp_path), "--whole-account"),
        *("--account-id", SDK_ACCOUNT, "--app-id", SDK_APP, "--token", SDK_TOKEN),
    )
    assert done.returncode == 0, done.stderr
    (tmp_path / "token").write_text(SDK_TOKEN + "\n")
    return tmp_path


def _answers(server: Server) -> dict[str, bytes]:
    """Every answer of the nine operations about every session, and the files behind the links."""
    found: dict[str, bytes] = {}
    with http_client.Client(headers=server.headers) as client:

        def ask(path: str) -> Any:
            answer = client.get(server.kit(path))
            found[path] = answer.content
            return answer.json() if answer.is_success else {"data": {}}

        for query in ("", "?status=ENDED&sort_by=minutesConsumed", "?participants=2:&per_page=3"):
            ask(f"sessions{query}")
        for session in _ended(server):
            one = f"sessions/{session['id']}"
            ask(one)
            ask(f"{one}?include_breakout_rooms=true")
            ask(f"{one}/livestream-sessions")
            ask(f"recordings/r-{session['id']}")
            ask(f"livestreams/l-{session['id']}")
            ask(f"{one}/participants")
            ask(f"{one}/participants?view=consolidated&sort_by=duration&sort_order=DESC")
            listed = ask(f"{one}/participants?include_peer_events=true&per_page=200")["data"]
            for row in listed["participants"]:
                ask(f"{one}/participants/{row['id']}")
                ask(f"{one}/participants/{row['id']}?include_peer_events=true")
                peers = {event["peer_id"] for event in row["peer_events"]}
                for peer in sorted(peers):
                    ask(f"sessions/peer-report/{peer}")
                    ask(f"sessions/peer-report/{peer}?include_peer_events=true")
                    for filters in FILTERS:
                        ask(f"sessions/peer-report/{peer}?filters={filters}")
                        ask(f"{one}/participants/{peer}?filters={filters}")
            kinds = ["chat", "chat?format=JSON", "summary", "transcript"]
            for kind in (*kinds, *(f"transcript?format={each}" for each in ("JSON", "SRT", "VTT"))):
                ask(f"{one}/{kind}")
                text = found[f"{one}/{kind}"].decode()
                for url in _LINK.findall(text):
                    found[f"{one}/{kind} file"] = client.get(url).raise_for_status().content
                found[f"{one}/{kind}"] = _LINK.sub('"link"', text).encode()
    return found


def _without_expiries(text: bytes) -> bytes:
    return re.sub(rb'_?[eE]xpiry":"[^"]*"', b"", text)


def _differences(vendor: Server, mine: Server) -> list[str]:
    theirs, ours = _answers(vendor), _answers(mine)
    assert theirs.keys() == ours.keys()
    return [
        f"{path}: {_first_difference(theirs[path], ours[path])}"
        for path in theirs
        if _without_expiries(theirs[path]) != _without_expiries(ours[path])
    ]


def _first_difference(one: bytes, other: bytes) -> str:
    pairs = enumerate(zip(one, other, strict=False))
    same = next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))
    near = slice(max(0, same - 60), same + 90)
    return f"at {same}: {one[near]!r} {other[near]!r}"


def test_every_answer_is_the_vendors_byte_for_byte(vendor: Server, own: Path) -> None:
    done = command(*_words(vendor, own, own / "token"))
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)
    assert counts["new"] == len(_ended(vendor))
    assert counts["problems"] == []
    assert " left" in done.stderr
    again = command(*_words(vendor, own, own / "token"))
    assert json.loads(again.stdout)["known"] == counts["new"]
    checked = command("check", "--data-dir", str(own))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    refolded = command("refold", "--data-dir", str(own))
    assert refolded.returncode == 0, refolded.stderr
    rights = {"account_id": SDK_ACCOUNT, "app_id": SDK_APP, "api_token": SDK_TOKEN}
    mine = start(own, rights)
    try:
        assert _differences(vendor, mine) == []
    finally:
        mine.stop()


def test_an_import_that_is_killed_ten_times_ends_in_the_same_record(
    vendor: Server, own: Path
) -> None:
    words = [str(PROGRAM), *_words(vendor, own, own / "token")]
    words[words.index("200")] = "25"
    interruptions = 0
    for number in range(INTERRUPTIONS):
        process = subprocess.Popen(
            words,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment({}),
            preexec_fn=_hear_interrupts,
        )
        spool = own / "imports"
        before = _files(spool)
        give_up_at = time.monotonic() + 60
        while _files(spool) == before and process.poll() is None:
            assert time.monotonic() < give_up_at
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL if number % 2 else signal.SIGINT)
        process.communicate()
        interruptions += process.returncode != 0
    assert interruptions == INTERRUPTIONS
    done = command(*_words(vendor, own, own / "token"))
    assert done.returncode == 0, done.stderr
    assert not (own / "imports" / "realtimekit" / SDK_APP / SDK_APP).exists()
    rights = {"account_id": SDK_ACCOUNT, "app_id": SDK_APP, "api_token": SDK_TOKEN}
    mine = start(own, rights)
    try:
        assert _differences(vendor, mine) == []
    finally:
        mine.stop()


def _hear_interrupts() -> None:
    """A shell starts what runs in its background with interrupts ignored, and a program inherits
    that from the tests."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _files(folder: Path) -> int:
    return sum(len(files) for _, _, files in os.walk(folder))
