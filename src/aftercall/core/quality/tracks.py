"""What is kept of a stream from report to report, and which reports count.

A track is the history of one stream of one peer, a row a report: its counters and gauges as
plain tuples, so that a long call can be folded column by column.
"""

from collections.abc import Callable, Iterable
from operator import attrgetter, sub
from typing import Any, Final

import msgspec

from aftercall.core.quality.getstats import Stats
from aftercall.core.quality.streams import PRODUCERS, Family, Sample, Stream, StreamKey

CLOCK_STEP_MS: Final = 4_000
"""A jump that counts as a step of the browser's clock. Its other measure, the sample's
corrected moment, is itself corrected in grains of two seconds."""
CLOCK_STEP_SHARE: Final = 0.2


class Kind(msgspec.Struct, frozen=True):
    """What to read of a stream's stats: counters, of which the first `monotone` never fall in
    the life of a stream object, then gauges; named as an interval names them."""

    read: Callable[[Stats], tuple[Any, ...]]
    monotone: int
    counters: tuple[str, ...]
    gauges: tuple[str, ...]


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
    )


_SENT = "packets_sent bytes_sent retransmitted_packets_sent retransmitted_bytes_sent nack_count"
_RECEIVED = (
    "packets_received bytes_received retransmitted_packets_received"
    " retransmitted_bytes_received nack_count jitter_buffer_delay jitter_buffer_emitted_count"
)
_PICTURE = "frame_width frame_height frames_per_second"
_AUDIO_SENT: Final = _kind(_SENT, "", "mid active target_bitrate")
_VIDEO_SENT: Final = _kind(
    f"{_SENT} pli_count fir_count frames_encoded key_frames_encoded",
    "total_encode_time quality_limitation_resolution_changes",
    f"mid active target_bitrate {_PICTURE} quality_limitation_reason quality_limitation_durations",
)
_AUDIO_RECEIVED: Final = _kind(
    f"{_RECEIVED} total_samples_received concealed_samples silent_concealed_samples"
    " concealment_events",
    "packets_discarded packets_lost",
    "mid jitter audio_level",
)
_VIDEO_RECEIVED: Final = _kind(
    f"{_RECEIVED} pli_count fir_count frames_decoded frames_dropped key_frames_decoded",
    "packets_discarded packets_lost freeze_count total_freezes_duration total_decode_time",
    f"mid jitter {_PICTURE}",
)


def _kind_of(family: Family) -> Kind:
    if family in PRODUCERS:
        return _VIDEO_SENT if "video" in family else _AUDIO_SENT
    return _VIDEO_RECEIVED if "video" in family else _AUDIO_RECEIVED


KINDS: Final = {family: _kind_of(family) for family in Family}


class Track(msgspec.Struct, gc=False):
    """The history of one stream."""

    key: StreamKey
    kind: Kind
    ssrc: int | None
    sender: str | None
    """What the layers of a simulcast have in common."""
    rows: list[Stream]


Tracks = dict[tuple[StreamKey, str | None], Track]


class Accepted(msgspec.Struct):
    """The reports that count, the seconds between them, and where a clock stepped."""

    rows: list[Stream]
    lengths_s: list[float]
    steps: list[bool] | None = None
    duplicates: int = 0
    late: int = 0


def record(tracks: Tracks, sample: Sample) -> None:
    """Adds a sample's streams to the tracks of its peer."""
    for stream in sample.streams:
        name = (stream.key, stream.stats.kind)
        track = tracks.get(name)
        if track is None:
            track = tracks[name] = _begin(stream)
        track.rows.append(stream)


def _begin(stream: Stream) -> Track:
    stats = stream.stats
    sender = None
    if stats.type == "outbound-rtp" and stats.kind == "video":
        sender = stats.media_source_id or stats.mid
    return Track(stream.key, KINDS[stream.family], stats.ssrc, sender, [])


def accept(rows: Iterable[Stream], kind: Kind) -> Accepted:
    """Puts the rows in order and leaves out those that say nothing new.

    A report with the timestamp of the one before is the same again; an older one came late.
    Where a browser's clock jumped, the sample's own moment gives the length.
    """
    rows = list(rows)
    ats = [row.at for row in rows]
    stamps = [row.stats.timestamp for row in rows]
    try:
        lengths_ms = list(map(sub, stamps[1:], stamps))
    except TypeError:
        return _accept_each(_in_order(rows), kind)
    between_ms = list(map(sub, ats[1:], ats))
    if lengths_ms and (
        min(lengths_ms) <= 0
        or min(between_ms) < 0
        or max(map(abs, map(sub, lengths_ms, between_ms))) > CLOCK_STEP_MS
    ):
        return _accept_each(_in_order(rows), kind)
    return Accepted(rows, [length_ms / 1000 for length_ms in lengths_ms])


def _in_order(rows: list[Stream]) -> list[Stream]:
    try:
        return sorted(rows, key=attrgetter("at", "stats.timestamp"))
    except TypeError:
        return sorted(rows, key=attrgetter("at"))


def _accept_each(rows: list[Stream], kind: Kind) -> Accepted:
    accepted = Accepted(rows[:1], [], [])
    assert accepted.steps is not None
    for row in rows[1:]:
        before = accepted.rows[-1]
        length_s, is_step = _length_s(row, before, kind)
        if length_s is None:
            now, then = row.stats.timestamp, before.stats.timestamp
            if now is not None and then is not None and now < then:
                accepted.late += 1
            else:
                accepted.duplicates += 1
            continue
        accepted.rows.append(row)
        accepted.lengths_s.append(length_s)
        accepted.steps.append(is_step)
    return accepted


def _length_s(row: Stream, before: Stream, kind: Kind) -> tuple[float | None, bool]:
    """The seconds between two reports and whether a clock stepped; `None` for no new report."""
    by_sample_ms = row.at - before.at
    now, then = row.stats.timestamp, before.stats.timestamp
    if now is None or then is None:
        return (by_sample_ms / 1000 if by_sample_ms > 0 else None), False
    length_ms = now - then
    if length_ms == 0 or (length_ms < 0 and by_sample_ms <= 0):
        return None, False
    if length_ms < 0:
        counters = kind.read(row.stats), kind.read(before.stats)
        has_moved = counters[0][: kind.monotone] != counters[1][: kind.monotone]
        return (by_sample_ms / 1000, True) if has_moved else (None, False)
    tolerance_ms = max(CLOCK_STEP_MS, CLOCK_STEP_SHARE * by_sample_ms)
    if by_sample_ms > 0 and abs(length_ms - by_sample_ms) > tolerance_ms:
        return by_sample_ms / 1000, True
    return length_ms / 1000, False
