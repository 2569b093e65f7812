"""How long `aftercall import` takes for the dump of a long call.

    python bench/dumps.py [--minutes 60] [--streams 4 20] [--rounds 3] [--keep FOLDER] [--profile]

The dumps are made from a recorded one (`tests/samples/dumps`): a report a second of one connection
that sends two streams and receives the rest, whose counters grow as they did in the recording.
webrtc-internals keeps the last 1000 values of each series, as Chromium does. Each import is a
process of its own with an empty database that exists already; printed is the processor time of the
whole command, the least of the rounds, and the time on the clock.
"""

import argparse
import gzip
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

RECORDED: Final = Path(__file__).parents[1] / "tests/samples/dumps/rtcstats-v3-chromium156.gz"
START_MS: Final = 1_795_000_000_000
PROGRAM: Final = str(Path(sys.executable).with_name("aftercall"))
SERIES: Final = 1_000
"""Values that webrtc-internals keeps of a series."""

GAUGES: Final = frozenset(
    [
        "jitter", "fractionLost", "roundTripTime", "currentRoundTripTime", "framesPerSecond",
        "audioLevel", "availableOutgoingBitrate", "targetBitrate", "frameWidth", "frameHeight",
        "width", "height",
    ]
)  # fmt: skip
"""Members that do not count up: they stay near what they were."""

Stats = dict[str, Any]


def recorded() -> tuple[dict[str, Stats], dict[str, Stats], float]:
    """Two reports of a recorded connection and the seconds between them."""
    with gzip.open(RECORDED, "rt") as file:
        lines = [json.loads(line) for line in file if line.startswith("[")]
    reports = [line[2] for line in lines if line[0] == "getStats" and line[1] == "9-2"]
    first, last = reports[len(reports) // 2], reports[-2]
    passed_ms = last["T01"]["timestamp"] - first["T01"]["timestamp"]
    return first, last, passed_ms / 1_000


class Call:
    """The reports of a call of any length, second by second."""

    def __init__(self, streams: int) -> None:
        first, last, passed_s = recorded()
        self._dice = random.Random(1)
        self._stats: list[tuple[Stats, dict[str, float]]] = []
        received: list[tuple[Stats, Stats]] = []
        for id, stats in last.items():
            pair = (first.get(id, stats), stats)
            if id.startswith("IT01"):
                received.append(pair)
            else:
                self._add(*pair, passed_s)
        sent = sum(each["type"] == "outbound-rtp" for each, _ in self._stats)
        for number in range(streams - sent):
            earlier, later = received[number % len(received)]
            ssrc = later["ssrc"] + number
            named = {
                "id": f"{later['id'][:5]}{ssrc}",
                "ssrc": ssrc,
                "trackIdentifier": f"track {number}",
            }
            self._add(earlier | named, later | named, passed_s)

    def _add(self, earlier: Stats, later: Stats, passed_s: float) -> None:
        growth = {
            name: (value - earlier[name]) / passed_s
            for name, value in later.items()
            if name not in GAUGES
            and isinstance(value, int | float)
            and not isinstance(value, bool)
            and isinstance(earlier.get(name), int | float)
            and value > earlier[name]
        }
        self._stats.append((later, growth))

    def reports(self, seconds: int) -> Iterator[dict[str, Stats]]:
        """A report a second."""
        for second in range(seconds):
            report = {}
            for stats, growth in self._stats:
                now = dict(stats)
                for name, step in growth.items():
                    grown = stats[name] + step * (second + self._dice.random())
                    now[name] = int(grown) if isinstance(stats[name], int) else grown
                for name in GAUGES & now.keys():
                    now[name] = type(now[name])(now[name] * (0.8 + self._dice.random() / 5))
                now["timestamp"] = START_MS + second * 1_000 + 0.402
                report[str(stats["id"])] = now
            yield report


def rtcstats(call: Call, seconds: int) -> bytes:
    """What Chromium's own button writes."""
    lines = ['RTCStatsDump\n{"fileFormat":3}', json.dumps(["create", "9-2", {}, START_MS])]
    for report in call.reports(seconds):
        lines.append(json.dumps(["getStats", "9-2", report, 1_000], separators=(",", ":")))
    return "\n".join(lines).encode()


def internals(call: Call, seconds: int) -> bytes:
    """A dump of chrome://webrtc-internals."""
    series: dict[str, list[Any]] = {}
    types: dict[str, str] = {}
    moments: list[float] = []
    for report in call.reports(seconds):
        moments = [*moments[1 - SERIES :], next(iter(report.values()))["timestamp"]]
        for id, stats in report.items():
            for name, value in stats.items():
                key = f"{id}-{name}"
                types[key] = stats["type"]
                series.setdefault(key, []).append(value)
    first, last = (datetime.fromtimestamp(at / 1_000, UTC) for at in (moments[0], moments[-1]))
    stats = {
        key: {
            "startTime": first.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "endTime": last.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "statsType": types[key],
            "values": json.dumps(values[-SERIES:], separators=(",", ":")),
        }
        for key, values in series.items()
    }
    connection = {"pid": 9, "rtcConfiguration": {}, "stats": stats, "updateLog": [], "url": ""}
    return json.dumps({"getUserMedia": [], "PeerConnections": {"9-1": connection}}).encode()


FORMS: Final[dict[str, Callable[[Call, int], bytes]]] = {
    "rtcstats": rtcstats,
    "webrtc-internals": internals,
}


def command(path: Path, folder: Path, *, profile: bool = False) -> tuple[float, float]:
    """Seconds of the processor and of the clock that the import of a file takes."""
    program = ["-m", "cProfile", "-s", "tottime"] if profile else []
    run = [sys.executable, *program, PROGRAM]
    env = os.environ | {"AFTERCALL_DATA_DIR": str(folder)}
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [*run, "import", str(path)], env=env, check=True, capture_output=True, text=True
    )
    took_s = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if profile:
        print(done.stdout[:9_000])
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, took_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--streams", type=int, nargs="*", default=[4, 20])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--forms", nargs="*", choices=list(FORMS), default=list(FORMS))
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave the dumps there")
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        dumps = options.keep or Path(temporary)
        files: list[tuple[str, Path]] = []
        for form in options.forms:
            for streams in options.streams:
                path = dumps / f"{form}-{streams}.gz"
                if not path.exists():
                    raw = FORMS[form](Call(streams), options.minutes * 60)
                    path.write_bytes(gzip.compress(raw, 6))
                files.append((f"{form}, {streams} streams", path))
        spent: dict[str, list[tuple[float, float]]] = {name: [] for name, _ in files}
        for number in range(options.rounds):
            for name, path in files:
                folder = Path(temporary) / f"{number}-{path.name}"
                folder.mkdir()
                env = os.environ | {"AFTERCALL_DATA_DIR": str(folder)}
                made = [PROGRAM, "app", "create", "Bench"]
                subprocess.run(made, env=env, check=True, capture_output=True)
                spent[name].append(command(path, folder, profile=options.profile))
        print("| dump | processor s | clock s |\n|---|---|---|")
        for name, each in spent.items():
            processor_s, clock_s = (min(column) for column in zip(*each, strict=True))
            print(f"| {name} | {processor_s:.2f} | {clock_s:.2f} |")


if __name__ == "__main__":
    main()
