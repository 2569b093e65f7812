"""Faults and abuse for as long as you like: does a server lose, double or end anything?

Starts `aftercall serve` on SQLite, then on a PostgreSQL from PyPI with two workers, lets clients
send to it, and brings about one fault after the other, by chance: each lasts for `--lasting`
seconds the first time, and for up to so many after that. After each one something must be
acknowledged again and the call that goes on must go on; at the end everything acknowledged must be
there once, every ended call must have ended at its moment, and `aftercall check --data` must find
nothing. Prints a table in Markdown, and fails with the seed when a promise was broken.
"""

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.acceptance.fault_run import FaultRun, under_load
from tests.acceptance.fault_target import FaultTarget, postgres
from tests.acceptance.faults import faults_on, figures
from tests.acceptance.server import start
from tests.read_only_file import why_not_immutable


@contextmanager
def on(engine: str) -> Iterator[FaultTarget]:
    """A server on the engine, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="aftercall-soak-") as name:
        folder = Path(name)
        if engine == "sqlite":
            target = FaultTarget(server=start(folder), env={})
            try:
                yield target
            finally:
                target.server.stop()
            return
        with postgres() as database:
            env = {"AFTERCALL_DATABASE_URL": database.url, "AFTERCALL_WORKERS": "2"}
            target = FaultTarget(server=start(folder, env=env), env=env, postgres=database)
            try:
                yield target
            finally:
                target.server.stop()


async def soak(
    target: FaultTarget, *, minutes: float, lasting_s: float, dice: random.Random
) -> FaultRun:
    """Cause faults, each at least once, until the time is over; returns the results."""
    faults = list(faults_on(target).items())
    ends_at = time.monotonic() + 60 * minutes
    async with under_load(target) as run:
        turn = 0
        while turn < len(faults) or time.monotonic() < ends_at:
            if turn % len(faults) == 0:
                dice.shuffle(faults)
            name, fault = faults[turn % len(faults)]
            await asyncio.sleep(dice.uniform(0, 2))
            in_full = turn < len(faults)
            await run.cause(name, fault, lasting_s if in_full else dice.uniform(1, lasting_s))
            turn += 1
    return run


def show(engine: str, run: FaultRun) -> None:
    """The table of an engine."""
    print(
        f"\n**{engine}**: "
        + ", ".join(f"{k} {v}" for k, v in figures(run.target, run.ledger).items())
    )
    print("\n| fault | times | refused for now or cut | taken again after, s (median, most) |")
    print("|---|---|---|---|")
    for name, took in run.recovered_s.items():
        print(
            f"| {name} | {len(took)} | {run.refused[name]} "
            f"| {statistics.median(took):.1f}, {max(took):.1f} |"
        )
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30, help="for each engine")
    parser.add_argument("--lasting", type=float, default=100, help="longest fault, in seconds")
    parser.add_argument("--engines", nargs="*", default=["sqlite", "postgresql"])
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    if reason := why_not_immutable():
        print(f"no read-only file: {reason}", flush=True)
    for engine in given.engines:
        with on(engine) as target:
            run = asyncio.run(
                soak(
                    target,
                    minutes=given.minutes,
                    lasting_s=given.lasting,
                    dice=random.Random(given.seed),
                )
            )
            show(engine, run)


if __name__ == "__main__":
    main()
