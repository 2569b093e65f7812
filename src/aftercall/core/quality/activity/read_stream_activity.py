"""Reads the activity of a participant's streams from their interval tables, column by column."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Final, NamedTuple, Self

import numpy as np

from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.quality.activity.stream_activity import (
    FrameCount,
    FrameSizeSpan,
    StreamActivity,
)
from aftercall.core.quality.interval_columns.columns import (
    BoolArray,
    FloatArray,
    IndexArray,
    are_all,
    is_any,
)
from aftercall.core.quality.interval_columns.interval_table import (
    IntervalTable,
    StreamRows,
    group_by_stream,
)
from aftercall.core.quality.intervals.liveness import are_idle
from aftercall.core.quality.issues import StreamRef
from aftercall.core.quality.rules.microphone_rules import SILENT_LEVEL, loudness
from aftercall.core.quality.rules.stream_rules import limited_percent, mean_freeze_ms
from aftercall.core.quality.stats.report_linker import AUDIO, PRODUCERS, SCREENSHARES
from aftercall.core.spans import Span, union

TOLERATED_GAP_MS = SECOND_MS
"""Intervals this close are one span."""

CLEAR_LOSS_PERCENT: Final = 3.0
CLEAR_JITTER_S: Final = 0.03
CLEAR_CONCEALMENT_PERCENT: Final = 2.0
CLEAR_FREEZE_SHARE: Final = 0.1
CLEAR_FREEZE_MS: Final = 500.0
CLEAR_JITTER_BUFFER_MS: Final = 200.0
CLEAR_BANDWIDTH_LIMITED_PERCENT: Final = 20.0
"""The clear values of the catalogue's issues of the network, of concealment, freezes, the jitter
buffer and bandwidth. The two ends of a path measure the same trouble slightly differently, and one
may just miss the threshold that the other reaches."""


SLOW_FPS: Final = 12.0
"""The frame rate below which a camera is slow; the clear value of the catalogue."""

VOICE_BPS: Final = 10_000
"""Opus takes some 2 kbit/s for a muted track, 16 and more for speech. Chosen."""


def read_stream_activity(
    peer_id: str, tables: Iterable[IntervalTable], listed: Mapping[int, Sequence[Span]]
) -> list[StreamActivity]:
    """The activity of one peer's streams, in the order of their first reports. `listed` says when
    reports listed a stream beside its intervals, by rank."""
    found = [each for table in tables for each in _read_table(peer_id, table, listed)]
    return [made for _, made in sorted(found, key=itemgetter(0))]


class _Times(NamedTuple):
    """The times of a table's rows, and to which stream each belongs."""

    streams: int
    numbers: IndexArray
    starts: FloatArray
    ends: FloatArray

    @classmethod
    def of(cls, table: IntervalTable, streams: Sequence[StreamRows]) -> Self:
        lengths = [each.rows.stop - each.rows.start for each in streams]
        numbers = np.repeat(np.arange(len(streams)), lengths)
        return cls(len(streams), numbers, table.starts, table.at)

    def spans(self, is_so: BoolArray) -> list[list[Span]]:
        """For each stream, the spans in which the condition holds."""
        if not is_any(is_so):
            return [[] for _ in range(self.streams)]
        levels = np.where(is_so, 1.0, np.nan)
        return [[(each.start_at, each.end_at) for each in runs] for runs in self.runs(levels)]

    def runs(self, levels: FloatArray) -> list[list[FrameSizeSpan]]:
        """For each stream, the runs of one level; NaN is no level."""
        found: list[list[FrameSizeSpan]] = [[] for _ in range(self.streams)]
        (rows,) = (~np.isnan(levels)).nonzero()
        if not len(rows):
            return found
        numbers, starts, ends = self.numbers[rows], self.starts[rows], self.ends[rows]
        marks = levels[rows]
        is_new = (
            (starts[1:] - ends[:-1] > TOLERATED_GAP_MS)
            | (numbers[1:] != numbers[:-1])
            | (marks[1:] != marks[:-1])
        )
        first = np.concatenate([[0], is_new.nonzero()[0] + 1])
        last: IndexArray = np.concatenate([first[1:] - 1, [len(rows) - 1]])
        columns = (starts[first], ends[last], marks[first], numbers[first])
        for start_at, end_at, level, number in zip(*(c.tolist() for c in columns), strict=True):
            found[number].append(
                FrameSizeSpan(EpochMs(int(start_at)), EpochMs(int(end_at)), int(level))
            )
        return found


_Placed = tuple[tuple[float, int], StreamActivity]


def _read_table(
    peer_id: str, table: IntervalTable, listed_beside: Mapping[int, Sequence[Span]]
) -> Iterator[_Placed]:
    table, streams = group_by_stream(table, lambda description: description.key)
    times = _Times.of(table, streams)
    starts = times.starts
    spans = [times.spans(is_so) for is_so in _flags(table, streams)]
    sizes = _sizes(table, times)
    listed = times.spans(np.ones(len(starts), dtype=np.bool_))
    has_loss, is_shown = ~np.isnan(table.get("loss_percent")), table.get("expected_width") > 0
    for number, stream in enumerate(streams):
        flowing, stalled, voiced, lossy, jittery, late, narrow, shown = (
            each[number] for each in spans
        )
        yield (
            stream.place,
            StreamActivity(
                ref=StreamRef.of(peer_id, stream.description),
                family=table.family,
                life=(_moment(starts[stream.rows.start]), _moment(table.at[stream.rows.stop - 1])),
                listed=_with(listed[number], listed_beside, table.ranks[stream.rows]),
                flowing=flowing,
                stalled=stalled,
                voiced=voiced,
                lossy=lossy,
                jittery=jittery,
                late=late,
                narrow=narrow,
                shown=shown,
                sizes=sizes[number],
                counted=_counted(table, stream.rows),
                has_loss=is_any(has_loss[stream.rows]),
                is_shown=is_any(is_shown[stream.rows]),
            ),
        )


def _with(
    listed: list[Span], beside: Mapping[int, Sequence[Span]], ranks: IndexArray
) -> list[Span]:
    more = [span for rank in set(ranks.tolist()) for span in beside.get(rank, ())]
    return union([*listed, *more], within_ms=TOLERATED_GAP_MS) if more else listed


def _flags(table: IntervalTable, streams: Sequence[StreamRows]) -> tuple[BoolArray, ...]:
    """The rows in which streams flowed, stalled, had speech, were lossy, were jittery, were late or
    broken, were bandwidth-limited, were shown; in this order."""
    is_sent = table.family in PRODUCERS
    packets = table.get("packets_sent" if is_sent else "packets_received")
    loss, jitter_s = table.columns("loss_percent", "jitter_s")
    gap, muted, active = table.columns("is_gap", "is_muted", "is_active")
    # Some libraries count bytes and no packets.
    came = np.where(
        np.isnan(packets), table.get("bytes_sent" if is_sent else "bytes_received"), packets
    )
    is_reported = ~np.isnan(came) & (gap != 1) & ~are_idle(table)
    flowing = is_reported & (came > 0)
    stalled = is_reported & (came == 0) & (muted != 1) & (active != 0)
    nowhere: BoolArray = np.zeros(len(came), dtype=np.bool_)
    is_audio = table.family in AUDIO
    voiced = flowing & _are_voiced(table, streams) if is_audio else nowhere
    lossy = is_reported & (loss >= CLEAR_LOSS_PERCENT)
    jittery = is_reported & (jitter_s >= CLEAR_JITTER_S)
    late = nowhere if is_sent else flowing & _are_late(table)
    narrow = nowhere
    if is_sent and not is_audio:
        narrow = flowing & (limited_percent("bandwidth")(table) >= CLEAR_BANDWIDTH_LIMITED_PERCENT)
    shown: BoolArray = table.get("expected_width") > 0
    return flowing, stalled, voiced, lossy, jittery, late, narrow, shown


def _moment(at: float) -> EpochMs:
    return EpochMs(int(at))


def _are_voiced(table: IntervalTable, streams: Sequence[StreamRows]) -> BoolArray:
    """Where the level is above silence; for a microphone without reported levels (Firefox, Safari),
    where the bitrate is too high for silence."""
    loud = loudness(table)
    voiced: BoolArray = loud > SILENT_LEVEL
    if table.family not in PRODUCERS:
        return voiced
    is_busy = (table.get("bitrate_bps") >= VOICE_BPS) & (table.get("was_off") != 1)
    for stream in streams:
        if are_all(np.isnan(loud[stream.rows])):
            voiced[stream.rows] = is_busy[stream.rows]
    return voiced


def _are_late(table: IntervalTable) -> BoolArray:
    """Where media was concealed, frozen or waited long. A shared screen stands still on purpose and
    is never late."""
    late: BoolArray
    if table.family in AUDIO:
        concealed, waited_ms = table.columns("concealment_percent", "jitter_buffer_ms")
        late = (concealed >= CLEAR_CONCEALMENT_PERCENT) | (waited_ms >= CLEAR_JITTER_BUFFER_MS)
    elif table.family in SCREENSHARES:
        late = np.zeros(len(table.at), dtype=np.bool_)
    else:
        late = (table.get("freeze_share") >= CLEAR_FREEZE_SHARE) | (
            mean_freeze_ms(table) >= CLEAR_FREEZE_MS
        )
    return late


def _sizes(table: IntervalTable, times: _Times) -> list[list[FrameSizeSpan]]:
    """For each stream, the size of its picture over time."""
    if table.family in AUDIO:
        return [[] for _ in range(times.streams)]
    pixels = table.get("frame_width") * table.get("frame_height")
    # A picture as large as it is shown was not shrunk by the network.
    is_reported = (pixels > 0) & (table.get("frames") > 0) & ~_are_wanted(table)
    levels = np.where(is_reported, np.rint(np.log2(np.where(is_reported, pixels, 1.0))), np.nan)
    return times.runs(levels)


def _are_wanted(table: IntervalTable) -> BoolArray:
    """Where a picture is at least as wide as it is shown."""
    wanted: BoolArray = table.get("frame_width") >= table.get("expected_width")
    return wanted


def _counted(table: IntervalTable, rows: slice) -> list[FrameCount]:
    """The frames of a screen, and of a camera while it was slow, report by report."""
    if table.family in AUDIO:
        return []
    fps = table.get("fps")[rows]
    is_reported = table.get("frames")[rows] >= 0
    if table.family not in SCREENSHARES:
        is_reported &= fps < SLOW_FPS
    places = np.flatnonzero(is_reported) + rows.start
    columns = (table.starts[places], table.at[places], table.get("frames")[places])
    return [
        FrameCount(EpochMs(int(start_at)), EpochMs(int(end_at)), int(frames))
        for start_at, end_at, frames in zip(*(column.tolist() for column in columns), strict=True)
    ]
