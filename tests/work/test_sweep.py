"""One round of the sweep."""

import asyncio
from typing import Literal

from aftercall.core.lifecycle.state_machine import Policy
from aftercall.core.records import Phase, Session
from aftercall.service.downtime import DowntimeWatch
from aftercall.service.recording.recorder import Recorder
from aftercall.store import peers
from aftercall.store.early_facts import EarlyFact, hold
from aftercall.store.engine.database import Database
from aftercall.work.sweep import run_sweeps, sweep
from tests.recorder_harness import APP, RecorderHarness, at, join, leave


class _AfterOneRound(asyncio.Event):
    """Is set as soon as it is waited for."""

    async def wait(self) -> Literal[True]:
        self.set()
        return True


def _listening(harness: RecorderHarness) -> DowntimeWatch:
    return DowntimeWatch(harness.db, clock=lambda: harness.now, seconds=lambda: harness.now / 1000)


async def test_a_session_whose_deadline_has_passed_ends(db: Database) -> None:
    harness = RecorderHarness(db)
    listening = _listening(harness)
    await harness.record(join("ada", 0), leave("ada", 5))
    phases: list[Phase] = []
    for second in range(5, 75):
        harness.now = at(second)
        await run_sweeps(harness.recorder, listening, _AfterOneRound())
        phases.append((await harness.session()).phase)
    assert phases[:60] == [Phase.DRAINING] * 60
    assert phases[-1] is Phase.ENDED
    assert (await harness.session()).ended_at == at(5)


async def test_a_held_leave_is_recorded_after_its_peer_has_joined(db: Database) -> None:
    harness = RecorderHarness(db)
    await harness.record(join("ada", 0), join("bob", 0))
    left = EarlyFact(source="events", received_at=at(3), event=leave("ada", 3))
    async with db.write() as tx:
        assert await hold(tx, APP, left)
    await run_sweeps(harness.recorder, _listening(harness), _AfterOneRound())
    async with db.read() as tx:
        ada = await peers.find_peer(tx, APP, "ada")
    assert ada is not None and ada.left_at == at(3)


async def test_a_process_without_jobs_checks_the_clock_and_sweeps_nothing(db: Database) -> None:
    harness = RecorderHarness(db)
    await harness.record(join("ada", 0), leave("ada", 5))
    harness.now = at(300)
    await run_sweeps(harness.recorder, _listening(harness), _AfterOneRound(), only_looks=True)
    assert (await harness.session()).phase is Phase.DRAINING
    harness.now = at(400)
    # Facts recorded meanwhile are measured by that check, and by none after it.
    await harness.record(join("bob", 399))
    assert (await harness.session()).phase is Phase.LIVE


class _OneFails(Recorder):
    """Fails to apply the rules of one session, as an unreadable row would."""

    async def apply_rules(self, app_id: str, session_id: str) -> Session | None:
        if session_id == "a":
            raise ValueError("unreadable")
        return await super().apply_rules(app_id, session_id)


async def test_a_session_whose_rules_fail_does_not_stop_the_others(db: Database) -> None:
    harness = RecorderHarness(db)
    for session_id in ("a", "b"):
        await harness.record(
            join(f"ada-{session_id}", 0, session_id=session_id, meeting_id=session_id),
            leave(f"ada-{session_id}", 5, session_id=session_id, meeting_id=session_id),
        )
    recorder = _OneFails(
        db, clock=lambda: harness.now, new_id=lambda: "x", policy=Policy(), most_talk=0
    )
    for second in (6, 90):
        harness.now = at(second)
        await sweep(recorder)
    assert (await harness.session("b")).phase is Phase.ENDED
    assert (await harness.session("a")).phase is not Phase.ENDED
