"""Frames of Jitsi's own client, as recorded in Chromium, over the intake's WebSocket."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from aftercall.core.instants import EpochMs
from aftercall.web.intake.jitsi_socket import MOST_BAD_FRAMES, MOST_BYTES, PROTOCOL, JitsiSocket
from tests.web.conftest import build_server as build_server
from tests.web.intake.livekit_server import LivekitIntake

SAMPLES = Path(__file__).parents[2] / "samples" / "jitsi"
LINES = [
    json.loads(line)
    for line in (SAMPLES / "jitsi-client-9.7.1-frames.jsonl").read_text().splitlines()
]
FRAMES = [line["frame"] for line in LINES if line["dir"] == "client"]
KEY = "page-key-page-key"
LAST = EpochMs(max(line["t"] for line in LINES))
LEFT = 3001


class Page:
    """A page's end of a socket."""

    def __init__(
        self, socket: JitsiSocket, path: str, protocol: str = PROTOCOL, query: str = ""
    ) -> None:
        self.sent: list[dict[str, Any]] = []
        self._waiting: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._waiting.put_nowait({"type": "websocket.connect"})
        scope: Any = {"type": "websocket", "path": path, "subprotocols": [protocol]}
        scope["query_string"] = query.encode()
        receive: Any = self._waiting.get
        self._run = asyncio.ensure_future(socket(scope, receive, self._take))

    async def _take(self, message: Any) -> None:
        self.sent.append(message)

    def say(self, *frames: str) -> None:
        for frame in frames:
            self._waiting.put_nowait({"type": "websocket.receive", "text": frame})

    async def leave(self, code: int = LEFT) -> None:
        self._waiting.put_nowait({"type": "websocket.disconnect", "code": code})
        await self.ended()

    async def ended(self) -> None:
        async with asyncio.timeout(30):
            await self._run

    @property
    def acknowledged(self) -> list[int]:
        bodies = [json.loads(each["text"])["body"] for each in self.sent if each.get("text")]
        return [body["value"] for body in bodies]

    @property
    def close_code(self) -> int | None:
        codes = [each["code"] for each in self.sent if each["type"] == "websocket.close"]
        return codes[0] if codes else None


async def _path(livekit: LivekitIntake, key: str = KEY) -> str:
    owner = livekit.owner
    keys = livekit.server.services.source_keys
    await keys.add(owner.account_id, owner.app_id, "jitsi", "page", KEY)
    livekit.server.clock.now = LAST
    return f"/v1/apps/{owner.app_id}/sources/jitsi/stats/{key}/roomone"


async def test_the_frames_of_a_call_are_a_participant_with_figures(livekit: LivekitIntake) -> None:
    page = Page(JitsiSocket(livekit.server.services), await _path(livekit))
    page.say(*FRAMES)
    await page.leave()
    assert page.sent[0] == {"type": "websocket.accept", "subprotocol": PROTOCOL, "headers": []}
    assert json.loads(page.sent[1]["text"]) == {
        "type": "sn",
        "body": {"value": 0, "state": "initial"},
    }
    (session,) = await livekit.sessions()
    assert session["associated_id"] == "roomone"
    (row,) = await livekit.participants(session["id"])
    assert (row["display_name"], row["left_at_inferred"]) == ("Ada L.", False)
    answer = await livekit.owner.request("GET", f"/sessions/peer-report/{row['id']}")
    quality = answer.json()["data"]["peer_report"]["quality"]
    received = {
        family: (
            sum(each.get("packets_received", 0) for each in quality[family]),
            sum(each.get("packets_lost", 0) for each in quality[family]),
        )
        for family in ("audio_consumer", "video_consumer")
    }
    # The sample's README: 934 + 1341 packets of audio with 32 + 102 lost, 5293 of video with 24.
    assert received["audio_consumer"] == pytest.approx((934 + 1341, 32 + 102), rel=0.1)
    assert received["video_consumer"] == pytest.approx((5293, 24), rel=0.1)


async def test_what_is_sent_again_after_a_reconnect_counts_once(livekit: LivekitIntake) -> None:
    socket, path = JitsiSocket(livekit.server.services), await _path(livekit)
    half = len(FRAMES) // 2
    first = Page(socket, path)
    first.say(*FRAMES[:half])
    await first.leave(1006)
    session_id = json.loads(FRAMES[0])["statsSessionId"]
    second = Page(socket, path, query=f"statsSessionId={session_id}&isReconnect=true")
    second.say(*FRAMES[half // 2 :])
    await second.leave()
    assert second.acknowledged[0] > 20
    (session,) = await livekit.sessions()
    (row,) = await livekit.participants(session["id"])
    answer = await livekit.owner.request("GET", f"/sessions/peer-report/{row['id']}")
    quality = answer.json()["data"]["peer_report"]["quality"]
    video = sum(each.get("packets_received", 0) for each in quality["video_consumer"])
    assert video == pytest.approx(5293, rel=0.1)


async def test_a_restart_loses_nothing_of_a_client_that_sends_its_entries_again(
    livekit: LivekitIntake,
) -> None:
    path, half = await _path(livekit), len(FRAMES) // 2
    first = Page(JitsiSocket(livekit.server.services), path)
    first.say(*FRAMES[:half])
    await first.leave(1012)
    second = Page(JitsiSocket(livekit.server.services), path)
    second.say(*FRAMES)
    await second.leave()
    assert second.acknowledged == [0]
    (session,) = await livekit.sessions()
    (row,) = await livekit.participants(session["id"])
    answer = await livekit.owner.request("GET", f"/sessions/peer-report/{row['id']}")
    quality = answer.json()["data"]["peer_report"]["quality"]
    video = sum(each.get("packets_received", 0) for each in quality["video_consumer"])
    assert video == pytest.approx(5293, rel=0.1)


@pytest.mark.parametrize(
    ("key", "protocol"), [("another-key-x", PROTOCOL), (KEY, "3.1_JVB"), (KEY, "graphql-ws")]
)
async def test_a_foreign_key_or_another_protocol_is_turned_away(
    livekit: LivekitIntake, key: str, protocol: str
) -> None:
    page = Page(JitsiSocket(livekit.server.services), await _path(livekit, key), protocol)
    await page.ended()
    assert page.close_code == 1008
    assert [each["type"] for each in page.sent] == ["websocket.close"]


async def test_the_key_of_one_app_opens_no_other(livekit: LivekitIntake) -> None:
    path = await _path(livekit)
    other = await livekit.server.new_client()
    page = Page(
        JitsiSocket(livekit.server.services), path.replace(livekit.owner.app_id, other.app_id)
    )
    await page.ended()
    assert page.close_code == 1008


async def test_garbage_is_passed_over_and_a_flood_of_it_ends_the_socket(
    livekit: LivekitIntake,
) -> None:
    bad = ["", "{", "[]", '{"statsSessionId":"x","type":"odd"}', "\x00", '{"type":7}']
    page = Page(JitsiSocket(livekit.server.services), await _path(livekit))
    page.say(*bad, *FRAMES[:3])
    page.say(*bad * MOST_BAD_FRAMES)
    await page.ended()
    assert page.close_code == 1008
    (session,) = await livekit.sessions()
    assert len(await livekit.participants(session["id"])) == 1


async def test_a_frame_that_is_too_large_ends_the_socket(livekit: LivekitIntake) -> None:
    page = Page(JitsiSocket(livekit.server.services), await _path(livekit))
    page.say(" " * (MOST_BYTES + 1))
    await page.ended()
    assert page.close_code == 1009


async def test_a_socket_that_says_nothing_is_closed(livekit: LivekitIntake) -> None:
    socket = JitsiSocket(livekit.server.services, silence_s=0.05)
    page = Page(socket, await _path(livekit))
    await page.ended()
    assert page.close_code == 1008
