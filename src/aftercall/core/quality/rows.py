"""The sample rows of a report: what each interval of a stream said, by family.

Members are W3C's in snake_case, with W3C's units: seconds for `jitter`, `rtt` and
`jitter_buffer_delay`, and counts are what was added in the interval. `mos_quality` is
RealtimeKit's 0..1 score, `mos` the estimated opinion 1..5. What is not known is left out.
Rows are made once, when a report is folded, as they are served.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from aftercall.core.instants import EpochMs
from aftercall.core.quality.counters import Interval
from aftercall.core.quality.streams import AUDIO, PRODUCERS, Family

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class _Row(msgspec.Struct, omit_defaults=True, gc=False, kw_only=True):
    timestamp: str
    mid: str | None = None
    ssrc: int | None = None
    producer_id: str | None = None
    mos_quality: float | None = None
    mos: float | None = None
    jitter: float | None = None
    rtt: float | None = None
    packets_lost: int | None = None
    loss_percent: float | None = None
    bitrate_bps: int | None = None


class _Picture(_Row, omit_defaults=True, gc=False, kw_only=True):
    frame_width: int | None = None
    frame_height: int | None = None
    frames_per_second: float | None = None
    fir_count: int | None = None
    pli_count: int | None = None


class AudioProducerRow(_Row, omit_defaults=True, gc=False, kw_only=True):
    packets_sent: int | None = None
    bytes_sent: int | None = None


class LimitationRow(msgspec.Struct, omit_defaults=True, gc=False):
    """Seconds of the interval for which the encoder was held back, by reason."""

    none: float | None = None
    cpu: float | None = None
    bandwidth: float | None = None
    other: float | None = None


class VideoProducerRow(_Picture, omit_defaults=True, gc=False, kw_only=True):
    packets_sent: int | None = None
    bytes_sent: int | None = None
    frames_encoded: int | None = None
    key_frames_encoded: int | None = None
    quality_limitation_reason: str | None = None
    quality_limitation_durations: LimitationRow | None = None
    quality_limitation_resolution_changes: int | None = None


class AudioConsumerRow(_Row, omit_defaults=True, gc=False, kw_only=True):
    consumer_id: str | None = None
    peer_id: str | None = None
    packets_received: int | None = None
    bytes_received: int | None = None
    jitter_buffer_delay: float | None = None
    jitter_buffer_emitted_count: int | None = None
    concealment_events: int | None = None
    concealment_percent: float | None = None


class VideoConsumerRow(_Picture, omit_defaults=True, gc=False, kw_only=True):
    consumer_id: str | None = None
    peer_id: str | None = None
    packets_received: int | None = None
    bytes_received: int | None = None
    jitter_buffer_delay: float | None = None
    jitter_buffer_emitted_count: int | None = None
    frames_decoded: int | None = None
    frames_dropped: int | None = None
    key_frames_decoded: int | None = None
    freeze_share: float | None = None


Row = AudioProducerRow | VideoProducerRow | AudioConsumerRow | VideoConsumerRow


def iso(moment: EpochMs) -> str:
    """ISO 8601 in UTC with milliseconds."""
    text = (_EPOCH + timedelta(milliseconds=moment)).isoformat(timespec="milliseconds")
    return f"{text[:23]}Z"


def rows_of(family: Family, intervals: Iterable[Interval]) -> list[Row]:
    """The rows of one family, in the order of the intervals."""
    times: dict[EpochMs, str] = {}
    make = _MAKERS[family in PRODUCERS, family in AUDIO]
    found: list[Row] = []
    for i in intervals:
        time = times.get(i.at)
        if time is None:
            time = times[i.at] = iso(i.at)
        found.append(make(time, i))
    return found


def _audio_sent(time: str, i: Interval) -> Row:
    return AudioProducerRow(
        timestamp=time,
        mid=i.mid,
        ssrc=i.ssrc,
        producer_id=i.producer_id,
        mos_quality=i.score,
        mos=i.mos,
        jitter=i.jitter_s,
        rtt=_round(i.rtt_s),
        packets_lost=i.packets_lost,
        loss_percent=_round(i.loss_percent),
        bitrate_bps=_whole(i.bitrate_bps),
        packets_sent=i.packets_sent,
        bytes_sent=i.bytes_sent,
    )


def _video_sent(time: str, i: Interval) -> Row:
    return VideoProducerRow(
        timestamp=time,
        mid=i.mid,
        ssrc=i.ssrc,
        producer_id=i.producer_id,
        mos_quality=i.score,
        mos=i.mos,
        jitter=i.jitter_s,
        rtt=_round(i.rtt_s),
        packets_lost=i.packets_lost,
        loss_percent=_round(i.loss_percent),
        bitrate_bps=_whole(i.bitrate_bps),
        packets_sent=i.packets_sent,
        bytes_sent=i.bytes_sent,
        frame_width=i.frame_width,
        frame_height=i.frame_height,
        frames_per_second=_rate(i),
        fir_count=i.fir_count,
        pli_count=i.pli_count,
        frames_encoded=i.frames,
        key_frames_encoded=i.key_frames,
        quality_limitation_reason=i.quality_limitation_reason,
        quality_limitation_durations=_limits(i),
        quality_limitation_resolution_changes=i.quality_limitation_resolution_changes,
    )


def _audio_received(time: str, i: Interval) -> Row:
    return AudioConsumerRow(
        timestamp=time,
        mid=i.mid,
        ssrc=i.ssrc,
        producer_id=i.producer_id,
        consumer_id=i.consumer_id,
        peer_id=i.peer_id,
        mos_quality=i.score,
        mos=i.mos,
        jitter=i.jitter_s,
        rtt=_round(i.rtt_s),
        packets_lost=i.packets_lost,
        loss_percent=_round(i.loss_percent),
        bitrate_bps=_whole(i.bitrate_bps),
        packets_received=i.packets_received,
        bytes_received=i.bytes_received,
        jitter_buffer_delay=_round(i.jitter_buffer_delay_s),
        jitter_buffer_emitted_count=i.jitter_buffer_emitted_count,
        concealment_events=i.concealment_events,
        concealment_percent=_round(i.concealment_percent),
    )


def _video_received(time: str, i: Interval) -> Row:
    return VideoConsumerRow(
        timestamp=time,
        mid=i.mid,
        ssrc=i.ssrc,
        producer_id=i.producer_id,
        consumer_id=i.consumer_id,
        peer_id=i.peer_id,
        mos_quality=i.score,
        mos=i.mos,
        jitter=i.jitter_s,
        rtt=_round(i.rtt_s),
        packets_lost=i.packets_lost,
        loss_percent=_round(i.loss_percent),
        bitrate_bps=_whole(i.bitrate_bps),
        packets_received=i.packets_received,
        bytes_received=i.bytes_received,
        jitter_buffer_delay=_round(i.jitter_buffer_delay_s),
        jitter_buffer_emitted_count=i.jitter_buffer_emitted_count,
        frame_width=i.frame_width,
        frame_height=i.frame_height,
        frames_per_second=_rate(i),
        fir_count=i.fir_count,
        pli_count=i.pli_count,
        frames_decoded=i.frames,
        frames_dropped=i.frames_dropped,
        key_frames_decoded=i.key_frames,
        freeze_share=_round(i.freeze_share),
    )


_MAKERS: Final = {
    (True, True): _audio_sent,
    (True, False): _video_sent,
    (False, True): _audio_received,
    (False, False): _video_received,
}


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def _rate(i: Interval) -> float | None:
    """The browser's own figure, else frames over time."""
    return i.frames_per_second if i.frames_per_second is not None else _round(i.fps)


def _limits(i: Interval) -> LimitationRow | None:
    if i.limited_none_s is None and i.limited_cpu_s is None and i.limited_bandwidth_s is None:
        return None
    return LimitationRow(
        _round(i.limited_none_s),
        _round(i.limited_cpu_s),
        _round(i.limited_bandwidth_s),
        _round(i.limited_other_s),
    )
