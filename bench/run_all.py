"""Runs every bench in a short form, compares its figures with the committed ones and prints what
got slower. Exit code 1 if a figure is worse by more than `--worse` (25 %), in units of a yardstick
that runs before and after each bench. At the end all figures stand in one table beside yardsticks.

    make bench                        measure and compare
    make bench ARGS="--only fold"     one bench
    make bench ARGS="--save"          write the figures into bench/figures.json
    make bench ARGS="--json FILE"     write them as JSON lines, with the machine's facts
"""

import argparse
import hashlib
import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from figures import Change, Figure, changes, json_lines, read_figures, table

FOLDER: Final = Path(__file__).parent
COMMITTED: Final = FOLDER / "figures.json"
LEAST_MS: Final = 1.0
"""Figures below are left out of the verdict: they are within the clock's noise."""

BENCHES: Final[dict[str, tuple[str, ...]]] = {
    "intake": ("--rounds", "3", "--seconds", "2"),
    "crowd": ("--seconds", "15"),
    "flood": ("--rounds", "1", "--seconds", "5"),
    "fold": (),
    "per_report": (),
    "webhooks": ("--webhooks", "5000"),
    "reports": ("--minutes", "30", "--rounds", "60"),
    "live_page": ("--minutes", "20"),
    "lists": ("--sessions", "10000", "100000"),
    "calls": ("--sessions", "10000", "100000"),
    "alerts": ("--peers", "2000", "--troubled", "5"),
    "retention": ("--days", "8", "--each-day", "50", "--kept-days", "4"),
    "session_end": ("--peers", "500"),
    "growth": ("--people", "2", "10", "50", "500"),
}
"""Each with the arguments of its short form. The end of a session of 500 people with 20 streams,
10,000 peers at their own pace and growth from 2 to 500 people have the sizes of the goals. Run by
themselves are `collector`, which needs a browser, `soak`, which asks whether anything is lost,
`retention_year`, and `segment_bytes`; lists at a million sessions are measured with
`--sessions 100000 1000000`."""


def yardstick_ms() -> float:
    """The time that fixed work of the interpreter takes now, in ms: the best of five."""
    spent = []
    for _ in range(5):
        start = time.perf_counter()
        text = json.dumps([{"ssrc": number, "packets": number * 7} for number in range(20_000)])
        for report in json.loads(text):
            hashlib.blake2b(str(report["packets"]).encode(), digest_size=8).digest()
        spent.append(1000 * (time.perf_counter() - start))
    return min(spent)


def run(name: str) -> tuple[dict[str, Figure], float]:
    """A bench's figures, and what the yardstick took beside it, in ms."""
    before = yardstick_ms()
    command = [sys.executable, str(FOLDER / f"{name}.py"), *BENCHES[name]]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        print(line, end="", flush=True)
        lines.append(line)
    found = read_figures("".join(lines))
    if process.wait() not in (0, 1) or not found:
        raise SystemExit(f"{name}.py ended with {process.returncode} and {len(found)} figures")
    return found, (before + yardstick_ms()) / 2


def report(name: str, found: list[Change], worse: float) -> bool:
    """Print what got slower; whether anything did."""
    slower = [
        change
        for change in found
        if change.ratio > 1 + worse and max(change.before, change.after) >= LEAST_MS
    ]
    middle = sorted(change.ratio for change in found)[len(found) // 2] if found else 1.0
    print(f"\n{name}: {len(found)} figures, the middle one {middle:.2f} of the committed")
    for change in slower:
        print(f"  {change.ratio:.2f}  {change.name}: {change.before:g} → {change.after:g}")
    print(flush=True)
    return bool(slower)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", nargs="*", choices=list(BENCHES), default=list(BENCHES))
    parser.add_argument("--save", action="store_true", help="write bench/figures.json")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write JSON lines")
    parser.add_argument("--worse", type=float, default=0.25)
    given = parser.parse_args()
    committed = json.loads(COMMITTED.read_text()) if COMMITTED.exists() else {}
    is_slower = False
    runs: dict[str, tuple[dict[str, Figure], float]] = {}
    for name in given.only:
        print(f"## {name}\n", flush=True)
        found, measured_ms = runs[name] = run(name)
        if (known := committed.get(name)) and not given.save:
            before = {key: Figure(*value) for key, value in known["figures"].items()}
            compared = changes(
                before,
                found,
                yardstick_before_ms=known["yardstick_ms"],
                yardstick_after_ms=measured_ms,
            )
            is_slower |= report(name, compared, given.worse)
        committed[name] = {"yardstick_ms": round(measured_ms, 1), "figures": found}
        if given.save:
            COMMITTED.write_text(json.dumps(committed, indent=1, sort_keys=True) + "\n")
    print(table(runs))
    if given.json:
        given.json.write_text("".join(f"{line}\n" for line in json_lines(runs, datetime.now(UTC))))
    sys.exit(1 if is_slower else 0)


if __name__ == "__main__":
    main()
