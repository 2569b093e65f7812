"""From audio and video to RTP streams: the sender's bandwidth estimate, what its encoder makes of
that, and the packets."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tests.truth.media_sources import SLOT_S, Frames, Voice
from tests.truth.path_elements import Flags, Floats, Link, Spans, within

PAYLOAD_BYTES = 1_100
LEAST_BPS, START_BPS = 60_000, 300_000

Ints = NDArray[np.int64]

LADDER = ((900_000, 1.0), (450_000, 0.75), (220_000, 0.5), (110_000, 0.375), (0, 0.25))
"""The bitrates from which an encoder sends which part of a 720p video, and of a larger one."""


@dataclass(eq=False, kw_only=True)
class SentStream:
    """One RTP stream as it was sent: packets in order, and the encoder's figures, second by second
    or frame by frame."""

    owner: str
    kind: str
    source: str
    ssrc: int
    track: str
    mid: str
    rid: str | None = None
    at: Floats
    sizes: Floats
    frame_of: Ints
    """The number of the packet's frame; −1 for audio."""
    frame_at: Floats = field(default_factory=lambda: np.empty(0))
    """When each frame was encoded, by number; NaN where this encoder skipped it."""
    widths: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    heights: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    limits: NDArray[np.str_] = field(default_factory=lambda: np.empty(0, dtype=np.str_))
    """By second."""
    targets: Floats = field(default_factory=lambda: np.empty(0))
    """bit/s, by second."""
    frames: Frames | None = None
    voice: Voice | None = None
    has_dtx: bool = False
    is_active: Flags = field(default_factory=lambda: np.empty(0, dtype=np.bool_))


def estimates(
    links: Sequence[Link],
    length_s: float,
    share: float,
    rng: np.random.Generator,
    *,
    knows_loss: bool = True,
) -> Floats:
    """The sender's bandwidth estimate, by second: it grows until it meets loss or a queue, as
    Google's congestion control does, roughly. `share` is its part of the links; it does not see
    loss that no receiver reports."""
    seconds = np.arange(int(length_s) + 2, dtype=np.float64)
    kept = np.ones(len(seconds))
    room = np.full(len(seconds), 5_000_000.0)
    shaken = np.zeros(len(seconds), dtype=np.bool_)
    for link in links:
        kept *= 1 - link.loss(seconds)
        room = np.minimum(room, link.capacity(seconds) * share)
        shaken |= link.shaking(seconds)
    loss, estimate, found = 1 - kept, float(START_BPS), np.empty(len(seconds))
    noise = rng.random((2, len(seconds)))
    for number in range(len(seconds)):
        if estimate > room[number]:
            estimate = 0.85 * room[number]
        elif loss[number] > 0.1 and knows_loss:
            estimate = max(estimate * (1 - 0.25 * loss[number]), min(estimate, 150_000.0))
        elif not knows_loss or loss[number] < 0.03:
            estimate *= 1.5 if number < 6 else 1.07 + 0.06 * noise[0, number]
        if shaken[number] and noise[1, number] < 0.15:
            estimate *= 0.8
        estimate = min(max(estimate, LEAST_BPS), 5_000_000.0)
        found[number] = estimate
    return found


def sound(
    voice: Voice,
    *,
    owner: str,
    ssrc: int,
    track: str,
    mid: str,
    dtx: bool,
    rng: np.random.Generator,
) -> SentStream:
    """50 packets a second, or with DTX one in 400 ms of silence."""
    slots = np.arange(len(voice.levels))
    is_sent = ~voice.is_absent
    if dtx:
        is_sent &= voice.is_speech | (slots % 20 == 0)
    sizes = np.where(voice.is_speech, rng.normal(85, 12, len(slots)).clip(30), 12.0)
    sizes[voice.is_muted] = 3.0
    at = slots * SLOT_S
    return SentStream(
        owner=owner,
        kind="audio",
        source="microphone",
        ssrc=ssrc,
        track=track,
        mid=mid,
        at=at[is_sent] + rng.uniform(0, 0.002, int(is_sent.sum())),
        sizes=np.round(sizes[is_sent]),
        frame_of=np.full(int(is_sent.sum()), -1, dtype=np.int64),
        voice=voice,
        has_dtx=dtx,
    )


@dataclass(frozen=True, kw_only=True)
class Encoder:
    """The limits of one encoding."""

    most_bps: float
    least_bps: float = 0.0
    """It is off while less than this is there."""
    scale: float = 1.0
    is_screen: bool = False
    slow: Spans = ()
    rid: str | None = None


def picture(
    frames: Frames,
    budget: Floats,
    encoder: Encoder,
    *,
    owner: str,
    ssrc: int,
    track: str,
    mid: str,
    rng: np.random.Generator,
) -> SentStream:
    """The packets of one encoding. `budget` is what it may send, bit/s by second."""
    seconds = np.arange(len(budget), dtype=np.float64)
    targets = np.minimum(budget, encoder.most_bps)
    is_active = budget >= encoder.least_bps
    is_slow = within(seconds, encoder.slow)
    part = _part(targets, encoder)
    if encoder.slow:
        part = np.where(is_slow, part * 0.75, part)
    second = np.minimum(frames.at.astype(np.int64), len(budget) - 1)
    is_kept = is_active[second]
    if encoder.slow:
        # Of 30 frames a slow machine encodes 7 to 11.
        every = rng.integers(3, 5)
        is_kept = is_kept & (~is_slow[second] | (np.arange(len(second)) % every == 0))
    count = len(frames.at)
    fps = np.bincount(second[is_kept], minlength=len(budget)).clip(1)
    sizes = targets[second] / 8 / fps[second] * frames.cost
    if encoder.is_screen:
        sizes = np.minimum(frames.cost * 9_000, 40_000)
        sizes = np.minimum(sizes, targets[second] / 8)
    kept = np.flatnonzero(is_kept)
    if len(kept):
        sizes[kept[0]] *= 4
    packets = np.ceil(sizes[kept] / PAYLOAD_BYTES).astype(np.int64).clip(1, 60)
    of = np.repeat(kept, packets)
    place = np.arange(len(of)) - np.repeat(np.cumsum(packets) - packets, packets)
    at = frames.at[of] + place * 0.0008
    frame_at = np.full(count, np.nan)
    frame_at[kept] = frames.at[kept]
    limits = np.where(is_slow, "cpu", np.where(part < 0.99 * encoder.scale, "bandwidth", "none"))
    return SentStream(
        owner=owner,
        kind="video",
        source="screen" if encoder.is_screen else "camera",
        ssrc=ssrc,
        track=track,
        mid=mid,
        rid=encoder.rid,
        at=at,
        sizes=np.round(sizes[of] / np.repeat(packets, packets)),
        frame_of=of,
        frame_at=frame_at,
        widths=_even(frames.width * part[second]),
        heights=_even(frames.height * part[second]),
        limits=limits,
        targets=np.where(is_active, targets, 0.0),
        frames=frames,
        is_active=is_active,
    )


def _part(targets: Floats, encoder: Encoder) -> Floats:
    """The part of the video's width and height that is sent."""
    if encoder.is_screen or encoder.scale < 1 or encoder.rid is not None:
        return np.full(len(targets), encoder.scale)
    part = np.zeros(len(targets))
    for least, size in reversed(LADDER):
        part = np.where(targets >= min(least, encoder.most_bps * 0.9), size, part)
    return part


def _even(numbers: Floats) -> Ints:
    return (np.round(numbers / 2) * 2).astype(np.int64)
