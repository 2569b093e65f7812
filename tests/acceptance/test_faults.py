"""Every fault once, under load, on both engines; `bench/soak.py` repeats them for longer."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.acceptance.fault_run import under_load
from tests.acceptance.fault_target import FaultTarget, postgres
from tests.acceptance.faults import ABUSES, ON_SQLITE, faults_on, make_file_read_only
from tests.acceptance.required_programs import faketime_library, needs_faketime
from tests.acceptance.server import start
from tests.read_only_file import why_not_immutable

pytestmark = [pytest.mark.acceptance, pytest.mark.realtime]

LASTING_S = 2.0
"""Duration of a fault that can last."""

REFUSES = {
    "kill -9 of the server",
    "kill -9 of the parent",
    "kill -9 of the database",
    "database away",
    "database read-only",
    "disk full and back",
    "file read-only and back",
    "removed and kicked clients keep sending",
}
"""Faults during which requests are refused for a time. While the file is locked they wait."""


@contextmanager
def on_sqlite(folder: Path, **more: str) -> Iterator[FaultTarget]:
    target = FaultTarget(server=start(folder, env=more), env=more)
    try:
        yield target
    finally:
        target.server.stop()


@contextmanager
def on_postgresql(folder: Path) -> Iterator[FaultTarget]:
    with postgres() as database:
        env = {"AFTERCALL_DATABASE_URL": database.url, "AFTERCALL_WORKERS": "2"}
        target = FaultTarget(server=start(folder, env=env), env=env, postgres=database)
        try:
            yield target
        finally:
            target.server.stop()


@pytest.mark.parametrize("engine", [on_sqlite, on_postgresql])
async def test_no_fault_loses_or_repeats_data_or_ends_a_call(
    engine: object, tmp_path: Path
) -> None:
    assert callable(engine)
    with engine(tmp_path) as target:
        async with under_load(target) as run:
            faults = faults_on(target)
            if target.postgres is not None:
                # The abuse by clients is independent of the engine; the run on SQLite proves it.
                faults = {name: fault for name, fault in faults.items() if name not in ABUSES}
            for name, fault in faults.items():
                await run.cause(name, fault, LASTING_S)
    for name in REFUSES & run.refused.keys():
        assert run.refused[name] > 0, f"{name} did not happen"
    log = target.server.log.read_text(errors="replace")
    assert "status=500" not in log


@pytest.mark.skipif(bool(why_not_immutable()), reason=why_not_immutable() or "not skipped")
def test_a_file_that_becomes_read_only_is_among_the_faults() -> None:
    assert make_file_read_only in ON_SQLITE.values()


@needs_faketime
async def test_a_clock_that_is_set_ends_no_call(tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    moved.write_text("+0")
    env = {
        "LD_PRELOAD": str(faketime_library()),
        "FAKETIME_TIMESTAMP_FILE": str(moved),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    with on_sqlite(tmp_path, **env) as target:
        async with under_load(target) as run:
            run.backend.is_checked = False

            async def set_clock(_: FaultTarget, lasting_s: float) -> None:
                for step in ("+3600", "+0"):
                    # Replaced at once: a half-written file is no valid time.
                    (tmp_path / "next").write_text(step)
                    (tmp_path / "next").replace(moved)
                    await asyncio.sleep(lasting_s)

            await run.cause("clock set", set_clock, LASTING_S)
