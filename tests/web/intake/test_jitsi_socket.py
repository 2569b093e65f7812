"""Frames of Jitsi's own client, as recorded in Chromium, over the intake's WebSocket."""

import asyncio
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from aftercall.core.instants import EpochMs
from aftercall.web.intake.jitsi_socket import MOST_BAD_FRAMES, MOST_BYTES, PROTOCOLS, JitsiSocket
from tests.web.conftest import build_server as build_server
from tests.web.intake.livekit_server import LivekitIntake
from tests.web.rest_server import BuildServer

SAMPLES = Path(__file__).parents[2] / "samples" / "jitsi"
LINES = [
    json.loads(line)
    for line in (SAMPLES / "jitsi-client-9.7.1-frames.jsonl").read_text().splitlines()
]
FRAMES = [line["frame"] for line in LINES if line["dir"] == "client"]
LEGACY = [
    json.loads(line)
    for line in gzip.decompress(
        (SAMPLES / "jitsi-chrome-legacy-sfu.jsonl.gz").read_bytes()
    ).splitlines()
]
PROTOCOL = PROTOCOLS[0]
KEY = "page-key-page-key"
FIRST_S = min(line["t"] for line in LINES) // 1_000
LAST = EpochMs(max(line["t"] for line in LINES))
LEFT = 3001


class Page:
    """A page's end of a socket."""

    def __init__(
        self, socket: JitsiSocket, path: str, protocol: str = PROTOCOL, query: str = ""
    ) -> None:
        self.sent: list[dict[str, Any]] = []
        self.first_answer = asyncio.Event()
        self._waiting: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._waiting.put_nowait({"type": "websocket.connect"})
        scope: Any = {"type": "websocket", "path": path, "subprotocols": [protocol]}
        scope["query_string"] = query.encode()
        receive: Any = self._waiting.get
        self._run = asyncio.ensure_future(socket(scope, receive, self._take))

    async def _take(self, message: Any) -> None:
        self.sent.append(message)
        if message["type"] == "websocket.send":
            self.first_answer.set()

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


async def _received(livekit: LivekitIntake, peer_id: str, family: str) -> tuple[int, int]:
    """Packets received and lost in the report of a peer's participant."""
    answer = await livekit.owner.request("GET", f"/sessions/peer-report/{peer_id}")
    streams = answer.json()["data"]["peer_report"]["quality"][family]
    return (
        sum(each.get("packets_received", 0) for each in streams),
        sum(each.get("packets_lost", 0) for each in streams),
    )


async def _prosody(livekit: LivekitIntake, what: str, **more: Any) -> None:
    owner, body = livekit.owner, {"room_name": "roomone", "is_breakout": False, **more}
    body |= {"event_name": f"muc-{what.replace('/', '-')}", "room_jid": "roomone@conference.x.org"}
    answer = await livekit.client.post(
        f"/v1/apps/{owner.app_id}/sources/jitsi/events/{what}",
        json=body,
        headers={"authorization": f"Bearer {owner.token}"},
    )
    assert answer.status_code == 202, answer.text


@pytest.mark.parametrize("is_prosody_first", [True, False])
async def test_prosody_and_the_page_report_one_participant(
    livekit: LivekitIntake, is_prosody_first: bool
) -> None:
    ada = {
        "occupant_jid": "abcd1234-2222-4333-8444-555555555555@x.org/r1",
        "joined_at": FIRST_S - 1,
        "name": "Ada",
        "id": "u-ada",
    }
    bob = {"occupant_jid": "bbbb1234-2@x.org/r2", "joined_at": FIRST_S + 2, "id": "u-bob"}

    async def by_prosody() -> None:
        await _prosody(livekit, "room/created", created_at=FIRST_S - 1)
        for who in (ada, bob):
            await _prosody(livekit, "occupant/joined", occupant=who)
        for who in (ada, bob):
            left = {**who, "left_at": LAST // 1_000, "total_dominant_speaker_time": 4_000}
            await _prosody(livekit, "occupant/left", occupant=left)

    async def by_page() -> None:
        page = Page(JitsiSocket(livekit.server.services), path)
        page.say(*FRAMES)
        await page.leave()

    path = await _path(livekit)
    for part in (by_prosody, by_page) if is_prosody_first else (by_page, by_prosody):
        await part()
    await _prosody(livekit, "room/destroyed", destroyed_at=LAST // 1_000, all_occupants=[ada, bob])
    (session,) = await livekit.sessions()
    assert (session["status"], session["total_participants"]) == ("ENDED", 2)
    rows = {row["custom_participant_id"]: row for row in await livekit.participants(session["id"])}
    assert set(rows) == {"u-ada", "u-bob"}
    minutes = (LAST / 1_000 - FIRST_S + 1) / 60
    assert rows["u-ada"]["duration"] == pytest.approx(minutes, abs=2 / 60)
    video = await _received(livekit, rows["u-ada"]["id"], "video_consumer")
    assert video == pytest.approx((5293, 24), rel=0.1)


async def test_reports_of_the_old_callback_form_have_their_figures(livekit: LivekitIntake) -> None:
    path = (await _path(livekit)).replace("roomone", "old")
    shift = LAST - LEGACY[-1][3]
    identity = {"confName": "old", "displayName": "Ada", "endpointId": "0000ffff"}
    first = LEGACY[0][3] + shift
    frames = [{"type": "identity", "data": ["identity", None, identity, first, 1]}]
    for number, (method, connection, value, at) in enumerate(LEGACY, start=2):
        if method == "getstats":
            value = {**value, "timestamp": value["timestamp"] + shift}
        entry = json.dumps([method, connection, value, at + shift, number])
        frames.append({"type": "stats-entry", "data": entry})
    page = Page(JitsiSocket(livekit.server.services), path, "3.1_LEGACY")
    page.say(*(json.dumps({"statsSessionId": "legacy-1", **frame}) for frame in frames))
    await page.leave()
    assert page.sent[0]["subprotocol"] == "3.1_LEGACY"
    (session,) = await livekit.sessions()
    (row,) = await livekit.participants(session["id"])
    received, lost = await _received(livekit, row["id"], "video_consumer")
    assert received == pytest.approx(7388 + 7294 + 3197, rel=0.1)
    assert lost == pytest.approx(5, abs=1)


async def test_a_breakout_room_is_one_stay_over_every_connection(livekit: LivekitIntake) -> None:
    socket, path = JitsiSocket(livekit.server.services), await _path(livekit)

    def of(session_id: str, count: int) -> list[str]:
        # Jitsi's client takes another id for each connection of a breakout room, names the first
        # one as the parent, and sends all entries again.
        frames = [json.loads(frame) | {"statsSessionId": session_id} for frame in FRAMES[:count]]
        for frame in frames:
            if frame["type"] == "identity":
                frame["data"][2]["parentStatsSessionId"] = "parent-1"
        return [json.dumps(frame) for frame in frames]

    first = Page(socket, path)
    first.say(*of("second-id", len(FRAMES) // 2))
    await first.leave(1006)
    second = Page(socket, path, query="statsSessionId=third-id&isReconnect=true")
    second.say(*of("third-id", len(FRAMES)))
    await second.leave()
    (session,) = await livekit.sessions()
    (row,) = await livekit.participants(session["id"])
    video = await _received(livekit, row["id"], "video_consumer")
    assert video == pytest.approx((5293, 24), rel=0.1)


async def test_a_socket_that_is_never_closed_is_closed_in_the_end(livekit: LivekitIntake) -> None:
    socket = JitsiSocket(livekit.server.services, longest_s=0.2)
    page = Page(socket, await _path(livekit))
    page.say(*FRAMES[:3])

    async def keep_alive() -> None:
        while True:
            page.say(
                '{"statsSessionId": "72b55202-7afe-433b-8188-2625465f87f5","type":"keepalive"}'
            )
            await asyncio.sleep(0.02)

    talking = asyncio.ensure_future(keep_alive())
    await page.ended()
    talking.cancel()
    assert page.close_code == 1013


async def test_the_sockets_of_one_app_leave_room_for_those_of_others(
    livekit: LivekitIntake,
) -> None:
    socket = JitsiSocket(livekit.server.services, most_of_app=2)
    path = await _path(livekit)
    open_pages = [Page(socket, path) for _ in range(2)]
    for page in open_pages:
        page.say(FRAMES[0])
        await page.first_answer.wait()
    third = Page(socket, path)
    await third.ended()
    assert third.close_code == 1008
    other = await livekit.server.new_client()
    keys = livekit.server.services.source_keys
    await keys.add(other.account_id, other.app_id, "jitsi", "page", KEY)
    of_other = Page(socket, path.replace(livekit.owner.app_id, other.app_id))
    of_other.say(FRAMES[0])
    for page in (*open_pages, of_other):
        await page.leave()
    assert of_other.close_code is None
    again = Page(socket, path)
    again.say(FRAMES[0])
    await again.leave()
    assert again.close_code is None


async def test_a_flood_ends_the_socket_and_nothing_else(
    build_server: BuildServer, tmp_path: Path
) -> None:
    server = build_server(data_dir=tmp_path, app_bytes_per_min=200_000)
    running = asyncio.create_task(server.services.write_queue.run())
    socket, server.clock.now = JitsiSocket(server.services), LAST
    pages = []
    for _ in range(2):
        owner = await server.new_client()
        await server.services.source_keys.add(owner.account_id, owner.app_id, "jitsi", "page", KEY)
        path = f"/v1/apps/{owner.app_id}/sources/jitsi/stats/{KEY}/roomone"
        pages.append((owner, Page(socket, path)))
    (flooded, flood), (owner, quiet) = pages
    padded = {"statsSessionId": "s", "type": "keepalive", "padding": "x" * 50_000}
    flood.say(FRAMES[0], *[json.dumps(padded)] * 60)
    await flood.ended()
    assert flood.close_code == 1013
    quiet.say(*FRAMES[:20])
    await quiet.leave()
    assert quiet.close_code is None
    for who in (flooded, owner):
        listed = (await who.request("GET", "/sessions")).json()["data"]["sessions"]
        assert len(listed) == 1
    server.services.write_queue.close()
    await running
