"""Time to make the page of a live session: its first look, and later ones.

    python bench/live_page.py [--people 50] [--minutes 60] [--streams 4] [--profile]

Everybody has reported for the given time. Later looks come each after one new report of everybody;
the next ones after reports that were folded ahead, as they are while a page is open, and the last
ones without any. Times are processor time of the page's answer as JSON, the first look once and the
least of the others.
"""

import argparse
import asyncio
import cProfile
import gc
import pstats
import tempfile
import time
from pathlib import Path
from random import Random

import msgspec
from fold import INTERVAL_MS, START_AT, sample_json
from session_end import fill

from aftercall.composition import new_id
from aftercall.core.instants import EpochMs
from aftercall.core.lifecycle.presence import by_participant
from aftercall.core.lifecycle.state_machine import Policy
from aftercall.service.services import build_services
from aftercall.settings import Settings
from aftercall.store import participants, peers, samples
from aftercall.store.engine.database import Database, migrate
from aftercall.store.samples import SampleRow
from aftercall.wire.dashboard.session_page import encode_session_page

LATER_LOOKS = 5
APART_MS = 4_000
"""Between looks without a new report: longer than a digest is fresh."""


class LivePage:
    """Looks at one session's page, and adds reports between looks."""

    def __init__(self, db: Database, options: argparse.Namespace, now: EpochMs) -> None:
        self._db = db
        self._people: int = options.people
        self._streams: int = options.streams
        self._step: int = options.minutes * 60_000 // INTERVAL_MS
        self._now = now
        self._services = build_services(
            db, settings=Settings(), clock=lambda: self._now, new_id=new_id, policy=Policy()
        )

    async def look(self) -> tuple[float, int]:
        """Milliseconds of processor time, and bytes."""
        gc.collect()
        began = time.process_time()
        facts = await self._services.session_pages.find_session("app", "session")
        body = msgspec.json.encode(encode_session_page(facts, []))
        return (time.process_time() - began) * 1000, len(body)

    async def report(self) -> None:
        """One more report of everybody."""
        self._step += 1
        at = EpochMs(START_AT + self._step * INTERVAL_MS)
        self._now = EpochMs(at + INTERVAL_MS)
        async with self._db.write() as tx:
            await samples.append(
                tx,
                [
                    SampleRow(
                        "app", f"session-peer-{me}", "session", self._step, at, self._now,
                        sample_json(self._step, self._streams, Random(me), me=me,
                                    people=self._people),
                    )
                    for me in range(self._people)
                ],
            )  # fmt: skip

    async def fold_ahead(self) -> float:
        """Fold what came as an open page has it folded; milliseconds of processor time."""
        async with self._db.read() as tx:
            rows = await participants.participants_of_session(tx, "app", "session")
            every = await peers.peers_of_session(tx, "app", "session")
        gc.collect()
        began = time.process_time()
        await self._services.reports.fold_ahead(rows, by_participant(every), _without_rest)
        return (time.process_time() - began) * 1000

    def wait(self) -> None:
        """Let the kept digest grow stale."""
        self._now = EpochMs(self._now + APART_MS)


async def _without_rest(_took_s: float) -> None:
    pass


async def run(options: argparse.Namespace, folder: Path) -> None:
    url = f"sqlite:///{folder / 'live.db'}"
    await migrate(url)
    db = await Database.open(url)
    try:
        end_at = await fill(db, options.people, options.minutes, options.streams, is_live=True)
        page = LivePage(db, options, end_at)
        profiles = [cProfile.Profile(builtins=True) for _ in range(2)]
        first_ms, size = await _looked(page, profiles[0], options)
        later, ahead, after, idle = [], [], [], []
        for _ in range(LATER_LOOKS):
            await page.report()
            later.append((await _looked(page, profiles[1], options))[0])
        for _ in range(LATER_LOOKS):
            await page.report()
            ahead.append(await page.fold_ahead())
            after.append((await page.look())[0])
        for _ in range(LATER_LOOKS):
            page.wait()
            idle.append((await page.look())[0])
        print(
            f"| {options.people} people, {options.minutes} min, {options.streams} streams "
            f"| {first_ms:,.0f} ms | {min(later):,.0f} ms | {min(ahead):,.0f} ms "
            f"| {min(after):,.0f} ms | {min(idle):,.0f} ms | {size:,} |"
        )
        if options.profile:
            for profile in profiles:
                pstats.Stats(profile).sort_stats("tottime").print_stats(45)
    finally:
        await db.close()


async def _looked(
    page: LivePage, profile: cProfile.Profile, options: argparse.Namespace
) -> tuple[float, int]:
    if not options.profile:
        return await page.look()
    with profile:
        return await page.look()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--streams", type=int, action="append")
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    print(
        "| live page | first look | later look | folded ahead | look after that "
        "| nobody reported | bytes |\n|---|---|---|---|---|---|---|"
    )
    for streams in options.streams or [4, 20]:
        options.streams = streams
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(run(options, Path(folder)))


if __name__ == "__main__":
    main()
