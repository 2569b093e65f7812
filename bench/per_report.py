"""What one report costs after the call, and how many bytes it takes, by number of streams.

    python bench/per_report.py [--streams 4] [--streams 20]

An hour of one peer, as `fold.py` makes it. Times are processor time, the least of several runs,
divided by the number of reports: reading the stored rows, folding them with the report's rows
compressed as they are stored, and merging them into a segment. Bytes on disk are without the
database's own: of a report alone in its row, of one that shares its row with three others, merged,
and of the stored report document, once its session has been compared.
"""

import argparse
import random
import time
from collections.abc import Callable
from typing import TypeVar

from fold import INTERVAL_MS, SAMPLES, START_AT, facts_of, sample_json

from aftercall.core.instants import EpochMs
from aftercall.core.quality.experience.time_scale import scale_of
from aftercall.service.reports.document import completed, pack_provisional, pack_verdict
from aftercall.service.reports.participant_fold import fold_participant, inputs_read, pack_fold
from aftercall.store.codecs.sample_row import compress_all, decompress, join
from aftercall.store.codecs.segment import pack

TOGETHER = 4
T = TypeVar("T")


def least_us(work: Callable[[], T]) -> tuple[float, T]:
    """µs of the processor per report, the least of five runs."""
    least = float("inf")
    for _ in range(5):
        start = time.process_time()
        made = work()
        least = min(least, time.process_time() - start)
    return 1e6 * least / SAMPLES, made


def measure(streams: int) -> str:
    """A row of the table."""
    dice = random.Random(7)
    bodies = [sample_json(step, streams, dice) for step in range(1, SAMPLES + 1)]
    facts = facts_of(bodies)
    end_at = EpochMs(START_AT + (SAMPLES + 1) * INTERVAL_MS)
    scale = scale_of(EpochMs(START_AT), end_at)
    rows = compress_all(bodies)
    numbered = [(step, START_AT, body) for step, body in enumerate(bodies)]
    shared = compress_all(
        [join(numbered[at : at + TOGETHER]) for at in range(0, SAMPLES, TOGETHER)]
    )

    def fold() -> bytes:
        folded, details = fold_participant([facts], scale, end_at)
        inputs = inputs_read([facts])
        return pack_provisional(folded.verdict, details, pack_fold(inputs, folded))

    verdict = pack_verdict(fold_participant([facts], scale, end_at)[0].verdict)
    read_us, _ = least_us(lambda: [decompress(row) for row in rows])
    fold_us, document = least_us(fold)
    document = completed(document, verdict, b"")
    merge_us, segment = least_us(lambda: pack(facts.samples))
    each = [sum(map(len, found)) / SAMPLES for found in (rows, shared, [segment], [document])]
    cells = [
        *(f"{us:.0f}" for us in (read_us, fold_us, merge_us, read_us + fold_us + merge_us)),
        *(f"{size:,.0f}" for size in each),
        f"{(len(segment) + len(document)) / 1024:.0f}",
    ]
    return f"| {streams} streams | {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, action="append")
    options = parser.parse_args()
    print(
        "| an hour of | read, µs | fold, µs | merge, µs | sum, µs | row, bytes "
        f"| of {TOGETHER} in a row, bytes | merged, bytes | document, bytes | KB a peer-hour |"
    )
    print(f"|{'---|' * 10}")
    for streams in options.streams or [4, 20]:
        print(measure(streams), flush=True)


if __name__ == "__main__":
    main()
