"""The metrics of a stream's intervals: rates, shares and gauges, from the counters of both ends.

Loss counts first copies: retransmissions are subtracted on both sides, and their number shows how
much of the loss was repaired. Remote values change only with remote reports; between two of them
the remote loss is unknown, not zero.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, Self

import numpy as np

from aftercall.core.quality.interval_columns.columns import (
    BoolArray,
    FloatArray,
    IndexArray,
    all_nan,
    are_all,
    coalesce,
    drop_if_all_nan,
    fill_zero,
    is_any,
    minus,
    never_negative,
    ratio,
)
from aftercall.core.quality.interval_columns.interval_table import IntervalTable, concat_column
from aftercall.core.quality.intervals.plausibility import (
    LONGEST_S,
    are_possible_losses,
    are_possible_reports,
    without_duplicates,
)
from aftercall.core.quality.intervals.report_order import Reports
from aftercall.core.quality.stats.report_linker import AUDIO


class SenderRtt(NamedTuple):
    """The round trips measured on what a peer sends, by instant."""

    ats: FloatArray
    rtts_s: FloatArray

    @classmethod
    def of(cls, tables: Sequence[IntervalTable]) -> Self:
        """The known round trips of sent streams; the shorter first where several are of one
        instant."""
        ats = np.concatenate([all_nan(0), *(table.at for table in tables)])
        rtts_s = concat_column(tables, "rtt_s")
        is_known = ~np.isnan(rtts_s)
        ats, rtts_s = ats[is_known], rtts_s[is_known]
        order = np.lexsort((rtts_s, ats))
        return cls(ats[order], rtts_s[order])

    def near(self, ats: FloatArray) -> FloatArray:
        """For each instant the round trip nearest in time; of two equally near, the earlier."""
        if not len(self.ats):
            return all_nan(len(ats))
        places = np.minimum(np.searchsorted(self.ats, ats), len(self.ats) - 1)
        before = np.maximum(places - 1, 0)
        is_before = ats - self.ats[before] <= self.ats[places] - ats
        return self.rtts_s[np.where(is_before, before, places)]


def measure_sent(table: IntervalTable) -> None:
    """Add the metrics of sent streams. `table` holds counters, gauges and remote report deltas."""
    of = table.numbers.get
    media = minus(of("bytes_sent"), of("retransmitted_bytes_sent"))
    bitrates_bps = ratio(media, of("dt_s"), 8)
    table.put("bitrate_bps", bitrates_bps)
    if bitrates_bps is not None and table.family not in AUDIO:
        # Bits beyond an encoder's target carry no picture: they probe the path or pad.
        targets_bps = np.fmax(*table.columns("target_bitrate_bps", "target_before_bps"))
        limits_bps = np.where(targets_bps > 0, targets_bps, np.inf)
        table.put("picture_bps", np.minimum(bitrates_bps, limits_bps))
    table.put("rtt_s", drop_if_all_nan(coalesce(*table.columns("rtt_s", "pair_rtt_s"))))
    for reason in ("none", "cpu", "bandwidth", "other"):
        # These durations fall only by rounding errors.
        seconds = of(f"limited_{reason}_s")
        table.put(f"limited_{reason}_s", None if seconds is None else never_negative(seconds))


def remote_report_deltas(reports: Reports, segments: IndexArray) -> dict[str, FloatArray]:
    """What the remote end reported, in the rows of its new reports, over everything sent since its
    report before, which may span several intervals. Reports of different `segments` have no
    interval between them; the first report of a segment is only a baseline."""
    is_first = np.diff(segments, prepend=-1) != 0
    reported = np.array([reports.get(f"remote_{member}") for member in _FAR_END])
    present = np.flatnonzero(~np.isnan(reported).all(axis=0))
    is_new = _are_new_reports(
        reported[:, present], reports.get("stamp")[present], segments[present]
    )
    new_reports = present[is_new]
    # The first report of a segment is compared with itself, which gives no difference.
    is_alone = np.diff(segments[new_reports], prepend=-1) != 0
    now = np.flatnonzero(~is_first[new_reports])
    before = np.where(is_alone[now], now, now - 1)
    places = new_reports[now]
    sent_again = reports.get("retransmitted_packets_sent")
    sent_once = reports.get("packets_sent") - fill_zero(sent_again)
    total_lost = without_duplicates(reported[_LOST], reports.ranks)
    sent = sent_once[places] - sent_once[new_reports[before]]
    again = fill_zero(sent_again[places] - sent_again[new_reports[before]])
    deltas = _compare(
        reported[:, places],
        np.where(is_alone[now], np.nan, reported[:, new_reports[before]]),
        total_lost[places] - total_lost[new_reports[before]],
        sent,
        segments[places] if reports.descriptions[0].kind == "video" else None,
        again,
    )
    signed = deltas["packets_lost_signed"]
    is_possible = are_possible_reports(signed, sent + again, reports, places)
    if not are_all(is_possible):
        for name in _LOSSES:
            deltas[name] = np.where(is_possible, deltas[name], np.nan)
    return {name: _spread(column, places, len(segments)) for name, column in deltas.items()}


_FAR_END: Final = (
    "timestamp",
    "packets_lost",
    "jitter",
    "fraction_lost",
    "round_trip_time",
    "total_round_trip_time",
    "round_trip_time_measurements",
)
_LOST: Final = _FAR_END.index("packets_lost")
_LOSSES: Final = (
    "packets_lost_signed",
    "packets_lost",
    "packets_expected",
    "loss_percent",
    "residual_loss_percent",
)


def _are_new_reports(reported: FloatArray, taken: FloatArray, segments: IndexArray) -> BoolArray:
    """Which rows hold a new remote report; `reported` are its values at the instants `taken`. The
    report's own timestamp decides. Where it is absent or equals the time of the getStats call, a
    report that counts round trips is new if any of its values changed."""
    stamps, counts = reported[0], reported[-1]
    is_same = (reported[:, 1:] == reported[:, :-1]) | (
        np.isnan(reported[:, 1:]) & np.isnan(reported[:, :-1])
    )
    is_untimed = ~(stamps[1:] < taken[1:])
    is_old = (np.diff(stamps) == 0) | (is_untimed & ~np.isnan(counts[1:]) & is_same[1:].all(axis=0))
    return np.concatenate([[True], ~is_old | (np.diff(segments) != 0)])[: len(segments)]


PADDED_TIMES: Final = 1.5
LEAST_STATED_PACKETS: Final = 100
"""With fewer packets a stated share is as much chance as loss."""


def _compare(
    now: FloatArray,
    before: FloatArray,
    rises: FloatArray,
    sent: FloatArray,
    pictures: IndexArray | None,
    again: FloatArray,
) -> dict[str, FloatArray]:
    """The differences between remote reports and their predecessors, by an interval's names; NaN
    without a predecessor. `rises` are the increases of the cumulative loss; `sent` and `again`
    are packets and retransmissions since the predecessor; `pictures` are the segments of video
    streams."""
    _, _, jitters_s, fractions, rtts_s, totals_s, _ = now
    _, lost, _, _, _, took_s, measured = now - before
    is_measured = (measured > 0) & (took_s >= 0) & (totals_s > 0)
    mean_s = np.divide(took_s, measured, out=all_nan(len(lost)), where=is_measured)
    mean_s = np.where(mean_s > LONGEST_S, np.nan, mean_s)
    lost = np.where(np.isnan(sent), np.nan, lost)
    expected = np.where(np.isnan(lost), np.nan, never_negative(sent))
    late = np.where(np.isnan(lost), np.nan, never_negative(rises))
    stated = np.minimum(1.0, fractions)
    if pictures is not None:
        expected = _without_padding(expected, late, stated, measured, pictures)
    left = never_negative(late - again)
    return {
        "jitter_s": np.where(expected == 0, np.nan, jitters_s),
        "rtt_s": np.where(is_measured, mean_s, rtts_s),
        "packets_lost_signed": lost,
        "packets_lost": late,
        "packets_expected": expected,
        "loss_percent": np.where(np.isnan(lost), 100 * stated, _percent(late, expected)),
        "residual_loss_percent": np.where(np.isnan(lost), 100 * stated, _percent(left, expected)),
    }


def _without_padding(
    expected: FloatArray,
    lost: FloatArray,
    stated: FloatArray,
    reports: FloatArray,
    segments: IndexArray,
) -> FloatArray:
    """Packets that the remote end should have got. Browsers count packets that probe the path or
    pad as packets of a picture; the remote end, which counts sequence numbers, does not. If it
    states a far larger loss share than the counters give, in this report and overall, the stated
    share gives the number of packets. A single share is chance: it covers only the last of the
    `reports` in this time, about a second."""
    reported = stated * expected
    is_reported = ~np.isnan(reported)
    stated_so_far = _sums_so_far(np.where(is_reported, reported, 0.0), segments)
    lost_so_far = _sums_so_far(np.where(is_reported, lost, 0.0), segments)
    is_padded = (
        (lost > 0)
        & (reported > PADDED_TIMES * lost)
        & (stated_so_far > PADDED_TIMES * lost_so_far)
        & (expected >= LEAST_STATED_PACKETS * reports)
    )
    return np.divide(lost, stated, out=expected.copy(), where=is_padded).round()


def _sums_so_far(values: FloatArray, segments: IndexArray) -> FloatArray:
    """The cumulative sums within each segment."""
    sums = np.cumsum(values)
    before = np.concatenate([[0.0], sums])[np.searchsorted(segments, segments)]
    made: FloatArray = sums - before
    return made


def _percent(parts: FloatArray, wholes: FloatArray) -> FloatArray:
    made = np.divide(100 * parts, wholes, out=all_nan(len(parts)), where=wholes > 0)
    return np.minimum(made, 100.0)


def _spread(values: FloatArray, places: IndexArray, length: int) -> FloatArray:
    column = all_nan(length)
    column[places] = values
    return column


def count_lost(table: IntervalTable, rises: FloatArray) -> None:
    """Add packets lost, for streams that also report packets received; without those the loss share
    is unknown. `rises` are the increases of the cumulative loss."""
    signed, received = table.columns("packets_lost_signed", "packets_received")
    is_reported = np.bincount(table.ranks, weights=~np.isnan(received)) > 0
    is_possible = are_possible_losses(signed, table.get("dt_s"), received, table.ranks)
    if not are_all(is_possible):
        table.put("packets_lost_signed", np.where(is_possible, signed, np.nan))
    is_known = is_reported[table.ranks] & is_possible & ~_are_uncounted(table)
    lost = np.where(is_known, never_negative(rises), np.nan)
    table.put("packets_lost", drop_if_all_nan(lost))


def _are_uncounted(table: IntervalTable) -> BoolArray:
    """The intervals in which payload arrived and the packet counter stood still."""
    packets, bytes_ = table.columns("packets_received", "bytes_received")
    uncounted: BoolArray = (bytes_ > 0) & ~(packets > 0)
    return uncounted


def measure_received(table: IntervalTable, sender_rtt: SenderRtt) -> None:
    """Add the metrics of received streams."""
    of = table.numbers.get
    media = minus(of("bytes_received"), of("retransmitted_bytes_received"))
    table.put("bitrate_bps", ratio(media, of("dt_s"), 8))
    table.put(
        "jitter_buffer_ms",
        ratio(of("jitter_buffer_delay_s"), of("jitter_buffer_emitted_count"), 1000),
    )
    trips = table.numbers["pair_rtt_s"]
    if is_any(np.isnan(trips)):
        trips = coalesce(trips, sender_rtt.near(table.at))
    table.put("rtt_s", drop_if_all_nan(trips))
    lost, again = of("packets_lost"), of("retransmitted_packets_received")
    firsts = minus(of("packets_received"), again)
    if lost is not None and firsts is not None:
        expected = table.numbers["packets_expected"] = firsts + lost
        table.put("loss_percent", ratio(lost, expected, 100))
        table.put("residual_loss_percent", ratio(minus(lost, again), expected, 100))
    audible = minus(of("concealed_samples"), of("silent_concealed_samples"))
    came, jitters_s = table.columns("packets_received", "jitter_s")
    # While nothing arrives, browsers go on reporting the last jitter.
    table.numbers["jitter_s"] = np.where(came == 0, np.nan, jitters_s)
    table.put("concealment_percent", ratio(audible, of("total_samples_received"), 100, limit=100.0))


def measure_picture(table: IntervalTable) -> None:
    """Add the frame rate and the share of freezes."""
    of = table.numbers.get
    table.put("fps", ratio(of("frames"), of("dt_s")))
    table.put("freeze_share", ratio(of("freeze_s"), of("dt_s"), limit=1.0))
