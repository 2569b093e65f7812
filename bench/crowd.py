"""Cost of many peers at once: memory, processor time and latency at their own pace.

Starts `aftercall serve` on SQLite, lets all peers join, and then has each send a report every seven
seconds on its own connection. Needs as many open files as peers. Prints a table in Markdown.
"""

import argparse
import os
from pathlib import Path

import uvloop
from intake import aftercall, sample_json
from load import run_load
from servers import cpu_seconds

INTERVAL_S = 7


def resident_mb(pid: int) -> float:
    """The memory a process holds, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--peers", type=int, default=10_000)
    arguments.add_argument("--seconds", type=float, default=30)
    arguments.add_argument("--port", type=int, default=18178)
    given = arguments.parse_args()
    if os.cpu_count() == 2:
        os.sched_setaffinity(0, {1})
    report = sample_json()
    due = given.peers / INTERVAL_S
    print("| peers | reports/s (due) | CPU per report, µs | p50 / p99, ms | resident, MB |")
    print("|---|---|---|---|---|")
    with aftercall("SQLite", given.port, given.peers, report) as target:
        idle_mb = resident_mb(target.pid)
        # Twice the interval, so that all have joined and reported once.
        uvloop.run(run_load(target.port, target.makers, seconds=2 * INTERVAL_S, per_second=due))
        began = cpu_seconds(target.pid)
        outcome = uvloop.run(
            run_load(target.port, target.makers, seconds=given.seconds, per_second=due)
        )
        if outcome.failures:
            raise SystemExit(f"answered {outcome.failures}")
        cpu_us = (cpu_seconds(target.pid) - began) / outcome.answers * 1e6
        print(
            f"| {given.peers:,} | {outcome.per_second:,.0f} ({due:,.0f}) | {cpu_us:.0f} "
            f"| {outcome.latency_ms(0.5):.1f} / {outcome.latency_ms(0.99):.1f} "
            f"| {resident_mb(target.pid):.0f} ({idle_mb:.0f} before the first joined) |"
        )


if __name__ == "__main__":
    main()
