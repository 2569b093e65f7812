"""The rules of the catalogue about what a microphone hears."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise, zip_longest
from typing import Final, NamedTuple

import numpy as np

from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.quality.intervals.columns import Numbers, nothing
from aftercall.core.quality.intervals.streams import Family
from aftercall.core.quality.intervals.tables import Table
from aftercall.core.quality.rules.issues import Issue, IssueName, StreamRef, single
from aftercall.core.quality.rules.mutes import Mutes
from aftercall.core.records import PeerNote

SILENT_LEVEL: Final = 0.01
"""ObserveRTC: no louder than this is silence."""

SILENT_MS: Final = 30 * SECOND_MS
"""Chosen. Noise suppression makes a listener's microphone silent too, so that it counts only
when it was never heard at all since it was chosen."""

CONSTANT_SAMPLES: Final = 10
CONSTANT_DEVIATION: Final = 0.01
"""Twilio: ten samples that differ by less than one percent of full scale are no speech."""

CONSTANT_LEVEL: Final = 0.05
"""Chosen: a quiet room is as level as a hum, but never this loud."""


class _Heard(NamedTuple):
    """The intervals in which a microphone was on, and whose they are."""

    starts: Numbers
    ends: Numbers
    levels: Numbers
    """At the end of each."""
    loudness: Numbers
    refs: list[StreamRef]


def microphone_issues(
    peer_id: str, tables: Iterable[Table], notes: Iterable[PeerNote], mutes: Mutes
) -> list[Issue]:
    """The issues of one peer's microphone; the rows of the tables are in order of time."""
    changes = sorted(note.at for note in notes if note.name == "selected_microphone_update")
    found: list[Issue] = []
    for table in tables:
        if table.family is Family.AUDIO_PRODUCER:
            heard = _hear(peer_id, table, mutes)
            found += [*_silent(heard, changes), *_constant(heard)]
    return found


def loudness(table: Table) -> Numbers:
    """How loud a sent sound was throughout an interval, 0…1: the root mean square of its samples,
    or the level at its end where that is higher or alone known."""
    levels, energies, lengths_s = table.columns("audio_level", "heard_energy", "heard_s")
    is_told = (energies >= 0) & (lengths_s > 0)
    squares = np.divide(energies, lengths_s, out=nothing(len(levels)), where=is_told)
    louder: Numbers = np.fmax(levels, np.sqrt(squares))
    return louder


def _hear(peer_id: str, table: Table, mutes: Mutes) -> _Heard:
    starts, levels, loud = table.starts, table.get("audio_level"), loudness(table)
    muted, active, packets = table.columns("is_muted", "is_active", "packets_sent")
    is_on = ~np.isnan(mutes.unmuted_since(table.family, starts, table.at))
    is_heard = is_on & (muted != 1) & (active != 0) & (packets > 0) & ~np.isnan(loud)
    on = table.taken(is_heard)
    refs = on.said(lambda saying: StreamRef.of(peer_id, saying))
    return _Heard(starts[is_heard], on.at, levels[is_heard], loud[is_heard], refs)


def _silent(heard: _Heard, changes: Sequence[EpochMs]) -> Iterator[Issue]:
    """The microphones that were used for long and never heard."""
    used = np.maximum.accumulate(np.searchsorted(changes, heard.starts, side="right"))
    edges = [*np.flatnonzero(np.diff(used, prepend=-1)).tolist(), len(used)]
    for start, end in pairwise(edges):
        heard_ms = (heard.ends[start:end] - heard.starts[start:end]).sum()
        loudest = float(heard.loudness[start:end].max())
        if heard_ms >= SILENT_MS and loudest <= SILENT_LEVEL:
            yield single(
                IssueName.SILENT_MICROPHONE,
                heard.refs[end - 1],
                EpochMs(int(heard.starts[start])),
                EpochMs(int(heard.ends[end - 1])),
                {"loudest_level": round(loudest, 4)},
                sample_count=end - start,
            )


def _constant(heard: _Heard) -> Iterator[Issue]:
    """The times when the level did not move."""
    if len(heard.levels) < CONSTANT_SAMPLES:
        return
    windows = np.lib.stride_tricks.sliding_window_view(heard.levels, CONSTANT_SAMPLES)
    is_constant = (windows.min(axis=1) > CONSTANT_LEVEL) & (
        windows.std(axis=1) < CONSTANT_DEVIATION
    )
    turns = np.flatnonzero(np.diff(is_constant, prepend=False))
    for start, end in zip_longest(turns[::2].tolist(), turns[1::2].tolist()):
        last = len(windows) - 1 if end is None else end
        yield single(
            IssueName.CONSTANT_AUDIO_LEVEL,
            heard.refs[last + CONSTANT_SAMPLES - 1],
            EpochMs(int(heard.ends[start])),
            EpochMs(int(heard.ends[last + CONSTANT_SAMPLES - 1])),
            {"level": round(float(heard.levels[last]), 4)},
            sample_count=CONSTANT_SAMPLES,
        )
