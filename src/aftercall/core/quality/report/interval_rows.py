"""The sample rows of a report: one for each interval of a stream, by family.

Members are W3C's in snake_case, with W3C's units: seconds for `jitter`, `rtt` and
`jitter_buffer_delay`; counts are the increase within the interval. `mos_quality` is RealtimeKit's
0..1 score, `mos` the estimated opinion 1..5. Unknown members are left out. Rows are made once, when
a report is folded, as they are served.
"""

import msgspec


class _IntervalRow(msgspec.Struct, omit_defaults=True, gc=False):
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


class _Sent(_IntervalRow, omit_defaults=True, gc=False):
    packets_sent: int | None = None
    bytes_sent: int | None = None


class _Received(_IntervalRow, omit_defaults=True, gc=False):
    consumer_id: str | None = None
    peer_id: str | None = None
    packets_received: int | None = None
    bytes_received: int | None = None
    jitter_buffer_delay: float | None = None
    jitter_buffer_emitted_count: int | None = None


class LimitationRow(msgspec.Struct, omit_defaults=True, gc=False):
    """Seconds of the interval for which the encoder was limited, by reason."""

    none: float | None = None
    cpu: float | None = None
    bandwidth: float | None = None
    other: float | None = None


class AudioProducerRow(_Sent, omit_defaults=True, gc=False):
    """A row of sent audio; it has only the members common to all rows."""


class VideoProducerRow(_Sent, omit_defaults=True, gc=False):
    """A row of sent video."""

    frame_width: int | None = None
    frame_height: int | None = None
    frames_per_second: float | None = None
    fir_count: int | None = None
    pli_count: int | None = None
    frames_encoded: int | None = None
    key_frames_encoded: int | None = None
    quality_limitation_reason: str | None = None
    quality_limitation_resolution_changes: int | None = None
    quality_limitation_durations: LimitationRow | None = None


class AudioConsumerRow(_Received, omit_defaults=True, gc=False):
    """A row of received audio."""

    concealment_events: int | None = None
    concealment_percent: float | None = None


class VideoConsumerRow(_Received, omit_defaults=True, gc=False):
    """A row of received video."""

    frame_width: int | None = None
    frame_height: int | None = None
    frames_per_second: float | None = None
    fir_count: int | None = None
    pli_count: int | None = None
    frames_decoded: int | None = None
    frames_dropped: int | None = None
    key_frames_decoded: int | None = None
    freeze_share: float | None = None


Row = AudioProducerRow | VideoProducerRow | AudioConsumerRow | VideoConsumerRow
