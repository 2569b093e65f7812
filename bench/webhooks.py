"""LiveKit's webhooks in order, and shuffled, doubled and with 5 % lost: what one costs, and whether
both make the same record.

    PYTHONPATH=. python bench/webhooks.py [--webhooks 100000] [--batch 40]

The webhooks are those of `tests/web/intake/livekit_rooms.py`: rooms that are opened again, full
reconnects, crashes, aborted connections. Each is read, redacted and recorded on SQLite in groups,
as the intake commits what comes in at once; without HTTP and signatures. Prints the processor time
of each, and ends with exit code 1 if the records differ, or if anything in them is negative or open
a day later.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Final

from aftercall.ingest.livekit import source as livekit
from aftercall.store.engine.database import Database, migrate
from tests.recorder_harness import NOON
from tests.web.intake.livekit_rooms import LivekitRooms, disturbed, lost
from tests.web.intake.record_of_bodies import App, Posted, Record, check_sound

OPENINGS: Final = 5
WEBHOOKS_OF_ROOM: Final = 80
"""On the average, so that few rooms are cut off."""

LOST: Final = 0.05
HOURS_MS: Final = 48 * 3_600_000


def sent(most: int) -> list[Posted]:
    """So many webhooks; the last rooms are cut off."""
    rooms = max(1, most // WEBHOOKS_OF_ROOM)
    return LivekitRooms(Random(1), NOON // 1_000).webhooks(rooms, OPENINGS)[:most]


async def measure(
    db: Database, label: str, posted: Sequence[Posted], batch: int
) -> tuple[str, Record]:
    """A row of the table, and the record."""
    app = App(db, livekit)
    start = time.process_time()
    await app.take(posted, batch=batch)
    spent = time.process_time() - start
    record = await app.record()
    cells = (f"{len(posted):,}", f"{1e3 * spent / len(posted):.2f}", f"{len(record.stays):,}")
    return f"| {label} | {' | '.join(cells)} |", record


async def main(webhooks: int, batch: int) -> int:
    draw = Random(2)
    arrived = lost(draw, sent(webhooks), LOST)
    shuffled = list(disturbed(draw, arrived, by_ms=HOURS_MS))
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'aftercall.db'}"
        await migrate(url)
        db = await Database.open(url)
        print("| webhooks | number | processor ms each | stays |\n|---|---|---|---|")
        row, in_order = await measure(db, "in order", arrived, batch)
        print(row, flush=True)
        row, record = await measure(db, "shuffled and doubled", shuffled, batch)
        print(row, flush=True)
        await db.close()
    check_sound(in_order)
    check_sound(record)
    is_same = record == in_order
    print("The records are the same." if is_same else "The records differ.")
    return 0 if is_same else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--webhooks", type=int, default=100_000)
    parser.add_argument("--batch", type=int, default=40)
    given = parser.parse_args()
    raise SystemExit(asyncio.run(main(given.webhooks, given.batch)))
