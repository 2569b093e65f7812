"""When a client last sent media, from periodically read counters."""

from collections.abc import Iterable, Iterator

import msgspec

from aftercall.core.quality.stats.getstats import SampleBody


class _Reading(msgspec.Struct):
    """A stream's counter as last read, and what follows from it."""

    at_ms: float
    packets: int
    packets_per_ms: float = 0.0
    """The rate in the last interval in which packets were sent; 0 before the first such
    interval."""
    last_sent_ms: float | None = None


def last_sent_at(bodies: Iterable[SampleBody]) -> float | None:
    """The instant at which the last packet of any of a peer's streams was sent, in ms since the
    epoch; `None` if no counter grew. The samples must be in order of time.

    A stream that stops within an interval sends a part of the packets that it sent in the interval
    before. The share of packets is taken as the share of the interval for which it went on.
    """
    readings: dict[tuple[str, str], _Reading] = {}
    for stream, at_ms, packets in _counters(bodies):
        reading = readings.setdefault(stream, _Reading(at_ms, packets))
        length_ms, grown = at_ms - reading.at_ms, packets - reading.packets
        if length_ms <= 0:
            continue
        if grown > 0:
            usual = reading.packets_per_ms * length_ms
            part = min(1.0, grown / usual) if usual else 1.0
            reading.last_sent_ms = reading.at_ms + part * length_ms
            reading.packets_per_ms = grown / length_ms
        reading.at_ms, reading.packets = at_ms, packets
    return max(
        (r.last_sent_ms for r in readings.values() if r.last_sent_ms is not None), default=None
    )


def _counters(bodies: Iterable[SampleBody]) -> Iterator[tuple[tuple[str, str], float, int]]:
    for body in bodies:
        for connection in body.connections:
            for stats in connection.stats:
                is_sent = stats.type == "outbound-rtp"
                if is_sent and stats.timestamp is not None and stats.packets_sent is not None:
                    yield (connection.id, stats.id), stats.timestamp, stats.packets_sent
