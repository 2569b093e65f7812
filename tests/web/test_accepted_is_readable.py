"""Whatever a intake accepts can be folded, read, exported and folded again, on both engines."""

import json
import random
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from tests.recorder_harness import NOON
from tests.web.intake_harness import IntakeHarness, open_intake
from tests.web.rest_server import RestServer

NUMBERS = [
    "1" * 400,
    "-" + "9" * 400,
    "123456789012345678901234567890",
    str(2**63),
    str(-(2**63) - 1),
    "1e400",
    "1e308",
    "-1e-400",
    "5e-324",
    "0.1" + "0" * 500,
    "-0",
]
OTHERS = [
    "true",
    "null",
    '""',
    '"x' + "y" * 3_000 + '"',
    "[" * 40 + "]" * 40,
    '{"a":' * 40 + "1" + "}" * 40,
    "[" + ",".join(["1"] * 300) + "]",
    '{"' + "k" * 500 + '": 1}',
    "{" + ",".join(f'"k{n}": {n}' for n in range(80)) + "}",
]
NAMES = [
    "describe",
    "audio_on",
    "audio_off",
    "precall",
    "connection_state",
    "ice_connection_state",
    "page_visibility",
    "video_on",
    "screenshare_on",
    "expected_video_resolution",
    "disconnect",
    "devices",
    "selected_microphone_update",
    "entries_dropped",
    "something_else",
    "track_ended",
    "connection_state",
]
MEMBERS = [
    "count",
    "network",
    "browser",
    "device",
    "devices",
    "ip",
    "kind",
    "state",
    "rtt_ms",
    "interval_ms",
    "version",
    "screen",
    "source",
    "is_sample",
    "precall",
    "room_view_type",
    "alias",
    "connection",
    "connection_id",
    "label",
    "at",
]
STATS = [
    "timestamp",
    "ssrc",
    "packetsSent",
    "packetsLost",
    "bytesSent",
    "jitter",
    "roundTripTime",
    "frameWidth",
    "framesEncoded",
    "targetBitrate",
    "audioLevel",
    "totalSamplesReceived",
    "pliCount",
    "kind",
]


@pytest.fixture
async def intake(server: RestServer) -> AsyncIterator[IntakeHarness]:
    async with open_intake(server) as found:
        yield found


def object_of(dice: random.Random, members: list[str], depth: int = 2) -> str:
    """A JSON object of odd values."""
    parts = []
    for name in dice.sample(members, 6):
        is_nested = depth and dice.random() < 0.3
        value = (
            object_of(dice, members, depth - 1) if is_nested else dice.choice([*NUMBERS, *OTHERS])
        )
        parts.append(f'"{name}": {value}')
    return "{" + ", ".join(parts) + "}"


def stats_of(dice: random.Random, type_: str) -> str:
    odd = [f'"{name}": {dice.choice([*NUMBERS, *OTHERS])}' for name in dice.sample(STATS, 3)]
    return "{" + ", ".join([f'"type": "{type_}"', '"id": "A"', *odd]) + "}"


def entries_of(dice: random.Random, count: int) -> list[str]:
    """Entries of the collect protocol, the first of which joins."""
    found = [f'{{"type": "join", "seq": 0, "at": {NOON}}}']
    for seq in range(1, count):
        head = f'"seq": {seq}, "at": {NOON + 1_000 * seq}'
        if dice.random() < 0.5:
            name = dice.choice(NAMES)
            data = object_of(dice, MEMBERS)
            found.append(f'{{"type": "event", {head}, "name": "{name}", "data": {data}}}')
        else:
            types = ("outbound-rtp", "inbound-rtp", "candidate-pair", "media-source")
            stats = ", ".join(stats_of(dice, type_) for type_ in types)
            connection = f'{{"id": "pc", "stats": [{stats}]}}'
            found.append(f'{{"type": "sample", {head}, "connections": [{connection}]}}')
    return found


async def assert_readable(intake: IntakeHarness, session_id: str, peer_id: str) -> None:
    """Every read of the session and the peer answers."""
    owner = intake.owner
    for path in (
        f"/sessions/peer-report/{peer_id}",
        f"/sessions/{session_id}",
        f"/sessions/{session_id}/participants",
        "/sessions",
    ):
        answer = await owner.request("GET", path)
        assert answer.status_code == 200, (path, answer.text)
        json.loads(answer.text)
    for path in (f"calls/{session_id}", f"calls/{session_id}/peers/{peer_id}/series"):
        answer = await intake.server.client.get(
            f"/v1/apps/{owner.app_id}/{path}", headers={"authorization": f"Bearer {owner.token}"}
        )
        assert answer.status_code in (200, 404), (path, answer.text)


@pytest.mark.parametrize("seed", range(6))
async def test_batches_that_the_collector_path_accepts_can_be_read(
    intake: IntakeHarness, seed: int
) -> None:
    dice = random.Random(seed)
    peer_id = str(uuid4())
    entries = ", ".join(entries_of(dice, 40))
    body = f'{{"v": 1, "peer_id": "{peer_id}", "sent_at": {NOON + 60_000}, "entries": [{entries}]}}'
    data = await intake.post("/v1/collect", body.encode())
    assert data["accepted"] >= 1
    session_id = data["session"]["id"]
    await assert_readable(intake, session_id, peer_id)
    services = intake.server.services
    for _ in range(2):
        await services.session_reports.fold_session(intake.owner.app_id, session_id)
        await assert_readable(intake, session_id, peer_id)


@pytest.mark.parametrize("seed", range(6))
async def test_events_that_the_backend_path_accepts_can_be_read(
    intake: IntakeHarness, seed: int
) -> None:
    dice = random.Random(100 + seed)
    peer_id = str(uuid4())
    common = f'"meeting_id": "room", "peer_id": "{peer_id}"'
    events = [f'{{"type": "peer_joined", "at": {NOON}, {common}}}']
    for number in range(1, 40):
        head = f'"at": {NOON + 1_000 * number}, {common}'
        if dice.random() < 0.6:
            data = object_of(dice, MEMBERS)
            name = dice.choice(NAMES)
            events.append(f'{{"type": "peer_noted", {head}, "name": "{name}", "data": {data}}}')
        else:
            stats = ", ".join(stats_of(dice, type_) for type_ in ("outbound-rtp", "inbound-rtp"))
            sample = f'{{"connections": [{{"id": "pc", "stats": [{stats}]}}]}}'
            events.append(
                f'{{"type": "sample_taken", {head}, "sequence": {number}, "sample": {sample}}}'
            )
    path = f"/v1/apps/{intake.owner.app_id}/events"
    body = f'{{"events": [{", ".join(events)}]}}'.encode()
    results = (await intake.post(path, body, token=intake.owner.token))["results"]
    assert results[0]["status"] == "accepted"
    assert len(results) == len(events)
    listed = (await intake.owner.request("GET", "/sessions")).json()["data"]["sessions"]
    (session_id,) = [each["id"] for each in listed]
    await assert_readable(intake, session_id, peer_id)
    await intake.server.services.session_reports.fold_session(intake.owner.app_id, session_id)
    await assert_readable(intake, session_id, peer_id)
