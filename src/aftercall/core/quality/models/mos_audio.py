"""The estimated opinion of audio: the ITU-T E-model without its echo and noise terms.

A rating R starts at the best value of a scale and loses points for delay (`delay_impairment`) and
for codec and loss (`loss_impairment`); a polynomial converts the rest to a mean opinion score.
Formulas: G.107 (narrowband), G.107.1 (wideband), G.107.2 (fullband). Delays in ms, losses in
percent 0..100, scores 1..4.5.

Scores of different scales cannot be compared, so every codec is put on the fullband scale: the
default set keeps each codec's own constants and ceiling, and rescales the rest as fullband.
"""

from itertools import pairwise
from math import atan2, cos, isfinite, pi, sqrt
from typing import Final

import msgspec
import numpy as np

from aftercall.core.quality.interval_columns.columns import (
    FloatArray,
    coalesce,
    fill_zero,
    two_decimals,
)
from aftercall.core.quality.models.audio_codecs import (
    AMR_WB_DIOTIC,
    EVS,
    G711,
    G722,
    G723,
    G729,
    OPUS_CBR,
    OPUS_VBR,
    CodecImpairment,
    Modes,
)

LOWEST: Final = 1.0
HIGHEST: Final = 4.5

UNHEARD_MS: Final = 100.0
"""A delay of up to this does no harm."""

PACKET_MS: Final = 20.0
LOOK_AHEAD_MS: Final = 6.5
"""Of Opus; together with the 20 ms packet it is the delay that no network adds."""


class EModel(msgspec.Struct, frozen=True):
    """A coefficient set: the best rating, the factor of delay and rating, and the impairment that
    total loss tends to."""

    best: float
    rescale: float
    ceiling: float


NB: Final = EModel(93.2, 1.0, 95.0)
WB: Final = EModel(129.0, 1.29, 95.0)
FB: Final = EModel(148.0, 1.48, 132.0)
FB_RTPENGINE: Final = FB
"""With `RTPENGINE_CODEC` for every stream."""
FB_UNIFIED: Final = {
    "nb": EModel(93.2, 1.48, 95.0),
    "wb": EModel(129.0, 1.48, 95.0),
    "fb": FB,
}
"""The default: by the bandwidth a codec's constants were measured for. A best rating of 93.2 is
148 less the 54.8 that a narrowband codec can never reach on this scale, 129 less the 19 of a
wideband one."""

RTPENGINE_CODEC: Final = CodecImpairment("fb", 10.2, 4.3)

OPUS_ASSUMED_BPS: Final = 32_000
"""The default target bitrate of WebRTC encoders."""


def opus(target_bps: float | None = None, modes: Modes = OPUS_VBR) -> CodecImpairment:
    """The constants of Opus at an encoder's *target* bitrate, interpolated within a bandwidth;
    between two bandwidths, the last point of the lower one. The measured bitrate must not be used:
    it falls in silence, which would turn a quiet speaker into a bad line."""
    return _between(modes, (OPUS_ASSUMED_BPS if target_bps is None else target_bps) / 1000)


def _between(modes: Modes, kbps: float) -> CodecImpairment:
    points = list(modes.items())
    kbps = min(points[-1][0], max(points[0][0], kbps))
    for (low_kbps, low), (high_kbps, high) in pairwise(points):
        if low_kbps <= kbps < high_kbps:
            if low.bandwidth != high.bandwidth or low.bpl is None or high.bpl is None:
                return low
            share = (kbps - low_kbps) / (high_kbps - low_kbps)
            return CodecImpairment(
                low.bandwidth,
                low.ie + share * (high.ie - low.ie),
                low.bpl + share * (high.bpl - low.bpl),
            )
    return points[-1][1]


_FIXED: Final = {"pcmu": G711, "pcma": G711, "g722": G722, "g723": G723, "g729": G729}
_OF_MODES: Final = {"amr-wb": AMR_WB_DIOTIC, "evs": EVS}
_OPUS_ASSUMED: Final = opus()


def codec_of(
    name: str | None, target_bps: float | None = None, fmtp: str | None = None
) -> CodecImpairment | None:
    """The constants of a codec by MIME subtype in lower case. RED carries Opus, and an unnamed
    codec counts as Opus, which WebRTC prefers. `None` if no constants are published, and for a
    codec of several modes if its mode is unknown."""
    if name is None or name in ("opus", "red"):
        if fmtp is not None and "cbr=1" in fmtp.split(";"):
            return opus(target_bps, OPUS_CBR)
        return _OPUS_ASSUMED if target_bps is None else opus(target_bps)
    modes = _OF_MODES.get(name)
    if modes is not None:
        return None if target_bps is None else modes.get(round(target_bps / 1000, 2))
    return _FIXED.get(name)


def redundancy(name: str | None, fmtp: str | None) -> float:
    """The factor by which redundancy raises `bpl`, if the loss is counted before repair: in-band
    FEC 1.5, RED 2, both 3 (the ratios of LiveKit's loss weights). `fmtp` is that of Opus, also if
    RED carries it."""
    has_fec = fmtp is not None and "useinbandfec=1" in fmtp
    if name == "red":
        return 3.0 if has_fec else 2.0
    return 1.5 if has_fec else 1.0


def delay_impairment(delay_ms: float) -> float:
    """Idd of G.107 for the default sensitivity class: 0 up to 100 ms."""
    return float(delay_impairments(np.array(delay_ms)))


def delay_impairments(delays_ms: FloatArray) -> FloatArray:
    """`delay_impairment` of a column."""
    x = np.log2(np.maximum(delays_ms, UNHEARD_MS) / UNHEARD_MS)
    return 25 * ((1 + x**6) ** (1 / 6) - 3 * (1 + (x / 3) ** 6) ** (1 / 6) + 2)


def loss_impairment(
    codec: CodecImpairment,
    ceiling: float,
    loss_percent: float,
    burst_ratio: float = 1.0,
    bpl_factor: float = 1.0,
) -> float | None:
    """Ie,eff of G.107; exactly `ie` without loss, `None` for loss on a codec without `bpl`."""
    if loss_percent == 0:
        return codec.ie
    if codec.bpl is None:
        return None
    share = loss_percent / (loss_percent / burst_ratio + codec.bpl * bpl_factor)
    return codec.ie + (ceiling - codec.ie) * share


def rating(
    model: EModel,
    codec: CodecImpairment,
    *,
    delay_ms: float,
    loss_percent: float,
    burst_ratio: float = 1.0,
) -> float | None:
    """R on the model's own scale; `None` for meaningless inputs."""
    if not (isfinite(delay_ms) and isfinite(loss_percent) and isfinite(burst_ratio)):
        return None
    if delay_ms < 0 or loss_percent < 0 or burst_ratio <= 0:
        return None
    loss = loss_impairment(codec, model.ceiling, loss_percent, burst_ratio)
    if loss is None:
        return None
    return model.best - model.rescale * delay_impairment(delay_ms) - loss


def mos_of_rating(r: float) -> float:
    """G.107 Annex B on the 0..100 scale. The polynomial dips below 1 near zero; it is capped there,
    so that it rises throughout."""
    return float(mos_of_ratings(np.array(r)))


def mos_of_ratings(r: FloatArray) -> FloatArray:
    """`mos_of_rating` of a column."""
    r = np.minimum(np.maximum(r, 0.0), 100.0)
    return np.maximum(1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6, LOWEST)


def rating_of_mos(mos: float) -> float:
    """The inverse, G.107 Appendix I; 0 at 1 and below, 100 at 4.5 and above."""
    if mos <= LOWEST:
        return 0.0
    if mos >= HIGHEST:
        return 100.0
    root = sqrt(-903_522 + 1_113_960 * mos - 202_500 * mos * mos)
    h = atan2(15 * root, 18_566 - 6_750 * mos) / 3
    return (20 / 3) * (8 - sqrt(226) * cos(h + pi / 3))


def burst_ratio(lost: float, bursts: int, loss_share: float) -> float:
    """The mean length of a loss burst over the one of random loss; at least 1.

    `lost` counts packets, `bursts` the runs of lost packets, `loss_share` is 0..1.
    """
    return float(burst_ratios(np.array(lost), np.array(float(bursts)), np.array(loss_share)))


def burst_ratios(lost: FloatArray, bursts: FloatArray, loss_shares: FloatArray) -> FloatArray:
    """`burst_ratio` of columns."""
    ratios = lost / np.maximum(bursts, 1.0) * (1 - loss_shares)
    return np.where((bursts <= 0) | (lost <= 0), 1.0, np.maximum(ratios, 1.0))


def bounded_burst_ratios(ratios: FloatArray, loss_percents: FloatArray) -> FloatArray:
    """Burst ratios within the range that G.107 covers: up to 8, and little over 2 at high loss.
    From 2 % on the bound falls smoothly from 8 towards 2, since a step would let a score rise with
    the loss."""
    bounds = 1 / (0.5 - 0.75 / np.maximum(loss_percents, 2.0))
    return np.minimum(bounds, np.maximum(ratios, 1.0))


def estimate(
    codec: CodecImpairment,
    *,
    delay_ms: float,
    loss_percent: float,
    burst_ratio: float = 1.0,
    bpl_factor: float = 1.0,
) -> float | None:
    """The score on the unified fullband scale, 1..4.5 with two decimals.

    Inputs beyond the models' range are capped at its edges; `None` for meaningless inputs and for
    loss on a codec of unknown robustness.
    """
    inputs = (delay_ms, loss_percent, burst_ratio, bpl_factor)
    found = float(estimates(codec, *(np.array([value]) for value in inputs))[0])
    return None if found != found else found


def estimates(
    codec: CodecImpairment,
    delays_ms: FloatArray,
    loss_percents: FloatArray,
    burst_ratios: FloatArray,
    bpl_factors: FloatArray,
) -> FloatArray:
    """`estimate` for columns of one codec; NaN where there is no score."""
    model = FB_UNIFIED[codec.bandwidth]
    delays_ms = np.where(delays_ms >= 0, np.minimum(3000.0, delays_ms), np.nan)
    losses = np.where(loss_percents >= 0, np.minimum(100.0, loss_percents), np.nan)
    r = model.best - codec.ie - model.rescale * delay_impairments(delays_ms)
    bpl = (np.nan if codec.bpl is None else codec.bpl) * bpl_factors
    shares = losses / (losses / bounded_burst_ratios(burst_ratios, losses) + bpl)
    lossy = codec.ie + (model.ceiling - codec.ie) * shares
    r = np.where(losses == 0, r, r - (lossy - codec.ie))
    return two_decimals(mos_of_ratings(r / model.rescale))


def producer_delay_ms(rtt_s: float | None, jitter_s: float | None) -> float:
    """Mouth-to-ear delay as the sender sees it: half the round trip, and twice the jitter for the
    remote jitter buffer."""
    return float(producer_delays_ms(_column(rtt_s), _column(jitter_s)))


def producer_delays_ms(rtts_s: FloatArray, jitters_s: FloatArray) -> FloatArray:
    """`producer_delay_ms` of columns."""
    return 500 * fill_zero(rtts_s) + 2000 * fill_zero(jitters_s) + PACKET_MS + LOOK_AHEAD_MS


def consumer_delay_ms(
    rtt_s: float | None, jitter_buffer_ms: float | None, jitter_s: float | None
) -> float:
    """Mouth-to-ear delay as the receiver sees it: half the round trip and its own jitter buffer."""
    return float(consumer_delays_ms(*map(_column, (rtt_s, jitter_buffer_ms, jitter_s))))


def consumer_delays_ms(
    rtts_s: FloatArray, buffers_ms: FloatArray, jitters_s: FloatArray
) -> FloatArray:
    """`consumer_delay_ms` of columns."""
    buffers_ms = coalesce(buffers_ms, 2000 * fill_zero(jitters_s))
    return 500 * fill_zero(rtts_s) + buffers_ms + PACKET_MS + LOOK_AHEAD_MS


def _column(value: float | None) -> FloatArray:
    return np.array(value, dtype=np.float64)
