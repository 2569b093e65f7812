"""Jitsi's own client of statistics in a real Chromium, over a real WebSocket, and the posts of
Prosody's event_sync about the same room."""

import asyncio
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from tests.acceptance import http_client
from tests.acceptance.chromium import browser, find_chromium
from tests.acceptance.http_client import TIMEOUT_MS, TIMEOUT_S
from tests.acceptance.sdks import node_sdks
from tests.acceptance.server import Server, command, make_app, start, wait_until_ended

CHROMIUM = find_chromium()
KEY = "a-key-in-every-page"
ROOM = "catchup"
ADA = {"endpointId": "abcd1234", "displayName": "Ada L.", "meetingUniqueId": "occurrence-1"}
BOB = {"endpointId": "00ffee11", "displayName": "Bob", "meetingUniqueId": "occurrence-1"}

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.realtime,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium was found on this machine"),
]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The script of a page with Jitsi's client."""
    made, sdks = tmp_path_factory.mktemp("bundle") / "page.js", node_sdks()
    subprocess.run(
        [str(sdks / "node_modules/.bin/rolldown"), "-c", "jitsi-page.config.mjs"],
        cwd=sdks,
        env={"BUNDLE": str(made), "PATH": os.environ["PATH"]},
        check=True,
        capture_output=True,
        timeout=TIMEOUT_S,
    )
    return made


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server that knows the key of the pages."""
    rights = make_app(tmp_path)
    secret = tmp_path / "key"
    secret.write_text(KEY)
    words = ["add", "jitsi", "pages", "--secret-file", str(secret), "--data-dir", str(tmp_path)]
    done = command("source-key", *words)
    assert done.returncode == 0, done.stderr
    started = start(tmp_path, rights)
    yield started
    started.stop()


def post(server: Server, what: str, **members: Any) -> None:
    """What Prosody posts about the room."""
    body = {
        "event_name": f"muc-{what.replace('/', '-')}",
        "room_name": ROOM,
        "room_jid": f"{ROOM}@conference.meet.example.org",
        "is_breakout": False,
        **members,
    }
    url = f"{server.url}/v1/apps/{server.app_id}/sources/jitsi/events/{what}"
    http_client.post(url, json=body, headers=server.headers).raise_for_status()


def occupant(identity: dict[str, str], **members: Any) -> dict[str, Any]:
    node = f"{identity['endpointId']}-2222-4333-8444-555555555555"
    user = identity["displayName"].split()[0].lower()
    return {"occupant_jid": f"{node}@meet.example.org/r", "id": user, **members}


async def open_page(
    chromium: Browser, server: Server, bundle: Path, identity: dict[str, str]
) -> Page:
    context = await chromium.new_context(bypass_csp=True, permissions=["camera", "microphone"])
    context.set_default_timeout(TIMEOUT_MS)
    # The client waits up to ten more seconds, by chance, before it connects again.
    await context.add_init_script("Math.random = () => 0")
    await context.add_init_script(path=bundle)
    page = await context.new_page()
    await page.goto(f"{server.url}/healthz")
    address = server.url.replace("http", "ws", 1)
    endpoint = f"{address}/v1/apps/{server.app_id}/sources/jitsi/stats/{KEY}"
    await page.evaluate(
        "([endpoint, room, identity]) => jitsi.join(endpoint, room, identity, false)",
        [endpoint, ROOM, identity],
    )
    await page.wait_for_function("jitsi.isConnected()")
    return page


async def test_jitsis_client_and_prosody_make_one_record_across_a_restart(
    server: Server, bundle: Path
) -> None:
    assert CHROMIUM is not None
    began_s = int(time.time())
    joined = [occupant(each, joined_at=began_s) for each in (ADA, BOB)]
    await asyncio.to_thread(post, server, "room/created", created_at=began_s)
    for each in joined:
        await asyncio.to_thread(post, server, "occupant/joined", occupant=each)
    async with browser(CHROMIUM) as chromium:
        ada = await open_page(chromium, server, bundle, ADA)
        bob = await open_page(chromium, server, bundle, BOB)
        await ada.evaluate("jitsi.call()")
        await ada.wait_for_function("jitsi.received().then((count) => count > 200)")
        server.kill()
        await ada.wait_for_function("!jitsi.isConnected()")
        again = await asyncio.to_thread(start, server.data_dir, server.rights, port=server.port)
        server.process = again.process
        for page in (ada, bob):
            await page.wait_for_function("jitsi.isConnected()")
        before = await ada.evaluate("jitsi.received()")
        await ada.wait_for_function(
            "(before) => jitsi.received().then((count) => count > before + 150)", arg=before
        )
        received: int = await ada.evaluate("jitsi.received()")
        # One more report of the client, which follows every half second.
        await ada.wait_for_timeout(1_500)
        assert await ada.evaluate("jitsi.closes") != []
        for page in (ada, bob):
            await page.evaluate("jitsi.leave()")
    left_s = int(time.time())
    left = [{**each, "left_at": left_s, "total_dominant_speaker_time": 2_000} for each in joined]
    for each in left:
        await asyncio.to_thread(post, server, "occupant/left", occupant=each)
    await asyncio.to_thread(
        post, server, "room/destroyed", created_at=began_s, destroyed_at=left_s, all_occupants=left
    )
    check_record(server, received, left_s - began_s)


def check_record(server: Server, received: int, seconds: int) -> None:
    """`received`: the packets that Ada's page had received shortly before its end."""
    with http_client.Client(headers=server.headers) as client:
        (session,) = client.get(server.kit("sessions")).json()["data"]["sessions"]
        assert wait_until_ended(server, session["id"])["total_participants"] == 2
        people = client.get(server.kit(f"sessions/{session['id']}/participants")).json()
        rows = {each["custom_participant_id"]: each for each in people["data"]["participants"]}
        assert set(rows) == {"ada", "bob"}
        assert rows["ada"]["display_name"] == "Ada L."
        for row in rows.values():
            assert row["duration"] == pytest.approx(seconds / 60, abs=2 / 60)
            assert not row["left_at_inferred"]
        answer = client.get(server.kit(f"sessions/peer-report/{rows['ada']['id']}")).json()
        quality = answer["data"]["peer_report"]["quality"]
        found = sum(
            each.get("packets_received", 0)
            for family in ("audio_consumer", "video_consumer")
            for each in quality[family]
        )
        assert found == pytest.approx(received, rel=0.25)
