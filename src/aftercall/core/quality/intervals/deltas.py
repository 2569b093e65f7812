"""From cumulative counters to intervals.

Counters belong to one RTP stream object; a new object restarts them, and a difference across the
restart would be meaningless. There is no interval where the object is new or a counter fell, and
the report after it is a baseline only:

    first report, new SSRC or new object, a counter that fell    baseline only
    absent from a report in between: paused, or removed          baseline only
    the same report again                                        dropped, counted
    an older report                                              dropped, counted
    over 60 s later                                              counts, but no rates, no scores

`packetsLost` is signed and may fall (late packets, duplicates): that is no restart.

An example, `packetsReceived` of one SSRC in reports that are 7 s apart:

    at, s        0     7    14    21    28
    counter    100   450   800    90   440
    interval     –   350   350     –   350

The counter fell between 14 s and 21 s, so the report at 21 s is a baseline only.

All values of one member, over the whole call and of all streams of a family, are processed at once.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
import numpy as np

from aftercall.core.instants import EpochMs
from aftercall.core.quality.interval_columns.column_buffer import (
    LEAST_PACKED,
    SENT,
    ColumnBuffer,
    ColumnBuffers,
)
from aftercall.core.quality.interval_columns.columns import (
    BoolArray,
    FloatArray,
    IndexArray,
    are_all,
    drop_if_all_nan,
    is_any,
    numbers,
)
from aftercall.core.quality.interval_columns.interval import Interval
from aftercall.core.quality.interval_columns.interval_table import (
    IntervalTable,
    concat,
    intervals_by_time,
)
from aftercall.core.quality.intervals.idle_sources import mark_idle
from aftercall.core.quality.intervals.metrics import (
    SenderRtt,
    count_lost,
    measure_picture,
    measure_received,
    measure_sent,
    remote_report_deltas,
)
from aftercall.core.quality.intervals.mute_state import MuteState
from aftercall.core.quality.intervals.pauses import leave_out_pauses
from aftercall.core.quality.intervals.plausibility import leave_out_impossible, without_duplicates
from aftercall.core.quality.intervals.report_order import Reports, accept
from aftercall.core.quality.intervals.score_coverage import mark_covered
from aftercall.core.quality.intervals.scoring import score_intervals
from aftercall.core.quality.intervals.simulcast import join_layers
from aftercall.core.quality.stats.report_linker import AUDIO, PRODUCERS, Family, Sample
from aftercall.core.spans import Span, union

LONGEST_S: Final = 60.0

_RATES: Final = ("bitrate_bps", "fps", "freeze_share")
_MAY_FALL: Final = ("freeze_s", "packets_discarded")
_TAG_NUMBERS: Final = {
    "is_muted": "muted",
    "expected_width": "expected_width",
    "expected_height": "expected_height",
}


class PeerIntervals(msgspec.Struct):
    """The intervals of a peer's streams, one table for each family, and the numbers of reports that
    gave no interval."""

    tables: list[IntervalTable]
    listed: dict[int, list[Span]] = {}
    """By rank, when reports listed a stream that some reports in between did not list. The first
    report after such a one is a baseline and gives no interval, but it lists the stream."""
    duplicates: int = 0
    late: int = 0
    resets: int = 0
    clock_steps: int = 0

    @property
    def intervals(self) -> list[Interval]:
        """All rows of all tables, ordered by time."""
        return intervals_by_time(self.tables)


class IntervalReader:
    """Collects the samples of one peer, in any order and with any repeats."""

    def __init__(self) -> None:
        self._buffers = ColumnBuffers()

    def take(self, sample: Sample) -> None:
        """Add a sample."""
        self._buffers.record(sample)

    @property
    def nbytes(self) -> int:
        """Bytes in memory, roughly."""
        return self._buffers.nbytes

    def pack(self, least_rows: int = LEAST_PACKED) -> None:
        """Take less memory; all else stays the same."""
        self._buffers.pack(least_rows)

    def read(self, mute_state: MuteState | None = None) -> PeerIntervals:
        """The intervals of the samples so far; of simulcast layers, only the layer that is judged.
        `mute_state` says when the peer's microphone and camera were off."""
        result = PeerIntervals([])
        tables = _by_family(self._buffers, result)
        sent = [table for family, table in tables.items() if family in PRODUCERS]
        for place, table in enumerate(sent):
            measure_sent(table)
            sent[place] = table = join_layers(table)
            _put_known_live(table, mute_state)
        sender_rtt = SenderRtt.of(sent)
        received = [table for family, table in tables.items() if family not in PRODUCERS]
        for table in received:
            measure_received(table, sender_rtt)
        result.tables = [*sent, *received]
        mark_idle(result.tables)
        for table in result.tables:
            _finish(table)
        return result


def read_intervals(samples: Iterable[Sample]) -> list[Interval]:
    """The intervals of a peer's samples, which may come in any order."""
    reader = IntervalReader()
    for sample in samples:
        reader.take(sample)
    return reader.read().intervals


def _by_family(buffers: ColumnBuffers, result: PeerIntervals) -> dict[Family, IntervalTable]:
    """The counter differences and remote report deltas by family, before they are measured."""
    alike: dict[Family, list[ColumnBuffer]] = {}
    for buffer in buffers:
        alike.setdefault(buffer.descriptions[0].family, []).append(buffer)
    found: dict[Family, list[IntervalTable]] = {}
    for each in alike.values():
        reports = accept(each)
        leave_out_impossible(reports)
        result.duplicates += reports.duplicates
        result.late += reports.late
        result.clock_steps += int(reports.steps.sum())
        absences = {buffer.rank: buffers.absences(buffer) for buffer in each}
        result.listed |= _listed(reports, absences)
        for table in _count(reports, _was_absent(reports, absences), result):
            found.setdefault(table.family, []).append(table)
    return {family: concat(tables) for family, tables in found.items()}


def _count(reports: Reports, was_absent: BoolArray, result: PeerIntervals) -> list[IntervalTable]:
    """The intervals between reports, a table for each family."""
    kind = reports.kind
    counters = {name: drop_if_all_nan(reports.get(name)) for name in kind.counters}
    changes = {name: _rises(each) for name, each in counters.items() if each is not None}
    is_other = reports.ranks[1:] != reports.ranks[:-1]
    has_fallen: BoolArray = np.zeros(len(is_other), dtype=np.bool_)
    for name in kind.monotone:
        if name in changes:
            has_fallen |= changes[name] < 0
    has_fallen &= ~is_other
    result.resets += int(has_fallen.sum())
    is_cut = is_other | has_fallen | was_absent | _is_discontinuity(reports)
    if are_all(is_cut):
        return []
    within, starts, ends = _rows_of(~is_cut)
    table = IntervalTable(
        family=reports.descriptions[0].family,
        at=reports.get("at")[ends],
        ranks=reports.ranks[ends],
        descriptions=reports.descriptions,
        description_index=reports.description_index[ends],
        numbers={
            "dt_s": reports.lengths_s[within],
            "pair_rtt_s": reports.get("pair_rtt_s")[ends],
        },
    )
    for name, change in changes.items():
        table.put(name, drop_if_all_nan(change[within]))
    for name in (*kind.gauges, "score_given"):
        table.put(name, drop_if_all_nan(reports.get(name)[ends]))
    if is_any(reports.steps != 0):
        table.put("is_clock_step", reports.steps[within])
    if kind is SENT:
        table.put("target_before_bps", drop_if_all_nan(reports.get("target_bitrate_bps")[starts]))
        segments = np.concatenate([[0], np.cumsum(is_cut)])
        for name, column in remote_report_deltas(reports, segments).items():
            table.put(name, drop_if_all_nan(column[ends]))
    else:
        total_lost = without_duplicates(reports.get("packets_lost_signed"), reports.ranks)
        count_lost(table, _rises(total_lost)[within])
        table.put("packets_before", drop_if_all_nan(reports.get("packets_received")[starts]))
    _put_tags(table, reports.description_index[starts])
    if kind is SENT:
        table.set_flag("was_off", reports.get("is_active")[starts] == 0)
    return _split(table)


_RowIndex = IndexArray | slice


def _rows_of(is_interval: BoolArray) -> tuple[_RowIndex, _RowIndex, _RowIndex]:
    """The places of the intervals among the spaces between reports, and the reports at which they
    begin and end."""
    if are_all(is_interval):
        # No column is copied.
        return slice(None), slice(0, -1), slice(1, None)
    starts = np.flatnonzero(is_interval)
    return starts, starts, starts + 1


def _rises(column: FloatArray) -> FloatArray:
    """The differences of neighbours, as `numpy.diff`, which takes three times as long to begin."""
    rises: FloatArray = column[1:] - column[:-1]
    return rises


def _was_absent(reports: Reports, absences: Mapping[int, FloatArray]) -> BoolArray:
    """Between which reports of a stream its connection was reported without it. The stream was
    paused then, until an unknown instant."""
    ats = reports.get("at")
    found: BoolArray = np.zeros(len(ats) - 1, dtype=np.bool_)
    for rank, absent in absences.items():
        if len(absent):
            rows = np.flatnonzero(reports.ranks == rank)
            counts = np.searchsorted(absent, ats[rows])
            found[rows[:-1]] = np.diff(counts) > 0
    return found


def _listed(reports: Reports, absences: Mapping[int, FloatArray]) -> dict[int, list[Span]]:
    """When reports listed the streams that were absent from some: from the report before, or from
    the last one without the stream."""
    ats = reports.get("at")
    found: dict[int, list[Span]] = {}
    for rank, absent in absences.items():
        own = np.sort(ats[reports.ranks == rank])
        if not len(absent) or len(own) < 2:
            continue
        places = np.searchsorted(absent, own) - 1
        starts = np.where(places[1:] > places[:-1], absent[np.maximum(places[1:], 0)], own[:-1])
        spans = zip(starts.astype(int).tolist(), own[1:].astype(int).tolist(), strict=True)
        found[rank] = union((EpochMs(start), EpochMs(end)) for start, end in spans)
    return found


def _is_discontinuity(reports: Reports) -> BoolArray:
    """Where the stats object or the family of a stream changes."""
    uses = [(description.stats_id, description.family) for description in reports.descriptions]
    numbered = {use: number for number, use in enumerate(dict.fromkeys(uses))}
    is_discontinuity: BoolArray = (
        np.diff(np.array([numbered[use] for use in uses])[reports.description_index]) != 0
    )
    return is_discontinuity


def _put_tags(table: IntervalTable, before: IndexArray) -> None:
    """Add the numbers in the tags of the intervals' last reports. `before` are the description
    indices of their first reports."""
    tags = [description.tag for description in table.descriptions]
    for name, member in _TAG_NUMBERS.items():
        values = numbers([None if tag is None else getattr(tag, member) for tag in tags])
        table.put(name, drop_if_all_nan(values[table.description_index]))
    is_muted = np.array([tag is not None and tag.muted is True for tag in tags])
    table.set_flag("was_off", is_muted[before])


def _put_known_live(table: IntervalTable, mute_state: MuteState | None) -> None:
    """Flag sent streams that were off for a part of an interval, and those known to be on: by their
    RTP sender, their tag, a switch of the app, a microphone level or a camera frame rate above
    zero."""
    is_known_on = (table.get("is_active") == 1) | (table.get("is_muted") == 0)
    is_known_on |= table.get("audio_level" if table.family in AUDIO else "source_fps") > 0
    if mute_state is not None:
        since = mute_state.unmuted_since(table.family, table.starts, table.at)
        table.set_flag("was_off", np.isnan(since))
        is_known_on |= mute_state.knows_switches_of(table.family)
    table.set_flag("is_known_live", is_known_on & (table.get("was_off") != 1))


def _split(table: IntervalTable) -> list[IntervalTable]:
    """A table for each family, since a stream can change its family."""
    families = dict.fromkeys(description.family for description in table.descriptions)
    if len(families) == 1:
        return [table]
    found: list[IntervalTable] = []
    for family in families:
        is_of = np.array([description.family is family for description in table.descriptions])[
            table.description_index
        ]
        if is_any(is_of):
            found.append(msgspec.structs.replace(table.take(is_of), family=family))
    return found


def _finish(table: IntervalTable) -> None:
    """Add what sent and received streams have in common, and the scores."""
    is_gap = table.numbers["dt_s"] > LONGEST_S
    table.set_flag("is_gap", is_gap)
    for name in _MAY_FALL:
        if name in table.numbers:
            change = table.numbers[name]
            table.numbers[name] = np.where(change < 0, np.nan, change)
    if table.family not in AUDIO:
        measure_picture(table)
    for name in _RATES:
        if is_any(is_gap) and name in table.numbers:
            table.numbers[name] = np.where(is_gap, np.nan, table.numbers[name])
    leave_out_pauses(table)
    table.put("is_listening_only", np.isnan(table.get("rtt_s")).astype(np.float64))
    score_intervals(table)
    mark_covered(table)
