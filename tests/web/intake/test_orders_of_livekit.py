"""LiveKit's webhooks in any order, twice, and with losses: one record, nothing open for ever."""

import asyncio
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from aftercall.ingest.livekit import source as livekit
from aftercall.store.engine.database import Database
from tests.conftest import NewDatabase
from tests.recorder_harness import NOON
from tests.web.intake.livekit_rooms import LivekitRooms, disturbed, lost
from tests.web.intake.record_of_bodies import App, Record, check_sound

HALF_MINUTE_MS = 30_000
HOURS_MS = 6 * 3_600_000


async def _records(url: str, seed: int, share: float) -> list[Record]:
    """Of the webhooks that arrive: in order as they happen; each twice and up to half a minute
    late; and all of them hours later, in any order."""
    draw = Random(seed)
    sent = LivekitRooms(draw, NOON // 1_000).webhooks(2, 3)
    arrived = lost(draw, sent, share)
    db = await Database.open(url)
    try:
        found = []
        for by_ms in (0, HALF_MINUTE_MS, HOURS_MS):
            app = App(db, livekit)
            posted = list(disturbed(draw, arrived, by_ms=by_ms)) if by_ms else arrived
            await app.take(posted, batch=draw.choice((1, 5, 40, 40)))
            found.append(await app.record())
        return found
    finally:
        await db.close()


def _check(new_database: NewDatabase, seed: int, share: float) -> None:
    with new_database("sqlite") as url:
        in_order, late, shuffled = asyncio.run(_records(url, seed, share))
    assert late == in_order
    assert shuffled == in_order
    check_sound(in_order)


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_order_and_repeats_change_nothing(new_database: NewDatabase, seed: int) -> None:
    _check(new_database, seed, 0)


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_with_losses_nothing_is_negative_and_nothing_stays_open(
    new_database: NewDatabase, seed: int
) -> None:
    _check(new_database, seed, 0.05)
