"""The catalogue's rules about microphones."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise, zip_longest
from typing import Final, NamedTuple

import numpy as np

from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.quality.interval_columns.columns import BoolArray, FloatArray, all_nan
from aftercall.core.quality.interval_columns.interval_table import IntervalTable
from aftercall.core.quality.intervals.mute_state import MuteState
from aftercall.core.quality.issues import Issue, IssueName, StreamRef, single
from aftercall.core.quality.stats.report_linker import Family
from aftercall.core.records import StoredPeerEvent

SILENT_LEVEL: Final = 0.01
"""From ObserveRTC: a level up to this is silence."""

SILENT_MS: Final = 30 * SECOND_MS
"""The time for which every sample must be zero; no room is so quiet. Chosen."""

TOLERATED_GAP_MS: Final = SECOND_MS
"""Intervals this close are one span."""

CONSTANT_SAMPLES: Final = 10
CONSTANT_DEVIATION: Final = 0.01
"""From Twilio: ten samples that differ by less than one percent of full scale are no speech."""

CONSTANT_LEVEL: Final = 0.05
"""A quiet room is as constant as a hum, but never this loud. Chosen."""


class _OnIntervals(NamedTuple):
    """The intervals in which a microphone was on, and their streams."""

    starts: FloatArray
    ends: FloatArray
    levels: FloatArray
    """The level at the end of each interval."""
    is_dead: BoolArray
    """The microphone gave nothing but zeros."""
    refs: list[StreamRef]


def microphone_issues(
    peer_id: str,
    tables: Iterable[IntervalTable],
    events: Iterable[StoredPeerEvent],
    mute_state: MuteState,
) -> list[Issue]:
    """The issues of one peer's microphone; the rows of the tables are ordered by time."""
    changes = sorted(event.at for event in events if event.name == "selected_microphone_update")
    found: list[Issue] = []
    for table in tables:
        if table.family is Family.AUDIO_PRODUCER:
            on_intervals = _on_intervals(peer_id, table, mute_state)
            found += [*_dead(on_intervals, changes), *_constant(on_intervals)]
    return found


def loudness(table: IntervalTable) -> FloatArray:
    """The loudness of sent audio throughout an interval, 0…1: the root mean square of its samples,
    or the level at its end if that is higher or the only one known."""
    levels, energies, lengths_s = table.columns(
        "audio_level", "total_audio_energy", "total_samples_duration_s"
    )
    is_reported = (energies >= 0) & (lengths_s > 0)
    squares = np.divide(energies, lengths_s, out=all_nan(len(levels)), where=is_reported)
    louder: FloatArray = np.fmax(levels, np.sqrt(squares))
    return louder


def are_dead(table: IntervalTable) -> BoolArray:
    """Where a microphone gave only zeros: no energy at all or, if the browser does not count
    energy, no level at the end. The energy of a quiet room is small, but it grows."""
    levels, energies = table.columns("audio_level", "total_audio_energy")
    is_counted = energies >= 0
    dead: BoolArray = np.where(is_counted, (energies == 0) & ~(levels > 0), levels == 0)
    return dead


def _on_intervals(peer_id: str, table: IntervalTable, mute_state: MuteState) -> _OnIntervals:
    starts, levels, loud, dead = (
        table.starts,
        table.get("audio_level"),
        loudness(table),
        are_dead(table),
    )
    muted, active, packets = table.columns("is_muted", "is_active", "packets_sent")
    is_on = ~np.isnan(mute_state.unmuted_since(table.family, starts, table.at))
    is_known = ~np.isnan(loud) | dead
    is_heard = is_on & (muted != 1) & (active != 0) & (packets > 0) & is_known
    rows = np.flatnonzero(is_heard)
    rows = rows[_are_first(table.at[rows], levels[rows])]
    on = table.take(rows)
    refs = on.from_descriptions(lambda description: StreamRef.of(peer_id, description))
    return _OnIntervals(starts[rows], on.at, levels[rows], dead[rows], refs)


def _are_first(ats: FloatArray, levels: FloatArray) -> BoolArray:
    """False for a row with the instant and level of an earlier row: one microphone is sent on
    several connections. The rows are ordered by time."""
    order = np.lexsort((levels, ats))
    now, before = order[1:], order[:-1]
    is_level = (levels[now] == levels[before]) | (np.isnan(levels[now]) & np.isnan(levels[before]))
    found: BoolArray = np.ones(len(ats), dtype=np.bool_)
    found[now[(ats[now] == ats[before]) & is_level]] = False
    return found


def _dead(on_intervals: _OnIntervals, changes: Sequence[EpochMs]) -> Iterator[Issue]:
    """The times in which a microphone gave only zeros, for long enough in total before it gave
    anything else or was replaced; the times in which it was off are left out."""
    used = np.searchsorted(changes, on_intervals.starts, side="right")
    turns = np.flatnonzero(np.diff(on_intervals.is_dead) | np.diff(used).astype(np.bool_)) + 1
    for start, end in pairwise([0, *turns.tolist(), len(used)]):
        lengths = on_intervals.ends[start:end] - on_intervals.starts[start:end]
        if start < end and on_intervals.is_dead[start] and lengths.sum() >= SILENT_MS:
            yield from _dead_stretches(on_intervals, start, end)


def _dead_stretches(on_intervals: _OnIntervals, start: int, end: int) -> Iterator[Issue]:
    gaps = on_intervals.starts[start + 1 : end] - on_intervals.ends[start : end - 1]
    breaks = np.flatnonzero(gaps > TOLERATED_GAP_MS) + start + 1
    for first, after in pairwise([start, *breaks.tolist(), end]):
        yield single(
            IssueName.SILENT_MICROPHONE,
            on_intervals.refs[after - 1],
            EpochMs(int(on_intervals.starts[first])),
            EpochMs(int(on_intervals.ends[after - 1])),
            {"loudest_level": 0.0},
            sample_count=after - first,
        )


def _constant(on_intervals: _OnIntervals) -> Iterator[Issue]:
    """The times in which the level did not change."""
    if len(on_intervals.levels) < CONSTANT_SAMPLES:
        return
    windows = np.lib.stride_tricks.sliding_window_view(on_intervals.levels, CONSTANT_SAMPLES)
    is_constant = (windows.min(axis=1) > CONSTANT_LEVEL) & (
        windows.std(axis=1) < CONSTANT_DEVIATION
    )
    turns = np.flatnonzero(np.diff(is_constant, prepend=False))
    for start, end in zip_longest(turns[::2].tolist(), turns[1::2].tolist()):
        last = len(windows) - 1 if end is None else end
        yield single(
            IssueName.CONSTANT_AUDIO_LEVEL,
            on_intervals.refs[last + CONSTANT_SAMPLES - 1],
            EpochMs(int(on_intervals.ends[start])),
            EpochMs(int(on_intervals.ends[last + CONSTANT_SAMPLES - 1])),
            {"level": round(float(on_intervals.levels[last]), 4)},
            sample_count=CONSTANT_SAMPLES,
        )
