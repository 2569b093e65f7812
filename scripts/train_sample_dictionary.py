"""Train the compression dictionary of reports on simulated calls and on a recorded one.

A dictionary that was shipped stays for ever: rows in databases need it. A new one gets a number of
its own (`store/codecs/sample_row.py` names the one to write with). Usage: NUMBER, from 32768 to
65535.
"""

import json
import random
import sys
from pathlib import Path
from typing import Any

import msgspec
import zstandard

from aftercall.core.quality.stats.getstats import decode_body, encode_body
from aftercall.simulator.call import Call

ROOT = Path(__file__).resolve().parent.parent
SIZE = 32_768
OF_EACH_PEER = 3
CALLS = [
    (seed, participants, 60 + 20 * seed)
    for seed in range(2, 12)
    for participants in (2, 3, 5, 8, 11)
]
"""Seed, participants, length in seconds."""
RECORDED_COPIES = 40
"""Repeats of the recorded call, to give it the same weight as the simulated ones."""


def stored(report: dict[str, Any]) -> bytes:
    """A report in the form that the intake passes to the store."""
    return encode_body(decode_body(msgspec.json.encode(report)))


def simulated() -> list[bytes]:
    """Some reports of each peer of calls of several sizes."""
    dice = random.Random(1)
    chosen: list[bytes] = []
    for seed, participants, length_s in CALLS:
        call = Call(
            seed=seed,
            number=0,
            participants=participants,
            length_s=length_s,
            interval_s=7,
            begin_ms=1_795_000_000_000,
        )
        of_peer: dict[int, list[bytes]] = {}
        for _, second in call.play():
            for sent in second:
                if sent.entry["type"] == "sample":
                    of_peer.setdefault(sent.guest, []).append(stored(sent.entry))
        for reports in of_peer.values():
            chosen += dice.sample(reports, min(OF_EACH_PEER, len(reports)))
    return chosen


def recorded() -> list[bytes]:
    """Reports of Chromium in a call of two."""
    text = (ROOT / "tests" / "samples" / "chromium-getstats.json").read_text()
    return [
        stored({"connections": [{"id": "pc1", "stats": list(report["stats"].values())}]})
        for side in json.loads(text)["sides"]
        for report in side["samples"]
    ]


def main() -> None:
    number = int(sys.argv[1])
    reports: list[Any] = [*simulated(), *recorded() * RECORDED_COPIES]
    random.Random(1).shuffle(reports)
    trained = zstandard.train_dictionary(SIZE, reports, dict_id=number)
    target = ROOT / "src" / "aftercall" / "store" / "dictionaries" / f"samples-{number}.zdict"
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(trained.as_bytes())
    print(f"{target}: {len(trained)} bytes, from {len(reports)} reports")


if __name__ == "__main__":
    main()
