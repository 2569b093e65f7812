"""How good the intervals of a stream were: RealtimeKit's score and the estimated opinion.

Nothing is scored that cannot be known: a muted or switched-off stream, a gap, an interval with
too little in it to judge. Such intervals are left out of every average, not counted as bad.
"""

from collections.abc import Sequence
from typing import Any, Final

from aftercall.core.quality import mos_audio, mos_video, score
from aftercall.core.quality.columns import Column, Table, known
from aftercall.core.quality.streams import AUDIO, PRODUCERS, SCREENSHARES, Family, Stream

LEAST_PACKETS: Final = 20
"""Under discontinuous transmission a share of fewer is noise."""
LEAST_AUDIO_S: Final = 0.5
ASSUMED_CLOCK_RATE: Final = 48_000


def appraise(table: Table, rows: Sequence[Stream], family: Family) -> None:
    """Adds `score` and `mos`; for received audio `burst_ratio` too. `rows` are those the
    intervals end with."""
    silent = _unscored(table)
    scores = _scores(table, family)
    given = [row.tag.score if row.tag is not None else None for row in rows]
    if known(given) is not None:
        scores = [
            ours if theirs is None else theirs for ours, theirs in zip(scores, given, strict=True)
        ]
    opinions = _audio(table, rows, family) if family in AUDIO else _video(table, family)
    if silent:
        scores = [None if place in silent else value for place, value in enumerate(scores)]
        opinions = [None if place in silent else value for place, value in enumerate(opinions)]
    table["score"], table["mos"] = scores, opinions


def _unscored(table: Table) -> set[int]:
    """The places where nothing flows on purpose, or nobody looked for too long."""
    places: set[int] = set()
    for name, silence in (("is_muted", True), ("is_active", False), ("is_gap", True)):
        column = table.get(name)
        if column is not None and silence in column:
            places.update(place for place, value in enumerate(column) if value is silence)
    return places


def _get(table: Table, *names: str) -> list[Column]:
    nothing = (None,) * len(table["dt_s"])
    return [table.get(name, nothing) for name in names]


def _scores(table: Table, family: Family) -> list[float | None]:
    """`None` where nothing is known: the client's rule would call that perfect."""
    if family in AUDIO:
        losses, jitters, events = _get(table, "loss_percent", "jitter_s", "concealment_events")
        if family in PRODUCERS:
            rate = score.audio_producer_score
            return [
                None if loss is None and jitter_s is None else rate(loss, jitter_s)
                for loss, jitter_s in zip(losses, jitters, strict=True)
            ]
        rate_received = score.audio_consumer_score
        return [
            None
            if loss is None and jitter_s is None and count is None
            else rate_received(loss, jitter_s, count)
            for loss, jitter_s, count in zip(losses, jitters, events, strict=True)
        ]
    is_screen, rate_video = family in SCREENSHARES, score.video_score
    return [
        None
        if loss is None and jitter_s is None and frames is None
        else rate_video(
            loss,
            jitter_s,
            width=width,
            fps=fps if shown_fps is None else shown_fps,
            frames=frames,
            is_screen=is_screen,
        )
        for loss, jitter_s, frames, width, fps, shown_fps in zip(
            *_get(
                table,
                "loss_percent",
                "jitter_s",
                "frames",
                "frame_width",
                "fps",
                "frames_per_second",
            ),
            strict=True,
        )
    ]


def _audio(table: Table, rows: Sequence[Stream], family: Family) -> list[float | None]:
    codecs, names, targets = (
        [row.codec for row in rows],
        *_get(table, "codec", "target_bitrate_bps"),
    )
    if family in PRODUCERS:
        losses = _sent_losses(table)
        delays = map(mos_audio.producer_delay_ms, *_get(table, "rtt_s", "jitter_s"))
    else:
        losses = _received_losses(table, codecs)
        delays = map(
            mos_audio.consumer_delay_ms, *_get(table, "rtt_s", "jitter_buffer_ms", "jitter_s")
        )
    concealments, bursts = _get(table, "concealment_percent", "burst_ratio")
    opinions: list[float | None] = []
    judges: dict[tuple[Any, ...], _Judge] = {}
    for name, target_bps, codec, loss, delay_ms, concealment, burst in zip(
        names, targets, codecs, losses, delays, concealments, bursts, strict=True
    ):
        if loss is None:
            opinions.append(None)
            continue
        fmtp = codec.sdp_fmtp_line if codec is not None and concealment is None else None
        heard_as = (name, target_bps, fmtp, concealment is None)
        judge = judges.get(heard_as)
        if judge is None:
            judge = judges[heard_as] = _Judge(*heard_as)
        opinions.append(judge.opinion(delay_ms, loss, burst))
    return opinions


class _Judge:
    """The model of one codec as it is sent; a line without fault is judged once."""

    def __init__(
        self, name: str | None, target_bps: float | None, fmtp: str | None, is_before_repair: bool
    ) -> None:
        self._codec = mos_audio.codec_of(name, target_bps)
        self._bpl_factor = mos_audio.redundancy(name, fmtp) if is_before_repair else 1.0
        self._faultless = self._estimate(0.0, 0.0, None)

    def opinion(self, delay_ms: float, loss_percent: float, burst: float | None) -> float | None:
        if not loss_percent and delay_ms <= mos_audio.UNHEARD_MS:
            return self._faultless
        return self._estimate(delay_ms, loss_percent, burst)

    def _estimate(self, delay_ms: float, loss_percent: float, burst: float | None) -> float | None:
        if self._codec is None:
            return None
        return mos_audio.estimate(
            self._codec,
            delay_ms=delay_ms,
            loss_percent=loss_percent,
            burst_ratio=burst or 1.0,
            bpl_factor=self._bpl_factor,
        )


def _sent_losses(table: Table) -> Column:
    losses, expected, sent = _get(table, "loss_percent", "packets_expected", "packets_sent")
    return [
        None if (base or added or 0) < LEAST_PACKETS else loss
        for loss, base, added in zip(losses, expected, sent, strict=True)
    ]


def _received_losses(table: Table, codecs: Sequence[Any]) -> Column:
    """The loss to judge by: what had to be concealed, else what did not arrive or came too
    late to be played. `None` where there was too little audio."""
    made: list[tuple[float | None, float | None]] = []
    for expected, lost, discarded, events, played, concealed, percent, codec in zip(
        *_get(
            table,
            "packets_expected",
            "packets_lost",
            "packets_discarded",
            "concealment_events",
            "total_samples_received",
            "concealed_samples",
            "concealment_percent",
        ),
        codecs,
        strict=True,
    ):
        if expected is not None and expected < LEAST_PACKETS:
            made.append((None, None))
        elif played is not None and concealed is not None:
            rate = (codec.clock_rate if codec is not None else None) or ASSUMED_CLOCK_RATE
            if percent is None or played < LEAST_AUDIO_S * rate:
                made.append((None, None))
                continue
            packets = percent * played / (2 * rate)
            made.append((percent, mos_audio.burst_ratio(packets, events or 0, percent / 100)))
        elif expected is None or lost is None:
            made.append((None, None))
        else:
            percent = min(100.0, 100 * (lost + (discarded or 0)) / expected)
            made.append((percent, mos_audio.burst_ratio(lost, events or 0, percent / 100)))
    losses, bursts = zip(*made, strict=True)
    if known(bursts) is not None:
        table["burst_ratio"] = bursts
    return losses


def _video(table: Table, family: Family) -> list[float | None]:
    is_screen, is_producer = family in SCREENSHARES, family in PRODUCERS
    expected = _expected_pixels(table, family)
    (codecs,) = _get(table, "codec")
    model = mos_video.DEFAULT
    factors = {
        codec: mos_video.codec_factor(model, codec, is_screen=is_screen) for codec in set(codecs)
    }
    opinion, expected_rate = mos_video.opinion, mos_video.expected_rate
    opinions: list[float | None] = []
    for (
        frames,
        freeze_s,
        width,
        height,
        fps,
        bitrate_bps,
        rtt_s,
        buffer_ms,
        loss,
        freeze_share,
        source_fps,
        expected_pixels,
        codec,
    ) in zip(*_get(table, *_VIDEO_INPUTS), expected, codecs, strict=True):
        if frames == 0:
            opinions.append(None if is_screen and not freeze_s else mos_video.LOWEST)
        elif width is None or height is None or fps is None or bitrate_bps is None:
            opinions.append(None)
        else:
            opinions.append(
                opinion(
                    model,
                    factors[codec],
                    bitrate_bps,
                    width * height,
                    fps,
                    expected_pixels,
                    expected_rate(is_screen=is_screen, source_fps=source_fps),
                    500 * (rtt_s or 0.0) + (0.0 if is_producer else buffer_ms or 0.0),
                    loss or 0.0,
                    freeze_share or 0.0,
                )
            )
    return opinions


def _expected_pixels(table: Table, family: Family) -> list[int]:
    """By interval; streams rarely change their sizes, so that each is looked up once."""
    is_screen, is_producer = family in SCREENSHARES, family in PRODUCERS
    sizes = list(zip(*_get(table, *_SIZES), strict=True))
    expected = {
        size: mos_video.expected_size(
            is_producer=is_producer,
            is_screen=is_screen,
            pixels=(size[0] or 0) * (size[1] or 0),
            shown_pixels=(size[2] or 0) * (size[3] or 0),
            source_pixels=(size[4] or 0) * (size[5] or 0),
        )
        for size in set(sizes)
    }
    return [expected[size] for size in sizes]


_SIZES: Final = (
    "frame_width",
    "frame_height",
    "expected_width",
    "expected_height",
    "source_width",
    "source_height",
)
_VIDEO_INPUTS: Final = (
    "frames",
    "freeze_s",
    "frame_width",
    "frame_height",
    "fps",
    "bitrate_bps",
    "rtt_s",
    "jitter_buffer_ms",
    "residual_loss_percent",
    "freeze_share",
    "source_fps",
)
