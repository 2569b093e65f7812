"""From cumulative counters to intervals.

Counters belong to one RTP stream object; where that is replaced they begin anew, and a
difference across the break would be nonsense. So every stream has a baseline, the last report
accepted, and each further report meets it:

    first report, new SSRC or new object, a counter that fell    baseline only
    the same report again                                        dropped, counted
    an older report                                              dropped, counted
    over 60 s later                                              counts, but no rates, no scores

`packetsLost` is signed and may fall (late packets, duplicates): that is no break.
"""

from collections.abc import Callable, Iterable
from operator import attrgetter, sub
from typing import Any, Final

import msgspec

from aftercall.core.instants import EpochMs
from aftercall.core.quality.appraisal import appraise
from aftercall.core.quality.counters import Interval
from aftercall.core.quality.getstats import Stats
from aftercall.core.quality.measures import Baseline, read_received, read_sent, sent_once
from aftercall.core.quality.streams import PRODUCERS, Family, Sample, Stream, StreamKey

LONGEST_S: Final = 60.0
CLOCK_STEP_S: Final = 4.0
"""A jump that counts as a step of the browser's clock. Its other measure, the sample's
corrected moment, is itself corrected in grains of two seconds."""
CLOCK_STEP_SHARE: Final = 0.2

_Numbers = tuple[Any, ...]


class _Counters(msgspec.Struct, frozen=True):
    """What to subtract for a kind of stream: stats members, the first `monotone` of which never
    fall in the life of a stream object, and the interval's names for the differences."""

    read: Callable[[Stats], _Numbers]
    monotone: int
    names: tuple[str, ...]


def _counters(monotone: str, loose: str = "") -> _Counters:
    members = (*monotone.split(), *loose.split())
    names = tuple(_INTERVAL_NAMES.get(member, member) for member in members)
    return _Counters(attrgetter(*members), len(monotone.split()), names)


_INTERVAL_NAMES: Final = {
    "frames_encoded": "frames",
    "frames_decoded": "frames",
    "key_frames_encoded": "key_frames",
    "key_frames_decoded": "key_frames",
    "jitter_buffer_delay": "jitter_buffer_delay_s",
    "total_freezes_duration": "freeze_s",
    "total_encode_time": "coding_s",
    "total_decode_time": "coding_s",
}
_SENT = "packets_sent bytes_sent retransmitted_packets_sent retransmitted_bytes_sent nack_count"
_RECEIVED = (
    "packets_received bytes_received retransmitted_packets_received"
    " retransmitted_bytes_received nack_count jitter_buffer_delay jitter_buffer_emitted_count"
)
_AUDIO_SENT = _counters(_SENT)
_AUDIO_RECEIVED = _counters(
    f"{_RECEIVED} total_samples_received concealed_samples silent_concealed_samples"
    " concealment_events",
    "packets_discarded",
)
_VIDEO_SENT = _counters(
    f"{_SENT} pli_count fir_count frames_encoded key_frames_encoded",
    "total_encode_time quality_limitation_resolution_changes",
)
_VIDEO_RECEIVED = _counters(
    f"{_RECEIVED} pli_count fir_count frames_decoded frames_dropped key_frames_decoded",
    "packets_discarded freeze_count total_freezes_duration total_decode_time",
)
_COUNTERS: Final = {
    family: {
        (True, True): _VIDEO_SENT,
        (True, False): _AUDIO_SENT,
        (False, True): _VIDEO_RECEIVED,
        (False, False): _AUDIO_RECEIVED,
    }[family in PRODUCERS, "video" in family]
    for family in Family
}


class Reader:
    """Turns the samples of one peer, taken in order of time, into intervals."""

    def __init__(self) -> None:
        self.late = 0
        self.duplicates = 0
        self.resets = 0
        self._baselines: dict[StreamKey, Baseline] = {}
        self._sender_rtt_s: float | None = None
        self._at: EpochMs | None = None

    def take(self, sample: Sample) -> list[Interval]:
        """The intervals that end with this sample; of the layers of a simulcast only the best
        that moved."""
        if self._at is not None and sample.at < self._at:
            self.late += 1
            return []
        self._at = sample.at
        intervals: list[Interval] = []
        layers: dict[tuple[str, str], int] = {}
        for stream in sample.streams:
            interval = self._meet(stream, sample)
            if interval is None:
                continue
            layer = _layer_of(stream)
            place = len(intervals) if layer is None else layers.setdefault(layer, len(intervals))
            if place == len(intervals):
                intervals.append(interval)
            elif _rank(interval) > _rank(intervals[place]):
                intervals[place] = interval
        for interval in intervals:
            if interval.family in PRODUCERS and interval.rtt_s is not None:
                self._sender_rtt_s = interval.rtt_s
        return intervals

    def _meet(self, stream: Stream, sample: Sample) -> Interval | None:
        counters = _COUNTERS[stream.family]
        numbers = counters.read(stream.stats)
        baseline = self._baselines.get(stream.key)
        if (
            baseline is None
            or baseline.stream.stats.id != stream.stats.id
            or len(baseline.counters) != len(numbers)
        ):
            self._begin(stream, sample.at, numbers)
            return None
        changes, has_fallen, has_risen = _subtract(numbers, baseline.counters, counters.monotone)
        dt_s, is_step = _length_s(stream, baseline, sample.at, has_fallen, has_risen)
        if dt_s is None:
            self.duplicates += 1
            return None
        if has_fallen:
            self.resets += 1
            self._begin(stream, sample.at, numbers)
            return None
        interval = _interval(stream, sample, dt_s)
        interval.is_clock_step = is_step
        for name, change in zip(counters.names, changes, strict=True):
            if change is not None and change >= 0:
                setattr(interval, name, change)
        if stream.family in PRODUCERS:
            read_sent(interval, stream, baseline)
        else:
            read_received(interval, stream, baseline, self._sender_rtt_s)
        appraise(interval, stream)
        baseline.stream, baseline.at, baseline.counters = stream, sample.at, numbers
        return interval

    def _begin(self, stream: Stream, at: EpochMs, numbers: _Numbers) -> None:
        self._baselines[stream.key] = Baseline(
            stream, at, numbers, stream.remote, sent_once(stream.stats)
        )


def _subtract(now: _Numbers, before: _Numbers, monotone: int) -> tuple[_Numbers, bool, bool]:
    """The differences, and whether any that must not fall fell, and any rose."""
    try:
        changes: _Numbers = tuple(map(sub, now, before))
        firm = changes[:monotone]
    except TypeError:
        changes = tuple(
            None if one is None or other is None else one - other
            for one, other in zip(now, before, strict=True)
        )
        firm = tuple(change for change in changes[:monotone] if change is not None)
        if not firm:
            return changes, False, False
    return changes, min(firm) < 0, max(firm) > 0


def _length_s(
    stream: Stream, baseline: Baseline, at: EpochMs, has_fallen: bool, has_risen: bool
) -> tuple[float | None, bool]:
    """The seconds since the baseline and whether a clock stepped; `None` for no new report."""
    by_batch_s = (at - baseline.at) / 1000
    now, before = stream.stats.timestamp, baseline.stream.stats.timestamp
    if now is None or before is None:
        return (by_batch_s if by_batch_s > 0 else None), False
    dt_s = (now - before) / 1000
    if dt_s <= 0:
        is_new = by_batch_s > 0 and (has_fallen or has_risen) and dt_s < 0
        return (by_batch_s, True) if is_new else (None, False)
    if by_batch_s > 0 and abs(dt_s - by_batch_s) > max(CLOCK_STEP_S, CLOCK_STEP_SHARE * by_batch_s):
        return by_batch_s, True
    return dt_s, False


def _interval(stream: Stream, sample: Sample, dt_s: float) -> Interval:
    stats, tag, codec = stream.stats, stream.tag, stream.codec
    interval = Interval(
        stream.key,
        stream.family,
        sample.at,
        dt_s,
        stats.ssrc,
        stats.mid,
        None,
        None,
        None,
        stream.connection.id,
        None,
        stats.active,
        sample.is_page_hidden,
        dt_s > LONGEST_S,
    )
    if tag is not None:
        interval.producer_id = tag.producer_id
        interval.consumer_id = tag.consumer_id
        interval.peer_id = tag.peer_id
        interval.is_muted = tag.muted
        interval.expected_width = tag.expected_width
        interval.expected_height = tag.expected_height
    if codec is not None and codec.mime_type is not None:
        interval.codec = codec.mime_type.rpartition("/")[2].lower()
    return interval


def _layer_of(stream: Stream) -> tuple[str, str] | None:
    """What the layers of one simulcast have in common."""
    stats = stream.stats
    if stats.type != "outbound-rtp" or stats.kind != "video":
        return None
    sender = stats.media_source_id or stats.mid
    return None if sender is None else (stream.connection.id, sender)


def _rank(interval: Interval) -> tuple[bool, int]:
    pixels = (interval.frame_width or 0) * (interval.frame_height or 0)
    return bool(interval.frames), pixels


def read_intervals(samples: Iterable[Sample]) -> list[Interval]:
    """The intervals of a peer's samples, whatever order they come in."""
    reader = Reader()
    return [
        interval
        for sample in sorted(samples, key=lambda sample: sample.at)
        for interval in reader.take(sample)
    ]
