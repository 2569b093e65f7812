"""The measures of a stream's intervals: rates, shares and gauges, made of both ends' counters.

Loss counts first copies: retransmissions are taken off on both sides, and how many came again
says what of the loss was repaired. What the far end says changes only with its reports; between
two of them its loss is not known, not zero.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from aftercall.core.quality.columns import (
    Numbers,
    first_known,
    known,
    minus,
    never_negative,
    numbers,
    ratio,
)
from aftercall.core.quality.getstats import Stats
from aftercall.core.quality.tables import Table
from aftercall.core.quality.tracks import Accepted, Sender


class SenderRtt(NamedTuple):
    """The round trips measured on what a peer sends, by moment."""

    ats: Numbers
    rtts_s: Numbers

    def near(self, ats: Numbers) -> Numbers:
        """For each moment the one nearest in time, the earlier of two as near."""
        if not len(self.ats):
            return numbers([None] * len(ats))
        places = np.minimum(np.searchsorted(self.ats, ats), len(self.ats) - 1)
        before = np.maximum(places - 1, 0)
        is_before = ats - self.ats[before] <= self.ats[places] - ats
        return self.rtts_s[np.where(is_before, before, places)]


def measure_sent(table: Table, piece: Accepted, sent: Numbers | None) -> None:
    """`table` holds what the counters and gauges gave; `piece` has one report more, the
    baseline. `sent` is how many packets were sent till each report, retransmissions apart."""
    of = table.numbers.get
    media = minus(of("bytes_sent"), of("retransmitted_bytes_sent"))
    table.put("bitrate_bps", ratio(media, of("dt_s"), 8))
    sources = [each.source for each in piece.senders[1:]]
    if any(sources):
        for name, member in (
            ("audio_level", "audio_level"),
            ("source_width", "width"),
            ("source_height", "height"),
            ("source_fps", "frames_per_second"),
        ):
            table.put(name, _member(sources, member))
    _hear(table, piece, sent)
    _measure_limits(table, piece.senders)


def _member(sources: Sequence[Any], member: str) -> Numbers | None:
    return known(numbers([None if each is None else getattr(each, member) for each in sources]))


def _hear(table: Table, piece: Accepted, sent: Numbers | None) -> None:
    """What the far end reported, where it reported anew, over all that was sent since the
    report before, which may be several intervals."""
    heard: list[_Heard] = []
    totals = [None] * len(piece.senders) if sent is None else _whole(sent)
    again = _whole(table.get("retransmitted_packets_sent"))
    before, sent_before = piece.senders[0].remote, totals[0]
    for sender, total, repaired in zip(piece.senders[1:], totals[1:], again, strict=True):
        remote = sender.remote
        if remote is None or (
            before is not None
            and remote.timestamp is not None
            and remote.timestamp == before.timestamp
        ):
            heard.append(_SILENCE)
        else:
            heard.append(_compare(remote, before, total, sent_before, repaired))
            before, sent_before = remote, total
    for name, column in zip(_Heard._fields, zip(*heard, strict=True), strict=True):
        table.put(name, known(numbers(column)))
    table.put("rtt_s", known(first_known(*table.columns("rtt_s", "pair_rtt_s"))))


def _whole(column: Numbers) -> list[int | None]:
    return [None if value != value else int(value) for value in column.tolist()]


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


def _change(now: Any, before: Any) -> Any:
    return None if now is None or before is None else now - before


def count_lost(table: Table) -> None:
    """Packets lost, of a stream that also says how many came: without them nobody can tell how
    bad the loss was."""
    lost = table.numbers.get("packets_lost_signed")
    if lost is not None and "packets_received" in table.numbers:
        table.put("packets_lost", never_negative(lost))


def measure_received(table: Table, sender_rtt: SenderRtt) -> None:
    of = table.numbers.get
    media = minus(of("bytes_received"), of("retransmitted_bytes_received"))
    table.put("bitrate_bps", ratio(media, of("dt_s"), 8))
    table.put(
        "jitter_buffer_ms",
        ratio(of("jitter_buffer_delay_s"), of("jitter_buffer_emitted_count"), 1000),
    )
    trips = table.numbers["pair_rtt_s"]
    if np.isnan(trips).any():
        trips = first_known(trips, sender_rtt.near(table.at))
    table.put("rtt_s", known(trips))
    lost, again = of("packets_lost"), of("retransmitted_packets_received")
    firsts = minus(of("packets_received"), again)
    if lost is not None and firsts is not None:
        expected = table.numbers["packets_expected"] = firsts + lost
        table.put("loss_percent", ratio(lost, expected, 100))
        table.put("residual_loss_percent", ratio(minus(lost, again), expected, 100))
    audible = minus(of("concealed_samples"), of("silent_concealed_samples"))
    table.put("concealment_percent", ratio(audible, of("total_samples_received"), 100, limit=100.0))


def measure_picture(table: Table) -> None:
    of = table.numbers.get
    table.put("fps", ratio(of("frames"), of("dt_s")))
    table.put("freeze_share", ratio(of("freeze_s"), of("dt_s"), limit=1.0))


def _measure_limits(table: Table, senders: Sequence[Sender]) -> None:
    """Seconds held back by each reason; they cannot fall but for rounding."""
    durations = [each.limits for each in senders]
    if not any(durations[1:]):
        return
    for reason in ("none", "cpu", "bandwidth", "other"):
        totals = _member(durations, reason)
        if totals is not None:
            table.put(f"limited_{reason}_s", known(never_negative(np.diff(totals))))
