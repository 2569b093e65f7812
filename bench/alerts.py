"""What the evaluation of alert rules costs beside live calls.

    python bench/alerts.py [--peers 10000] [--people 5] [--streams 4] [--troubled 0]

Fills an SQLite file with live sessions of so many people each, who have reported for a minute, four
samples to a row, and evaluates a rule about causes and one about the verdict. `--troubled` sessions
in a hundred lose packets. Prints processor time: of comparing everybody's reports once, the least
of three, and of the evaluations of eight minutes, with how many sessions each folded; and which
alerts were raised: of clean sessions none is.
"""

import argparse
import asyncio
import tempfile
import time
from functools import partial
from pathlib import Path
from random import Random

from fold import INTERVAL_MS, START_AT, nothing_lost, sample_json
from session_end import _lost
from sqlalchemy import select

from aftercall.composition import new_id
from aftercall.core.alerts.rules import IssueCondition, LiveQualityCondition, RuleSpec
from aftercall.core.instants import EpochMs
from aftercall.core.lifecycle.state_machine import Policy
from aftercall.core.records import Participant, Peer, Phase, Session
from aftercall.service.alerts.alert_rules import Owner
from aftercall.service.alerts.live_looks import _Budget
from aftercall.service.services import build_services
from aftercall.settings import Settings
from aftercall.store import participants, peers, samples
from aftercall.store.engine.database import Database, migrate
from aftercall.store.samples import SampleRow
from aftercall.store.sessions import rows as session_rows
from aftercall.store.tables import schema

SAMPLES = 8
TOGETHER = 4
ROUNDS = 3
MINUTES = 8
"""Evaluations, a minute apart; what was saved before the first is spent in the first."""


async def fill(db: Database, given: argparse.Namespace) -> EpochMs:
    """Store the sessions; returns the present."""
    now = EpochMs(START_AT + (SAMPLES + 1) * INTERVAL_MS)
    bodies: dict[tuple[int, bool], list[bytes]] = {}
    for me in range(given.people):
        for is_troubled in (False, True):
            dice = Random(me)
            bodies[me, is_troubled] = [
                sample_json(
                    step,
                    given.streams,
                    dice,
                    me=me,
                    people=given.people,
                    lost=partial(_lost, 0, step) if is_troubled else nothing_lost,
                )
                for step in range(1, SAMPLES + 1)
            ]
    for number in range(given.peers // given.people):
        is_troubled = _is_troubled(number, given)
        await _fill_session(
            db, number, now, {me: bodies[me, is_troubled] for me in range(given.people)}
        )
    return now


def _is_troubled(number: int, given: argparse.Namespace) -> bool:
    return number % 100 < int(given.troubled)


def _number(session: Session) -> int:
    return int(session.id.removeprefix("session-"))


async def _fill_session(
    db: Database, number: int, now: EpochMs, bodies: dict[int, list[bytes]]
) -> None:
    id, start = f"session-{number}", EpochMs(START_AT)
    session = Session(
        app_id="app", id=id, meeting_id=f"meeting-{number}", title="Bench", phase=Phase.LIVE,
        created_at=start, started_at=start, updated_at=now, touched_at=now,
        live_participants=len(bodies), total_participants=len(bodies),
    )  # fmt: skip
    async with db.write() as tx:
        await session_rows.insert_session(tx, session)
        for me, stored in bodies.items():
            peer_id = f"{id}-peer-{me}"
            peer = Peer(
                app_id="app", session_id=id, meeting_id=session.meeting_id, id=peer_id,
                participant_id=peer_id, source="collector", interval_ms=INTERVAL_MS,
                joined_at=start, first_heard_at=start, last_heard_at=now, last_received_at=now,
                created_at=start, updated_at=now,
            )  # fmt: skip
            row = Participant(
                app_id="app", session_id=id, id=peer_id, user_id=peer_id, display_name=f"P {me}",
                joined_at=start, created_at=start, updated_at=now,
            )  # fmt: skip
            await peers.save_peers(tx, [peer])
            await participants.save_participants(tx, [row])
            for first in range(0, SAMPLES, TOGETHER):
                received_at = EpochMs(START_AT + (first + TOGETHER) * INTERVAL_MS)
                await samples.append(
                    tx,
                    [
                        SampleRow(
                            "app", peer_id, id, step + 1,
                            EpochMs(START_AT + (step + 1) * INTERVAL_MS), received_at, stored[step],
                        )
                        for step in range(first, first + TOGETHER)
                    ],
                )  # fmt: skip


async def measure(folder: Path, given: argparse.Namespace) -> None:
    """Fill a file, evaluate, print."""
    url = f"sqlite+aiosqlite:///{folder / 'bench.db'}"
    await migrate(url)
    db = await Database.open(url)
    present = await fill(db, given)
    clock = [present]
    services = build_services(
        db,
        settings=Settings(data_dir=folder),
        clock=lambda: clock[0],
        new_id=new_id,
        policy=Policy(),
        seconds=lambda: time.monotonic() + (clock[0] - present) / 1_000,
    )
    for condition in (IssueCondition(), LiveQualityCondition(minutes=1)):
        await services.alert_rules.create_rule(
            Owner("account", "app"), RuleSpec(name="Bench", condition=condition)
        )
    looks = services.alert_evaluation._looks
    sessions = await looks.live_sessions(["app"])
    screened, evaluated = [], []
    bounded = looks._screening
    for _ in range(ROUNDS):
        looks._screening = _Budget(1)
        began = time.process_time()
        suspicious = await looks.screen(sessions)
        screened.append(time.process_time() - began)
    looks._screening = bounded
    for _ in range(MINUTES):
        began = time.process_time()
        done = await services.alert_evaluation.run()
        evaluated.append((time.process_time() - began, done.looked_at))
        clock[0] = EpochMs(clock[0] + 60_000)
    async with db.read() as tx:
        raised = set((await tx.execute(select(schema.alerts.c.subject))).scalars())
    troubled = {each.id for each in sessions if _is_troubled(_number(each), given)}
    least = min(screened)
    head = ("people", "all compared, ms", "µs a person", "suspicious", "each minute, ms (folded)")
    print(f"| {' | '.join(head)} | sessions with an alert: troubled, clean |")
    print("|---" * (len(head) + 1) + "|")
    cells = ", ".join(f"{1_000 * spent:.0f} ({folded})" for spent, folded in evaluated)
    print(
        f"| {given.peers:,} | {1_000 * least:.0f} | {1e6 * least / given.peers:.0f} "
        f"| {len(suspicious)} of {len(sessions)} | {cells} "
        f"| {len(raised & troubled)} of {len(troubled)}, "
        f"{len(raised - troubled)} of {len(sessions) - len(troubled)} |"
    )
    await services.sender.close()
    await db.close()


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--peers", type=int, default=10_000)
    arguments.add_argument("--people", type=int, default=5)
    arguments.add_argument("--streams", type=int, default=4)
    arguments.add_argument("--troubled", type=int, default=0)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder), given))


if __name__ == "__main__":
    main()
