"""The measures of an interval: what either end says, as rates, shares and gauges.

What the far end says changes only with its reports; between two of them its loss is not known,
not zero. Loss counts first copies: retransmissions are taken off on both sides.
"""

from typing import Any

import msgspec

from aftercall.core.instants import EpochMs
from aftercall.core.quality.counters import Interval
from aftercall.core.quality.getstats import Stats
from aftercall.core.quality.streams import Stream


class Baseline(msgspec.Struct, gc=False):
    """The last accepted report of a stream. `remote_sent` is what had been sent, less
    retransmissions, when `remote` was first seen."""

    stream: Stream
    at: EpochMs
    counters: tuple[Any, ...]
    remote: Stats | None
    remote_sent: int | None


def sent_once(stats: Stats) -> int | None:
    """Packets sent so far, retransmissions apart."""
    if stats.packets_sent is None:
        return None
    return stats.packets_sent - (stats.retransmitted_packets_sent or 0)


def read_sent(interval: Interval, stream: Stream, baseline: Baseline) -> None:
    stats, remote, source = stream.stats, stream.remote, stream.source
    if interval.bytes_sent is not None and not interval.is_gap:
        media = interval.bytes_sent - (interval.retransmitted_bytes_sent or 0)
        interval.bitrate_bps = 8 * max(0, media) / interval.dt_s
    interval.target_bitrate_bps = stats.target_bitrate
    if source is not None:
        interval.audio_level = source.audio_level
        interval.source_width, interval.source_height = source.width, source.height
        interval.source_fps = source.frames_per_second
    if remote is not None:
        _read_remote(interval, stats, remote, baseline)
    pair = stream.connection.pair
    if interval.rtt_s is None and pair is not None:
        interval.rtt_s = pair.current_round_trip_time
    interval.is_listening_only = interval.rtt_s is None
    if stats.kind == "video":
        _read_picture(interval, stats)
        _read_limits(interval, stats, baseline.stream.stats)


def _read_remote(interval: Interval, stats: Stats, remote: Stats, baseline: Baseline) -> None:
    """What the far end reported, if it reported since: over all that was sent since the report
    before, which may be several intervals."""
    before, sent_before = baseline.remote, baseline.remote_sent
    if before is not None and remote.timestamp is not None and remote.timestamp == before.timestamp:
        return
    sent = sent_once(stats)
    baseline.remote, baseline.remote_sent = remote, sent
    interval.jitter_s = remote.jitter
    interval.rtt_s = remote.round_trip_time
    if before is not None:
        measured = _change(remote.round_trip_time_measurements, before.round_trip_time_measurements)
        took_s = _change(remote.total_round_trip_time, before.total_round_trip_time)
        if measured and measured > 0 and took_s is not None and took_s >= 0:
            interval.rtt_s = took_s / measured
        lost = _change(remote.packets_lost, before.packets_lost)
        if lost is not None and sent is not None and sent_before is not None:
            interval.packets_lost_signed = lost
            interval.packets_lost = max(0, lost)
            interval.packets_expected = max(0, sent - sent_before)
    if interval.packets_expected:
        share = (interval.packets_lost or 0) / interval.packets_expected
        interval.loss_percent = min(100.0, 100 * share)
    elif interval.packets_lost is None and remote.fraction_lost is not None:
        interval.loss_percent = min(100.0, 100 * remote.fraction_lost)
    if interval.loss_percent is not None:
        interval.residual_loss_percent = interval.loss_percent
        again = interval.retransmitted_packets_sent
        if again is not None and interval.packets_expected:
            left = max(0, (interval.packets_lost or 0) - again)
            interval.residual_loss_percent = min(100.0, 100 * left / interval.packets_expected)


def read_received(
    interval: Interval, stream: Stream, baseline: Baseline, sender_rtt_s: float | None
) -> None:
    stats, pair = stream.stats, stream.connection.pair
    if interval.bytes_received is not None and not interval.is_gap:
        media = interval.bytes_received - (interval.retransmitted_bytes_received or 0)
        interval.bitrate_bps = 8 * max(0, media) / interval.dt_s
    interval.jitter_s = stats.jitter
    interval.audio_level = stats.audio_level
    interval.rtt_s = pair.current_round_trip_time if pair is not None else None
    if interval.rtt_s is None:
        interval.rtt_s = sender_rtt_s
    interval.is_listening_only = interval.rtt_s is None
    if interval.jitter_buffer_emitted_count and interval.jitter_buffer_delay_s is not None:
        interval.jitter_buffer_ms = (
            1000 * interval.jitter_buffer_delay_s / interval.jitter_buffer_emitted_count
        )
    lost = _change(stats.packets_lost, baseline.stream.stats.packets_lost)
    if lost is not None and interval.packets_received is not None:
        again = interval.retransmitted_packets_received
        interval.packets_lost_signed = lost
        interval.packets_lost = lost = max(0, lost)
        interval.packets_expected = max(0, interval.packets_received - (again or 0)) + lost
        if interval.packets_expected:
            interval.loss_percent = 100 * lost / interval.packets_expected
            left = max(0, lost - (again or 0))
            interval.residual_loss_percent = 100 * left / interval.packets_expected
    if stats.kind == "video":
        _read_picture(interval, stats)
    elif interval.total_samples_received and interval.concealed_samples is not None:
        audible = interval.concealed_samples - (interval.silent_concealed_samples or 0)
        share = max(0, audible) / interval.total_samples_received
        interval.concealment_percent = min(100.0, 100 * share)


def _read_picture(interval: Interval, stats: Stats) -> None:
    interval.frame_width, interval.frame_height = stats.frame_width, stats.frame_height
    interval.frames_per_second = stats.frames_per_second
    if interval.is_gap:
        return
    if interval.frames is not None:
        interval.fps = interval.frames / interval.dt_s
    if interval.freeze_s is not None:
        interval.freeze_share = min(1.0, interval.freeze_s / interval.dt_s)


def _read_limits(interval: Interval, stats: Stats, before: Stats) -> None:
    interval.quality_limitation_reason = stats.quality_limitation_reason
    now_s, then_s = stats.quality_limitation_durations, before.quality_limitation_durations
    if now_s is not None and then_s is not None:
        interval.limited_none_s = _rise(now_s.none, then_s.none)
        interval.limited_cpu_s = _rise(now_s.cpu, then_s.cpu)
        interval.limited_bandwidth_s = _rise(now_s.bandwidth, then_s.bandwidth)
        interval.limited_other_s = _rise(now_s.other, then_s.other)


def _change(now: float | None, before: float | None) -> Any:
    return None if now is None or before is None else now - before


def _rise(now: float | None, before: float | None) -> float | None:
    """A difference that cannot be negative but for rounding."""
    return None if now is None or before is None else max(0.0, now - before)
