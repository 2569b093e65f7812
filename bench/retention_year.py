"""Retention in a database of a year of sessions with all their data, and the intake beside it.

    PYTHONPATH=. python bench/retention_year.py [--sessions 100000] [--days 30] [--seconds 40]
                                                [--engine sqlite]

The sessions are those of `bench/calls.py`; each gets the rows of one recorded call of three people.
First days go by, on each of which a 365th of them comes in and as many are past their time: the
size of the database and the time of a run, without pauses. Then `aftercall serve` takes in four
reports a request from 64 connections, a hundred requests a second: latencies alone, and beside the
deletion of sessions that a shorter time makes due. Prints a table in Markdown.
"""

import argparse
import asyncio
import json
import os
import sqlite3
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, Final

import asyncpg
import calls
import httpx
import lists
import uvloop
from intake import TOGETHER, request_maker, sample_json, tokens_of
from load import Outcome, run_load
from retention import Locks, database_of, quantile, size_mb
from servers import PROGRAM, process
from sqlalchemy import make_url, text

from aftercall.composition import new_id
from aftercall.core.instants import DAY_MS, EpochMs
from aftercall.core.lifecycle.state_machine import Policy
from aftercall.service.retention.deletion import Deletion
from aftercall.service.services import Services, build_services
from aftercall.settings import Settings
from aftercall.store.engine import partitions
from aftercall.store.engine.database import Database, migrate
from aftercall.store.retention.waiting import PARTITIONED
from aftercall.web.routes import create_web_app
from tests.manual_clock import ManualClock
from tests.service.retention.session_copies import SessionCopies
from tests.web.ended_and_live_calls import record_calls
from tests.web.intake_harness import open_intake
from tests.web.rest_server import RestServer

TOKEN: Final = "bench-token-bench-token-bench-token"
CONNECTIONS: Final = 64
REQUESTS_PER_S: Final = 100.0
KEPT_DAYS: Final = 365
TABLES: Final = (
    "participants",
    "peers",
    "pulses",
    "segments",
    "reports",
    "notes",
    "chat_messages",
    "transcript_lines",
    "summaries",
    "talk_sizes",
)
IDS: Final = ("peer_id", "participant_id", "previous_peer_id")
TIMES: Final = ("at", "start_at", "end_at")

Row = tuple[Any, ...]
Template = dict[str, list[tuple[list[Any], list[tuple[int, Callable[[Any, str, int], Any]]]]]]
"""Of each table, the rows, and for each the places to change and how."""


async def record_template(services: Services, clock: ManualClock) -> tuple[str, str]:
    """Record a call through the intake; returns the ids of its app and its session."""
    app: Any = create_web_app(services)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://aftercall.test") as http:
        server = RestServer(services=services, recorder=services.recorder, clock=clock, client=http)
        async with open_intake(server) as intake:
            await record_calls(intake)
            (over,) = [each for each in await intake.sessions() if each["status"] == "ENDED"]
            return intake.owner.app_id, over["id"]


async def read_rows(url: str, table: str, session_id: str) -> list[dict[str, Any]]:
    """The rows of a session as they are stored."""
    peers = "SELECT id FROM peers WHERE session_id = "
    where = {"pulses": f"peer_id IN ({peers}{{}})"}.get(table, "session_id = {}")
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(str(make_url(url).database))) as connection:
            connection.row_factory = sqlite3.Row
            found = connection.execute(
                f"SELECT * FROM {table} WHERE {where.format('?')}", [session_id]
            )
            return [dict(row) for row in found]
    connected = await asyncpg.connect(url)
    try:
        rows = await connected.fetch(
            f"SELECT * FROM {table} WHERE {where.format('$1')}", session_id
        )
        return [dict(row) for row in rows]
    finally:
        await connected.close()


async def read_template(url: str, session_id: str, began_at: int) -> Template:
    template: Template = {}
    for table in TABLES:
        template[table] = []
        for row in await read_rows(url, table, session_id):
            changes: list[tuple[int, Callable[[Any, str, int], Any]]] = []
            for place, (name, value) in enumerate(row.items()):
                if name == "app_id":
                    changes.append((place, lambda _value, _id, _at: lists.APP))
                elif name == "session_id":
                    changes.append((place, lambda _value, id, _at: id))
                elif value and (name in IDS or (name == "id" and table in TABLES[:2])):
                    changes.append((place, lambda value, id, _at: f"{value}-{id[-12:]}"))
                elif name == "recorded_day":
                    changes.append((place, lambda _value, _id, at: at // DAY_MS))
                elif value is not None and (name in TIMES or name.endswith("_at")):
                    changes.append((place, lambda value, _id, at: value - began_at + at))
            template[table].append((list(row.values()), changes))
    return template


def with_data(batches: Iterable[lists.Batch], template: Template) -> Iterator[lists.Batch]:
    """The ended sessions of the batches, each with the rows of the template."""
    id_at, created_at, phase_at = (lists.PLACES[each] for each in ("id", "created_at", "phase"))
    for batch in batches:
        sessions = [row for row in batch.get("sessions", ()) if row[phase_at] == "ended"]
        others = {
            table: rows
            for table, rows in batch.items()
            if table not in ("sessions", "participants")
        }
        yield {**others, "sessions": sessions}
        for start in range(0, len(sessions), 500):
            part: dict[str, list[Row]] = defaultdict(list)
            for session in sessions[start : start + 500]:
                for table, rows in template.items():
                    for values, changes in rows:
                        row = values.copy()
                        for place, change in changes:
                            row[place] = change(row[place], session[id_at], session[created_at])
                        part[table].append(tuple(row))
            yield part


async def make_partitions(db: Database, first: int, last: int) -> None:
    if not db.is_sqlite:
        for table in PARTITIONED:
            for day in range(first, last + 1):
                await partitions.attach(db, table, day)


async def days_go_by(
    db: Database, services: Services, clock: ManualClock, copies: SessionCopies, *, days: int,
    each_day: int,
) -> tuple[list[float], list[float], list[float]]:  # fmt: skip
    """The size in MB after each day, seconds of each run, and ms of each of its transactions."""
    sizes: list[float] = []
    runs: list[float] = []
    locks: Any = Locks(db)
    deletion = Deletion(
        db=locks, clock=clock, retention=services.retention_rule, pause=lambda _s: asyncio.sleep(0)
    )
    held_before = (clock.now // DAY_MS) * DAY_MS
    template_at = ManualClock().now
    number = 0
    for day in range(1, days + 1):
        clock.now = EpochMs(clock.now + DAY_MS)
        later_ms = (held_before - template_at) // DAY_MS * DAY_MS + day * DAY_MS
        for _ in range(each_day):
            number += 1
            await copies.save(db, number, later_ms)
        began = time.perf_counter()
        await deletion.run()
        runs.append(time.perf_counter() - began)
        sizes.append(await size_mb(db, str(db._url.render_as_string(hide_password=False))))
        print(f"day {day}: {sizes[-1]:,.0f} MB, deleted in {runs[-1]:.1f} s", flush=True)
    return sizes, runs, locks.held_ms


async def count_sessions(db: Database) -> int:
    async with db.read() as tx:
        found = await tx.execute(
            text("SELECT count(*) FROM sessions WHERE app_id = :app"), {"app": lists.APP}
        )
    return int(found.scalar_one())


@asynccontextmanager
async def client_of(port: int) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60
    ) as client:
        yield client


async def beside(
    url: str, port: int, makers: list[Any], seconds: float, kept_days: int
) -> tuple[Outcome, Outcome, float]:
    """Latencies alone and beside the deletion that a shorter time begins; sessions deleted a
    second meanwhile."""
    load = {"seconds": seconds, "per_second": REQUESTS_PER_S}
    await run_load(port, makers, **{**load, "seconds": 3})
    alone = await run_load(port, makers, **load)
    async with client_of(port) as client:
        path = f"/v1/apps/{lists.APP}/retention"
        times = {"sessions": f"{kept_days}d", "transcripts": 0, "summaries": 0}
        (await client.put(path, json=times)).raise_for_status()
    db = await Database.open(url)
    first = before = await count_sessions(db)
    while before == first:
        # Servers look every minute.
        before = await count_sessions(db)
        await asyncio.sleep(0.5)
    together = await run_load(port, makers, **load)
    rate = (before - await count_sessions(db)) / together.seconds
    await db.close()
    if alone.failures or together.failures:
        raise SystemExit(f"refused: {alone.failures} {together.failures}")
    return alone, together, rate


def load_server(url: str, folder: str, port: int, seconds: float, oldest_day: int) -> list[str]:
    """Rows of the table about the intake."""
    where = ["--database-url", url, "--data-dir", folder]
    made = subprocess.run(
        [str(PROGRAM), "app", "create", "Calls", "--json", "--account-id", "bench", *where],
        check=True,
        capture_output=True,
    )
    serve = [str(PROGRAM), "serve", "--port", str(port), *where]
    today = int(time.time() * 1000) // DAY_MS
    with process("aftercall", serve, port, "/readyz"):
        tokens = tokens_of(port, json.loads(made.stdout), CONNECTIONS)
        report = sample_json()
        makers = [request_maker(each, report, is_noop=False, reports=TOGETHER) for each in tokens]
        alone, together, rate = uvloop.run(
            beside(url, port, makers, seconds, today - oldest_day - 60)
        )
    rows = []
    for name, outcome in (("alone", alone), ("beside deletion", together)):
        figures = ", ".join(f"{outcome.latency_ms(share):.1f}" for share in (0.5, 0.99, 1))
        rows.append(f"| intake {name}, ms: p50, p99, longest | {figures} |")
    return [*rows, f"| sessions deleted a second meanwhile | {rate:.1f} |"]


async def fill(url: str, folder: str, sessions: int, days: int) -> tuple[list[str], int]:
    """Fill the database and let the days go by; returns rows of the table and the oldest day."""
    db = await Database.open(url)
    clock = ManualClock()
    settings = Settings(data_dir=Path(folder))
    services = build_services(db, settings=settings, clock=clock, new_id=new_id, policy=Policy())
    app_id, session_id = await record_template(services, clock)
    copies = await SessionCopies.of(db, app_id, session_id)
    template = await read_template(url, session_id, ManualClock().now)
    first = lists.LAST_DAY - lists.DAYS + 1
    await make_partitions(db, first, lists.LAST_DAY)
    await services.setup.create_first_app(
        "Year", account_id="bench", app_id=lists.APP, secret=TOKEN
    )
    await db.close()
    many = with_data(calls.batches(sessions), template)
    began = time.perf_counter()
    if url.startswith("sqlite"):
        await asyncio.to_thread(lists.fill_sqlite, url, many)
    else:
        await lists.fill_postgresql(url, many, again=True)
    print(f"filled in {time.perf_counter() - began:.0f} s", flush=True)
    db = await Database.open(url)
    services = build_services(db, settings=settings, clock=clock, new_id=new_id, policy=Policy())
    for app in (app_id, lists.APP):
        times = {"sessions": f"{KEPT_DAYS}d", "transcripts": 0, "summaries": 0}
        await services.retention_policies.choose(app, times)
    clock.now = EpochMs((first + KEPT_DAYS) * DAY_MS)
    sizes, runs, held_ms = await days_go_by(
        db, services, clock, copies, days=days, each_day=max(1, sessions // lists.DAYS)
    )
    await db.close()
    shares = (0.5, 0.99, 1.0)
    held = ", ".join(f"{quantile(held_ms, share):.1f}" for share in shares)
    marks = sorted({0, days // 3, 2 * days // 3, days - 1})
    shown = ", ".join(f"{sizes[each]:,.0f}" for each in marks)
    return [
        f"| MB after day {', '.join(str(each + 1) for each in marks)} | {shown} |",
        f"| a day's {sessions // lists.DAYS} sessions deleted, s: median, longest |"
        f" {quantile(runs, 0.5):.1f}, {max(runs):.1f} |",
        f"| a transaction held its locks, ms: p50, p99, longest of {len(held_ms):,} | {held} |",
    ], first + days


def main(engine: str, sessions: int, days: int, seconds: float, port: int) -> None:
    if os.cpu_count() == 2:
        os.sched_setaffinity(0, {0, 1})
    with (
        tempfile.TemporaryDirectory(prefix="aftercall-retention-") as folder,
        database_of(engine, folder) as url,
    ):
        asyncio.run(migrate(url))
        rows, oldest_day = asyncio.run(fill(url, folder, sessions, days))
        head = f"{engine}, {sessions:,} sessions with their data, {days} days"
        print("\n".join([f"| {head} | |", "|---|---|", *rows]), flush=True)
        if seconds:
            print("\n".join(load_server(url, folder, port, seconds, oldest_day)), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sessions", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--port", type=int, default=18_190)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    given = parser.parse_args()
    main(given.engine, given.sessions, given.days, given.seconds, given.port)
