"""Bytes of a merged segment by member of getStats: what each costs in a peer's hour.

    python bench/segment_bytes.py [--people 11] [--minutes 60] [--recorded]

A member's cost is how much smaller the segment is without it, so members that repeat one another
cost little each. The call is one of the simulator; with `--recorded` the reports of RealtimeKit's
client in a real call of half a minute (`tests/samples`).
"""

import argparse
import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import msgspec
from fold import START_AT

from aftercall.core.instants import EpochMs
from aftercall.core.quality.stats.getstats import decode_body, encode_body
from aftercall.core.records import StoredSample
from aftercall.simulator.call import Call
from aftercall.store.codecs.segment import pack

sys.path.insert(0, str(Path(__file__).parents[1]))

LEAST_SHARE = 0.004
"""Members that cost less are not printed."""


def simulated(people: int, minutes: int) -> list[bytes]:
    """The reports of the first peer of a simulated call."""
    call = Call(seed=5, number=0, participants=people, length_s=60 * minutes, interval_s=7,
                begin_ms=START_AT)  # fmt: skip
    entries = (
        sent.entry
        for _, second in call.play()
        for sent in second
        if sent.guest == 0 and sent.entry["type"] == "sample"
    )
    return [encode_body(decode_body(msgspec.json.encode(entry))) for entry in entries]


def recorded() -> list[bytes]:
    """The reports of the recorded peer that has most."""
    from tests.completed_calls import recorded as facts_of_recording  # noqa: PLC0415 - the path

    return max(
        ([each.body for each in facts.samples] for facts in facts_of_recording().values()), key=len
    )


def size_of(bodies: list[Any]) -> int:
    samples = [
        StoredSample(
            peer_id="peer",
            sequence=number,
            at=EpochMs(START_AT + 7_000 * number),
            received_at=EpochMs(START_AT + 7_000 * number + 40),
            body=json.dumps(body, separators=(",", ":")).encode(),
        )
        for number, body in enumerate(bodies)
    ]
    return len(pack(samples))


def without(bodies: list[Any], type_: str, member: str) -> list[Any]:
    """The same without a member of one type."""
    return [
        {
            **body,
            "connections": [
                {
                    **connection,
                    "stats": [
                        {k: v for k, v in each.items() if k != member}
                        if each["type"] == type_
                        else each
                        for each in connection["stats"]
                    ],
                }
                for connection in body["connections"]
            ],
        }
        for body in bodies
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=11)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--recorded", action="store_true")
    options = parser.parse_args()
    raw = recorded() if options.recorded else simulated(options.people, options.minutes)
    bodies = [json.loads(body) for body in raw]
    members: dict[tuple[str, str], int] = defaultdict(int)
    for body in bodies:
        for connection in body["connections"]:
            for each in connection["stats"]:
                for name in each:
                    members[each["type"], name] += 1
    whole = size_of(bodies)
    print(f"{len(bodies)} reports, {whole:,} bytes, {8 * whole / sum(members.values()):.2f} bits")
    print("\n| type | member | values | bytes | bits a value |\n|---|---|---|---|---|")
    found = [
        (whole - size_of(without(bodies, *key)), key)
        for key in members
        if key[1] not in ("id", "type")
    ]
    for cost, key in sorted(found, reverse=True):
        if cost >= LEAST_SHARE * whole:
            bits = 8 * cost / members[key]
            print(f"| {key[0]} | {key[1]} | {members[key]:,} | {cost:,} | {bits:.1f} |")


if __name__ == "__main__":
    main()
