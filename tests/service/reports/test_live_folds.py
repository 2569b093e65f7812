import asyncio
from collections.abc import Callable

from aftercall.core.instants import EpochMs
from aftercall.core.records import Participant, Peer
from aftercall.service.reports.live_folds import FRESH_MS, LiveFold, LiveFolds
from aftercall.store import participants, peers
from aftercall.store.engine.database import Database
from tests.stored_calls import lossy_call, store_call

CALL = lossy_call(minutes=1)


async def _ada(db: Database) -> tuple[Participant, list[Peer]]:
    await store_call(db, CALL, "app", is_live=True)
    async with db.read() as tx:
        participant = await participants.find_participant(tx, "app", "session", "ada")
        own = await peers.peers_of_participants(tx, "app", "session", ["ada"])
    assert participant is not None
    return participant, own


def _clock_that_ages(folds: list[int]) -> Callable[[], EpochMs]:
    """A clock by which a fold is stale when it is checked for the second time."""

    def clock() -> EpochMs:
        folds.append(len(folds))
        return EpochMs(CALL.end_at + (FRESH_MS + 1 if len(folds) > 1 else 0))

    return clock


async def test_concurrent_callers_share_one_fold(db: Database) -> None:
    participant, own = await _ada(db)
    live = LiveFolds(db=db, clock=lambda: CALL.end_at)
    first, *others = await asyncio.gather(*(live.find(participant, own) for _ in range(5)))
    assert all(each is first for each in others)


async def test_a_third_caller_shares_the_fold_of_the_second_when_the_first_is_done(
    db: Database,
) -> None:
    participant, own = await _ada(db)
    live = LiveFolds(db=db, clock=_clock_that_ages([]))
    first = asyncio.create_task(live.find(participant, own))
    second = asyncio.create_task(live.find(participant, own))
    done = await first
    third = await live.find(participant, own)
    found: LiveFold = await second
    assert found is not done
    assert third is found


async def test_a_fold_is_made_again_when_it_is_no_longer_fresh(db: Database) -> None:
    participant, own = await _ada(db)
    now = CALL.end_at
    live = LiveFolds(db=db, clock=lambda: now)
    first = await live.find(participant, own)
    now = EpochMs(now + FRESH_MS)
    assert await live.find(participant, own) is first
    now = EpochMs(now + 1)
    assert await live.find(participant, own) is not first
