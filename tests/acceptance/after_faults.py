"""What must hold after any fault: nothing acknowledged lost, nothing doubled, no live call ended
that went on, every ended call ended at its moment, the database consistent, little memory taken."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.acceptance import patient
from tests.acceptance.ground import MOST_MB, Fault, Ground
from tests.acceptance.server import command
from tests.acceptance.steadfast import Caller, Ender, Ledger, make_members
from tests.acceptance.stored import judge_samples

CALLERS = 5


@dataclass(kw_only=True)
class Run:
    """Clients at work on a server that is not left in peace."""

    ground: Ground
    ledger: Ledger
    callers: Sequence[Caller]
    ender: Ender
    recovered_s: dict[str, list[float]] = field(default_factory=dict)
    """How long after the end of each fault something was acknowledged again."""
    turned_back: dict[str, int] = field(default_factory=dict)
    """How often clients were refused for now, or lost their connection, in each fault."""

    async def suffer(self, name: str, fault: Fault, lasting_s: float) -> None:
        """Let the fault happen, and wait until the server takes something again."""
        before = self.ledger.refused_for_now + self.ledger.lost_connections
        await fault(self.ground, lasting_s)
        ended_at = time.monotonic()
        while self.ledger.last_acknowledged_at < ended_at:
            if time.monotonic() > ended_at + patient.PATIENCE_S:
                raise AssertionError(f"nothing is taken any more after: {name}")
            await asyncio.sleep(0.05)
        took = self.ledger.last_acknowledged_at - ended_at
        turned_back = self.ledger.refused_for_now + self.ledger.lost_connections - before
        self.turned_back[name] = self.turned_back.get(name, 0) + turned_back
        self.recovered_s.setdefault(name, []).append(took)
        self.ground.note_memory()
        await self.nobody_was_ended(name)

    async def nobody_was_ended(self, name: str) -> None:
        """The call that goes on goes on, with everybody in it."""
        listed = await asyncio.to_thread(self._live_sessions)
        there = [(each["live_participants"], each["total_participants"]) for each in listed]
        assert (CALLERS, CALLERS) in there, (name, there)

    def _live_sessions(self) -> list[dict[str, Any]]:
        server = self.ground.server
        give_up_at = time.monotonic() + patient.PATIENCE_S
        while time.monotonic() < give_up_at:
            answer = patient.get(server.kit("sessions?status=LIVE"), headers=server.headers)
            if answer.status_code == 200:
                found: list[dict[str, Any]] = answer.json()["data"]["sessions"]
                return found
            assert answer.status_code == 503, answer.text
            time.sleep(0.1)
        raise AssertionError("the list of sessions is not answered")


@asynccontextmanager
async def under_load(ground: Ground, *, pause_s: float = 0.2) -> AsyncIterator[Run]:
    """Clients that send for as long as the block lasts, and what they sent is judged after it."""
    ledger = Ledger()
    _, members = await asyncio.to_thread(make_members, ground.server, CALLERS)
    callers = [Caller(member=member, ledger=ledger) for member in members]
    run = Run(ground=ground, ledger=ledger, callers=callers, ender=Ender(ledger=ledger))
    stop, server = asyncio.Event(), ground.server
    async with asyncio.TaskGroup() as group:
        for caller in callers:
            group.create_task(caller.go_on(server, stop, pause_s))
        group.create_task(run.ender.go_on(server, stop, pause_s))
        for caller in callers:
            await caller.has_begun.wait()
        yield run
        stop.set()
    await judge(run)


async def judge(run: Run) -> None:
    """Raises `AssertionError` for what was lost, doubled, or ended wrongly."""
    server = run.ground.server
    await run.nobody_was_ended("all")
    await judge_samples(run.ground.database_url, server.app_id, run.callers)
    for caller in run.callers:
        # what was on disk but not acknowledged when the server died came again as a duplicate
        assert caller.accepted + caller.duplicates == caller.sequence
    if run.ender.is_judged:
        await asyncio.to_thread(_judge_ended, run)
    checked = await asyncio.to_thread(_check_data, run)
    assert checked == "The database keeps its promises.\n", checked
    run.ground.note_memory()
    assert run.ground.peak_mb < MOST_MB, run.ground.peak_mb


def _judge_ended(run: Run) -> None:
    server = run.ground.server
    with patient.Client(headers=server.headers) as client:
        for meeting_id, ended_at in run.ender.ended.items():
            answer = client.get(server.kit(f"sessions?associated_id={meeting_id}"))
            (session,) = answer.raise_for_status().json()["data"]["sessions"]
            assert session["status"] == "ENDED", session
            assert _ms(session["ended_at"]) == ended_at, (session, ended_at)
            assert session["total_participants"] == 1, session


def _ms(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1000)


def _check_data(run: Run) -> str:
    """What `aftercall check --data` says, once the jobs that wait have been done."""
    give_up_at = time.monotonic() + patient.PATIENCE_S
    while True:
        done = command(
            "check", "--data", "--data-dir", str(run.ground.server.data_dir), env=run.ground.env
        )
        if done.returncode == 0 or time.monotonic() > give_up_at:
            return done.stdout + done.stderr
        time.sleep(1)
