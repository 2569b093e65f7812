"""The issues of streams: the catalogue's rules applied to whole columns.

Most rules never find anything bad; only streams with a bad value are examined further.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Final, NamedTuple

import numpy as np
from msgspec.structs import replace

from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.quality.interval_columns.columns import (
    BoolArray,
    FloatArray,
    IndexArray,
    is_any,
)
from aftercall.core.quality.interval_columns.interval_table import (
    IntervalTable,
    StreamRows,
    group_by_stream,
)
from aftercall.core.quality.intervals.liveness import are_off
from aftercall.core.quality.intervals.mute_state import MuteState
from aftercall.core.quality.issues import WARM_UP_MS, Issue, IssueName, StreamRef, single
from aftercall.core.quality.rules.hysteresis import ConditionSamples
from aftercall.core.quality.rules.stream_rules import RULES, StreamRule, ThresholdMeasure
from aftercall.core.quality.stats.report_linker import Family, StreamDescription

_RULES_OF: Final = {
    family: tuple(rule for rule in RULES if family in rule.families) for family in Family
}
_Found = tuple[tuple[float, int], Issue]


def stream_issues(
    peer_id: str,
    joined_at: EpochMs,
    reported_at: EpochMs,
    tables: Iterable[IntervalTable],
    mute_state: MuteState,
    outages: Iterable[tuple[EpochMs, EpochMs]] = (),
) -> list[Issue]:
    """The issues of all streams of one peer, in the order of the streams' first reports.
    `reported_at` is the peer's first report: a stream that is not in it was added later."""
    lost = np.array(sorted(outages), dtype=np.float64).reshape(-1, 2)
    judged = _JudgedPeer(peer_id, joined_at + WARM_UP_MS, reported_at, mute_state, lost)
    found = [each for table in tables for each in _issues_of(table, judged)]
    return [issue for _, issue in sorted(found, key=itemgetter(0))]


def _stream(description: StreamDescription) -> Hashable:
    """The name by which rows are one stream; simulcast layers of one picture are one stream to the
    rules."""
    sender = description.sender
    if sender is None and description.key[1] == "send" and description.kind == "video":
        sender = description.mid
    return description.key if sender is None else (description.key[0], sender)


class _JudgedPeer(NamedTuple):
    """A peer, and from when on it is judged."""

    peer_id: str
    ready_at: int
    reported_at: EpochMs
    mute_state: MuteState
    outages: FloatArray
    """The spans in which its connections were lost, one a row, ordered by time."""


def _issues_of(table: IntervalTable, judged: _JudgedPeer) -> Iterator[_Found]:
    table, streams = group_by_stream(table, _stream)
    for stream in streams:
        ref = StreamRef.of(judged.peer_id, stream.description)
        for at, start in _steps(table, stream.rows):
            yield stream.place, single(IssueName.CLOCK_STEP, ref, start, at)
    times: _Times | None = None
    for rule in _RULES_OF[table.family]:
        found = _columns(rule, table)
        if not is_any(found.is_bad):
            continue
        measured = _measure(rule, table, found)
        times = times or _times_of(table, streams, judged)
        for stream in _suspects(found.is_bad, streams):
            samples = _samples(measured, times, stream.rows)
            for issue in rule.hysteresis.issues(
                StreamRef.of(judged.peer_id, stream.description), samples
            ):
                yield stream.place, _with_liveness(issue, table, stream.rows)


_STALLED: Final = frozenset({IssueName.NO_AUDIO_SENT, IssueName.NO_VIDEO_SENT})


def _with_liveness(issue: Issue, table: IntervalTable, rows: slice) -> Issue:
    """The issue, with whether a stream that carried nothing was known to be on. If it was not, the
    issue is mere information."""
    if issue.name not in _STALLED:
        return issue
    is_within = (table.starts[rows] < issue.last_at) & (table.at[rows] > issue.first_at)
    is_known_live = bool((table.get("is_known_live")[rows][is_within] == 1).all())
    if is_known_live:
        return replace(issue, is_known_live=True)
    return replace(issue, severity="information")


def _steps(table: IntervalTable, rows: slice) -> Iterator[tuple[EpochMs, EpochMs]]:
    steps = table.numbers.get("is_clock_step")
    if steps is None:
        return
    for row in np.flatnonzero(steps[rows] == 1) + rows.start:
        yield EpochMs(int(table.at[row])), EpochMs(int(table.starts[row]))


class _Columns(NamedTuple):
    """The columns of a rule's measures on a table, and where they are bad."""

    columns: dict[ThresholdMeasure, FloatArray]
    bad: dict[str, BoolArray]
    is_bad: BoolArray


class _Measured(NamedTuple):
    """The values and conditions of a rule on a table."""

    values: dict[str, FloatArray]
    bad: dict[str, BoolArray]
    raises_alone: BoolArray
    is_good: BoolArray
    is_known: BoolArray


def _columns(rule: StreamRule, table: IntervalTable) -> _Columns:
    columns = {measure: measure.values(table) for measure in rule.measures}
    bad = {measure.label: rule.is_bad(measure, column) for measure, column in columns.items()}
    return _Columns(columns, bad, np.logical_or.reduce(list(bad.values())))


def _measure(rule: StreamRule, table: IntervalTable, found: _Columns) -> _Measured:
    """What is needed of a rule that some stream may have broken; most rules find nothing bad."""
    length = len(table.at)
    is_good, is_known = np.ones(length, dtype=np.bool_), np.zeros(length, dtype=np.bool_)
    for measure, column in found.columns.items():
        is_unknown = np.isnan(column)
        is_good &= rule.is_good(measure, column) | is_unknown
        is_known |= ~is_unknown
    raises_alone = (
        np.zeros(length, dtype=np.bool_) if rule.raises_alone is None else rule.raises_alone(table)
    )
    values = {measure.label: column * measure.scale for measure, column in found.columns.items()}
    return _Measured(values, found.bad, raises_alone, is_good, is_known)


def _suspects(is_bad: BoolArray, streams: Sequence[StreamRows]) -> list[StreamRows]:
    return [stream for stream in streams if is_any(is_bad[stream.rows])]


class _Times(NamedTuple):
    """The times of intervals, and which of them can be judged: none while a stream warms up, and
    each independently after the stream was muted, paused or not reported."""

    starts: FloatArray
    ends: FloatArray
    is_ready: BoolArray
    is_off: BoolArray


def _times_of(table: IntervalTable, streams: Sequence[StreamRows], judged: _JudgedPeer) -> _Times:
    starts, ends = table.starts, table.at
    since = judged.mute_state.unmuted_since(table.family, starts, ends)
    is_off = are_off(table)
    since = np.maximum(since, _on_since(starts, ends, is_off, streams, judged))
    back, is_lost = _connected_since(starts, ends, judged.outages)
    return _Times(
        starts,
        ends,
        starts >= np.maximum(np.maximum(since, back) + WARM_UP_MS, judged.ready_at),
        np.isnan(since) | is_off | (table.get("is_gap") == 1) | is_lost,
    )


def _connected_since(
    starts: FloatArray, ends: FloatArray, outages: FloatArray
) -> tuple[FloatArray, BoolArray]:
    """Since when the connection was up, and in which intervals it was lost in any part."""
    if not len(outages):
        return np.zeros(len(starts)), np.zeros(len(starts), dtype=np.bool_)
    lost_at, back_at = outages[:, 0], np.maximum.accumulate(outages[:, 1])
    place = np.searchsorted(lost_at, ends, side="left") - 1
    back: FloatArray = np.where(place >= 0, back_at[place], 0.0)
    return back, back > starts


def _on_since(
    starts: FloatArray,
    ends: FloatArray,
    is_off: BoolArray,
    streams: Sequence[StreamRows],
    judged: _JudgedPeer,
) -> FloatArray:
    """Since when a stream was on, by its own reports: since its first report, unless it was in the
    peer's first report, or since it was last off."""
    firsts = np.array([stream.rows.start for stream in streams])
    lengths = np.diff(firsts, append=len(starts))
    came = starts[firsts]
    came = np.repeat(np.where(came > judged.reported_at + SECOND_MS, came, 0.0), lengths)
    if not is_any(is_off):
        return came
    last_off: IndexArray = np.maximum.accumulate(np.where(is_off, np.arange(len(ends)), -1))
    return np.where(last_off >= np.repeat(firsts, lengths), ends[last_off], came)


def _samples(measured: _Measured, times: _Times, rows: slice) -> ConditionSamples:
    sections: IndexArray = np.cumsum(times.is_off[rows])
    is_judged = times.is_ready[rows] & ~times.is_off[rows] & measured.is_known[rows]
    return ConditionSamples(
        times.starts[rows][is_judged],
        times.ends[rows][is_judged],
        {name: column[rows][is_judged] for name, column in measured.values.items()},
        {name: flags[rows][is_judged] for name, flags in measured.bad.items()},
        measured.raises_alone[rows][is_judged],
        measured.is_good[rows][is_judged],
        sections[is_judged],
        int(sections[-1]),
    )
