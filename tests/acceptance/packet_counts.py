"""The packet counters of a browser during a call, compared with the rows of its report.

The number of rows depends on the machine's load, so counters are compared over the time that the
rows cover.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import pytest

READ_EVERY_MS: Final = 250

RECORD_PACKET_COUNTS: Final = """
(() => {
  window.counted = {};
  const read = async () => {
    for (const entry of (await window.readStats()).flat()) {
      if (entry.type !== "outbound-rtp" && entry.type !== "inbound-rtp") continue;
      const packets = entry.packetsSent ?? entry.packetsReceived ?? 0;
      const name = `${entry.type} ${entry.ssrc}`;
      (window.counted[name] ??= []).push([entry.timestamp / 1000, packets]);
    }
    setTimeout(read, READ_EVERY_MS);
  };
  read();
})()
""".replace("READ_EVERY_MS", str(READ_EVERY_MS))
"""Records for each stream, by type and SSRC, the time (s since 1970) and the packets so far."""

Readings = Sequence[tuple[float, float]]
Row = Mapping[str, Any]


def key_of(stats: Mapping[str, Any]) -> str:
    """The key of a stream in `window.counted`."""
    return f"{stats['type']} {stats['ssrc']}"


def moment(text: str) -> float:
    """Seconds since 1970 of an ISO moment."""
    return datetime.fromisoformat(text).timestamp()


def assert_packets_agree(rows: Sequence[Row], readings: Readings, member: str) -> None:
    """Asserts that the rows of a stream hold the packets that its browser counted between the
    first row's end and the last's; a row holds what came since the row before it."""
    covered = [row for row in rows if readings[0][0] <= moment(row["timestamp"]) <= readings[-1][0]]
    assert len(covered) >= 2, (rows, readings)
    first, last = (moment(covered[end]["timestamp"]) for end in (0, -1))
    counted = _count_at(readings, last) - _count_at(readings, first)
    reported = sum(row[member] for row in covered[1:])
    half_a_second = 0.5 * counted / (last - first)
    assert reported == pytest.approx(counted, rel=0.05, abs=half_a_second + 2)


def _count_at(readings: Readings, at: float) -> float:
    """The counter at a moment, along the straight line between the readings around it."""
    before = max(reading for reading in readings if reading[0] <= at)
    after = min((reading for reading in readings if reading[0] >= at), default=before)
    share = (at - before[0]) / (after[0] - before[0]) if after[0] > before[0] else 0.0
    return before[1] + share * (after[1] - before[1])
