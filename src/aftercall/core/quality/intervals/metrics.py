"""The measures of a stream's intervals: rates, shares and gauges, made of both ends' counters.

Loss counts first copies: retransmissions are taken off on both sides, and how many came again
says what of the loss was repaired. What the far end says changes only with its reports; between
two of them its loss is not known, not zero.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, Self

import numpy as np

from aftercall.core.quality.frame.columns import (
    BoolArray,
    FloatArray,
    IndexArray,
    all_nan,
    coalesce,
    drop_if_all_nan,
    fill_zero,
    minus,
    never_negative,
    ratio,
)
from aftercall.core.quality.frame.interval_table import IntervalTable, concat_column
from aftercall.core.quality.intervals.plausibility import (
    LONGEST_S,
    are_possible_losses,
    are_possible_reports,
    without_duplicates,
)
from aftercall.core.quality.intervals.report_order import Reports
from aftercall.core.quality.stats.link import AUDIO


class SenderRtt(NamedTuple):
    """The round trips measured on what a peer sends, by moment."""

    ats: FloatArray
    rtts_s: FloatArray

    @classmethod
    def of(cls, tables: Sequence[IntervalTable]) -> Self:
        """Of what was sent; the shorter first where there are several at a moment."""
        ats = np.concatenate([all_nan(0), *(table.at for table in tables)])
        rtts_s = concat_column(tables, "rtt_s")
        is_known = ~np.isnan(rtts_s)
        ats, rtts_s = ats[is_known], rtts_s[is_known]
        order = np.lexsort((rtts_s, ats))
        return cls(ats[order], rtts_s[order])

    def near(self, ats: FloatArray) -> FloatArray:
        """For each moment the one nearest in time, the earlier of two as near."""
        if not len(self.ats):
            return all_nan(len(ats))
        places = np.minimum(np.searchsorted(self.ats, ats), len(self.ats) - 1)
        before = np.maximum(places - 1, 0)
        is_before = ats - self.ats[before] <= self.ats[places] - ats
        return self.rtts_s[np.where(is_before, before, places)]


def measure_sent(table: IntervalTable) -> None:
    """`table` holds what the counters and gauges gave, and what was heard."""
    of = table.numbers.get
    media = minus(of("bytes_sent"), of("retransmitted_bytes_sent"))
    bitrates_bps = ratio(media, of("dt_s"), 8)
    table.put("bitrate_bps", bitrates_bps)
    if bitrates_bps is not None and table.family not in AUDIO:
        # What goes beyond an encoder's target is no picture: it probes the path or pads.
        targets_bps = np.fmax(*table.columns("target_bitrate_bps", "target_before_bps"))
        limits_bps = np.where(targets_bps > 0, targets_bps, np.inf)
        table.put("picture_bps", np.minimum(bitrates_bps, limits_bps))
    table.put("rtt_s", drop_if_all_nan(coalesce(*table.columns("rtt_s", "pair_rtt_s"))))
    for reason in ("none", "cpu", "bandwidth", "other"):
        # Seconds cannot fall but for rounding.
        seconds = of(f"limited_{reason}_s")
        table.put(f"limited_{reason}_s", None if seconds is None else never_negative(seconds))


def remote_report_deltas(reports: Reports, segments: IndexArray) -> dict[str, FloatArray]:
    """What the far end reported, at the reports where it reported anew, over all that was sent
    since it last did, which may be several intervals. `pieces` tells reports apart between which
    there is no interval; the first report of a piece is only compared with."""
    is_first = np.diff(segments, prepend=-1) != 0
    reported = np.array([reports.get(f"remote_{member}") for member in _FAR_END])
    present = np.flatnonzero(~np.isnan(reported).all(axis=0))
    is_new = _are_new_reports(
        reported[:, present], reports.get("stamp")[present], segments[present]
    )
    new_reports = present[is_new]
    # Compared with itself, a report that is the first of its piece has nothing to compare with.
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
    if not is_possible.all():
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
    """Which of these are new reports of the far end, of what was `told` at the moments `taken`.
    Its own moment tells. Where that is none, or the one at which the browser was asked, a report
    that counts round trips is new when it says anything else than the one before."""
    stamps, counts = reported[0], reported[-1]
    is_same = (reported[:, 1:] == reported[:, :-1]) | (
        np.isnan(reported[:, 1:]) & np.isnan(reported[:, :-1])
    )
    is_untimed = ~(stamps[1:] < taken[1:])
    is_old = (np.diff(stamps) == 0) | (is_untimed & ~np.isnan(counts[1:]) & is_same[1:].all(axis=0))
    return np.concatenate([[True], ~is_old | (np.diff(segments) != 0)])[: len(segments)]


PADDED_TIMES: Final = 1.5
LEAST_STATED_PACKETS: Final = 100
"""Of fewer, a stated share is as much chance as loss."""


def _compare(
    now: FloatArray,
    before: FloatArray,
    rises: FloatArray,
    sent: FloatArray,
    pictures: IndexArray | None,
    again: FloatArray,
) -> dict[str, FloatArray]:
    """Reports of the far end and the ones before them, in an interval's names; NaN where there
    was none before. `rises` are those of the loss; `sent` and `again` are packets since then;
    `pictures` tells the pieces of video apart."""
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
    """Packets the far end should have had. Browsers count what they send to probe the path and to
    pad among the packets of a picture; the far end, counting sequence numbers, does not. Where it
    states a far larger share, now and all in all, its share tells how many packets there were. By
    itself one share is chance: it covers the last of the `reports` in this time, about a second."""
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
    """The sums up to and with each value, of its piece alone."""
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
    """Packets lost, of a stream that also says how many came: without them nobody can tell how
    bad the loss was. `rises` are those of the cumulative loss."""
    signed, received = table.columns("packets_lost_signed", "packets_received")
    is_reported = np.bincount(table.ranks, weights=~np.isnan(received)) > 0
    is_possible = are_possible_losses(signed, table.get("dt_s"), received, table.ranks)
    if not is_possible.all():
        table.put("packets_lost_signed", np.where(is_possible, signed, np.nan))
    is_known = is_reported[table.ranks] & is_possible & ~_are_uncounted(table)
    lost = np.where(is_known, never_negative(rises), np.nan)
    table.put("packets_lost", drop_if_all_nan(lost))


def _are_uncounted(table: IntervalTable) -> BoolArray:
    """The intervals in which payload came and, by its counter, not a packet."""
    packets, bytes_ = table.columns("packets_received", "bytes_received")
    uncounted: BoolArray = (bytes_ > 0) & ~(packets > 0)
    return uncounted


def measure_received(table: IntervalTable, sender_rtt: SenderRtt) -> None:
    of = table.numbers.get
    media = minus(of("bytes_received"), of("retransmitted_bytes_received"))
    table.put("bitrate_bps", ratio(media, of("dt_s"), 8))
    table.put(
        "jitter_buffer_ms",
        ratio(of("jitter_buffer_delay_s"), of("jitter_buffer_emitted_count"), 1000),
    )
    trips = table.numbers["pair_rtt_s"]
    if np.isnan(trips).any():
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
    # While nothing comes, browsers go on telling the jitter of what came last.
    table.numbers["jitter_s"] = np.where(came == 0, np.nan, jitters_s)
    table.put("concealment_percent", ratio(audible, of("total_samples_received"), 100, limit=100.0))


def measure_picture(table: IntervalTable) -> None:
    of = table.numbers.get
    table.put("fps", ratio(of("frames"), of("dt_s")))
    table.put("freeze_share", ratio(of("freeze_s"), of("dt_s"), limit=1.0))
