"""Drops values that are possible by their type and impossible by nature.

A dropped value is unknown: it is neither zero nor the value of the report before.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from aftercall.core.quality.interval_columns.columns import (
    BoolArray,
    FloatArray,
    IndexArray,
    are_all,
    is_any,
)
from aftercall.core.quality.intervals.report_order import Reports

MOST_COUNTED: Final = 2.0**31 - 2.0**24
"""The limit of packets and frames: a stream of a thousand a second reaches it in 24 days. A count
beyond it is a small negative number that was read as unsigned."""

_SIGNED: Final = ("packets_lost_signed", "remote_packets_lost")
_COUNTED: Final = (
    "packets_sent",
    "packets_received",
    "retransmitted_packets_sent",
    "retransmitted_packets_received",
    "packets_discarded",
    "frames",
    "key_frames",
    "frames_dropped",
    "freeze_count",
    "concealment_events",
    "nack_count",
    "pli_count",
    "fir_count",
)
_CARRIED: Final = (("packets_sent", "bytes_sent"), ("packets_received", "bytes_received"))
_JITTERS: Final = ("jitter_s", "remote_jitter")
_TRIPS: Final = ("pair_rtt_s", "remote_round_trip_time")
_TOTALS: Final = {"remote_round_trip_time": "remote_total_round_trip_time"}
_SHARES: Final = ("remote_fraction_lost", "audio_level")


_WIDTHS: Final = ((2.0**24, 2.0**20), (2.0**31, 2.0**24), (2.0**32, 2.0**31))
"""The powers of two by which signed counts are wrapped, and how far below one a count is still near
it. RTCP has 24 bits for its cumulative loss."""


def signed_counts(counts: FloatArray) -> FloatArray:
    """The counts, with those just below a power of two as the negative numbers they stand for."""
    if not is_any(counts >= 2.0**24 - 2.0**20):
        return counts
    for size, near in _WIDTHS:
        counts = np.where((counts >= size - near) & (counts < size), counts - size, counts)
    return counts


LONGEST_S: Final = 60.0
"""The limit of jitter and round trips: no packet is late or under way for a minute."""
DOUBTFUL_S: Final = 1.0
_LONGEST_WHOLE_S: Final = 10.0


def not_in_seconds(values: FloatArray) -> BoolArray:
    """Which of one stream's jitters or round trips cannot be seconds: those beyond a minute and, if
    there are any, all beyond a second; and all of them, if every one is a whole number beyond ten
    seconds."""
    is_beyond: BoolArray = values > LONGEST_S
    present = values[values > 0]
    if is_beyond.any() or (len(present) and _are_whole(present, _LONGEST_WHOLE_S)):
        return values >= DOUBTFUL_S
    return is_beyond


def are_clock_units(jitters: FloatArray) -> bool:
    """Whether one stream's jitters are in units of its RTP clock: all of them are whole numbers."""
    present = jitters[jitters > 0]
    return bool(len(present)) and _are_whole(present, DOUBTFUL_S)


def _are_whole(values: FloatArray, least: float) -> bool:
    return bool((values >= least).all() and (values == np.rint(values)).all())


def leave_out_impossible(reports: Reports) -> None:
    """Set impossible values in the columns of `reports` to NaN, in place."""
    for name in _SIGNED:
        if name in reports.kind.names:
            _put(reports, name, signed_counts(reports.get(name)))
    for name in _COUNTED:
        if name in reports.kind.names:
            column = reports.get(name)
            column[column >= MOST_COUNTED] = np.nan
    for packets, bytes_ in _CARRIED:
        if packets in reports.kind.names:
            # A counter that stands still while the stream flows counts nothing.
            column = reports.get(packets)
            is_odd = (column == 0) & (reports.get(bytes_) > 0)
            if is_any(is_odd):
                is_stuck = np.zeros(int(reports.ranks.max()) + 1, dtype=np.bool_)
                is_stuck[reports.ranks[is_odd]] = True
                is_stuck[reports.ranks[column > 0]] = False
                column[is_stuck[reports.ranks]] = np.nan
    for name in _JITTERS:
        for rows in _doubtful(reports, name, DOUBTFUL_S):
            column = reports.get(name)[rows]
            column[not_in_seconds(column) | are_clock_units(column)] = np.nan
    for name in _TRIPS:
        for rows in _doubtful(reports, name, DOUBTFUL_S):
            column = reports.get(name)[rows]
            is_wrong = not_in_seconds(column)
            column[is_wrong] = np.nan
            if is_wrong.any() and name in _TOTALS:
                reports.get(_TOTALS[name])[rows] = np.nan
    for name in _SHARES:
        # A stream with a value above 1 reports its shares in another unit.
        for rows in _doubtful(reports, name, 1.0):
            column = reports.get(name)[rows]
            if (column > 1).any():
                column[column > 0] = np.nan
    if "remote_round_trip_time" in reports.kind.names:
        trips = reports.get("remote_round_trip_time")
        trips[~are_measured(trips, reports.get("remote_total_round_trip_time"))] = np.nan


def are_measured(trips_s: FloatArray, totals_s: FloatArray) -> BoolArray:
    """Which round trips were measured: a report holds 0 until the first measurement, and for ever
    if nobody measures. A measurement adds to the total."""
    is_measured: BoolArray = (trips_s > 0) | (totals_s > 0)
    return is_measured


FEW_DUPLICATES: Final = 100.0


def without_duplicates(lost: FloatArray, ranks: IndexArray) -> FloatArray:
    """Cumulative loss for comparison. A count a little below zero comes from duplicate packets, and
    its return to zero is no loss. If it falls far below, packets are sent twice throughout, and
    every rise is loss."""
    if not is_any(lost < 0):
        return lost
    lowest = np.zeros(int(ranks.max()) + 1)
    np.fmin.at(lowest, ranks, lost)
    return np.where(lowest[ranks] >= -FEW_DUPLICATES, np.fmax(lost, 0.0), lost)


MOST_LOST_PER_S: Final = 1_000.0
"""Packets of a stream of which nothing arrived: some 10 Mbit/s."""
MOST_TIMES: Final = 10.0
LATE_S: Final = 6.0
LATE_PACKETS: Final = 20.0
"""How far a receiver report may lag behind what was sent. RTCP's usual interval is five seconds."""


def are_possible_losses(
    lost: FloatArray, lengths_s: FloatArray, came: FloatArray, ranks: IndexArray
) -> BoolArray:
    """Which losses of received streams are possible in intervals of this length: at most as many
    packets a second as arrived in the stream's best intervals, times `MOST_TIMES`."""
    is_possible: BoolArray = ~(np.abs(lost) > MOST_LOST_PER_S * lengths_s)
    if are_all(is_possible):
        return is_possible
    best = np.zeros(int(ranks.max()) + 1)
    np.fmax.at(best, ranks, came / np.maximum(lengths_s, 1.0))
    return is_possible | ~(np.abs(lost) > MOST_TIMES * best[ranks] * lengths_s)


def are_possible_reports(
    lost: FloatArray, sent: FloatArray, reports: Reports, places: IndexArray
) -> BoolArray:
    """Which losses that remote ends reported are possible: at most the packets sent since their
    last report, and those sent before and reported late."""
    is_possible: BoolArray = ~(np.abs(lost) > sent)
    if are_all(is_possible) or not len(reports.lengths_s):
        return is_possible
    ranks = reports.ranks
    best = np.zeros(int(ranks.max()) + 1)
    rates = np.diff(reports.get("packets_sent")) / np.maximum(reports.lengths_s, 1.0)
    is_same = np.diff(ranks) == 0
    np.fmax.at(best, ranks[1:][is_same], rates[is_same])
    return is_possible | ~(np.abs(lost) > sent + LATE_PACKETS + LATE_S * best[ranks[places]])


def _doubtful(reports: Reports, name: str, least: float) -> Iterator[slice]:
    """The rows of each stream that has a value of at least `least`."""
    if name not in reports.kind.names:
        return
    column = reports.get(name)
    is_large = column >= least
    if not is_any(is_large):
        return
    edges: IndexArray = np.flatnonzero(np.diff(reports.ranks, prepend=-1, append=-1))
    for start, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        if is_any(is_large[start:end]):
            yield slice(start, end)


def _put(reports: Reports, name: str, column: FloatArray) -> None:
    reports.columns[reports.kind.names.index(name)] = column
