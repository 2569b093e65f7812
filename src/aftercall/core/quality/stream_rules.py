"""The rules of the catalogue that a stream's intervals decide.

Thresholds are those of published clients and of ITU-T G.107 Annex B where there are any; each
line names its source or says "chosen".
"""

from collections.abc import Callable, Sequence
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
    """A value of an interval, its name with unit, and from where on it is bad and good."""

    label: str
    value: _Measured
    bad: float
    good: float


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


def _rtt_ms(i: Interval) -> float | None:
    return None if i.rtt_s is None else i.rtt_s * SECOND_MS


def _jitter_ms(i: Interval) -> float | None:
    return None if i.jitter_s is None else i.jitter_s * SECOND_MS


def _loss(i: Interval) -> float | None:
    return i.loss_percent


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


def _frozen_percent(i: Interval) -> float | None:
    return None if i.freeze_share is None else 100.0 * i.freeze_share


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
    Measure("loss_percent", _loss, 5, 3),
    Measure("rtt_ms", _rtt_ms, 300, 250),
    Measure("jitter_ms", _jitter_ms, 50, 30),
)
# LiveKit's poor mark for audio with RED; RealtimeKit's last RTT bucket.
_SEVERE: Final = (
    Measure("loss_percent", _loss, 15, 10),
    Measure("rtt_ms", _rtt_ms, 500, 400),
)
_FROZEN: Final = (
    Measure("frozen_percent", _frozen_percent, 30, 10),
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
        (Measure("jitter_buffer_ms", lambda i: i.jitter_buffer_ms, 250, 200),),
    ),
    # Mirrors loss; chosen.
    Rule(
        IssueName.AUDIO_CONCEALMENT,
        AUDIO & _CONSUMERS,
        (Measure("concealment_percent", lambda i: i.concealment_percent, 5, 2),),
    ),
    # G.107 Table B.1: nearly all, and many, dissatisfied.
    Rule(
        IssueName.LOW_AUDIO_MOS,
        AUDIO,
        (Measure("mos", lambda i: i.mos, 3.1, 3.6),),
        low_is_bad=True,
    ),
    # webrtc-issue-detector's words: poor below 2.6, fair from 3.1.
    Rule(
        IssueName.LOW_VIDEO_MOS,
        _CAMERAS,
        (Measure("mos", lambda i: i.mos, 2.6, 3.1),),
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


class StreamIssues:
    """The issues of one stream, fed interval by interval."""

    def __init__(self, peer_id: str, first: Interval, joined_at: EpochMs) -> None:
        self._rules = _RULES_OF[first.family]
        self._watches: list[Watch | None] = [None] * len(self._rules)
        self._ref = StreamRef(
            peer_id=peer_id,
            connection_id=first.connection_id,
            family=first.family.value,
            ssrc=first.ssrc,
            mid=first.mid,
            producer_id=first.producer_id,
            consumer_id=first.consumer_id,
            from_peer_id=first.peer_id,
        )
        self._ready_at = joined_at + WARM_UP_MS
        self._clock_steps: list[Issue] = []

    def take(self, i: Interval, unmuted_at: EpochMs | None) -> None:
        """Judge an interval; `unmuted_at` is when its track was last unmuted before it, `None`
        when it was muted in any part of it."""
        start_at = EpochMs(i.at - round(i.dt_s * SECOND_MS))
        if i.is_clock_step:
            self._clock_steps.append(single(IssueName.CLOCK_STEP, self._ref, start_at, i.at))
        if unmuted_at is None or i.is_muted or i.is_active is False or i.is_gap:
            for watch in self._watches:
                if watch is not None:
                    watch.interrupt()
            return
        if start_at < max(self._ready_at, unmuted_at + WARM_UP_MS):
            return
        for place, rule in enumerate(self._rules):
            self._judge(place, rule, i, start_at)

    def _judge(self, place: int, rule: Rule, i: Interval, start_at: EpochMs) -> None:
        is_bad, is_good = False, True
        values: dict[str, float] = {}
        for measure in rule.measures:
            value = measure.value(i)
            if value is None:
                continue
            values[measure.label] = value
            if rule.low_is_bad:
                is_bad = is_bad or value < measure.bad
                is_good = is_good and value >= measure.good
            else:
                is_bad = is_bad or value >= measure.bad
                is_good = is_good and value < measure.good
        if not values:
            return
        watch = self._watches[place]
        if watch is None:
            if not is_bad:
                return
            watch = self._watches[place] = Watch(
                rule.name,
                self._ref,
                raise_after=rule.raise_after,
                window=rule.window,
                clear_after=rule.clear_after,
                low_is_bad=rule.low_is_bad,
            )
        watch.take(start_at, i.at, is_bad=is_bad, is_good=is_good, values=values)

    def finish(self) -> list[Issue]:
        found = [issue for watch in self._watches if watch is not None for issue in watch.finish()]
        return found + self._clock_steps


class StreamRules:
    """The issues of all streams of one peer."""

    def __init__(self, peer_id: str, joined_at: EpochMs, mutes: Mutes) -> None:
        self._peer_id = peer_id
        self._joined_at = joined_at
        self._mutes = mutes
        self._streams: dict[StreamKey, StreamIssues] = {}

    def take(self, intervals: Sequence[Interval]) -> None:
        """Intervals, those of each stream in order of time."""
        for i in intervals:
            stream = self._streams.get(_key(i))
            if stream is None:
                stream = StreamIssues(self._peer_id, i, self._joined_at)
                self._streams[_key(i)] = stream
            start_at = EpochMs(i.at - round(i.dt_s * SECOND_MS))
            stream.take(i, self._mutes.unmuted_at(i.family, start_at, i.at))

    def finish(self) -> list[Issue]:
        return [issue for stream in self._streams.values() for issue in stream.finish()]


def _key(i: Interval) -> StreamKey:
    """Simulcast layers of one track are one stream to the rules."""
    if i.family in PRODUCERS and i.family not in AUDIO and i.mid is not None:
        return (i.connection_id, "send", f"mid {i.mid}")
    return i.key
