"""What Prosody, BigBlueButton and RealtimeKit post, late, twice and with losses: one record.

Prosody's posts name no occurrence of a room, so they are in order but for its repeats, which come
within seconds; the others name one, and may come in any order.
"""

import asyncio
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftercall.ingest.bigbluebutton import source as bigbluebutton
from aftercall.ingest.jitsi import event_sync as jitsi
from aftercall.ingest.realtimekit_webhooks import source as realtimekit
from aftercall.ingest.source import Source
from aftercall.store.engine.database import Database
from tests.conftest import NewDatabase
from tests.recorder_harness import NOON
from tests.web.intake import other_rooms
from tests.web.intake.livekit_rooms import disturbed, lost
from tests.web.intake.record_of_bodies import App, Posted, Record, check_sound

SECONDS_MS, HOURS_MS = 4_000, 6 * 3_600_000

Draw = Callable[[Random, int], list[Posted]]


async def _records(
    url: str, source: Source, rooms: Draw, seed: int, share: float, delays_ms: list[int]
) -> list[Record]:
    draw = Random(seed)
    arrived = lost(draw, rooms(draw, NOON // 1_000), share)
    db = await Database.open(url)
    try:
        found = []
        for by_ms in [0, *delays_ms]:
            app = App(db, source)
            posted = list(disturbed(draw, arrived, by_ms=by_ms)) if by_ms else arrived
            await app.take(posted, batch=draw.choice((5, 40)) if by_ms == HOURS_MS else 1)
            found.append(await app.record())
        return found
    finally:
        await db.close()


@pytest.mark.parametrize(
    ("source", "rooms", "delays_ms"),
    [
        (jitsi, other_rooms.prosody, [SECONDS_MS]),
        (bigbluebutton, other_rooms.bigbluebutton, [HOURS_MS]),
        (realtimekit, other_rooms.realtimekit, [HOURS_MS]),
    ],
    ids=["jitsi", "bigbluebutton", "realtimekit"],
)
@settings(max_examples=2, deadline=None)
@given(seed=st.integers(0, 2**32), share=st.sampled_from([0, 0.05]))
def test_what_comes_late_and_twice_makes_the_same_record(
    new_database: NewDatabase,
    source: Source,
    rooms: Draw,
    delays_ms: list[int],
    seed: int,
    share: float,
) -> None:
    with new_database("sqlite") as url:
        records = asyncio.run(_records(url, source, rooms, seed, share, delays_ms))
    for record in records:
        assert record == records[0]
        check_sound(record)
