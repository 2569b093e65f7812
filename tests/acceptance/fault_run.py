"""Load during faults, and the invariants after each fault: every acknowledged entry is stored
once, live calls are live, ended calls ended when reported, the database is consistent, and the
server uses little memory."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.acceptance import http_client
from tests.acceptance.database_reads import assert_samples_stored
from tests.acceptance.fault_target import MOST_MB, Fault, FaultTarget
from tests.acceptance.retrying_client import CollectorClient, Ledger, ShortCallBackend, make_members
from tests.acceptance.server import command

CALLERS = 5


@dataclass(kw_only=True)
class FaultRun:
    """Clients that send to a server while faults happen to it."""

    target: FaultTarget
    ledger: Ledger
    callers: Sequence[CollectorClient]
    backend: ShortCallBackend
    recovered_s: dict[str, list[float]] = field(default_factory=dict)
    """Seconds from the end of each fault to the next acknowledgement."""
    refused: dict[str, int] = field(default_factory=dict)
    """Requests that were refused with a retriable status or lost their connection, by fault."""

    async def cause(self, name: str, fault: Fault, lasting_s: float) -> None:
        """Causes the fault, and waits until the server acknowledges something again."""
        before = self.ledger.refused_for_now + self.ledger.lost_connections
        await fault(self.target, lasting_s)
        ended_at = time.monotonic()
        while self.ledger.last_acknowledged_at < ended_at:
            if time.monotonic() > ended_at + http_client.TIMEOUT_S:
                raise AssertionError(f"nothing is acknowledged after: {name}")
            await asyncio.sleep(0.05)
        took = self.ledger.last_acknowledged_at - ended_at
        refused = self.ledger.refused_for_now + self.ledger.lost_connections - before
        self.refused[name] = self.refused.get(name, 0) + refused
        self.recovered_s.setdefault(name, []).append(took)
        self.target.note_memory()
        await self.assert_call_is_live(name)

    async def assert_call_is_live(self, name: str) -> None:
        """The call is live, with all its participants."""
        listed = await asyncio.to_thread(self._live_sessions)
        there = [(each["live_participants"], each["total_participants"]) for each in listed]
        assert (CALLERS, CALLERS) in there, (name, there)

    def _live_sessions(self) -> list[dict[str, Any]]:
        server = self.target.server
        give_up_at = time.monotonic() + http_client.TIMEOUT_S
        while time.monotonic() < give_up_at:
            answer = http_client.get(server.kit("sessions?status=LIVE"), headers=server.headers)
            if answer.status_code == 200:
                found: list[dict[str, Any]] = answer.json()["data"]["sessions"]
                return found
            assert answer.status_code == 503, answer.text
            time.sleep(0.1)
        raise AssertionError("the list of sessions was not answered")


@asynccontextmanager
async def under_load(target: FaultTarget, *, pause_s: float = 0.2) -> AsyncIterator[FaultRun]:
    """Clients send while the block runs; the invariants are checked after it."""
    ledger = Ledger()
    _, members = await asyncio.to_thread(make_members, target.server, CALLERS)
    callers = [CollectorClient(member=member, ledger=ledger) for member in members]
    run = FaultRun(
        target=target, ledger=ledger, callers=callers, backend=ShortCallBackend(ledger=ledger)
    )
    stop, server = asyncio.Event(), target.server
    async with asyncio.TaskGroup() as group:
        for caller in callers:
            group.create_task(caller.run(server, stop, pause_s))
        group.create_task(run.backend.run(server, stop, pause_s))
        for caller in callers:
            await caller.has_begun.wait()
        yield run
        stop.set()
    await check_invariants(run)


async def check_invariants(run: FaultRun) -> None:
    """Raises `AssertionError` for an entry that is lost or stored twice, or a wrong end."""
    server = run.target.server
    await run.assert_call_is_live("all")
    await assert_samples_stored(run.target.database_url, server.app_id, run.callers)
    for caller in run.callers:
        # what was on disk but not acknowledged when the server died came again as a duplicate
        assert caller.accepted + caller.duplicates == caller.sequence
    if run.backend.is_checked:
        await asyncio.to_thread(_check_ended, run)
    checked = await asyncio.to_thread(_check_data, run)
    assert checked == "The database keeps its promises.\n", checked
    run.target.note_memory()
    assert run.target.peak_mb < MOST_MB, run.target.peak_mb


def _check_ended(run: FaultRun) -> None:
    server = run.target.server
    with http_client.Client(headers=server.headers) as client:
        for meeting_id, ended_at in run.backend.ended.items():
            answer = client.get(server.kit(f"sessions?associated_id={meeting_id}"))
            (session,) = answer.raise_for_status().json()["data"]["sessions"]
            assert session["status"] == "ENDED", session
            assert _ms(session["ended_at"]) == ended_at, (session, ended_at)
            assert session["total_participants"] == 1, session


def _ms(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1000)


def _check_data(run: FaultRun) -> str:
    """The output of `aftercall check --data`, once the waiting jobs are done."""
    give_up_at = time.monotonic() + http_client.TIMEOUT_S
    while True:
        done = command(
            "check", "--data", "--data-dir", str(run.target.server.data_dir), env=run.target.env
        )
        if done.returncode == 0 or time.monotonic() > give_up_at:
            return done.stdout + done.stderr
        time.sleep(1)
