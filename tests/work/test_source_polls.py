"""A LiveKit server that is asked heals what its webhooks lost, and says nothing twice."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aftercall.core.instants import EpochMs
from aftercall.core.lifecycle.state_machine import Policy
from aftercall.core.privacy import Privacy
from aftercall.core.records import Peer
from aftercall.ingest.livekit import source as livekit
from aftercall.ingest.livekit.event import peer_id_from, session_id_from
from aftercall.ingest.redaction import redact
from aftercall.ingest.source import Context
from aftercall.ingest.source_kinds import CLIENT_SOURCES, ROOM_SOURCES
from aftercall.service.services import Services, build_services
from aftercall.settings import Settings
from aftercall.store import peers
from aftercall.store.engine.database import Database
from aftercall.store.sessions import rows as session_rows
from aftercall.work.source_polls import poll_due
from tests.livekit_api import LivekitApi, Reply, open_livekit_api
from tests.manual_clock import ManualClock
from tests.web.rest_server import new_id

KEY, SECRET = "APIk3y", "a-secret-of-livekit-that-is-long-enough"
START_S = 1_795_262_400


class Polled:
    """An app whose LiveKit server is asked every 30 s, by a clock that the test moves."""

    def __init__(self, db: Database, api: LivekitApi, services: Services, clock: ManualClock):
        self.db, self.api, self.services, self.clock = db, api, services, clock
        self.app_id = self.account_id = ""

    async def begin(self) -> None:
        app = await self.services.setup.create_first_app("App", account_id="a" * 32)
        self.account_id, self.app_id = app.account_id, app.app_id
        await self.store_key(self.api.url)

    async def store_key(self, url: str) -> None:
        keys = self.services.source_keys
        await keys.add(self.account_id, self.app_id, "livekit", KEY, SECRET, server_url=url)

    async def poll(self, after_s: float = 30) -> int:
        self.clock.now = EpochMs(self.clock.now + round(after_s * 1_000))
        return await poll_due(self.services)

    async def hook(self, name: str, sid: str, at_s: int, **more: Any) -> None:
        """A webhook about somebody in the room `daily`."""
        body = {
            "event": name, "id": f"EV_{name}{sid}{at_s}", "createdAt": str(at_s),
            "room": {"sid": "RM_1", "name": "daily", "creationTimeMs": str(START_S * 1_000)},
            "participant": {"sid": sid, "identity": sid.lower(), **more},
        }  # fmt: skip
        found = livekit.translate(json.dumps(body).encode(), Context(self.app_id, self.clock.now))
        facts = redact(found.facts, Privacy.FULL)
        await self.services.recorder.record(self.app_id, facts, source="livekit")

    async def peer(self, sid: str) -> Peer | None:
        async with self.db.read() as tx:
            return await peers.find_peer(tx, self.app_id, peer_id_from(self.app_id, sid))

    async def stay(self, sid: str) -> tuple[int, int | None, str | None]:
        """From when to when, in ms after the start, and why it ended."""
        peer = await self.peer(sid)
        assert peer is not None
        left = None if peer.left_at is None else peer.left_at - START_S * 1_000
        return peer.present_from - START_S * 1_000, left, peer.left_reason

    async def session(self, sid: str = "RM_1") -> Any:
        async with self.db.read() as tx:
            id = session_id_from(self.app_id, sid)
            return await session_rows.find_session(tx, self.app_id, id)

    async def state(self) -> Any:
        servers = await self.services.source_keys.list_servers(self.app_id)
        return servers["livekit", KEY]


def _services(db: Database, clock: ManualClock, folder: Path, **settings: Any) -> Services:
    values: dict[str, Any] = {
        "data_dir": folder,
        "secret_key": "k" * 40,
        "outbound_allow": "127.0.0.0/8",
    }
    return build_services(
        db,
        settings=replace(Settings(), **(values | settings)),
        clock=clock,
        new_id=new_id,
        policy=Policy(client_sources=CLIENT_SOURCES, room_sources=ROOM_SOURCES),
    )


@pytest.fixture
async def polled(db: Database, tmp_path: Path) -> AsyncIterator[Polled]:
    clock = ManualClock()
    clock.now = EpochMs(START_S * 1_000)
    with open_livekit_api(KEY, SECRET) as api:
        api.open_room("daily", "RM_1", START_S)
        services = _services(db, clock, tmp_path)
        found = Polled(db, api, services, clock)
        await found.begin()
        yield found
        await services.sender.close()


async def test_a_join_that_was_lost_is_the_one_that_the_server_lists(polled: Polled) -> None:
    polled.api.enter("daily", "PA_1", "ada", START_S + 10)
    polled.api.enter("daily", "PA_2", "EG_1", START_S + 10, kind="EGRESS")
    assert await polled.poll() == 1
    peer = await polled.peer("PA_1")
    assert peer is not None
    assert (peer.custom_participant_id, peer.display_name) == ("ada", "Ada")
    assert await polled.stay("PA_1") == (10_456, None, None)
    session = await polled.session()
    assert (session.live_participants, session.started_at) == (1, START_S * 1_000)
    await polled.hook("participant_joined", "PA_1", START_S + 11, joinedAtMs="1795262410456")
    assert await polled.stay("PA_1") == (10_456, None, None)


async def test_a_leave_that_was_lost_is_inferred_after_two_rounds(polled: Polled) -> None:
    polled.api.enter("daily", "PA_1", "ada", START_S + 1)
    polled.api.enter("daily", "PA_2", "bob", START_S + 1)
    await polled.poll()
    polled.api.leave("daily", "PA_1")
    await polled.poll()
    assert await polled.stay("PA_1") == (1_456, None, None)
    await polled.poll()
    assert await polled.stay("PA_1") == (1_456, 30_000, "silence")
    assert await polled.stay("PA_2") == (1_456, None, None)
    await polled.hook("participant_left", "PA_1", START_S + 41)
    assert await polled.stay("PA_1") == (1_456, 41_000, "said")


async def test_whoever_is_listed_again_has_not_left(polled: Polled) -> None:
    polled.api.enter("daily", "PA_1", "ada", START_S + 1)
    await polled.poll()
    _, gone = polled.api.rooms["daily"]
    polled.api.rooms["daily"] = (polled.api.rooms["daily"][0], [])
    for _ in range(3):
        await polled.poll()
    assert (await polled.stay("PA_1"))[1] == 30_000
    polled.api.rooms["daily"] = (polled.api.rooms["daily"][0], gone)
    await polled.poll()
    assert await polled.stay("PA_1") == (1_456, None, None)


async def test_a_room_that_is_listed_no_more_ends_at_its_last_sign_of_life(
    polled: Polled,
) -> None:
    polled.api.enter("daily", "PA_1", "ada", START_S + 1)
    await polled.poll()
    polled.api.rooms.clear()
    for _ in range(3):
        await polled.poll()
    assert await polled.stay("PA_1") == (1_456, 30_000, "silence")
    polled.clock.now = EpochMs(polled.clock.now + 600_000)
    for app_id, session_id in await polled.services.recorder.overdue():
        await polled.services.recorder.apply_rules(app_id, session_id)
    session = await polled.session()
    assert (session.phase, session.ended_at) == ("ended", (START_S + 30) * 1_000)
    assert (await polled.state()).rooms == "{}"


async def test_rounds_without_an_answer_end_nobody_and_come_less_often(polled: Polled) -> None:
    polled.api.enter("daily", "PA_1", "ada", START_S + 1)
    await polled.poll()
    first = (await polled.state()).answered_at
    polled.api.replies = [Reply(503), Reply(200, b"not json"), Reply(401)]
    for error, wait_s in (("http_503", 30), ("unreadable_answer", 60), ("http_401", 120)):
        await polled.poll(600)
        state = await polled.state()
        assert (state.error, state.answered_at) == (error, first)
        assert state.due_at == polled.clock.now + wait_s * 1_000
    assert await polled.stay("PA_1") == (1_456, None, None)
    await polled.poll(600)
    assert (await polled.state()).error is None
    assert await polled.stay("PA_1") == (1_456, None, None)


async def test_a_wait_that_the_server_asks_for_is_kept(polled: Polled) -> None:
    polled.api.replies = [Reply(429, headers=(("retry-after", "300"),))]
    await polled.poll()
    assert (await polled.state()).due_at == polled.clock.now + 300_000
    assert await polled.poll(200) == 0
    assert await polled.poll(101) == 1


async def test_rooms_that_the_server_never_listed_are_not_its_business(polled: Polled) -> None:
    polled.api.rooms.clear()
    await polled.hook("participant_joined", "PA_9", START_S)
    for _ in range(4):
        await polled.poll()
    assert (await polled.stay("PA_9"))[1] is None


async def test_no_two_processes_ask_at_once(polled: Polled, tmp_path: Path) -> None:
    other = _services(polled.db, polled.clock, tmp_path)
    polled.clock.now = EpochMs(polled.clock.now + 1_000)
    asked = await asyncio.gather(*(poll_due(each) for each in (polled.services, other) * 3))
    assert sum(asked) == 1
    assert polled.api.methods == ["ListRooms", "ListParticipants"]
    await other.sender.close()


async def test_an_address_inside_the_network_is_asked_only_if_it_is_allowed(
    polled: Polled, tmp_path: Path
) -> None:
    strict = _services(polled.db, polled.clock, tmp_path, outbound_allow="")
    polled.clock.now = EpochMs(polled.clock.now + 1_000)
    assert await poll_due(strict) == 1
    assert (await polled.state()).error == "address_refused"
    assert polled.api.methods == []
    await strict.sender.close()
