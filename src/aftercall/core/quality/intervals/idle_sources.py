"""Intervals in which a stream had nothing to carry: they are idle and not judged.

The same camera is often sent on several connections of which one carries it: two people have a
direct connection beside a call's bridge, a call moves from one transport to another, a reconnect
leaves the old connection open. The source is then judged where it flows, and where it flows nowhere
it counts once. Packets without payload are probes of the available bandwidth, not media.

A stream flows if payload passes: bytes without headers and retransmissions, else packets.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from aftercall.core.quality.interval_columns.columns import (
    BoolArray,
    FloatArray,
    IndexArray,
    are_all,
    fill_zero,
)
from aftercall.core.quality.interval_columns.interval_table import IntervalTable
from aftercall.core.quality.stats.report_linker import AUDIO, PRODUCERS, StreamDescription


def mark_idle(tables: Sequence[IntervalTable]) -> None:
    """Set the flag `is_idle` in the tables of all families of one peer."""
    flows = [are_flowing(table) for table in tables]
    for table, flowing in zip(tables, flows, strict=True):
        if not are_all(flowing):
            table.set_flag("is_idle", _carries_nothing(table, flowing))
    if (
        len({description.key for table in tables for description in table.descriptions})
        < _LEAST_STREAMS
    ):
        return
    every = _Rows.of(tables, flows)
    if are_all(every.flowing):
        return
    idle = _flow_elsewhere(every, every.numbers(_source))
    connections = every.numbers(lambda description: description.key[0])
    if connections.max() > 0:
        ways = every.numbers(lambda description: (description.key[1], description.kind))
        idle |= every.are(_may_have_moved) & _moved(every, ways, connections)
    for table, flags in zip(tables, every.split(idle), strict=True):
        table.set_flag("is_idle", flags)


_LEAST_STREAMS: Final = 2


def are_flowing(table: IntervalTable) -> BoolArray:
    """Where payload passed, or frames were encoded or decoded."""
    ending = "sent" if table.family in PRODUCERS else "received"
    bytes_, again, packets, frames = table.columns(
        f"bytes_{ending}", f"retransmitted_bytes_{ending}", f"packets_{ending}", "frames"
    )
    flowing: BoolArray = (bytes_ - fill_zero(again) > 0) | (np.isnan(bytes_) & (packets > 0))
    flowing |= frames > 0
    if table.family in AUDIO:
        flowing |= packets >= _SOUND_PER_S * table.get("dt_s")
    return flowing


_SOUND_PER_S: Final = 10
"""This many packets a second, of at most 60 ms each, are audio even if a byte counter stands still.
No padding reaches that rate. Chosen."""


def _carries_nothing(table: IntervalTable, flowing: BoolArray) -> BoolArray:
    """Where only padding passed on a stream that is not known to be on; and received video streams
    that never had a picture."""
    ending = "sent" if table.family in PRODUCERS else "received"
    packets = table.get(f"packets_{ending}")
    idle: BoolArray = ~flowing & (packets > 0) & (table.get("is_known_live") != 1)
    if table.family not in PRODUCERS and table.family not in AUDIO:
        idle |= _are_no_pictures(table)
    return idle


def _are_no_pictures(table: IntervalTable) -> BoolArray:
    """The intervals of streams whose decoded frames the browser counts and whose count stayed
    zero."""
    frames, width = table.columns("frames", "frame_width")
    if are_all(frames > 0):
        return np.zeros(len(frames), dtype=np.bool_)
    count = int(table.ranks.max()) + 1
    is_picture = np.bincount(table.ranks, (frames > 0) | (width > 0), count) > 0
    is_counted = np.bincount(table.ranks, ~np.isnan(frames), count) > 0
    found: BoolArray = (is_counted & ~is_picture)[table.ranks]
    return found


def _source(description: StreamDescription) -> Hashable:
    """What two streams of one source have in common: the track of a sent stream, the producer of a
    received one; else the kind and family of what is sent, or of what is received from one peer. A
    stream of which nothing else is known is a source by itself."""
    direction = description.key[1]
    if description.source is not None:
        return (direction, description.kind, description.source)
    if direction == "send":
        return (direction, description.family)
    return (
        description.key
        if description.peer_id is None
        else (direction, description.peer_id, description.family)
    )


def _may_have_moved(description: StreamDescription) -> bool:
    """False for a received stream whose sender is known: it is missed where it does not arrive,
    whatever arrives from others."""
    return description.key[1] == "send" or (
        description.peer_id is None and description.producer_id is None
    )


class _Rows(NamedTuple):
    """The rows of several tables, one after the other."""

    tables: Sequence[IntervalTable]
    ranks: IndexArray
    starts: FloatArray
    ends: FloatArray
    flowing: BoolArray

    @classmethod
    def of(cls, tables: Sequence[IntervalTable], flows: Sequence[BoolArray]) -> "_Rows":
        return cls(
            tables,
            np.concatenate([table.ranks for table in tables]),
            np.concatenate([table.starts for table in tables]),
            np.concatenate([table.at for table in tables]),
            np.concatenate(flows),
        )

    def numbers(self, name: Callable[[StreamDescription], Hashable]) -> IndexArray:
        """For each row the number of its stream's name."""
        numbered: dict[Hashable, int] = {}
        return self._from_descriptions(
            lambda description: numbered.setdefault(name(description), len(numbered))
        )

    def are(self, is_so: Callable[[StreamDescription], bool]) -> BoolArray:
        return self._from_descriptions(is_so) > 0

    def _from_descriptions(self, read: Callable[[StreamDescription], int]) -> IndexArray:
        return np.concatenate(
            [
                np.array([read(description) for description in table.descriptions], dtype=np.intp)[
                    table.description_index
                ]
                for table in self.tables
            ]
        )

    def split(self, flags: BoolArray) -> list[BoolArray]:
        edges = np.cumsum([len(table.at) for table in self.tables])[:-1]
        return np.split(flags, edges)

    def middles(self, rows: IndexArray) -> FloatArray:
        return (self.starts[rows] + self.ends[rows]) / 2

    def cover(self, rows: IndexArray, moments: FloatArray) -> BoolArray:
        """Which instants lie within the interval of any of these rows."""
        if not len(rows):
            return np.zeros(len(moments), dtype=np.bool_)
        rows = rows[np.argsort(self.starts[rows], kind="stable")]
        last_ends = np.maximum.accumulate(self.ends[rows])
        places = np.searchsorted(self.starts[rows], moments, side="right") - 1
        covered: BoolArray = (places >= 0) & (last_ends[np.maximum(places, 0)] >= moments)
        return covered


def _groups(numbers: IndexArray, rows: IndexArray) -> Iterator[IndexArray]:
    """The rows that have the same number, group by group."""
    ordered = rows[np.argsort(numbers[rows], kind="stable")]
    edges = np.flatnonzero(np.diff(numbers[ordered], prepend=-1, append=-1))
    for start, end in pairwise(edges.tolist()):
        yield ordered[start:end]


def _flow_elsewhere(every: _Rows, sources: IndexArray) -> BoolArray:
    """The rows in which a stream is stalled while another of its source flows or, of several
    stalled streams, while an earlier one is stalled."""
    found: BoolArray = np.zeros(len(every.ranks), dtype=np.bool_)
    stalled_sources = np.unique(sources[~every.flowing])
    for rows in _groups(sources, np.flatnonzero(np.isin(sources, stalled_sources))):
        streams = np.unique(every.ranks[rows])
        if len(streams) < _LEAST_STREAMS:
            continue
        is_stalled = ~every.flowing[rows]
        stalled = rows[is_stalled]
        found[stalled] = every.cover(rows[~is_stalled], every.middles(stalled))
        counted = stalled[:0]
        for rank in streams.tolist():
            own = stalled[(every.ranks[stalled] == rank) & ~found[stalled]]
            is_doubled = every.cover(counted, every.middles(own))
            found[own[is_doubled]] = True
            counted = np.concatenate([counted, own[~is_doubled]])
    return found


def _moved(every: _Rows, ways: IndexArray, connections: IndexArray) -> BoolArray:
    """The rows of connections on which nothing flows at all, while the same kind in the same
    direction flows on another connection."""
    found: BoolArray = np.zeros(len(every.ranks), dtype=np.bool_)
    is_dead = np.zeros(len(every.ranks), dtype=np.bool_)
    for rows in _groups(connections, np.arange(len(connections))):
        stalled = rows[~every.flowing[rows]]
        is_dead[stalled] = ~every.cover(rows[every.flowing[rows]], every.middles(stalled))
    for rows in _groups(ways, np.arange(len(ways))):
        dead = rows[is_dead[rows]]
        found[dead] = every.cover(rows[every.flowing[rows]], every.middles(dead))
    return found
