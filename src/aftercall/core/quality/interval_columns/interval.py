"""An interval: what happened on a stream between two consecutive reports."""

import msgspec

from aftercall.core.instants import EpochMs
from aftercall.core.quality.stats.report_linker import Family
from aftercall.core.quality.stats.track_tags import StreamKey


class Interval(msgspec.Struct, omit_defaults=True, gc=False):
    """One stream between two consecutive reports.

    Counts are the increase within the interval, gauges the value at its end. `None` is "not known":
    the browser does not report it, no remote report came, or the counters restarted.
    """

    key: StreamKey
    family: Family
    at: EpochMs
    """The end of the interval."""
    dt_s: float
    ssrc: int | None
    mid: str | None
    producer_id: str | None
    consumer_id: str | None
    peer_id: str | None
    """The peer that sent a received stream."""
    connection_id: str
    is_muted: bool | None = None
    is_active: bool | None = None
    """`active` of an outbound stream: false while its RTP sender is switched off."""
    is_gap: bool = False
    """The reports are over 60 s apart: counts are valid, rates and scores are unknown."""
    is_clock_step: bool = False
    """The peer's clock jumped; `dt_s` comes from the other clock."""
    codec: str | None = None
    """MIME subtype in lower case, such as `opus` or `vp8`."""

    packets_sent: int | None = None
    bytes_sent: int | None = None
    packets_received: int | None = None
    bytes_received: int | None = None
    packets_discarded: int | None = None
    packets_lost: int | None = None
    """Never negative; late packets make the signed count fall."""
    packets_lost_signed: int | None = None
    packets_expected: int | None = None
    """Packets that the receiving end should have got: the base of `loss_percent`."""
    loss_percent: float | None = None
    residual_loss_percent: float | None = None
    """The loss that retransmission did not repair."""
    bitrate_bps: float | None = None
    """Media bytes only, without headers and retransmissions."""
    target_bitrate_bps: float | None = None
    jitter_s: float | None = None
    rtt_s: float | None = None
    """From the receiver reports of the stream, else of the connection's candidate pair."""

    jitter_buffer_delay_s: float | None = None
    """Summed over samples (audio) or frames (video)."""
    jitter_buffer_emitted_count: int | None = None
    jitter_buffer_ms: float | None = None
    """The mean time in the buffer."""
    concealment_events: int | None = None
    concealment_percent: float | None = None
    """Audible concealment, in percent of the samples played."""
    burst_ratio: float | None = None
    audio_level: float | None = None
    """0..1: of the source (sent) or the stream (received)."""

    is_listening_only: bool = False
    """No round trip is known: the score estimates the delay from buffers and packet times alone."""
    score: float | None = None
    """RealtimeKit's 0..1 score."""
    mos: float | None = None
    """Estimated mean opinion score, 1..5, two decimals."""

    frames: int | None = None
    """Encoded (sent) or decoded (received)."""
    key_frames: int | None = None
    frames_dropped: int | None = None
    frame_width: int | None = None
    frame_height: int | None = None
    frames_per_second: float | None = None
    """The browser's own figure for the last second."""
    fps: float | None = None
    """Frames of the interval over its length."""
    freeze_count: int | None = None
    freeze_s: float | None = None
    freeze_share: float | None = None
    pli_count: int | None = None
    fir_count: int | None = None
    quality_limitation_reason: str | None = None
    quality_limitation_resolution_changes: int | None = None
    limited_none_s: float | None = None
    limited_cpu_s: float | None = None
    limited_bandwidth_s: float | None = None
    limited_other_s: float | None = None
    source_width: int | None = None
    source_fps: float | None = None
    expected_width: int | None = None
