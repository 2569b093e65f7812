"""What is kept of a stream from report to report, and which reports count.

A track is the history of one stream of one peer. A report is read while it is at hand and let
go: its numbers are packed one after the other, eight bytes each, and its words kept only where
they change. A long call is then a block of memory that can be worked on column by column.
"""

import struct
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import nan
from operator import attrgetter
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from aftercall.core.quality.columns import Flags, Numbers, Places, numbers
from aftercall.core.quality.getstats import Stats, StreamTag
from aftercall.core.quality.streams import PRODUCERS, Family, Sample, Stream, StreamKey

CLOCK_STEP_MS: Final = 4_000
"""A jump that counts as a step of the browser's clock. Its other measure, the sample's
corrected moment, is itself corrected in grains of two seconds."""
CLOCK_STEP_SHARE: Final = 0.2

AT: Final = 0
STAMP: Final = 1
PAIR_RTT: Final = 2
FIRST_COUNTER: Final = 3
"""Where a report's numbers are: its moment, the browser's clock, the round trip of its
connection's candidate pair, then the counters and gauges of its kind."""


class Kind(msgspec.Struct, frozen=True):
    """What to read of a stream's stats: counters, of which the first `monotone` never fall in
    the life of a stream object, then gauges; named as an interval names them."""

    read: Callable[[Stats], tuple[float | None, ...]]
    monotone: int
    counters: tuple[str, ...]
    gauges: tuple[str, ...]
    pack: Callable[..., bytes]

    @property
    def width(self) -> int:
        return FIRST_COUNTER + len(self.counters) + len(self.gauges)


_INTERVAL_NAMES: Final = {
    "packets_lost": "packets_lost_signed",
    "frames_encoded": "frames",
    "frames_decoded": "frames",
    "key_frames_encoded": "key_frames",
    "key_frames_decoded": "key_frames",
    "jitter_buffer_delay": "jitter_buffer_delay_s",
    "total_freezes_duration": "freeze_s",
    "total_encode_time": "coding_s",
    "total_decode_time": "coding_s",
    "jitter": "jitter_s",
    "target_bitrate": "target_bitrate_bps",
    "active": "is_active",
}


def _kind(monotone: str, loose: str, gauges: str) -> Kind:
    counters = (*monotone.split(), *loose.split())
    members = (*counters, *gauges.split())
    names = tuple(_INTERVAL_NAMES.get(member, member) for member in members)
    return Kind(
        attrgetter(*members),
        len(monotone.split()),
        names[: len(counters)],
        names[len(counters) :],
        struct.Struct(f"{FIRST_COUNTER + len(members)}d").pack,
    )


_SENT = "packets_sent bytes_sent retransmitted_packets_sent retransmitted_bytes_sent nack_count"
_RECEIVED = (
    "packets_received bytes_received retransmitted_packets_received"
    " retransmitted_bytes_received nack_count jitter_buffer_delay jitter_buffer_emitted_count"
)
_PICTURE = "frame_width frame_height frames_per_second"
_AUDIO_SENT: Final = _kind(_SENT, "", "active target_bitrate")
_VIDEO_SENT: Final = _kind(
    f"{_SENT} pli_count fir_count frames_encoded key_frames_encoded",
    "total_encode_time quality_limitation_resolution_changes",
    f"active target_bitrate {_PICTURE}",
)
_AUDIO_RECEIVED: Final = _kind(
    f"{_RECEIVED} total_samples_received concealed_samples silent_concealed_samples"
    " concealment_events",
    "packets_discarded packets_lost",
    "jitter audio_level",
)
_VIDEO_RECEIVED: Final = _kind(
    f"{_RECEIVED} pli_count fir_count frames_decoded frames_dropped key_frames_decoded",
    "packets_discarded packets_lost freeze_count total_freezes_duration total_decode_time",
    f"jitter {_PICTURE}",
)


def _kind_of(family: Family) -> Kind:
    if family in PRODUCERS:
        return _VIDEO_SENT if "video" in family else _AUDIO_SENT
    return _VIDEO_RECEIVED if "video" in family else _AUDIO_RECEIVED


KINDS: Final = {family: _kind_of(family) for family in Family}


class Codec(NamedTuple):
    mime_type: str | None
    clock_rate: int | None
    sdp_fmtp_line: str | None


_read_codec: Final = attrgetter(*Codec._fields)


class Saying(NamedTuple):
    """What a report says in words, which is mostly what the one before said."""

    stats_id: str
    family: Family
    mid: str | None
    limitation: str | None
    is_page_hidden: bool | None
    codec: Codec | None
    tag: StreamTag | None


class Sender(NamedTuple):
    """What else is known of a sent stream at one report: of its far end, its source and what
    held its encoder back."""

    remote: Stats | None
    source: Stats | None
    limits: Any


class Track(msgspec.Struct, gc=False):
    """The history of one stream. `sayings[i]` holds from the report `starts[i]` on."""

    key: StreamKey
    kind: Kind
    ssrc: int | None
    sender: str | None
    """What the layers of a simulcast have in common."""
    data: bytearray
    sayings: list[Saying]
    starts: list[int]
    senders: list[Sender]
    reports: int = 0
    has_holes: bool = False
    """Whether a number was ever missing; the browser then never gives it."""


Tracks = dict[tuple[StreamKey, str | None], Track]


def record(tracks: Tracks, sample: Sample) -> None:
    """Adds a sample's streams to the tracks of its peer."""
    for stream in sample.streams:
        stats = stream.stats
        name = (stream.key, stats.kind)
        track = tracks.get(name)
        if track is None:
            track = tracks[name] = _begin(stream)
        codec, pair = stream.codec, stream.connection.pair
        saying = (
            stats.id,
            stream.family,
            stats.mid,
            stats.quality_limitation_reason,
            stream.is_page_hidden,
            None if codec is None else _read_codec(codec),
            stream.tag,
        )
        if not track.sayings or saying != track.sayings[-1]:
            track.sayings.append(_say(*saying))
            track.starts.append(track.reports)
        if stream.key[1] == "send":
            limits = stats.quality_limitation_durations
            track.senders.append(Sender(stream.remote, stream.source, limits))
        track.reports += 1
        rtt_s = None if pair is None else pair.current_round_trip_time
        if not track.has_holes:
            try:
                track.data += track.kind.pack(
                    sample.at, stats.timestamp, rtt_s, *track.kind.read(stats)
                )
                continue
            except struct.error:
                track.has_holes = True
        row = (sample.at, stats.timestamp, rtt_s, *track.kind.read(stats))
        track.data += track.kind.pack(*[nan if value is None else value for value in row])


def _say(*saying: Any) -> Saying:
    *words, codec, tag = saying
    return Saying._make((*words, None if codec is None else Codec._make(codec), tag))


def _begin(stream: Stream) -> Track:
    stats = stream.stats
    sender = None
    if stats.type == "outbound-rtp" and stats.kind == "video":
        sender = stats.media_source_id or stats.mid
    kind = KINDS[stream.family]
    return Track(stream.key, kind, stats.ssrc, sender, bytearray(), [], [], [])


class Accepted(msgspec.Struct):
    """The reports that count: their numbers, a row for each member; which saying holds; the
    seconds between them, and where a clock stepped."""

    columns: Numbers
    says: Places
    senders: Sequence[Sender]
    lengths_s: Numbers
    steps: Numbers | None = None
    duplicates: int = 0
    late: int = 0

    def cut(self, cuts: Sequence[int]) -> "list[Accepted]":
        """The pieces between cuts; a cut is the place of the last report before it."""
        edges = [0, *(cut + 1 for cut in cuts), len(self.says)]
        return [
            Accepted(
                self.columns[:, start:end],
                self.says[start:end],
                self.senders[start:end],
                self.lengths_s[start : end - 1],
                None if self.steps is None else self.steps[start : end - 1],
            )
            for start, end in pairwise(edges)
        ]


def accept(track: Track) -> Accepted:
    """Puts the reports in order and leaves out those that say nothing new.

    A report with the timestamp of the one before is the same again; an older one came late.
    Where a browser's clock jumped, the sample's own moment gives the length.
    """
    rows = np.frombuffer(track.data).reshape(-1, track.kind.width)
    columns = np.ascontiguousarray(rows.T)
    lengths = np.diff([*track.starts, track.reports])
    says = np.repeat(np.arange(len(track.starts)), lengths)
    lengths_ms, between_ms = np.diff(columns[STAMP]), np.diff(columns[AT])
    is_plain: Flags = (
        (lengths_ms > 0) & (between_ms >= 0) & (np.abs(lengths_ms - between_ms) <= CLOCK_STEP_MS)
    )
    if is_plain.all():
        return Accepted(columns, says, track.senders, lengths_ms / 1000)
    order = _in_order(columns)
    chosen = _accept_each(columns[:, order], track.kind)
    places = order[chosen.places]
    return Accepted(
        columns[:, places],
        says[places],
        [track.senders[place] for place in places] if track.senders else [],
        numbers(chosen.lengths_s),
        numbers(chosen.steps),
        chosen.duplicates,
        chosen.late,
    )


def _in_order(columns: Numbers) -> Places:
    if np.isnan(columns[STAMP]).any():
        return np.argsort(columns[AT], kind="stable")
    return np.lexsort((columns[STAMP], columns[AT]))


class _Chosen(msgspec.Struct):
    places: list[int]
    lengths_s: list[float]
    steps: list[bool]
    duplicates: int = 0
    late: int = 0


def _accept_each(columns: Numbers, kind: Kind) -> _Chosen:
    chosen = _Chosen([0], [], [])
    for place in range(1, columns.shape[1]):
        now, before = columns[:, place], columns[:, chosen.places[-1]]
        length_s, is_step = _length_s(now, before, kind)
        if length_s is None:
            if now[STAMP] < before[STAMP]:
                chosen.late += 1
            else:
                chosen.duplicates += 1
            continue
        chosen.places.append(place)
        chosen.lengths_s.append(length_s)
        chosen.steps.append(is_step)
    return chosen


def _length_s(now: Numbers, before: Numbers, kind: Kind) -> tuple[float | None, bool]:
    """The seconds between two reports and whether a clock stepped; `None` for no new report."""
    by_sample_ms = float(now[AT] - before[AT])
    length_ms = float(now[STAMP] - before[STAMP])
    if length_ms != length_ms:
        return (by_sample_ms / 1000 if by_sample_ms > 0 else None), False
    if length_ms == 0 or (length_ms < 0 and by_sample_ms <= 0):
        return None, False
    if length_ms < 0:
        counters = slice(FIRST_COUNTER, FIRST_COUNTER + kind.monotone)
        has_moved = not np.array_equal(now[counters], before[counters], equal_nan=True)
        return (by_sample_ms / 1000, True) if has_moved else (None, False)
    tolerance_ms = max(CLOCK_STEP_MS, CLOCK_STEP_SHARE * by_sample_ms)
    if by_sample_ms > 0 and abs(length_ms - by_sample_ms) > tolerance_ms:
        return by_sample_ms / 1000, True
    return length_ms / 1000, False
