from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace

from aftercall.core.errors import Busy
from aftercall.core.instants import HOUR_MS, SECOND_MS, EpochMs
from aftercall.core.records import EndReason, Phase, Session
from aftercall.service.dashboard.live_updates import (
    BEAT_EVERY_MS,
    MOST_LISTENERS,
    LiveUpdate,
    LiveUpdates,
)
from aftercall.store.engine.database import Database
from aftercall.store.sessions.rows import save_session
from tests.core.quality.synthetic_call import CALL_START
from tests.stored_calls import lossy_call, session_of


class LiveUpdatesHarness:
    """One app with subscribers to its live updates, on a clock that advances without waiting."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.now = CALL_START
        self.is_permitted = True
        self.live = LiveUpdates(db=db, clock=lambda: self.now, pause=self._pause)
        self.session = session_of(lossy_call(minutes=1), "app", is_live=True)

    async def _pause(self, seconds: float) -> None:
        self.now = EpochMs(self.now + round(seconds * SECOND_MS))

    async def welcome(self) -> bool:
        return self.is_permitted

    def listen(
        self, app_id: str = "app", caller: str = "token"
    ) -> AsyncIterator[LiveUpdate | None]:
        return self.live.listen(app_id, self.welcome, caller=caller)

    async def listen_often(
        self, count: int, app_id: str = "app", caller: str = "token"
    ) -> list[AsyncIterator[LiveUpdate | None]]:
        """So many subscribers that have received the first message."""
        streams = [self.listen(app_id, caller) for _ in range(count)]
        for stream in streams:
            await anext(stream)
        return streams

    async def save(self, **changes: Any) -> Session:
        self.session = replace(self.session, updated_at=self.now, **changes)
        async with self.db.write() as tx:
            await save_session(tx, self.session)
        return self.session


@pytest.fixture
def harness(db: Database) -> LiveUpdatesHarness:
    return LiveUpdatesHarness(db)


async def test_a_subscriber_receives_the_start_change_and_end_of_a_session(
    harness: LiveUpdatesHarness,
) -> None:
    updates = harness.listen()
    hello = await anext(updates)
    assert hello is not None
    assert (hello.kind, getattr(hello.body, "ids", None)) == ("hello", [])
    steps: list[tuple[str, dict[str, Any]]] = [
        ("started", {}),
        ("changed", {"live_participants": 2}),
        ("ended", {"phase": Phase.ENDED, "ended_at": CALL_START, "end_reason": EndReason.CLOSED}),
    ]
    for kind, changes in steps:
        saved = await harness.save(**changes)
        reported = await anext(updates)
        assert reported is not None
        assert reported.kind == kind
        assert getattr(reported.body, "id", None) == saved.id
        assert getattr(reported.body, "live_participants", None) == saved.live_participants
    await updates.aclose()  # type: ignore[attr-defined]


async def test_a_later_subscriber_receives_the_live_sessions(harness: LiveUpdatesHarness) -> None:
    await harness.save()
    updates = harness.listen()
    hello = await anext(updates)
    assert hello is not None
    assert getattr(hello.body, "ids", None) == ["session"]
    other = await anext(harness.listen("other"))
    assert other is not None
    assert getattr(other.body, "ids", None) == []


async def test_an_idle_stream_has_heartbeats_and_ends_after_an_hour(
    harness: LiveUpdatesHarness,
) -> None:
    received = [each async for each in harness.listen()]
    assert received[1:] == [None] * (HOUR_MS // BEAT_EVERY_MS)
    assert harness.now >= CALL_START + HOUR_MS


async def test_a_subscriber_without_permission_is_disconnected(harness: LiveUpdatesHarness) -> None:
    updates = harness.listen()
    await anext(updates)
    harness.is_permitted = False
    assert [each async for each in updates] == []
    assert harness.now <= CALL_START + BEAT_EVERY_MS + SECOND_MS


async def test_a_stopping_server_closes_every_stream(harness: LiveUpdatesHarness) -> None:
    updates = harness.listen()
    await anext(updates)
    harness.live.close()
    assert [each async for each in updates] == []


async def test_the_number_of_subscribers_is_limited(harness: LiveUpdatesHarness) -> None:
    streams = [harness.listen() for _ in range(MOST_LISTENERS)]
    for stream in streams:
        await anext(stream)
    with pytest.raises(Busy) as full:
        await anext(harness.listen())
    assert full.value.code == "too_many_listeners"
    await streams[0].aclose()  # type: ignore[attr-defined]
    assert await anext(harness.listen()) is not None


async def are_there(streams: list[AsyncIterator[LiveUpdate | None]]) -> int:
    """How many of the subscribers are connected after the next check."""
    return sum([await anext(stream, "over") != "over" for stream in streams])


async def test_an_app_with_every_stream_yields_a_share_to_other_apps(
    harness: LiveUpdatesHarness,
) -> None:
    greedy = await harness.listen_often(MOST_LISTENERS, "greedy")
    quiet = await harness.listen_often(MOST_LISTENERS // 2, "quiet")
    with pytest.raises(Busy):
        await anext(harness.listen("quiet"))
    with pytest.raises(Busy):
        await anext(harness.listen("greedy"))
    assert await are_there(greedy) == MOST_LISTENERS // 2
    assert await are_there(quiet) == MOST_LISTENERS // 2


async def test_a_token_with_every_stream_of_its_app_yields_a_share_to_other_tokens(
    harness: LiveUpdatesHarness,
) -> None:
    greedy = await harness.listen_often(MOST_LISTENERS, caller="greedy")
    quiet = await harness.listen_often(3, caller="quiet")
    with pytest.raises(Busy):
        await anext(harness.listen(caller="greedy"))
    assert await are_there(greedy) == MOST_LISTENERS - 3
    assert await are_there(quiet) == 3


async def test_subscribers_within_their_share_keep_their_streams(
    harness: LiveUpdatesHarness,
) -> None:
    streams = [
        await harness.listen_often(1, f"app-{number % 2}", f"token-{number}")
        for number in range(MOST_LISTENERS)
    ]
    with pytest.raises(Busy):
        await anext(harness.listen("app-0", "token-0"))
    one_more = await harness.listen_often(1, "app-2")
    assert await are_there([stream for (stream,) in streams]) == MOST_LISTENERS - 1
    assert await are_there(one_more) == 1
