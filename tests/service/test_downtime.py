"""What a process could not hear: outages, stalls, and a wall clock that is set."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import text

from aftercall.core.events import ChatSent, Identity
from aftercall.core.instants import EpochMs
from aftercall.core.records import Job, Phase
from aftercall.service.downtime import DowntimeWatch
from aftercall.service.recording.delivery import Credentials, Delivery
from aftercall.store import jobs
from aftercall.store.engine.database import Database, migrate
from aftercall.store.engine.failures import PassingFailure
from tests.recorder_harness import RecorderHarness, at, join, sample, save_members

HOUR_S = 3_600


class Clocks:
    """The wall clock and the monotonic one, both in seconds since the start."""

    def __init__(self) -> None:
        self.wall_s = 0.0
        self.steady_s = 0.0

    def wall(self) -> EpochMs:
        return at(self.wall_s)

    def steady(self) -> float:
        return self.steady_s

    def pass_s(self, seconds: float) -> None:
        self.wall_s += seconds
        self.steady_s += seconds


def listening_on(db: Database) -> tuple[DowntimeWatch, Clocks]:
    clocks = Clocks()
    db.availability.seconds = clocks.steady
    return DowntimeWatch(db, clock=clocks.wall, seconds=clocks.steady), clocks


async def test_checks_a_second_apart_record_no_downtime(db: Database) -> None:
    listening, clocks = listening_on(db)
    for _ in range(90):
        clocks.pass_s(1.02)
        hearing = await listening.look()
    assert hearing.down_spans == ()


async def test_a_stall_is_downtime(db: Database) -> None:
    listening, clocks = listening_on(db)
    clocks.pass_s(1)
    await listening.look()
    clocks.pass_s(100)
    assert (await listening.look()).down_spans == ((at(1), at(101)),)


async def test_a_clock_step_forward_and_a_suspended_machine_are_downtime(db: Database) -> None:
    listening, clocks = listening_on(db)
    clocks.pass_s(1)
    await listening.look()
    clocks.wall_s += HOUR_S
    clocks.pass_s(1)
    assert (await listening.look()).down_spans == ((at(1), at(HOUR_S + 2)),)


async def test_a_database_outage_is_downtime_during_and_after_it(db: Database) -> None:
    listening, clocks = listening_on(db)
    clocks.pass_s(1)
    await listening.look()
    db.availability.failed(PassingFailure("refused", is_outage=True), began_at=0.4, is_write=True)
    clocks.pass_s(1)
    # The check reaches the database, which ends the outage.
    hearing = await listening.look()
    assert hearing.down_spans == ((EpochMs(at(0) + 400), at(2)),)
    clocks.pass_s(1)
    assert (await listening.look()).down_spans == hearing.down_spans


async def test_no_stored_time_is_in_the_future_after_a_clock_set_back(db: Database) -> None:
    listening, clocks = listening_on(db)
    harness = RecorderHarness(db)
    await harness.record(join("ann", 0), sample("ann", 1, 1))
    clocks.pass_s(1)
    await listening.look()
    async with db.write() as tx:
        await jobs.add(tx, [_job("waiting", due_s=10), _job("due", due_s=1)])
    clocks.wall_s -= HOUR_S
    clocks.pass_s(1)
    hearing = await listening.look()
    now = clocks.wall()
    assert hearing.listening_since == now
    async with db.write() as tx:
        due = await jobs.claim(tx, now, 1_000, 9)
        later = await jobs.claim(tx, EpochMs(now + 10_000), 1_000, 9)
        stamps = (await tx.execute(text("SELECT last_received_at FROM peers"))).scalars().all()
    assert {job.id for job in due} | {job.id for job in later} == {"waiting", "due"}
    assert stamps == [now]


async def test_deliveries_received_before_a_clock_set_back_are_repaired_when_recorded(
    db: Database,
) -> None:
    listening, clocks = listening_on(db)
    harness = RecorderHarness(db)
    await save_members(db, "user ann")
    await harness.record(join("ann", 0))
    received_at = at(HOUR_S)
    clocks.wall_s -= HOUR_S
    clocks.pass_s(1)
    harness.now = clocks.wall()
    harness.recorder.set_downtime(await listening.look())
    await harness.recorder.record_deliveries([_chat_of_ann(received_at)])
    assert (await _stamps(db))[0] > clocks.wall()
    clocks.pass_s(1)
    await listening.look()
    assert await _stamps(db) == [clocks.wall()]


async def _stamps(db: Database) -> Sequence[int]:
    """The last heartbeat of each peer, as rules read it."""
    async with db.read() as tx:
        of_peers = (await tx.execute(text("SELECT last_received_at FROM peers"))).scalars().all()
        of_pulses = (await tx.execute(text("SELECT last_received_at FROM pulses"))).scalars().all()
    return sorted({*of_peers, *of_pulses}, reverse=True)


async def test_a_start_after_a_clock_set_back_repairs_future_times(db: Database) -> None:
    await RecorderHarness(db).record(join("ann", HOUR_S))
    listening, _ = listening_on(db)
    async with db.write() as tx:
        await tx.execute(text("UPDATE peers SET last_received_at = :at"), {"at": at(HOUR_S)})
    await listening.begin()
    async with db.read() as tx:
        stamps = (await tx.execute(text("SELECT last_received_at FROM peers"))).scalars().all()
    assert stamps == [at(0)]


async def test_a_live_call_outlasts_an_outage_of_the_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'call.db'}"
    await migrate(url)
    db = await Database.open(url)
    try:
        listening, clocks = listening_on(db)
        harness = RecorderHarness(db)
        await harness.record(join("ann", 0), sample("ann", 1, 7))
        clocks.pass_s(1)
        await listening.look()
        db.availability.failed(
            PassingFailure("refused", is_outage=True), began_at=2.0, is_write=True
        )
        clocks.pass_s(0.5)
        clocks.wall_s, clocks.steady_s, harness.now = 130.0, 130.0, at(130)
        harness.recorder.set_downtime(await listening.look())
        assert await harness.recorder.overdue() == set()
        settled = await harness.recorder.apply_rules("app", "session-0")
        assert settled is not None and settled.phase is Phase.LIVE
        for second in range(131, 190):
            clocks.wall_s = clocks.steady_s = float(second)
            harness.now = at(second)
            harness.recorder.set_downtime(await listening.look())
        assert await harness.recorder.overdue() == {("app", "session-0")}
    finally:
        await db.close()


@pytest.mark.parametrize("step_s", [HOUR_S, -HOUR_S, 100])
async def test_a_clock_change_or_suspension_between_two_checks_ends_no_call(
    db: Database, step_s: int
) -> None:
    listening, clocks = listening_on(db)
    harness = RecorderHarness(db)
    await save_members(db, "user ann")
    await harness.record(join("ann", 0), join("bob", 0))
    for second in range(1, 90):
        clocks.pass_s(1)
        harness.now = clocks.wall()
        await harness.record(sample("ann", second, second), sample("bob", second, second))
        harness.recorder.set_downtime(await listening.look())
    received_at = clocks.wall()
    clocks.wall_s += step_s
    harness.now = clocks.wall()
    # It was received before and waited in the queue; a chat message applies its session's rules.
    [receipt] = await harness.recorder.record_deliveries([_chat_of_ann(received_at)])
    assert receipt.phase is Phase.LIVE
    assert (await harness.session()).live_participants == 2
    await harness.recorder.apply_rules("app", "session-0")
    assert (await harness.session()).live_participants == 2


def _chat_of_ann(received_at: EpochMs) -> Delivery:
    who = Credentials(
        meeting_id="weekly",
        member_id="user ann",
        identity=Identity(user_id="user ann"),
        generation=0,
    )
    chat = ChatSent(
        id="c", at=received_at, revised_at=received_at, peer_id="ann", payload="Still there?"
    )
    return Delivery(
        app_id="app",
        source="collector",
        received_at=received_at,
        events=[chat],
        peer_id="ann",
        heard_at=received_at,
        credentials=who,
    )


def _job(id: str, *, due_s: float) -> Job:
    return Job(id=id, task="fold", lane=id, payload={}, created_at=at(0), due_at=at(due_s))
