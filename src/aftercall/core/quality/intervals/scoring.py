"""Scores of intervals: RealtimeKit's score and the estimated opinion (MOS).

An interval has no score if it cannot be judged: a muted or switched-off stream, a gap, too little
media. Such intervals are left out of every average instead of counting as bad.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from aftercall.core.quality.interval_columns.columns import (
    BoolArray,
    FloatArray,
    IndexArray,
    all_nan,
    are_all,
    coalesce,
    drop_if_all_nan,
    fill_zero,
    is_any,
    numbers,
)
from aftercall.core.quality.interval_columns.interval_table import IntervalTable
from aftercall.core.quality.intervals.frame_size import longer_sides
from aftercall.core.quality.intervals.liveness import (
    are_empty,
    are_off,
    are_still_screens,
    are_unplayed,
)
from aftercall.core.quality.models import mos_audio, mos_video, score
from aftercall.core.quality.stats.report_linker import AUDIO, PRODUCERS, SCREENSHARES, Codec

LEAST_PACKETS: Final = 20
"""Under discontinuous transmission, a share of fewer packets is noise."""
LEAST_AUDIO_S: Final = 0.5
ASSUMED_SAMPLING_RATE: Final = 48_000


def score_intervals(table: IntervalTable) -> None:
    """Add the columns `score` and `mos`, and `burst_ratio` for received audio."""
    silent, unplayed = _unscored(table), are_unplayed(table)
    still = are_still_screens(table)
    is_audio = table.family in AUDIO
    scores, opinions = _scores(table), _audio(table) if is_audio else _video(table)
    if is_any(unplayed):
        scores, opinions = (np.where(unplayed, np.nan, each) for each in (scores, opinions))
    if is_any(still):
        scores, opinions = (np.where(still, np.nan, each) for each in (scores, opinions))
    scores = coalesce(table.get("score_given"), scores)
    if is_any(silent):
        scores, opinions = (np.where(silent, np.nan, each) for each in (scores, opinions))
    table.put("score", drop_if_all_nan(scores))
    table.put("mos", drop_if_all_nan(opinions))


def _unscored(table: IntervalTable) -> BoolArray:
    """The intervals in which nothing flowed on purpose, and gaps."""
    silent: BoolArray = are_off(table) | are_empty(table) | (table.get("is_gap") == 1)
    return silent


def _scores(table: IntervalTable) -> FloatArray:
    """RealtimeKit's score; NaN where no input is known, which the client's rule would call
    perfect."""
    losses, jitters = table.columns("loss_percent", "jitter_s")
    is_unknown = np.isnan(losses) & np.isnan(jitters)
    if table.family in AUDIO and table.family in PRODUCERS:
        found = score.audio_producer_scores(losses, jitters)
    elif table.family in AUDIO:
        events = table.get("concealment_events")
        is_unknown &= np.isnan(events)
        is_unknown |= table.get("packets_received") == 0
        found = score.audio_consumer_scores(losses, jitters, events)
    else:
        frames, fps, shown_fps = table.columns("frames", "fps", "frames_per_second")
        is_unknown &= np.isnan(frames)
        found = score.video_scores(
            losses,
            jitters,
            longer_sides(table, "frame"),
            coalesce(shown_fps, fps),
            frames,
            is_screen=table.family in SCREENSHARES,
        )
    return np.where(is_unknown, np.nan, found)


def _audio(table: IntervalTable) -> FloatArray:
    codecs, which = _codecs(table)
    if table.family in PRODUCERS:
        losses, bursts = _sent_losses(table), np.ones(len(which))
        delays_ms = mos_audio.producer_delays_ms(*table.columns("rtt_s", "jitter_s"))
    else:
        rates = numbers([None if codec is None else codec.sampling_rate for codec in codecs])[which]
        losses, bursts = _received_losses(table, np.where(rates > 0, rates, ASSUMED_SAMPLING_RATE))
        table.put("burst_ratio", drop_if_all_nan(bursts))
        delays_ms = mos_audio.consumer_delays_ms(
            *table.columns("rtt_s", "jitter_buffer_ms", "jitter_s")
        )
    is_repaired = ~np.isnan(table.get("concealment_percent"))
    opinions = all_nan(len(which))
    for spoken, target_bps, places in _encoding_groups(
        codecs, which, table.get("target_bitrate_bps")
    ):
        name, fmtp = (None, None) if spoken is None else (spoken.subtype, spoken.sdp_fmtp_line)
        constants = mos_audio.codec_of(name, target_bps)
        if constants is not None:
            factor = mos_audio.redundancy(name, fmtp)
            opinions[places] = mos_audio.estimates(
                constants,
                delays_ms[places],
                losses[places],
                bursts[places],
                np.where(is_repaired[places], 1.0, factor),
            )
    return opinions


def _codecs(table: IntervalTable) -> tuple[list[Codec | None], IndexArray]:
    """The codecs, and the index of each interval's codec."""
    numbered: dict[Codec | None, int] = {}
    which = [
        numbered.setdefault(description.codec, len(numbered)) for description in table.descriptions
    ]
    return list(numbered), np.array(which, dtype=np.intp)[table.description_index]


def _encoding_groups(
    codecs: Sequence[Codec | None], which: IndexArray, targets: FloatArray
) -> list[tuple[Codec | None, float | None, IndexArray]]:
    """The combinations of codec and target bitrate, with the places of their intervals."""
    # Received streams have no target bitrate, sent ones at most a few hundred.
    is_none = np.isnan(targets)
    wished = [-1.0] if are_all(is_none) else np.unique(np.where(is_none, -1.0, targets)).tolist()
    found: list[tuple[Codec | None, float | None, IndexArray]] = []
    for number, codec in enumerate(codecs):
        for wish in wished:
            is_wished = is_none if wish < 0 else targets == wish
            places = np.flatnonzero((which == number) & is_wished)
            if len(places):
                found.append((codec, None if wish < 0 else wish, places))
    return found


def _sent_losses(table: IntervalTable) -> FloatArray:
    losses, expected, sent = table.columns("loss_percent", "packets_expected", "packets_sent")
    base = fill_zero(np.where(expected > 0, expected, sent))
    return np.where(base < LEAST_PACKETS, np.nan, losses)


def _received_losses(
    table: IntervalTable, sampling_rates: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The loss in percent to judge by, and its burst ratio: what was concealed, else what did not
    arrive or arrived too late to be played. NaN where there was too little audio."""
    expected, lost, discarded, events = table.columns(
        "packets_expected", "packets_lost", "packets_discarded", "concealment_events"
    )
    played, concealed, percents = table.columns(
        "total_samples_received", "concealed_samples", "concealment_percent"
    )
    is_played = ~np.isnan(played) & ~np.isnan(concealed)
    is_short = (expected < LEAST_PACKETS) | (is_played & (played < LEAST_AUDIO_S * sampling_rates))
    missed = lost + fill_zero(discarded)
    missing = np.divide(100 * missed, expected, out=all_nan(len(lost)), where=expected > 0)
    losses = np.where(is_played, percents, np.minimum(missing, 100.0))
    losses = np.where(is_short, np.nan, losses)
    packets = np.where(is_played, losses * played / (2 * sampling_rates), lost)
    bursts = mos_audio.burst_ratios(packets, fill_zero(events), losses / 100)
    return losses, np.where(np.isnan(losses), np.nan, bursts)


def _video(table: IntervalTable) -> FloatArray:
    is_screen, is_producer = table.family in SCREENSHARES, table.family in PRODUCERS
    model = mos_video.DEFAULT
    frames, width, height, shown_width, shown_height, source_width, source_height = table.columns(
        *_SIZES
    )
    fps, bitrate_bps, rtt_s, buffer_ms, loss, freeze_share, source_fps = table.columns(*_RATES)
    pixels, shown, source = (
        width * height,
        shown_width * shown_height,
        source_width * source_height,
    )
    expected = mos_video.expected_sizes(
        pixels, shown, source, is_producer=is_producer, is_screen=is_screen
    )
    if not is_screen:
        # A thumbnail that was meant to be small is not a shrunken picture.
        is_assumed = ~((source if is_producer else shown) > 0)
        expected = np.where(is_assumed, pixels, expected)
        table.put("is_size_assumed", is_assumed.astype(np.float64))
    bitrate_bps = coalesce(table.get("picture_bps"), bitrate_bps)
    opinions = mos_video.opinions(
        model,
        _factors(table, model, is_screen=is_screen),
        bitrate_bps,
        pixels,
        fps,
        expected,
        mos_video.expected_rates(source_fps, is_screen=is_screen),
        500 * fill_zero(rtt_s) + (0.0 if is_producer else fill_zero(buffer_ms)),
        fill_zero(loss),
        # A page that scrolls and rests by turns looks like one that freezes.
        np.zeros(len(fps)) if is_screen else fill_zero(freeze_share),
    )
    is_unknown = is_screen | ~_are_knowable(table, opinions)
    return np.where(frames == 0, np.where(is_unknown, np.nan, mos_video.LOWEST), opinions)


def _are_knowable(table: IntervalTable, opinions: FloatArray) -> BoolArray:
    """The intervals of streams of whose moving pictures most have a score, or which never moved.
    Of other streams only standing still could be scored, which says nothing of the rest of the
    time."""
    moving = (table.get("frames") > 0) & ~_unscored(table)
    count = int(table.ranks.max(initial=0)) + 1
    moved = np.bincount(table.ranks, moving, count)
    scored = np.bincount(table.ranks, moving & ~np.isnan(opinions), count)
    knowable: BoolArray = (2 * scored >= moved)[table.ranks]
    return knowable


def _factors(table: IntervalTable, model: mos_video.VideoModel, *, is_screen: bool) -> FloatArray:
    codecs, which = _codecs(table)
    names = [None if codec is None else codec.subtype for codec in codecs]
    factors = [mos_video.codec_factor(model, name, is_screen=is_screen) for name in names]
    return np.array(factors)[which]


_SIZES: Final = (
    "frames",
    "frame_width",
    "frame_height",
    "expected_width",
    "expected_height",
    "source_width",
    "source_height",
)
_RATES: Final = (
    "fps",
    "bitrate_bps",
    "rtt_s",
    "jitter_buffer_ms",
    "residual_loss_percent",
    "freeze_share",
    "source_fps",
)
