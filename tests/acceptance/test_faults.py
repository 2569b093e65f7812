"""Every fault once, under load, on both engines; `bench/soak.py` goes on for longer."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.acceptance.after_faults import under_load
from tests.acceptance.faults import ABUSES, ON_SQLITE, faults_on, make_file_read_only
from tests.acceptance.ground import Ground, postgres
from tests.acceptance.programs import faketime_library, needs_faketime
from tests.acceptance.server import start
from tests.read_only_file import why_not_immutable

pytestmark = [pytest.mark.acceptance, pytest.mark.realtime]

LASTING_S = 2.0
"""How long a fault lasts that lasts."""

TURNS_BACK = {
    "kill -9 of the server",
    "kill -9 of the parent",
    "kill -9 of the database",
    "database away",
    "database read-only",
    "disk full and back",
    "file read-only and back",
    "removed and kicked clients go on",
}
"""Faults in which something is refused for now. For a locked file they wait."""


@contextmanager
def on_sqlite(folder: Path, **more: str) -> Iterator[Ground]:
    ground = Ground(server=start(folder, env=more), env=more)
    try:
        yield ground
    finally:
        ground.server.stop()


@contextmanager
def on_postgresql(folder: Path) -> Iterator[Ground]:
    with postgres() as database:
        env = {"AFTERCALL_DATABASE_URL": database.url, "AFTERCALL_WORKERS": "2"}
        ground = Ground(server=start(folder, env=env), env=env, postgres=database)
        try:
            yield ground
        finally:
            ground.server.stop()


@pytest.mark.parametrize("engine", [on_sqlite, on_postgresql])
async def test_no_fault_loses_doubles_or_ends_anything(engine: object, tmp_path: Path) -> None:
    assert callable(engine)
    with engine(tmp_path) as ground:
        async with under_load(ground) as run:
            faults = faults_on(ground)
            if ground.postgres is not None:
                # What clients do to the doors, the other engine has shown.
                faults = {name: fault for name, fault in faults.items() if name not in ABUSES}
            for name, fault in faults.items():
                await run.suffer(name, fault, LASTING_S)
    for name in TURNS_BACK & run.turned_back.keys():
        assert run.turned_back[name] > 0, f"{name} did not happen"
    log = ground.server.log.read_text(errors="replace")
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
    with on_sqlite(tmp_path, **env) as ground:
        async with under_load(ground) as run:
            run.ender.is_judged = False

            async def set_clock(_: Ground, lasting_s: float) -> None:
                for step in ("+3600", "+0"):
                    # In one step: half a file is no time at all.
                    (tmp_path / "next").write_text(step)
                    (tmp_path / "next").replace(moved)
                    await asyncio.sleep(lasting_s)

            await run.suffer("clock set", set_clock, LASTING_S)
