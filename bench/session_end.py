"""How long the reports of a session take when it ends.

    python bench/session_end.py [--peers 100] [--minutes 10] [--streams 20] [--profile]

The session is put into a SQLite database in a temporary folder, as the intake would have: each peer
sends two streams and receives those of its neighbours. Then the job of its end runs: samples are
folded and merged, participants compared, reports and verdicts written. Printed are the seconds on
the clock and of the processor, the peak of memory and what the process held before.
"""

import argparse
import asyncio
import cProfile
import pstats
import random
import resource
import tempfile
import time
from functools import partial
from pathlib import Path

import msgspec
from fold import INTERVAL_MS, START_AT, facts_of, nothing_lost, sample_json

from aftercall.composition import new_id
from aftercall.core.instants import EpochMs
from aftercall.core.lifecycle.state_machine import Policy
from aftercall.core.records import Participant, Phase, Session
from aftercall.service.services import build_services
from aftercall.settings import Settings
from aftercall.store import participants, peers, samples
from aftercall.store import reports as stored_reports
from aftercall.store.engine.database import Database, migrate
from aftercall.store.samples import SampleRow
from aftercall.store.sessions import rows as session_rows


async def fill(
    db: Database,
    people: int,
    minutes: int,
    streams: int,
    *,
    app_id: str = "app",
    session_id: str = "session",
    is_troubled: bool = False,
    is_live: bool = False,
) -> EpochMs:
    """Keeps the session and returns its end; nobody has left a live one. The peers are called after
    it, with a number. In a troubled one an eighth of the people lose much of what they send in the
    second half, and another eighth of what they receive."""
    steps = minutes * 60_000 // INTERVAL_MS
    end_at = EpochMs(START_AT + (steps + 1) * INTERVAL_MS)
    session = Session(
        app_id=app_id,
        id=session_id,
        meeting_id="meeting",
        title="All hands",
        phase=Phase.LIVE if is_live else Phase.ENDED,
        created_at=EpochMs(START_AT),
        started_at=EpochMs(START_AT),
        ended_at=None if is_live else end_at,
        updated_at=end_at,
        touched_at=end_at,
    )
    async with db.write() as tx:
        await session_rows.insert_session(tx, session)
    for me in range(people):
        dice = random.Random(me)
        bodies = [
            sample_json(
                step,
                streams,
                dice,
                me=me,
                people=people,
                lost=partial(_lost, me, max(0, step - steps // 2)) if is_troubled else nothing_lost,
            )
            for step in range(1, steps + 1)
        ]
        facts = facts_of(bodies, f"{session_id}-peer-{me}", app_id=app_id, session_id=session_id)
        row = Participant(
            app_id=app_id,
            session_id=session_id,
            id=facts.peer.id,
            user_id=facts.peer.id,
            joined_at=EpochMs(START_AT),
            left_at=None if is_live else end_at,
            created_at=EpochMs(START_AT),
            updated_at=end_at,
        )
        async with db.write() as tx:
            left_at = None if is_live else end_at
            await peers.save_peers(tx, [msgspec.structs.replace(facts.peer, left_at=left_at)])
            await participants.save_participants(tx, [row])
            await samples.append(
                tx,
                [
                    SampleRow(
                        app_id, s.peer_id, session_id, s.sequence, s.at, s.received_at, s.body
                    )
                    for s in facts.samples
                ],
            )
    return end_at


def _lost(me: int, steps: int, whose: int) -> int:
    """A fifth of the packets, after so many steps of trouble on either side."""
    return 90 * steps if me % 8 == 1 or whose % 8 == 2 else 0


def megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def processor_s() -> float:
    """Of this process and those it started."""
    spent = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in spent)


async def run(options: argparse.Namespace, folder: str) -> None:
    url = f"sqlite:///{Path(folder) / 'bench.db'}"
    await migrate(url)
    db = await Database.open(url)
    try:
        end_at = await fill(db, options.peers, options.minutes, options.streams)
        held = megabytes()

        services = build_services(
            db, settings=Settings(), clock=lambda: end_at, new_id=new_id, policy=Policy()
        )
        start, began = time.perf_counter(), processor_s()
        await services.finaliser.finalise("app", "session")
        took_s = time.perf_counter() - start
        spent_s, most = processor_s() - began, megabytes()
        async with db.read() as tx:
            done = len(await stored_reports.reports_of_session(tx, "app", "session"))
        print(f"{done} reports in {took_s:.2f} s")
        print(f"{spent_s:.2f} s of the processor, {most:.0f} MB at most")
        print(f"{held:.0f} MB before")
    finally:
        await db.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=int, default=100)
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--streams", type=int, default=20)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, cProfile.Profile() as profile:
        if not options.profile:
            profile.disable()
        asyncio.run(run(options, folder))
    if options.profile:
        pstats.Stats(profile).sort_stats("cumtime").print_stats(40)


if __name__ == "__main__":
    main()
