"""The traces of a participant's streams, made a column at a time."""

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Final

import numpy as np

from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.quality.attribution.traces import Span, StreamTrace
from aftercall.core.quality.intervals.columns import Flags, Places
from aftercall.core.quality.intervals.streams import AUDIO, PRODUCERS
from aftercall.core.quality.intervals.tables import StreamRows, Table, by_stream
from aftercall.core.quality.rules.issues import StreamRef
from aftercall.core.quality.rules.microphone_rules import SILENT_LEVEL, loudness

TOLERATED_GAP_MS = SECOND_MS
"""Intervals this close are one span."""

STRAINED_PERCENT: Final = 3.0
STRAINED_S: Final = 0.03
"""The clear values of the catalogue's network issues. Two ends of a path see the same trouble a
little differently; one may just miss the threshold that the other reaches."""


def trace(peer_id: str, tables: Iterable[Table]) -> list[StreamTrace]:
    """The traces of one peer's streams, in the order in which they were first seen."""
    found = [each for table in tables for each in _traces(peer_id, table)]
    return [made for _, made in sorted(found, key=itemgetter(0))]


_Placed = tuple[tuple[float, int], StreamTrace]


def _traces(peer_id: str, table: Table) -> list[_Placed]:
    table, streams = by_stream(table, lambda saying: saying.key)
    flowing, dry, voiced, lossy, jittery = (
        _spans(table, streams, is_so) for is_so in _flags(table)
    )
    has_loss, is_shown = ~np.isnan(table.get("loss_percent")), table.get("expected_width") > 0
    return [
        (
            stream.place,
            StreamTrace(
                ref=StreamRef.of(peer_id, stream.saying),
                family=table.family,
                flowing=flowing[number],
                dry=dry[number],
                voiced=voiced[number],
                lossy=lossy[number],
                jittery=jittery[number],
                has_loss=bool(has_loss[stream.rows].any()),
                is_shown=bool(is_shown[stream.rows].any()),
            ),
        )
        for number, stream in enumerate(streams)
    ]


def _flags(table: Table) -> tuple[Flags, Flags, Flags, Flags, Flags]:
    """Where it flowed, was dry, was voiced, lost packets, had them shaken."""
    is_sent = table.family in PRODUCERS
    packets = table.get("packets_sent" if is_sent else "packets_received")
    loss, jitter_s = table.columns("loss_percent", "jitter_s")
    gap, muted, active = table.columns("is_gap", "is_muted", "is_active")
    is_told = ~np.isnan(packets) & (gap != 1)
    flowing = is_told & (packets > 0)
    dry = is_told & (packets == 0) & (muted != 1) & (active != 0)
    is_voice = is_sent and table.family in AUDIO
    voiced = flowing & (loudness(table) > SILENT_LEVEL) if is_voice else np.zeros_like(flowing)
    lossy = is_told & (loss >= STRAINED_PERCENT)
    jittery = is_told & (jitter_s >= STRAINED_S)
    return flowing, dry, voiced, lossy, jittery


def _spans(table: Table, streams: Sequence[StreamRows], is_so: Flags) -> list[list[Span]]:
    """For each stream, when it was so."""
    found: list[list[Span]] = [[] for _ in streams]
    rows = np.flatnonzero(is_so)
    if not len(rows):
        return found
    numbers = np.repeat(
        np.arange(len(streams)), [each.rows.stop - each.rows.start for each in streams]
    )[rows]
    starts, ends = table.starts[rows], table.at[rows]
    is_new = (starts[1:] - ends[:-1] > TOLERATED_GAP_MS) | (np.diff(numbers) != 0)
    first = np.concatenate([[0], np.flatnonzero(is_new) + 1])
    last: Places = np.concatenate([first[1:] - 1, [len(rows) - 1]])
    spans = zip(starts[first].tolist(), ends[last].tolist(), numbers[first].tolist(), strict=True)
    for start_at, end_at, number in spans:
        found[number].append((EpochMs(int(start_at)), EpochMs(int(end_at))))
    return found
