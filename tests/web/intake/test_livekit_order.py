"""LiveKit's webhooks in any order, twice, and with losses: one record."""

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from aftercall.core.instants import EpochMs
from aftercall.web.intake.app import IntakeApp
from tests.web.intake.livekit_calls import Calls
from tests.web.intake.livekit_server import KEY, SECRET, LivekitIntake, sign
from tests.web.rest_server import BuildServer

NO_BUDGETS = {
    f"app_{kind}_per_min": 0 for kind in ("requests", "bytes", "events", "talk_characters")
}
ROOMS, OPENINGS = 4, 3
"""Some two hundred webhooks; `bench/webhooks.py` sends 100,000."""


@pytest.fixture
async def apps(
    build_server: BuildServer, tmp_path: Path
) -> AsyncIterator[tuple[LivekitIntake, LivekitIntake]]:
    """Two apps of one server that know the same key."""
    server = build_server(data_dir=tmp_path, **NO_BUDGETS)
    server.clock.now = EpochMs(int(time.time() * 1_000) - 86_400_000)
    app: Any = IntakeApp(server.services)
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://aftercall.test"
    )
    running = asyncio.create_task(server.services.write_queue.run())
    found = []
    for _ in range(2):
        owner = await server.new_client()
        await server.services.source_keys.add(
            owner.account_id, owner.app_id, "livekit", KEY, SECRET
        )
        found.append(LivekitIntake(server=server, client=client, owner=owner))
    yield found[0], found[1]
    server.services.write_queue.close()
    await running
    await client.aclose()


async def _post_as_it_happens(livekit: LivekitIntake, bodies: Sequence[str]) -> None:
    """Post each webhook at its time, while the background work goes on."""
    clock = livekit.server.clock
    for number, body in enumerate(bodies):
        at = int(json.loads(body)["createdAt"]) * 1_000
        clock.now = EpochMs(max(clock.now, at + 300))
        await livekit.post(body)
        if number % 10 == 0:
            await livekit.sweep()


async def _post_at_once(livekit: LivekitIntake, bodies: Sequence[str]) -> None:
    for first in range(0, len(bodies), 40):
        encoded = [body.encode() for body in bodies[first : first + 40]]
        now = livekit.server.clock.now
        answers = await asyncio.gather(*(livekit.send(each, sign(each, now)) for each in encoded))
        assert {answer.status_code for answer in answers} == {202}


async def _record(livekit: LivekitIntake) -> list[Any]:
    """Sessions and participants without their ids, which are those of the app."""
    sessions: list[dict[str, Any]] = []
    for page in range(1, 100):
        path = f"/sessions?sort_by=createdAt&sort_order=ASC&per_page=100&page_no={page}"
        found = (await livekit.owner.request("GET", path)).json()["data"]["sessions"]
        sessions += found
        if len(found) < 100:
            break
    record = []
    for session in sessions:
        people = await livekit.participants(session["id"])
        stays = sorted(
            (each["custom_participant_id"], each["joined_at"], each["left_at"], each["duration"])
            for each in people
        )
        kept = (
            "meeting_display_name", "status", "started_at", "ended_at", "minutes_consumed",
            "live_participants", "total_participants", "max_concurrent_participants",
        )  # fmt: skip
        record.append(([session[name] for name in kept], stays))
    return sorted(record, key=str)


async def test_shuffled_doubled_and_lossy_webhooks_make_the_record_of_those_in_order(
    apps: tuple[LivekitIntake, LivekitIntake],
) -> None:
    in_order, shuffled = apps
    clock, draw = in_order.server.clock, random.Random(7)
    bodies = Calls(begun_at=clock.now // 1_000).webhooks(ROOMS, OPENINGS)
    arrived = [body for body in bodies if draw.random() >= 0.05]
    assert len(arrived) > 150
    doubled = arrived * 2
    draw.shuffle(doubled)
    await _post_as_it_happens(in_order, arrived)
    clock.now = EpochMs(int(time.time() * 1_000))
    await _post_at_once(shuffled, doubled)
    clock.now = EpochMs(clock.now + 86_400_000)
    await in_order.sweep()
    expected, record = await _record(in_order), await _record(shuffled)
    assert len(expected) >= ROOMS * OPENINGS - 3
    for (session, stays), (other, other_stays) in zip(expected, record, strict=True):
        assert other == session
        assert other_stays == stays
    assert {session[1] for session, _ in record} == {"ENDED"}
    for session, stays in record:
        assert session[2] <= session[3] and session[4] >= 0 and session[5] == 0
        assert all(left is not None and duration >= 0 for _, _, left, duration in stays)
