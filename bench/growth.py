"""Growth of reads and of the end of a session with the number of people.

    python bench/growth.py [--people 2 10 50 200] [--shape all] [--shape tiles] [--minutes 1]

In `all`, of at most a hundred people, everybody receives everybody, in `tiles` the next nine. A
quarter of the people have a bad connection in the second half. The bench prints milliseconds of
processor time, the least of a few rounds, and bytes; each with the exponent from the previous
number of people to this one. The base of the exponent is the number of streams: of the session for
its end and its pages, of the participant for the participant's page. 1 is linear. A
steeper growth from 50 people on is marked and makes the exit code 1.
"""

import argparse
import asyncio
import gc
import math
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import msgspec
from crowd import resident_mb
from fold import INTERVAL_MS, START_AT, sample_json
from session_end import fill

from aftercall.composition import new_id
from aftercall.core.instants import Clock, EpochMs
from aftercall.core.lifecycle.state_machine import Policy
from aftercall.core.list_queries import ParticipantQuery, SessionQuery
from aftercall.service.dashboard.participant_page import Wanted
from aftercall.service.reports import session_reports
from aftercall.service.services import Services, build_services
from aftercall.settings import Settings
from aftercall.store import samples
from aftercall.store.engine.database import Database, migrate
from aftercall.store.samples import SampleRow
from aftercall.wire.dashboard.participant_page import encode_participant_page
from aftercall.wire.dashboard.session_list import encode_session_list
from aftercall.wire.dashboard.session_page import encode_session_page
from aftercall.wire.participants import encode_peer_report_details

TILES = 9
MOST_ALL = 100
"""More people than that do not receive everybody: their streams would be a million."""

ROUNDS = 3
FROM_PEOPLE = 50
STEEPEST = 1.2
"""The largest exponent that counts as linear: the machine's noise is some tenths."""
LEAST_MS = 20
"""Below this the noise is larger than the measured time."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """A session: how many streams a peer has, sent and received."""

    people: int
    streams: int

    @property
    def every_stream(self) -> int:
        return self.people * self.streams


@dataclass(kw_only=True)
class Row:
    """One query at every size: milliseconds, bytes, and the number of streams in the answer."""

    name: str
    ms: list[float] = field(default_factory=list)
    size: list[int] = field(default_factory=list)
    streams: list[int] = field(default_factory=list)

    def exponents(self, values: Sequence[float]) -> list[float | None]:
        found: list[float | None] = [None]
        for place in range(1, len(values)):
            ratio = self.streams[place] / self.streams[place - 1]
            is_known = values[place - 1] > 0 and ratio > 1
            found.append(math.log(values[place] / values[place - 1], ratio) if is_known else None)
        return found


class Bench:
    """Run every query on one session after another."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}

    def note(self, name: str, ms: float, size: int, streams: int) -> None:
        row = self.rows.setdefault(name, Row(name=name))
        row.ms.append(ms)
        row.size.append(size)
        row.streams.append(streams)

    def note_memory(self, name: str, mb: float, streams: int) -> None:
        self.note(name, 0.0, round(mb * 1_000_000), streams)

    async def ask(
        self,
        name: str,
        streams: int,
        question: Callable[[], Awaitable[bytes]],
        rounds: int = ROUNDS,
    ) -> None:
        spent = []
        answer = b""
        for _ in range(rounds):
            gc.collect()
            began = time.process_time()
            answer = await question()
            spent.append((time.process_time() - began) * 1000)
        self.note(name, min(spent), len(answer), streams)


async def run(bench: Bench, size: Size, minutes: int, folder: Path) -> None:
    url = f"sqlite:///{folder / f'growth-{size.people}.db'}"
    await migrate(url)
    db = await Database.open(url)
    try:
        end_at = await fill(db, size.people, minutes, size.streams, is_troubled=True)
        await _measure(bench, size, minutes, db, end_at)
    finally:
        await db.close()


def _services(db: Database, clock: Clock) -> Services:
    return build_services(db, settings=Settings(), clock=clock, new_id=new_id, policy=Policy())


async def _measure(bench: Bench, size: Size, minutes: int, db: Database, end_at: EpochMs) -> None:
    fresh = _services(db, lambda: end_at)
    await _live(bench, size, minutes, db, end_at)
    await _end(bench, size, fresh)
    me = "session-peer-0"
    whole, mine = size.every_stream, size.streams

    async def report() -> bytes:
        found = await fresh.session_reads.find_peer("app", me)
        made = await fresh.reports.report_of(
            found.participant, found.peers, found.report, found.kept
        )
        pieces = encode_peer_report_details(
            found.participant, None, made.verdict, made.receptions, made.rows, filters=frozenset()
        )
        return b"".join(each if isinstance(each, bytes) else each.deflated for each in pieces)

    async def page() -> bytes:
        return _json(
            encode_session_page(await fresh.session_pages.find_session("app", "session"), [])
        )

    async def series() -> bytes:
        wanted = Wanted(points=300, from_at=None, to_at=None)
        return _json(
            encode_participant_page(
                await fresh.participant_pages.charts("app", "session", me, wanted)
            )
        )

    async def people() -> bytes:
        query = ParticipantQuery(app_id="app", session_id="session", limit=size.people)
        return _json(await fresh.session_reads.list_participants(query))

    async def table() -> bytes:
        return _json(
            encode_session_list(
                await fresh.session_lists.list_sessions(SessionQuery(app_id="app", limit=50))
            )
        )

    await bench.ask("session page", whole, page)
    await bench.ask("participant page", mine, series)
    await bench.ask("peer report", mine, report)
    await bench.ask("list of participants", size.people, people)
    await bench.ask("list of sessions", mine, table)


async def _live(bench: Bench, size: Size, minutes: int, db: Database, end_at: EpochMs) -> None:
    """The first look at the session while it lasts, and later looks, each after a new sample of
    everybody; and the memory that the process holds afterwards beyond what it held before."""
    now = end_at
    services = _services(db, lambda: now)
    session = await services.session_reads.find_session("app", "session")
    gc.collect()
    held_mb = resident_mb(os.getpid())

    async def look() -> bytes:
        return _json((await services.digests.live_session_digest(session)).scale)

    await bench.ask("live, first look", size.every_stream, look, rounds=1)
    step = minutes * 60_000 // INTERVAL_MS
    spent = []
    for _ in range(ROUNDS):
        step += 1
        at = EpochMs(START_AT + step * INTERVAL_MS)
        now = EpochMs(at + INTERVAL_MS)
        bodies = [
            sample_json(step, size.streams, Random(me), me=me, people=size.people)
            for me in range(size.people)
        ]
        async with db.write() as tx:
            await samples.append(
                tx,
                [
                    SampleRow("app", f"session-peer-{me}", "session", step, at, now, body)
                    for me, body in enumerate(bodies)
                ],
            )
        gc.collect()
        began = time.process_time()
        await look()
        spent.append((time.process_time() - began) * 1000)
    bench.note("live, later look", min(spent), 0, size.every_stream)
    gc.collect()
    bench.note_memory("live, memory", resident_mb(os.getpid()) - held_mb, size.every_stream)


async def _end(bench: Bench, size: Size, fresh: Services) -> None:
    spent = {"compare": 0.0}
    compare = session_reports._compare

    def timed(*given: Any) -> Any:
        began = time.process_time()
        made = compare(*given)
        spent["compare"] += time.process_time() - began
        return made

    session_reports._compare = timed
    began = time.process_time()
    await fresh.finaliser.finalise("app", "session")
    session_reports._compare = compare
    ended = time.process_time()
    await fresh.finaliser.finalise("app", "session")
    again = time.process_time()
    streams = size.every_stream
    bench.note("end", (ended - began) * 1000, 0, streams)
    bench.note("end: compare", spent["compare"] * 1000, 0, streams)
    bench.note("end: nothing new", (again - ended) * 1000, 0, streams)


def _json(answer: Any) -> bytes:
    return msgspec.json.encode(answer)


def table(shape: str, sizes: Sequence[Size], rows: Sequence[Row]) -> tuple[str, bool]:
    """The table, and whether anything is too steep."""
    people = [str(size.people) for size in sizes]
    lines = [f"| {shape}, people | {' | '.join(people)} |", "|---" * (len(sizes) + 1) + "|"]
    is_steep = False
    for row in rows:
        cells = []
        of_ms, of_size = row.exponents(row.ms), row.exponents(list(map(float, row.size)))
        for place, size in enumerate(sizes):
            ms, kb = row.ms[place], row.size[place] / 1000
            parts = []
            if ms:
                parts.append(f"{ms:,.1f} ms{_power(of_ms[place])}")
            if row.size[place]:
                parts.append(f"{kb:,.0f} kB{_power(of_size[place])}")
            cell = ", ".join(parts)
            steep = [
                exponent
                for exponent, is_told in (
                    (of_ms[place], ms >= LEAST_MS),
                    (of_size[place], bool(row.size[place])),
                )
                if exponent is not None and is_told and exponent > STEEPEST
            ]
            if steep and size.people > FROM_PEOPLE:
                cell += " **steep**"
                is_steep = True
            cells.append(cell)
        lines.append(f"| {row.name} | {' | '.join(cells)} |")
    return "\n".join(lines), is_steep


def _power(exponent: float | None) -> str:
    return "" if exponent is None else f" ({exponent:.1f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, nargs="+", default=[2, 10, 50, 200])
    parser.add_argument("--shape", choices=["all", "tiles"], action="append")
    parser.add_argument("--minutes", type=int, default=1)
    given = parser.parse_args()
    is_steep = False
    for shape in given.shape or ["all", "tiles"]:
        sizes = [
            Size(people=n, streams=2 * (n if shape == "all" else min(n, 1 + TILES)))
            for n in given.people
            if shape == "tiles" or n <= MOST_ALL
        ]
        bench = Bench()
        for size in sizes:
            with tempfile.TemporaryDirectory() as folder:
                asyncio.run(run(bench, size, given.minutes, Path(folder)))
        text, steep = table(shape, sizes, list(bench.rows.values()))
        print(text, end="\n\n", flush=True)
        is_steep |= steep
    sys.exit(1 if is_steep else 0)


if __name__ == "__main__":
    main()
