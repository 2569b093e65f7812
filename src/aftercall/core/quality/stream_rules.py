"""The rules of the catalogue that a stream's intervals decide.

Thresholds are those of published clients and of ITU-T G.107 Annex B where there are any; each
line names its source or says "chosen".
"""

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Final, NamedTuple

from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.quality.counters import Interval
from aftercall.core.quality.issues import Issue, IssueName, StreamRef, Watch, single
from aftercall.core.quality.mutes import Mutes
from aftercall.core.quality.streams import AUDIO, PRODUCERS, SCREENSHARES, Family, StreamKey

WARM_UP_MS: Final = 10 * SECOND_MS
"""Encoders and congestion control ramp up: no fault in that. Chosen."""

_Measured = Callable[[Interval], float | None]


class Measure(NamedTuple):
    """A value of an interval, from where on it is bad and good, and the name with unit under
    which it is told, `scale` times as large."""

    label: str
    value: _Measured
    bad: float
    good: float
    scale: float = 1


class Rule(NamedTuple):
    """An issue and the measures any of which raises it; all that are known must be good to
    clear it. `low_is_bad` turns the comparisons round."""

    name: IssueName
    families: frozenset[Family]
    measures: tuple[Measure, ...]
    low_is_bad: bool = False
    raise_after: int = 3
    window: int = 5
    clear_after: int = 3


def _limited(reason: str) -> _Measured:
    """Percent of the interval in which the encoder was held back for `reason`; all of it when
    it was so at the end."""
    member = f"limited_{reason}_s"

    def share(i: Interval) -> float | None:
        seconds: float | None = getattr(i, member)
        if i.quality_limitation_reason == reason:
            return 100.0
        if seconds is None or i.dt_s <= 0:
            return None if i.quality_limitation_reason is None else 0.0
        return min(100.0, 100.0 * seconds / i.dt_s)

    return share


def _dropped_percent(i: Interval) -> float | None:
    """Frames thrown away for lack of time; with loss they may have been beyond repair."""
    if i.frames_dropped is None or i.frames is None or (i.loss_percent or 0.0) >= 2.0:
        return None
    every = i.frames_dropped + i.frames
    return 100.0 * i.frames_dropped / every if every else None


def _mean_freeze_ms(i: Interval) -> float | None:
    if i.freeze_s is None or not i.freeze_count:
        return None if i.freeze_s is None else 0.0
    return SECOND_MS * i.freeze_s / i.freeze_count


def _camera_fps(i: Interval) -> float | None:
    return i.fps if i.frames else None


def _screen_fps(i: Interval) -> float | None:
    """A page that stands still has few frames; only one that moves can be slow."""
    is_moving = i.source_fps is not None and i.source_fps >= 5
    return i.fps if i.frames and is_moving else None


def _width(i: Interval) -> float | None:
    """Not judged where no more was wanted: the tile, or the source, is no larger."""
    wanted = i.expected_width if i.expected_width is not None else i.source_width
    if not i.frames or i.frame_width is None:
        return None
    return None if wanted is not None and i.frame_width >= wanted else i.frame_width


def _feedback_per_s(i: Interval) -> float | None:
    if i.dt_s <= 0 or (i.pli_count is None and i.fir_count is None):
        return None
    return ((i.pli_count or 0) + (i.fir_count or 0)) / i.dt_s


def _still_picture(i: Interval) -> float | None:
    return None if i.frames is None else float(i.frames == 0)


def _nothing_sent(i: Interval) -> float | None:
    return None if i.bytes_sent is None else float(i.bytes_sent == 0)


_CONSUMERS: Final = frozenset(Family) - PRODUCERS
_VIDEO: Final = frozenset(Family) - AUDIO
_CAMERAS: Final = _VIDEO - SCREENSHARES

# Loss and jitter: webrtc-issue-detector, ObserveRTC, Twilio; the 50 ms and the clear values chosen.
_POOR: Final = (
    Measure("loss_percent", attrgetter("loss_percent"), 5, 3),
    Measure("rtt_ms", attrgetter("rtt_s"), 0.3, 0.25, SECOND_MS),
    Measure("jitter_ms", attrgetter("jitter_s"), 0.05, 0.03, SECOND_MS),
)
# LiveKit's poor mark for audio with RED; RealtimeKit's last RTT bucket.
_SEVERE: Final = (
    Measure("loss_percent", attrgetter("loss_percent"), 15, 10),
    Measure("rtt_ms", attrgetter("rtt_s"), 0.5, 0.4, SECOND_MS),
)
_FROZEN: Final = (
    Measure("frozen_percent", attrgetter("freeze_share"), 0.3, 0.1, 100),
    Measure("mean_freeze_ms", _mean_freeze_ms, 1_000, 500),
)

RULES: Final = (
    Rule(IssueName.POOR_NETWORK_UPLINK, PRODUCERS, _POOR),
    Rule(IssueName.SEVERE_NETWORK_UPLINK, PRODUCERS, _SEVERE),
    Rule(IssueName.POOR_NETWORK_DOWNLINK, _CONSUMERS, _POOR),
    Rule(IssueName.SEVERE_NETWORK_DOWNLINK, _CONSUMERS, _SEVERE),
    # RealtimeKit's second bucket.
    Rule(
        IssueName.HIGH_JITTER_BUFFER_DELAY,
        _CONSUMERS,
        (Measure("jitter_buffer_ms", attrgetter("jitter_buffer_ms"), 250, 200),),
    ),
    # Mirrors loss; chosen.
    Rule(
        IssueName.AUDIO_CONCEALMENT,
        AUDIO & _CONSUMERS,
        (Measure("concealment_percent", attrgetter("concealment_percent"), 5, 2),),
    ),
    # G.107 Table B.1: nearly all, and many, dissatisfied.
    Rule(
        IssueName.LOW_AUDIO_MOS,
        AUDIO,
        (Measure("mos", attrgetter("mos"), 3.1, 3.6),),
        low_is_bad=True,
    ),
    # webrtc-issue-detector's words: poor below 2.6, fair from 3.1.
    Rule(
        IssueName.LOW_VIDEO_MOS,
        _CAMERAS,
        (Measure("mos", attrgetter("mos"), 2.6, 3.1),),
        low_is_bad=True,
    ),
    # Shares chosen; the reason alone is enough.
    Rule(
        IssueName.BANDWIDTH_LIMITED,
        _VIDEO & PRODUCERS,
        (Measure("limited_percent", _limited("bandwidth"), 50, 20),),
    ),
    Rule(
        IssueName.CPU_LIMITED,
        _VIDEO & PRODUCERS,
        (Measure("limited_percent", _limited("cpu"), 50, 20),),
    ),
    # ObserveRTC.
    Rule(
        IssueName.DECODER_OVERLOADED,
        _VIDEO & _CONSUMERS,
        (Measure("dropped_percent", _dropped_percent, 20, 10),),
    ),
    # webrtc-issue-detector.
    Rule(IssueName.VIDEO_FROZEN, _VIDEO & _CONSUMERS, _FROZEN),
    # RealtimeKit; clear values chosen.
    Rule(
        IssueName.LOW_FRAME_RATE,
        _CAMERAS,
        (Measure("fps", _camera_fps, 8, 12),),
        low_is_bad=True,
    ),
    Rule(
        IssueName.LOW_FRAME_RATE,
        frozenset({Family.SCREENSHARE_VIDEO_PRODUCER}),
        (Measure("fps", _screen_fps, 3, 5),),
        low_is_bad=True,
    ),
    Rule(
        IssueName.LOW_RESOLUTION,
        _CAMERAS,
        (Measure("width_px", _width, 240, 320),),
        low_is_bad=True,
    ),
    Rule(
        IssueName.LOW_RESOLUTION,
        frozenset({Family.SCREENSHARE_VIDEO_PRODUCER}),
        (Measure("width_px", _width, 720, 960),),
        low_is_bad=True,
    ),
    # One request for a key frame a second; chosen.
    Rule(
        IssueName.NEGATIVE_FEEDBACK_HIGH,
        _VIDEO & PRODUCERS,
        (Measure("requests_per_s", _feedback_per_s, 1, 0.3),),
    ),
    # ObserveRTC's and Twilio's dry tracks: two reports, so at least five seconds.
    Rule(
        IssueName.NO_VIDEO_SENT,
        frozenset({Family.VIDEO_PRODUCER}),
        (Measure("dry", _still_picture, 1, 1),),
        raise_after=2,
        window=2,
        clear_after=1,
    ),
    Rule(
        IssueName.NO_AUDIO_SENT,
        frozenset({Family.AUDIO_PRODUCER}),
        (Measure("dry", _nothing_sent, 1, 1),),
        raise_after=2,
        window=2,
        clear_after=1,
    ),
)

_RULES_OF: Final = {
    family: tuple(rule for rule in RULES if family in rule.families) for family in Family
}


def stream_issues(
    peer_id: str, joined_at: EpochMs, intervals: Iterable[Interval], mutes: Mutes
) -> list[Issue]:
    """The issues of all streams of one peer; the intervals of each in order of time."""
    by_stream: dict[StreamKey, list[Interval]] = {}
    for i in intervals:
        by_stream.setdefault(_key(i), []).append(i)
    return [
        issue
        for stream in by_stream.values()
        for issue in _issues_of(peer_id, joined_at, stream, mutes)
    ]


def _key(i: Interval) -> StreamKey:
    """Simulcast layers of one track are one stream to the rules."""
    if i.family in PRODUCERS and i.family not in AUDIO and i.mid is not None:
        return (i.connection_id, "send", f"mid {i.mid}")
    return i.key


def _issues_of(
    peer_id: str, joined_at: EpochMs, stream: Sequence[Interval], mutes: Mutes
) -> list[Issue]:
    ref = _ref(peer_id, stream[0])
    found = [single(IssueName.CLOCK_STEP, ref, _start(i), i.at) for i in stream if i.is_clock_step]
    suspects = [rule for rule in _RULES_OF[stream[0].family] if _is_suspect(rule, stream)]
    if not suspects:
        return found
    judged = _judged(stream, joined_at + WARM_UP_MS, mutes)
    for rule in suspects:
        found += _judge(rule, ref, judged)
    return found


def _is_suspect(rule: Rule, stream: Sequence[Interval]) -> bool:
    """Whether any interval is bad at all: most rules never are, and need no more work."""
    for measure in rule.measures:
        values = map(measure.value, stream)
        if rule.low_is_bad:
            if any(value is not None and value < measure.bad for value in values):
                return True
        elif max(filter(None, values), default=0) >= measure.bad:
            return True
    return False


def _judged(
    stream: Sequence[Interval], ready_at: int, mutes: Mutes
) -> list[tuple[EpochMs, Interval | None]]:
    """The intervals to judge with their beginnings; `None` where the stream was muted, paused
    or not reported on, and nothing while it warms up."""
    judged: list[tuple[EpochMs, Interval | None]] = []
    for i in stream:
        start_at = _start(i)
        unmuted_at = mutes.unmuted_at(i.family, start_at, i.at)
        if unmuted_at is None or i.is_muted or i.is_active is False or i.is_gap:
            judged.append((start_at, None))
        elif start_at >= max(ready_at, unmuted_at + WARM_UP_MS):
            judged.append((start_at, i))
    return judged


def _judge(
    rule: Rule, ref: StreamRef, judged: Iterable[tuple[EpochMs, Interval | None]]
) -> list[Issue]:
    watch = Watch(
        rule.name,
        ref,
        raise_after=rule.raise_after,
        window=rule.window,
        clear_after=rule.clear_after,
        low_is_bad=rule.low_is_bad,
    )
    for start_at, i in judged:
        if i is None:
            watch.interrupt()
            continue
        is_good = True
        values: dict[str, float] = {}
        bad: list[str] = []
        for measure in rule.measures:
            value = measure.value(i)
            if value is None:
                continue
            values[measure.label] = value * measure.scale
            if value < measure.bad if rule.low_is_bad else value >= measure.bad:
                bad.append(measure.label)
            is_good = is_good and (
                value >= measure.good if rule.low_is_bad else value < measure.good
            )
        if values:
            watch.take(start_at, i.at, is_bad=bool(bad), is_good=is_good, values=values, bad=bad)
    return watch.finish()


def _start(i: Interval) -> EpochMs:
    return EpochMs(i.at - round(i.dt_s * SECOND_MS))


def _ref(peer_id: str, i: Interval) -> StreamRef:
    return StreamRef(
        peer_id=peer_id,
        connection_id=i.connection_id,
        family=i.family.value,
        ssrc=i.ssrc,
        mid=i.mid,
        producer_id=i.producer_id,
        consumer_id=i.consumer_id,
        from_peer_id=i.peer_id,
    )
