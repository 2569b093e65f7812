"""Receivers: RTP counters, what a jitter buffer plays and conceals, when video freezes."""

from dataclasses import dataclass

import numpy as np

from tests.truth.media_sources import SLOT_S
from tests.truth.packet_flows import Flow
from tests.truth.path_elements import Flags, Floats, Spans, within

BLOCK_S = 0.5
LEAST_BUFFER_S, MOST_BUFFER_S = 0.04, 2.0
SAMPLES = 960
"""Of 20 ms at 48 kHz."""
ASK_S = 1.0
"""How often a key frame is asked for at most."""
FADED_PACKETS = 20
"""A concealment fades to silence in about 400 ms."""


@dataclass(eq=False)
class RtpCounters:
    """The RTP counters of a flow at given times."""

    received: Floats
    lost: Floats
    bytes: Floats
    jitter: Floats
    repaired: Floats
    repaired_bytes: Floats


def count(flow: Flow, at: Floats) -> RtpCounters:
    """The counters at ascending times, as RFC 3550 defines them: lost is what was expected up to
    the highest sequence number received, less what was received."""
    on = np.flatnonzero(~np.isnan(flow.arrived))
    order = on[np.argsort(flow.arrived[on], kind="stable")]
    times = flow.arrived[order]
    so_far = np.searchsorted(times, at, side="right")
    numbers = order if flow.is_gap else np.arange(len(on))
    first = int(numbers[0]) if len(numbers) else 0
    highest = np.concatenate([[first - 1], np.maximum.accumulate(numbers)]).astype(np.float64)
    sums = np.concatenate([[0.0], np.cumsum(flow.sizes[order])])
    fixed = np.flatnonzero(~np.isnan(flow.repaired) & np.isnan(flow.arrived))
    fixed = fixed[np.argsort(flow.repaired[fixed], kind="stable")]
    fixes = np.searchsorted(flow.repaired[fixed], at, side="right")
    fix_sums = np.concatenate([[0.0], np.cumsum(flow.sizes[fixed])])
    return RtpCounters(
        received=(so_far + fixes).astype(np.float64),
        lost=highest[so_far] + 1 - first - so_far,
        bytes=sums[so_far] + fix_sums[fixes],
        jitter=_jitter(flow.sent[order], times, so_far),
        repaired=fixes.astype(np.float64),
        repaired_bytes=fix_sums[fixes],
    )


_WEIGHTS = (1 / 16) * (15 / 16) ** np.arange(96)[::-1]


def _jitter(
    sent: Floats, arrived: Floats, so_far: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> Floats:
    """RFC 3550 6.4.1: a mean of the differences in transit time that forgets by sixteenths."""
    steps = np.abs(np.diff(arrived - sent)) if len(sent) > 1 else np.empty(0)
    padded = np.concatenate([np.zeros(len(_WEIGHTS)), steps])
    ends = np.maximum(so_far - 1, 0).clip(0, len(steps)) + len(_WEIGHTS)
    return np.array([float(padded[end - len(_WEIGHTS) : end] @ _WEIGHTS) for end in ends.tolist()])


def _targets(sent: Floats, arrived: Floats) -> tuple[Floats, Floats]:
    """For each packet: its lateness relative to the fastest recent one, and the delay of the buffer
    at the time. The buffer adapts to the packets of the blocks before."""
    if not len(sent):
        return np.empty(0), np.empty(0)
    delay = arrived - sent
    block = ((sent - sent[0]) / BLOCK_S).astype(np.int64)
    count_ = int(block[-1]) + 1
    least = np.full(count_, np.inf)
    is_on = ~np.isnan(delay)
    np.minimum.at(least, block[is_on], delay[is_on])
    padded = np.concatenate([np.full(20, np.inf), least])
    floor = np.lib.stride_tricks.sliding_window_view(padded, 21).min(axis=1)
    late = delay - np.where(np.isinf(floor), 0.0, floor)[block]
    # The packet in each block that 95 % came sooner than; NaN sorts behind the others.
    ordered = late[np.lexsort((late, block))]
    begin = np.searchsorted(block, np.arange(count_))
    come = np.bincount(block[is_on], minlength=count_)
    high = np.where(come > 0, ordered[begin + (0.95 * (come - 1).clip(0)).astype(np.int64)], 0.0)
    target, now = np.empty(count_), LEAST_BUFFER_S
    for k, reached in enumerate(high.tolist()):
        target[k] = now
        now = min(max(reached + 0.02, now * 0.93, LEAST_BUFFER_S), MOST_BUFFER_S)
    return late, target[block]


@dataclass(eq=False)
class PlayedAudio:
    """What an audio jitter buffer did, packet by packet of those that were due."""

    due: Floats
    """When each packet's audio was due."""
    is_made_up: Flags
    is_silent: Flags
    is_new: Flags
    """Whether a concealment began with it."""
    is_late: Flags
    waits: Floats
    levels: Floats


def listen(flow: Flow) -> PlayedAudio:
    """Plays an audio flow from its first packet on. Gaps in the timestamps are concealed too,
    whatever the sequence numbers are: as comfort noise where the sender used discontinuous
    transmission."""
    usable = flow.usable
    on = np.flatnonzero(~np.isnan(usable))
    begin = int(on[0]) if len(on) else len(usable)
    slots = np.floor(flow.sent[begin:] / SLOT_S + 1e-6).astype(np.int64)
    every = np.arange(slots[0], slots[-1] + 1) if len(slots) else slots
    arrived = np.full(len(every), np.nan)
    sent = every * SLOT_S
    if len(slots):
        arrived[slots - slots[0]] = usable[begin:]
        sent[slots - slots[0]] = flow.sent[begin:]
    late, target = _targets(sent, arrived)
    fastest = float(np.nanmin(arrived - sent)) if len(on) else 0.0
    is_late = late > target
    is_made_up = np.isnan(arrived) | is_late
    is_comfort = np.zeros(len(every), dtype=np.bool_)
    if flow.stream.has_dtx:
        is_comfort = ~np.isin(every, slots)
    starts = is_made_up & ~is_comfort & ~np.concatenate([[False], is_made_up[:-1]])
    numbers = np.arange(len(is_made_up))
    begun = np.concatenate([[False], is_made_up[1:] & ~is_made_up[:-1]])
    since = numbers - np.maximum.accumulate(np.where(begun, numbers, -1))
    voice = flow.stream.voice
    levels = np.zeros(len(sent))
    if voice is not None and len(every):
        levels = voice.levels[every.clip(0, len(voice.levels) - 1)]
    return PlayedAudio(
        due=sent + fastest + target,
        is_made_up=is_made_up,
        is_silent=is_made_up & (is_comfort | (since >= FADED_PACKETS)),
        is_new=starts,
        is_late=is_late,
        waits=np.where(is_made_up, 0.0, np.maximum(target - np.nan_to_num(late), 0.0)),
        levels=np.where(is_made_up, 0.0, levels),
    )


@dataclass(eq=False)
class ShownVideo:
    """What a video receiver did, frame by frame of those it decoded, in order."""

    shown: Floats
    widths: Floats
    heights: Floats
    waits: Floats
    is_key: Flags
    freezes_at: Floats
    """When each freeze ended."""
    freeze_s: Floats
    dropped_at: Floats
    lost_picture_at: Floats
    """When a key frame was asked for."""


def watch(
    flow: Flow, rtt_s: float, slow: Spans, rng: np.random.Generator, hitches_s: float = 0.0
) -> ShownVideo:
    """Decodes and shows a video flow. The page freezes briefly now and then, every `hitches_s` on
    average."""
    numbers, where = np.unique(flow.frame_of, return_index=True)
    usable = flow.usable
    empty = np.empty(0)
    if not len(numbers):
        nothing = np.empty(0, dtype=np.bool_)
        return ShownVideo(empty, empty, empty, empty, nothing, empty, empty, empty, empty)
    whole = np.full(len(numbers), -np.inf)
    first = np.full(len(numbers), np.inf)
    index = np.searchsorted(numbers, flow.frame_of)
    np.maximum.at(whole, index, np.where(np.isnan(usable), np.inf, usable))
    np.minimum.at(first, index, np.where(np.isnan(usable), np.inf, usable))
    made = flow.sent[where]
    is_ok, asked = _decodable(made, whole, rtt_s)
    is_key = np.zeros(len(numbers), dtype=np.bool_)
    is_key[np.flatnonzero(is_ok)[:1]] = True
    is_key |= is_ok & ~np.concatenate([[False], is_ok[:-1]])
    _, target = _targets(made, np.where(np.isfinite(whole), whole, np.nan))
    fastest = np.nanmin(np.where(np.isfinite(whole), whole, np.nan) - made) if is_ok.any() else 0.0
    shown = np.maximum(whole, made + fastest + np.minimum(target, 1.0) - LEAST_BUFFER_S + 0.01)
    is_slow = within(made, slow)
    is_dropped = is_ok & is_slow & (rng.random(len(made)) < 0.45)
    dropped_at = shown[is_dropped]
    is_shown = is_ok & ~is_dropped
    times = _hitched(np.maximum.accumulate(shown[is_shown]), hitches_s, rng)
    widths = flow.stream.widths[numbers[is_shown]].astype(np.float64)
    heights = flow.stream.heights[numbers[is_shown]].astype(np.float64)
    freezes_at, freeze_s = freezes(times)
    waits = (times - np.minimum(first[is_shown], times)).clip(0, 2)
    return ShownVideo(
        times, widths, heights, waits, is_key[is_shown], freezes_at, freeze_s, dropped_at, asked
    )


def _hitched(shown: Floats, every_s: float, rng: np.random.Generator) -> Floats:
    """What was to be shown while the page stood still is shown when it goes on."""
    if not every_s or not len(shown):
        return shown
    moments = np.cumsum(rng.exponential(every_s, int((shown[-1] - shown[0]) / every_s * 2) + 4))
    for moment in (shown[0] + moments).tolist():
        end = moment + float(rng.uniform(0.12, 0.4))
        shown = np.where((shown >= moment) & (shown < end), end, shown)
    return shown


def _decodable(made: Floats, whole: Floats, rtt_s: float) -> tuple[Flags, Floats]:
    """Which frames can be decoded: after an incomplete one, those from the requested keyframe on;
    and when it was requested."""
    is_ok = np.isfinite(whole)
    asked: list[float] = []
    broken = np.flatnonzero(~is_ok)
    until = -1.0
    for place in broken.tolist():
        if made[place] < until:
            continue
        ask = float(made[place]) + 0.3 + rtt_s
        until = ask + rtt_s
        if not asked or ask - asked[-1] >= ASK_S:
            asked.append(ask)
        is_ok &= ~((made >= made[place]) & (made < until))
    return is_ok, np.array(asked)


def freezes(shown: Floats) -> tuple[Floats, Floats]:
    """When freezes ended and how long they were, after W3C webrtc-stats: a gap of at least
    max(3 δ, δ + 150 ms), δ the mean gap of the 30 frames before."""
    gaps = np.diff(shown)
    if len(gaps) < 2:
        return np.empty(0), np.empty(0)
    sums = np.concatenate([[0.0], np.cumsum(gaps)])
    number = np.arange(1, len(gaps))
    begin = np.maximum(number - 30, 0)
    mean = (sums[number] - sums[begin]) / (number - begin)
    is_frozen = gaps[1:] >= np.maximum(3 * mean, mean + 0.15)
    return shown[2:][is_frozen], gaps[1:][is_frozen]
