"""The packed history of a peer's streams.

Each report is read once: its numbers are appended to one buffer per stream, eight bytes each, and
its description is kept only where it changes. A long call is then a block of memory that can be
processed column by column.
"""

import struct
from array import array
from collections.abc import Callable, Iterable, Iterator
from math import nan
from typing import Final

import msgspec
import numpy as np

from aftercall.core.quality.interval_columns.columns import FloatArray, IndexArray, all_nan
from aftercall.core.quality.stats.decode import NUMBERS, numbers_of
from aftercall.core.quality.stats.report_linker import Sample, Stream, StreamDescription
from aftercall.core.quality.stats.track_tags import StreamKey

_HEAD: Final = ("at", "pair_rtt_s", "score_given")
"""The columns that every report has: its instant, the round trip of its connection's candidate
pair, the client's own score."""


class ColumnLayout(msgspec.Struct, frozen=True):
    """The columns kept of a report, by the names of an interval's members; `stamp` is the browser's
    timestamp. They are counters, of which the monotone ones never fall in the life of an RTP stream
    object, and gauges."""

    names: tuple[str, ...]
    counters: tuple[str, ...]
    monotone: tuple[str, ...]
    gauges: tuple[str, ...]
    pack: Callable[..., bytes]


_INTERVAL_NAMES: Final = {
    "timestamp": "stamp",
    "packets_lost": "packets_lost_signed",
    "frames_encoded": "frames",
    "frames_decoded": "frames",
    "key_frames_encoded": "key_frames",
    "key_frames_decoded": "key_frames",
    "jitter_buffer_delay": "jitter_buffer_delay_s",
    "total_freezes_duration": "freeze_s",
    "jitter": "jitter_s",
    "target_bitrate": "target_bitrate_bps",
}
_MONOTONE: Final = (
    "packets_sent",
    "bytes_sent",
    "retransmitted_packets_sent",
    "retransmitted_bytes_sent",
    "packets_received",
    "bytes_received",
    "retransmitted_packets_received",
    "retransmitted_bytes_received",
    "nack_count",
    "jitter_buffer_delay_s",
    "jitter_buffer_emitted_count",
    "pli_count",
    "fir_count",
    "frames",
    "key_frames",
    "frames_dropped",
    "total_samples_received",
    "concealed_samples",
    "silent_concealed_samples",
    "concealment_events",
)
_LOOSE: Final = (
    "packets_lost_signed",
    "packets_discarded",
    "freeze_count",
    "freeze_s",
    "quality_limitation_resolution_changes",
    "limited_none_s",
    "limited_cpu_s",
    "limited_bandwidth_s",
    "limited_other_s",
    "total_audio_energy",
    "total_samples_duration_s",
)
_GAUGES: Final = (
    "is_active",
    "target_bitrate_bps",
    "jitter_s",
    "audio_level",
    "frame_width",
    "frame_height",
    "frames_per_second",
    "source_width",
    "source_height",
    "source_fps",
)


def _layout(members: Iterable[str]) -> ColumnLayout:
    member_names = [_INTERVAL_NAMES.get(member, member) for member in members]
    names = (*_HEAD, *member_names)
    monotone = tuple(name for name in _MONOTONE if name in names)
    return ColumnLayout(
        names,
        (*monotone, *(name for name in _LOOSE if name in names)),
        monotone,
        tuple(name for name in _GAUGES if name in names),
        struct.Struct(f"{len(names)}d").pack,
    )


_SOURCE: Final = {
    "timestamp": "source_stamp",
    "frames": "source_frames",
    "width": "source_width",
    "height": "source_height",
    "frames_per_second": "source_fps",
    "total_audio_energy": "total_audio_energy",
    "total_samples_duration": "total_samples_duration_s",
}
_REASONS: Final = ("none", "cpu", "bandwidth", "other")
RECEIVED: Final = _layout(NUMBERS["inbound-rtp"])
SENT: Final = _layout(
    (
        *NUMBERS["outbound-rtp"],
        *(f"remote_{member}" for member in NUMBERS["remote-inbound-rtp"]),
        *(_SOURCE.get(member, member) for member in NUMBERS["media-source"]),
        *(f"limited_{reason}_s" for reason in _REASONS),
        "is_active",
    )
)
_NO_REMOTE: Final = (nan,) * len(NUMBERS["remote-inbound-rtp"])
_NO_SOURCE: Final = (nan,) * len(NUMBERS["media-source"])
_NO_LIMITS: Final = (nan,) * len(_REASONS)


def _pack_sent(at: float, rtt_s: float, stream: Stream) -> bytes:
    """The packed columns of a sent stream: its own numbers, those of its remote report and its
    source, and the limitation durations."""
    stats, remote, source = stream.stats, stream.remote, stream.source
    limits = stats.quality_limitation_durations
    return SENT.pack(
        at,
        rtt_s,
        stream.score,
        *numbers_of(stats),
        *(_NO_REMOTE if remote is None else numbers_of(remote)),
        *(_NO_SOURCE if source is None else numbers_of(source)),
        *(_NO_LIMITS if limits is None else map(_or_nan, msgspec.structs.astuple(limits))),
        _or_nan(stats.active),
    )


LEAST_PACKED: Final = 64
"""Rows that are packed together; of fewer, the arrays themselves take a good part. Chosen."""


class PackedRows(msgspec.Struct, frozen=True, gc=False):
    """Rows of a stream, column by column. What is the same in all of them, as is a number that no
    report has, is there once: half of the columns."""

    count: int
    first: FloatArray
    """The first row."""
    varying: IndexArray
    """The columns that are not the same throughout."""
    values: FloatArray
    """Those columns."""

    @classmethod
    def of(cls, data: bytearray, width: int) -> "PackedRows":
        """The rows of `data`, which are `width` numbers each."""
        rows = np.frombuffer(data).reshape(-1, width)
        bits = rows.view(np.uint64)
        varying = np.flatnonzero((bits[1:] != bits[0]).any(axis=0))
        values: FloatArray = np.array(rows.T[varying], order="C")
        return cls(len(rows), rows[0].copy(), varying, values)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return self.first.nbytes + self.varying.nbytes + self.values.nbytes

    def column(self, place: int) -> FloatArray:
        """One column."""
        if place not in self.varying:
            return np.full(self.count, self.first[place])
        values: FloatArray = self.values[np.searchsorted(self.varying, place)]
        return values

    def fill(self, columns: FloatArray) -> None:
        """Write the rows into an array of columns."""
        columns[:] = self.first[:, np.newaxis]
        columns[self.varying] = self.values


class ColumnBuffer(msgspec.Struct, gc=False):
    """The history of one stream. `descriptions[i]` holds from row `starts[i]` on."""

    rank: int
    """The position of the stream in the order of first reports."""
    kind: ColumnLayout
    data: bytearray
    """The rows after those that are packed."""
    descriptions: list[StreamDescription]
    starts: list[int]
    last: StreamDescription | None = None
    packed: list[PackedRows] = []

    @property
    def rows(self) -> int:
        """The number of rows."""
        unpacked = len(self.data) // (_BYTES_A_NUMBER * len(self.kind.names))
        return unpacked + sum(each.count for each in self.packed)

    @property
    def nbytes(self) -> int:
        """Bytes in memory, roughly."""
        packed = sum(each.nbytes for each in self.packed)
        return packed + len(self.data) + _BYTES_A_DESCRIPTION * len(self.descriptions)

    def pack(self, least_rows: int = LEAST_PACKED) -> None:
        """Pack the rows that are not packed, if they are enough, and at least one."""
        width = len(self.kind.names)
        if self.data and len(self.data) >= least_rows * _BYTES_A_NUMBER * width:
            self.packed.append(PackedRows.of(self.data, width))
            self.data = bytearray()

    def fill(self, columns: FloatArray) -> None:
        """Write the whole history into an array of as many columns as it has rows."""
        start = 0
        for each in self.packed:
            each.fill(columns[:, start : start + each.count])
            start += each.count
        columns[:, start:] = np.frombuffer(self.data).reshape(-1, len(self.kind.names)).T

    def column(self, name: str) -> FloatArray:
        """One column of the whole history."""
        names = self.kind.names
        place = names.index(name)
        unpacked = np.frombuffer(self.data)[place :: len(names)]
        if not self.packed:
            return unpacked
        return np.concatenate([*(each.column(place) for each in self.packed), unpacked])


_BYTES_A_NUMBER: Final = 8
_BYTES_A_DESCRIPTION: Final = 400


class ColumnBuffers:
    """The buffers of one peer's streams."""

    def __init__(self) -> None:
        self._by_name: dict[tuple[StreamKey, str | None], ColumnBuffer] = {}
        self._by_description: dict[StreamDescription, ColumnBuffer] = {}
        self._reports: dict[str, array[float]] = {}
        """The instants of the reports on each connection."""

    def __iter__(self) -> Iterator[ColumnBuffer]:
        return iter(self._by_name.values())

    @property
    def nbytes(self) -> int:
        """Bytes in memory, roughly."""
        return sum(each.nbytes for each in self)

    def pack(self, least_rows: int = LEAST_PACKED) -> None:
        """Pack the history of all streams; it reads as before."""
        for each in self:
            each.pack(least_rows)

    def record(self, sample: Sample) -> None:
        """Append a sample's streams."""
        at, known, pack = sample.at, self._by_description, RECEIVED.pack
        for connection in sample.connections:
            self._reports.setdefault(connection.id, array("d")).append(at)
            pair = connection.pair
            rtt_s = nan if pair is None else _or_nan(pair.current_round_trip_time)
            for stream in connection.sent:
                description = stream.description
                sent = known.get(description)
                if sent is None or sent.last is not description:
                    sent = self._say(description, SENT)
                sent.data += _pack_sent(at, rtt_s, stream)
            for stream in connection.received:
                description = stream.description
                buffer = known.get(description)
                if buffer is None or buffer.last is not description:
                    buffer = self._say(description, RECEIVED)
                buffer.data += pack(at, rtt_s, stream.score, *numbers_of(stream.stats))

    def absences(self, buffer: ColumnBuffer) -> FloatArray:
        """The instants at which the stream's connection was reported without it, between the
        stream's first and last report, ascending."""
        member_names = np.frombuffer(self._reports[buffer.descriptions[0].key[0]])
        own = buffer.column("at")
        if len(own) == len(member_names):
            return all_nan(0)
        return np.setdiff1d(
            member_names[(member_names > own.min()) & (member_names < own.max())], own
        )

    def _say(self, description: StreamDescription, kind: ColumnLayout) -> ColumnBuffer:
        buffer = self._by_description.get(description)
        if buffer is None:
            name = (description.key, description.kind)
            new = ColumnBuffer(len(self._by_name), kind, bytearray(), [], [])
            buffer = self._by_description[description] = self._by_name.setdefault(name, new)
        if buffer.last is not description:
            buffer.descriptions.append(description)
            buffer.starts.append(buffer.rows)
            buffer.last = description
        return buffer


def _or_nan(value: float | None) -> float:
    return nan if value is None else value
