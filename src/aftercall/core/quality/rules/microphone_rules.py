"""The rules of the catalogue about what a microphone hears."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise, zip_longest
from typing import Final, NamedTuple

import numpy as np

from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.quality.frame.columns import BoolArray, FloatArray, all_nan
from aftercall.core.quality.frame.interval_table import IntervalTable
from aftercall.core.quality.intervals.mute_state import MuteState
from aftercall.core.quality.issues import Issue, IssueName, StreamRef, single
from aftercall.core.quality.stats.link import Family
from aftercall.core.records import StoredPeerEvent

SILENT_LEVEL: Final = 0.01
"""ObserveRTC: no louder than this is silence."""

SILENT_MS: Final = 30 * SECOND_MS
"""Chosen. So long without a single sample other than zero: a room is never so quiet."""

TOLERATED_GAP_MS: Final = SECOND_MS
"""Intervals this close are one stretch."""

CONSTANT_SAMPLES: Final = 10
CONSTANT_DEVIATION: Final = 0.01
"""Twilio: ten samples that differ by less than one percent of full scale are no speech."""

CONSTANT_LEVEL: Final = 0.05
"""Chosen: a quiet room is as level as a hum, but never this loud."""


class _OnIntervals(NamedTuple):
    """The intervals in which a microphone was on, and whose they are."""

    starts: FloatArray
    ends: FloatArray
    levels: FloatArray
    """At the end of each."""
    is_dead: BoolArray
    """Nothing but zeros came from it."""
    refs: list[StreamRef]


def microphone_issues(
    peer_id: str,
    tables: Iterable[IntervalTable],
    events: Iterable[StoredPeerEvent],
    mute_state: MuteState,
) -> list[Issue]:
    """The issues of one peer's microphone; the rows of the tables are in order of time."""
    changes = sorted(event.at for event in events if event.name == "selected_microphone_update")
    found: list[Issue] = []
    for table in tables:
        if table.family is Family.AUDIO_PRODUCER:
            on_intervals = _on_intervals(peer_id, table, mute_state)
            found += [*_dead(on_intervals, changes), *_constant(on_intervals)]
    return found


def loudness(table: IntervalTable) -> FloatArray:
    """How loud a sent sound was throughout an interval, 0…1: the root mean square of its samples,
    or the level at its end where that is higher or alone known."""
    levels, energies, lengths_s = table.columns("audio_level", "heard_energy", "heard_s")
    is_told = (energies >= 0) & (lengths_s > 0)
    squares = np.divide(energies, lengths_s, out=all_nan(len(levels)), where=is_told)
    louder: FloatArray = np.fmax(levels, np.sqrt(squares))
    return louder


def are_dead(table: IntervalTable) -> BoolArray:
    """Where a microphone gave zeros only: no energy at all, or, where no browser counts it, no
    level at the end. The energy of a quiet room is small, but it grows."""
    levels, energies = table.columns("audio_level", "heard_energy")
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
    """False where a row before it is of the same moment and level: one microphone goes out on
    several connections. The rows are in order of time."""
    order = np.lexsort((levels, ats))
    now, before = order[1:], order[:-1]
    is_level = (levels[now] == levels[before]) | (np.isnan(levels[now]) & np.isnan(levels[before]))
    found: BoolArray = np.ones(len(ats), dtype=np.bool_)
    found[now[(ats[now] == ats[before]) & is_level]] = False
    return found


def _dead(on_intervals: _OnIntervals, changes: Sequence[EpochMs]) -> Iterator[Issue]:
    """The times in which a microphone gave zeros only, for long enough in all before it gave
    anything else or was changed; the times in between in which it was off are left out."""
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
    """The times when the level did not move."""
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
