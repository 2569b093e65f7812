"""How good an interval was: RealtimeKit's score and the estimated opinion, or why neither.

Nothing is scored that cannot be known: a muted or switched-off stream, a gap, an interval with
too little in it to judge. Such intervals are left out of every average, not counted as bad.
"""

from typing import Final

from aftercall.core.quality import mos_audio, mos_video, score
from aftercall.core.quality.counters import Interval
from aftercall.core.quality.streams import AUDIO, PRODUCERS, SCREENSHARES, Stream

LEAST_PACKETS: Final = 20
"""Under discontinuous transmission a share of fewer is noise."""
LEAST_AUDIO_S: Final = 0.5
ASSUMED_CLOCK_RATE: Final = 48_000


def appraise(interval: Interval, stream: Stream) -> None:
    """Fills in `score` and `mos`; for received audio `burst_ratio` too."""
    if interval.is_muted or interval.is_active is False or interval.is_gap:
        return
    tag = stream.tag
    if tag is not None and tag.score is not None:
        interval.score = tag.score
    else:
        interval.score = _score(interval)
    if interval.family in AUDIO:
        interval.mos = _audio_mos(interval, stream)
    else:
        interval.mos = _video_mos(interval)


def _score(interval: Interval) -> float | None:
    """`None` where the far end told nothing: the client's rule would call that perfect."""
    loss, jitter_s = interval.loss_percent, interval.jitter_s
    family = interval.family
    if family in AUDIO:
        if family in PRODUCERS:
            if loss is None and jitter_s is None:
                return None
            return score.audio_producer_score(loss, jitter_s)
        if loss is None and jitter_s is None and interval.concealment_events is None:
            return None
        return score.audio_consumer_score(loss, jitter_s, interval.concealment_events)
    if interval.frames is None and loss is None and jitter_s is None:
        return None
    fps = interval.frames_per_second
    return score.video_score(
        loss,
        jitter_s,
        width=interval.frame_width,
        fps=interval.fps if fps is None else fps,
        frames=interval.frames,
        is_screen=family in SCREENSHARES,
    )


def _audio_mos(interval: Interval, stream: Stream) -> float | None:
    codec = mos_audio.codec_of(interval.codec, interval.target_bitrate_bps)
    if codec is None:
        return None
    loss_percent = _audio_loss_percent(interval, stream)
    if loss_percent is None:
        return None
    factor = 1.0
    if interval.concealment_percent is None:
        fmtp = stream.codec.sdp_fmtp_line if stream.codec is not None else None
        factor = mos_audio.redundancy(interval.codec, fmtp)
    if interval.family in PRODUCERS:
        delay_ms = mos_audio.producer_delay_ms(interval.rtt_s, interval.jitter_s)
    else:
        delay_ms = mos_audio.consumer_delay_ms(
            interval.rtt_s, interval.jitter_buffer_ms, interval.jitter_s
        )
    return mos_audio.estimate(
        codec,
        delay_ms=delay_ms,
        loss_percent=loss_percent,
        burst_ratio=interval.burst_ratio or 1.0,
        bpl_factor=factor,
    )


def _audio_loss_percent(interval: Interval, stream: Stream) -> float | None:
    """The loss to judge by: what had to be concealed, else what did not arrive or came too
    late to be played. `None` where there was too little audio."""
    if interval.family in PRODUCERS:
        if (interval.packets_expected or interval.packets_sent or 0) < LEAST_PACKETS:
            return None
        return interval.loss_percent
    expected = interval.packets_expected
    if expected is not None and expected < LEAST_PACKETS:
        return None
    events = interval.concealment_events or 0
    played = interval.total_samples_received
    if played is not None and interval.concealed_samples is not None:
        rate = (stream.codec.clock_rate if stream.codec is not None else None) or ASSUMED_CLOCK_RATE
        percent = interval.concealment_percent
        if percent is None or played < LEAST_AUDIO_S * rate:
            return None
        packets = percent / 100 * played / (rate * mos_audio.PACKET_MS / 1000)
        interval.burst_ratio = mos_audio.burst_ratio(packets, events, percent / 100)
        return percent
    if expected is None or interval.packets_lost is None:
        return None
    bad = interval.packets_lost + (interval.packets_discarded or 0)
    percent = min(100.0, 100 * bad / expected)
    interval.burst_ratio = mos_audio.burst_ratio(interval.packets_lost, events, percent / 100)
    return percent


def _video_mos(interval: Interval) -> float | None:
    is_screen = interval.family in SCREENSHARES
    if interval.frames == 0:
        return None if is_screen and not interval.freeze_s else mos_video.LOWEST
    width, height, fps = interval.frame_width, interval.frame_height, interval.fps
    bitrate_bps = interval.bitrate_bps
    if width is None or height is None or fps is None or bitrate_bps is None:
        return None
    is_producer = interval.family in PRODUCERS
    delay_ms = 500 * (interval.rtt_s or 0.0)
    if not is_producer:
        delay_ms += interval.jitter_buffer_ms or 0.0
    return mos_video.estimate(
        bitrate_bps=bitrate_bps,
        width=width,
        height=height,
        fps=fps,
        expected_pixels=mos_video.expected_size(
            is_producer=is_producer,
            is_screen=is_screen,
            pixels=width * height,
            shown_pixels=(interval.expected_width or 0) * (interval.expected_height or 0),
            source_pixels=(interval.source_width or 0) * (interval.source_height or 0),
        ),
        expected_fps=mos_video.expected_rate(is_screen=is_screen, source_fps=interval.source_fps),
        codec=interval.codec,
        is_screen=is_screen,
        delay_ms=delay_ms,
        loss_percent=interval.residual_loss_percent or 0.0,
        freeze_share=interval.freeze_share or 0.0,
    )
