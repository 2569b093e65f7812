"""Times written by a clock that was set back later."""

from typing import Any

from sqlalchemy import select

from aftercall.core.instants import EpochMs
from aftercall.core.records import Job, LeaveReason, Peer, Phase, Session
from aftercall.store import jobs, peers
from aftercall.store.checks.clock_repair import pull_back
from aftercall.store.engine.database import Database
from aftercall.store.peers import Heartbeat
from aftercall.store.sessions import rows as session_rows
from aftercall.store.tables import schema

NOW = EpochMs(1_795_262_400_000)
AHEAD = EpochMs(NOW + 3_600_000)
EARLIER = EpochMs(NOW - 5_000)


def _peer(id: str, heard_at: EpochMs, **more: Any) -> Peer:
    return Peer(
        app_id="a",
        session_id="s",
        meeting_id="m",
        id=id,
        participant_id=id,
        source="collector",
        interval_ms=7_000,
        first_heard_at=EARLIER,
        last_heard_at=heard_at,
        last_received_at=heard_at,
        created_at=EARLIER,
        updated_at=EARLIER,
        **more,
    )


def _session(id: str, phase: Phase, touched_at: EpochMs, deadline_at: EpochMs | None) -> Session:
    return Session(
        app_id="a",
        id=id,
        meeting_id=f"meeting of {id}",
        title="",
        phase=phase,
        created_at=EARLIER,
        started_at=EARLIER,
        updated_at=EARLIER,
        touched_at=touched_at,
        deadline_at=deadline_at,
    )


def _job(id: str, created_at: int, due_at: int, **more: Any) -> Job:
    return Job(
        id=id,
        task="fold",
        lane=id,
        payload={},
        created_at=EpochMs(created_at),
        due_at=EpochMs(due_at),
        **more,
    )


async def _pull_back(db: Database, **more: int) -> None:
    async with db.write() as tx:
        await pull_back(tx, NOW, **more)


async def _column(db: Database, table: Any, name: str, key: str = "id") -> dict[str, Any]:
    async with db.read() as tx:
        rows = await tx.execute(select(table.c[key], table.c[name]))
        return {row[0]: row[1] for row in rows}


async def test_a_heartbeat_in_the_future_is_set_to_the_current_time(db: Database) -> None:
    async with db.write() as tx:
        await peers.save_peers(
            tx,
            [
                _peer("ahead", AHEAD),
                _peer("earlier", EARLIER),
                _peer("gone", AHEAD, left_at=NOW, left_reason=LeaveReason.KICKED),
            ],
        )
        await peers.record_heartbeats(tx, [Heartbeat("a", "ahead", NOW, AHEAD, 3, 1)])
        await peers.record_heartbeats(tx, [Heartbeat("a", "earlier", NOW, EARLIER, 3, 1)])
    await _pull_back(db)
    heard = await _column(db, schema.peers, "last_received_at")
    assert heard == {"ahead": NOW, "earlier": EARLIER, "gone": AHEAD}
    pulses = await _column(db, schema.pulses, "last_received_at", key="peer_id")
    assert pulses == {"ahead": NOW, "earlier": EARLIER}


async def test_only_sessions_that_have_not_ended_are_repaired(db: Database) -> None:
    async with db.write() as tx:
        for one in (
            _session("live", Phase.LIVE, AHEAD, None),
            _session("draining", Phase.DRAINING, AHEAD, EpochMs(AHEAD + 60_000)),
            _session("before", Phase.DRAINING, EARLIER, EpochMs(NOW + 55_000)),
            _session("ended", Phase.ENDED, AHEAD, None),
        ):
            await session_rows.save_session(tx, one)
    await _pull_back(db)
    touched = await _column(db, schema.sessions, "touched_at")
    assert touched == {"live": NOW, "draining": NOW, "before": EARLIER, "ended": AHEAD}
    deadlines = await _column(db, schema.sessions, "deadline_at")
    assert deadlines == {
        "live": None,
        "draining": NOW,
        "before": NOW + 55_000,
        "ended": None,
    }


async def test_jobs_wait_no_longer_than_before_the_clock_step(db: Database) -> None:
    async with db.write() as tx:
        await jobs.add(
            tx,
            [
                _job("made ahead", AHEAD, AHEAD + 10_000),
                _job("soon", EARLIER, NOW + 1_000),
                _job("late", EARLIER, AHEAD + 10_000),
                _job("dead", AHEAD, AHEAD, dead_at=NOW),
            ],
        )
    await _pull_back(db, step_ms=AHEAD - NOW)
    due = await _column(db, schema.jobs, "due_at")
    assert due == {"made ahead": NOW, "soon": NOW, "late": NOW + 10_000, "dead": AHEAD}
    assert (await _column(db, schema.jobs, "created_at"))["made ahead"] == NOW


async def test_a_lease_in_the_future_ends_at_the_repair(db: Database) -> None:
    async with db.write() as tx:
        await jobs.add(tx, [_job("held", EARLIER, EARLIER)])
        (held,) = await jobs.claim(tx, EpochMs(NOW - 1), AHEAD - NOW, 9)
        assert held.lease_until == AHEAD - 1
    await _pull_back(db)
    assert await _column(db, schema.jobs, "lease_until") == {"held": AHEAD - 1}
    await _pull_back(db, step_ms=1)
    assert await _column(db, schema.jobs, "lease_until") == {"held": NOW}


async def test_times_slightly_ahead_from_another_node_are_not_repaired(db: Database) -> None:
    async with db.write() as tx:
        ahead = EpochMs(NOW + 2_000)
        await peers.save_peers(tx, [_peer("p", ahead), _peer("q", EpochMs(ahead + 1))])
    await _pull_back(db, tolerance_ms=2_000)
    heard = await _column(db, schema.peers, "last_received_at")
    assert heard == {"p": NOW + 2_000, "q": NOW}
