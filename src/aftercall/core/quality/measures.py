"""The measures of a stream's intervals: rates, shares and gauges, made of both ends' counters.

Loss counts first copies: retransmissions are taken off on both sides, and how many came again
says what of the loss was repaired. What the far end says changes only with its reports; between
two of them its loss is not known, not zero.
"""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any, NamedTuple

from aftercall.core.quality.columns import (
    Column,
    Table,
    differences,
    known,
    minus,
    never_negative,
    ratio,
)
from aftercall.core.quality.getstats import Stats
from aftercall.core.quality.streams import Stream


class SenderRtt(NamedTuple):
    """The round trips measured on what a peer sends, by moment."""

    ats: list[int]
    rtts_s: list[float]

    def near(self, at: int) -> float | None:
        """The one nearest in time."""
        if not self.ats:
            return None
        place = min(bisect_left(self.ats, at), len(self.ats) - 1)
        if place and at - self.ats[place - 1] <= self.ats[place] - at:
            place -= 1
        return self.rtts_s[place]


def put(table: Table, name: str, column: Column | None) -> None:
    if column is not None:
        table[name] = column


def measure_sent(table: Table, rows: Sequence[Stream]) -> None:
    """`table` holds what the counters and gauges gave; `rows` has one more, the baseline."""
    media = minus(table.get("bytes_sent"), table.get("retransmitted_bytes_sent"))
    put(table, "bitrate_bps", ratio(media, table["dt_s"], 8))
    sources = [row.source for row in rows[1:]]
    if any(sources):
        for name, member in (
            ("audio_level", "audio_level"),
            ("source_width", "width"),
            ("source_height", "height"),
            ("source_fps", "frames_per_second"),
        ):
            values = [None if each is None else getattr(each, member) for each in sources]
            put(table, name, known(values))
    _hear(table, rows)
    if table.pop("quality_limitation_durations", None) is not None:
        _measure_limits(table, rows)


def _hear(table: Table, rows: Sequence[Stream]) -> None:
    """What the far end reported, where it reported anew, over all that was sent since the
    report before, which may be several intervals."""
    heard: list[_Heard] = []
    before, sent_before = rows[0].remote, _sent_once(rows[0])
    again = table.get("retransmitted_packets_sent")
    for place, row in enumerate(rows[1:]):
        remote = row.remote
        if remote is None or (
            before is not None
            and remote.timestamp is not None
            and remote.timestamp == before.timestamp
        ):
            heard.append(_SILENCE)
        else:
            sent = _sent_once(row)
            repaired = again[place] if again is not None else None
            heard.append(_compare(remote, before, sent, sent_before, repaired))
            before, sent_before = remote, sent
    if any(each is not _SILENCE for each in heard):
        for name, column in zip(_Heard._fields, zip(*heard, strict=True), strict=True):
            put(table, name, known(column))
    trips = table.get("rtt_s") or [None] * len(heard)
    pairs = _pair_rtts(rows)
    if pairs is not None:
        trips = [pair if trip is None else trip for trip, pair in zip(trips, pairs, strict=True)]
    put(table, "rtt_s", known(trips))


class _Heard(NamedTuple):
    """One remote report, in an interval's names."""

    jitter_s: float | None = None
    rtt_s: float | None = None
    packets_lost_signed: int | None = None
    packets_lost: int | None = None
    packets_expected: int | None = None
    loss_percent: float | None = None
    residual_loss_percent: float | None = None


_SILENCE = _Heard()


def _compare(
    remote: Stats,
    before: Stats | None,
    sent: int | None,
    sent_before: int | None,
    again: int | None,
) -> _Heard:
    rtt_s, lost, expected = remote.round_trip_time, None, None
    if before is not None:
        measured = _change(remote.round_trip_time_measurements, before.round_trip_time_measurements)
        took_s = _change(remote.total_round_trip_time, before.total_round_trip_time)
        if measured is not None and measured > 0 and took_s is not None and took_s >= 0:
            rtt_s = took_s / measured
        if sent is not None and sent_before is not None:
            lost = _change(remote.packets_lost, before.packets_lost)
            expected = None if lost is None else max(0, sent - sent_before)
    if lost is None:
        percent = None if remote.fraction_lost is None else min(100.0, 100 * remote.fraction_lost)
        return _Heard(remote.jitter, rtt_s, loss_percent=percent, residual_loss_percent=percent)
    if not expected:
        return _Heard(remote.jitter, rtt_s, lost, max(0, lost), expected)
    left = max(0, max(0, lost) - (again or 0))
    return _Heard(
        remote.jitter,
        rtt_s,
        lost,
        max(0, lost),
        expected,
        min(100.0, 100 * max(0, lost) / expected),
        min(100.0, 100 * left / expected),
    )


def _sent_once(row: Stream) -> int | None:
    """Packets sent so far, retransmissions apart."""
    sent, again = row.stats.packets_sent, row.stats.retransmitted_packets_sent
    return None if sent is None else sent - (again or 0)


def _change(now: Any, before: Any) -> Any:
    return None if now is None or before is None else now - before


def _pair_rtts(rows: Sequence[Stream]) -> Column | None:
    pairs = [row.connection.pair for row in rows[1:]]
    return known([None if pair is None else pair.current_round_trip_time for pair in pairs])


def measure_received(table: Table, rows: Sequence[Stream], sender_rtt: SenderRtt) -> None:
    media = minus(table.get("bytes_received"), table.get("retransmitted_bytes_received"))
    put(table, "bitrate_bps", ratio(media, table["dt_s"], 8))
    put(
        table,
        "jitter_buffer_ms",
        ratio(table.get("jitter_buffer_delay_s"), table.get("jitter_buffer_emitted_count"), 1000),
    )
    trips = _pair_rtts(rows)
    if trips is None or None in trips:
        trips = [
            sender_rtt.near(row.at) if trip is None else trip
            for row, trip in zip(rows[1:], trips or [None] * len(table["dt_s"]), strict=True)
        ]
    put(table, "rtt_s", known(trips))
    lost, received = table.get("packets_lost_signed"), table.get("packets_received")
    if lost is not None and received is not None:
        again = table.get("retransmitted_packets_received")
        lost = table["packets_lost"] = never_negative(lost) or lost
        firsts = minus(received, again) or received
        expected = table["packets_expected"] = [
            None if one is None or two is None else one + two
            for one, two in zip(firsts, lost, strict=True)
        ]
        put(table, "loss_percent", ratio(lost, expected, 100))
        put(table, "residual_loss_percent", ratio(minus(lost, again), expected, 100))
    concealed = table.get("concealed_samples")
    if concealed is not None:
        audible = minus(concealed, table.get("silent_concealed_samples"))
        put(
            table,
            "concealment_percent",
            ratio(audible, table.get("total_samples_received"), 100, limit=100.0),
        )


def measure_picture(table: Table) -> None:
    put(table, "fps", ratio(table.get("frames"), table["dt_s"]))
    put(table, "freeze_share", ratio(table.get("freeze_s"), table["dt_s"], limit=1.0))


def _measure_limits(table: Table, rows: Sequence[Stream]) -> None:
    """Seconds held back by each reason; they cannot fall but for rounding."""
    durations = [row.stats.quality_limitation_durations for row in rows]
    for reason in ("none", "cpu", "bandwidth", "other"):
        totals = [None if each is None else getattr(each, reason) for each in durations]
        put(table, f"limited_{reason}_s", never_negative(differences(totals)))
