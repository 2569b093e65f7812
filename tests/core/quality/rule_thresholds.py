"""The thresholds of the catalogue's rules, at which an issue is raised and cleared, and the stats
members that give such values. Intervals are ten seconds long."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from aftercall.core.quality.issues import IssueName
from aftercall.core.quality.models import mos_audio, mos_video
from tests.core.quality.peer_builder import STEP_S, Members

StatsObject = dict[str, Members]
"""The members of each stats object in an interval, by its type."""


class Case(NamedTuple):
    """A rule and one of its measures, on one kind of stream; `with_value` gives an interval of a
    value.

    `bad` is the mildest value that raises the issue, `spared` the worst that does not, `held` the
    best that does not clear it, `good` the worst that does.
    """

    name: IssueName
    with_value: Callable[[Any], StatsObject]
    bad: Any
    spared: Any
    held: Any
    good: Any
    label: str
    worst: float
    """The name of the measure in the issue, and its worst value there."""
    direction: str = ""
    """`send` or `receive`; empty for a connection."""
    source: str = ""

    def __str__(self) -> str:
        return "-".join(filter(None, (self.name, self.label, self.direction, self.source)))


def _received(**stated: Any) -> StatsObject:
    return {"inbound-rtp": {"packetsReceived": 1_000} | stated}


def _sent(far: Mapping[str, Any] | None = None, **stated: Any) -> StatsObject:
    reported: StatsObject = {"outbound-rtp": {"packetsSent": 1_000} | stated}
    return reported if far is None else reported | {"remote-inbound-rtp": far}


def _received_loss(lost: int) -> StatsObject:
    return _received(packetsReceived=1_000 - lost, packetsLost=lost)


def _received_jitter(jitter_s: float) -> StatsObject:
    return _received(jitter=jitter_s)


def _received_rtt(rtt_s: float) -> StatsObject:
    return _received() | _pair_rtt(rtt_s)


def _sent_loss(lost: int) -> StatsObject:
    return _sent({"packetsLost": lost})


def _sent_jitter(jitter_s: float) -> StatsObject:
    return _sent({"jitter": jitter_s})


def _sent_rtt(rtt_s: float) -> StatsObject:
    return _sent({"roundTripTime": rtt_s})


def _pair_rtt(rtt_s: float) -> StatsObject:
    return {"candidate-pair": {"currentRoundTripTime": rtt_s}}


def _available_bitrate(bps: float) -> StatsObject:
    return {"candidate-pair": {"availableOutgoingBitrate": bps}}


def _buffer(waited_ms: float) -> StatsObject:
    return _received(jitterBufferDelay=waited_ms, jitterBufferEmittedCount=1_000)


def _concealment(concealed: int) -> StatsObject:
    return _received(packetsLost=0, totalSamplesReceived=480_000, concealedSamples=concealed)


def _limited_by(reason: str) -> Callable[[float], StatsObject]:
    def with_value(seconds: float) -> StatsObject:
        spent = {reason: seconds, "none": STEP_S - seconds}
        return _sent(qualityLimitationDurations=spent, qualityLimitationReason="none")

    return with_value


def _dropped(frames: int) -> StatsObject:
    """With the highest loss that the rule permits."""
    lost = {"packetsReceived": 981, "packetsLost": 19}
    return _received(framesDecoded=200 - frames, framesDropped=frames, **lost)


def _frozen(seconds: float) -> StatsObject:
    """In freezes of less than half a second each."""
    return _received(framesDecoded=100, totalFreezesDuration=seconds, freezeCount=8)


def _received_frames(frames: int) -> StatsObject:
    return _received(framesDecoded=frames)


def _sent_frames(frames: int) -> StatsObject:
    return _sent(framesEncoded=frames) | {"media-source": {"framesPerSecond": 30}}


def _received_width(width: int) -> StatsObject:
    return _received(framesDecoded=200, frameWidth=width)


def _sent_width(width: int) -> StatsObject:
    return _sent(framesEncoded=200, frameWidth=width) | {"media-source": {"width": 1_920}}


def _keyframe_requests(count: int) -> StatsObject:
    return _sent(framesEncoded=300, pliCount=count - count // 2, firCount=count // 2)


_MANY = 100_000


def _least(is_enough: Callable[[int], bool], most: int) -> int:
    few = 0
    while few < most:
        middle = (few + most) // 2
        few, most = (few, middle) if is_enough(middle) else (middle + 1, most)
    return few


@cache
def _least_loss(mos: float) -> int:
    """Of 100 000 packets, the fewest lost that give no more than this MOS, with no delay but
    that of packetisation."""

    def is_enough(lost: int) -> bool:
        percent = 100 * lost / _MANY
        scored = mos_audio.estimate(mos_audio.opus(), delay_ms=26.5, loss_percent=percent)
        return scored is not None and scored <= mos

    return _least(is_enough, _MANY)


def _received_audio_mos(mos: float) -> StatsObject:
    lost = _least_loss(mos)
    return _received(packetsReceived=_MANY - lost, packetsLost=lost)


def _sent_audio_mos(mos: float) -> StatsObject:
    return _sent({"packetsLost": _least_loss(mos)}, packetsSent=_MANY)


@cache
def _least_bytes(mos: float) -> int:
    """For ten seconds of 720p video at 24 frames/s, the fewest bytes that give this MOS."""

    def is_enough(size: int) -> bool:
        scored = mos_video.estimate(
            bitrate_bps=8 * size / STEP_S,
            width=1_280,
            height=720,
            fps=24,
            expected_pixels=1_280 * 720,
            expected_fps=24,
        )
        return scored >= mos

    return _least(is_enough, 10_000_000)


_SIZE: dict[str, Any] = {"frameWidth": 1_280, "frameHeight": 720}


def _received_video_mos(mos: float) -> StatsObject:
    return _received(bytesReceived=_least_bytes(mos), framesDecoded=240, **_SIZE)


def _sent_video_mos(mos: float) -> StatsObject:
    return _sent(bytesSent=_least_bytes(mos), framesEncoded=240, **_SIZE)


SEND, RECEIVE = "send", "receive"
MICROPHONE, CAMERA, SCREEN = "microphone", "camera", "screen"
_EVERY = (MICROPHONE, CAMERA, SCREEN)


def _network_cases() -> Iterator[Case]:
    for direction, side in ((SEND, "UPLINK"), (RECEIVE, "DOWNLINK")):
        is_sent = direction == SEND
        loss = _sent_loss if is_sent else _received_loss
        rtt = _sent_rtt if is_sent else _received_rtt
        jitter = _sent_jitter if is_sent else _received_jitter
        poor, severe = IssueName[f"POOR_NETWORK_{side}"], IssueName[f"SEVERE_NETWORK_{side}"]
        for source in _EVERY:
            on = direction, source
            yield Case(poor, loss, 50, 49, 30, 29, "loss_percent", 5, *on)
            yield Case(poor, rtt, 0.3, 0.2999, 0.25, 0.2499, "rtt_ms", 300, *on)
            yield Case(poor, jitter, 0.05, 0.0499, 0.03, 0.0299, "jitter_ms", 50, *on)
            yield Case(severe, loss, 150, 149, 100, 99, "loss_percent", 15, *on)
            yield Case(severe, rtt, 0.5, 0.4999, 0.4, 0.3999, "rtt_ms", 500, *on)


def _audio_cases() -> Iterator[Case]:
    name = IssueName.AUDIO_CONCEALMENT
    label, on = "concealment_percent", (RECEIVE, MICROPHONE)
    yield Case(name, _concealment, 24_000, 23_999, 9_600, 9_599, label, 5, *on)
    name = IssueName.LOW_AUDIO_MOS
    for with_value, direction in ((_sent_audio_mos, SEND), (_received_audio_mos, RECEIVE)):
        yield Case(name, with_value, 3.09, 3.1, 3.59, 3.6, "mos", 3.09, direction, MICROPHONE)


def _video_cases() -> Iterator[Case]:
    on = SEND, CAMERA
    name = IssueName.LOW_VIDEO_MOS
    yield Case(name, _sent_video_mos, 2.59, 2.6, 3.09, 3.1, "mos", 2.59, *on)
    yield Case(name, _received_video_mos, 2.59, 2.6, 3.09, 3.1, "mos", 2.59, RECEIVE, CAMERA)
    name = IssueName.LOW_FRAME_RATE
    yield Case(name, _sent_frames, 79, 80, 119, 120, "fps", 7.9, *on)
    yield Case(name, _received_frames, 79, 80, 119, 120, "fps", 7.9, RECEIVE, CAMERA)
    yield Case(name, _sent_frames, 29, 30, 49, 50, "fps", 2.9, SEND, SCREEN)
    name = IssueName.LOW_RESOLUTION
    yield Case(name, _sent_width, 239, 240, 319, 320, "width_px", 239, *on)
    yield Case(name, _received_width, 239, 240, 319, 320, "width_px", 239, RECEIVE, CAMERA)
    yield Case(name, _sent_width, 719, 720, 959, 960, "width_px", 719, SEND, SCREEN)
    for source in (CAMERA, SCREEN):
        on = RECEIVE, source
        name = IssueName.DECODER_OVERLOADED
        yield Case(name, _dropped, 40, 39, 20, 19, "dropped_percent", 20, *on)
        if source == CAMERA:
            name = IssueName.VIDEO_FROZEN
            yield Case(name, _frozen, 3.0, 2.75, 1.0, 0.75, "frozen_percent", 30, *on)
        on = SEND, source
        for reason in ("bandwidth", "cpu"):
            name, with_value = IssueName[f"{reason.upper()}_LIMITED"], _limited_by(reason)
            yield Case(name, with_value, 5.0, 4.75, 2.0, 1.75, "limited_percent", 50, *on)
        name = IssueName.NEGATIVE_FEEDBACK_HIGH
        yield Case(name, _keyframe_requests, 10, 9, 3, 2, "requests_per_s", 1, *on)


CASES: Sequence[Case] = (
    *_network_cases(),
    Case(IssueName.HIGH_RTT, _pair_rtt, 0.4, 0.3999, 0.3, 0.2999, "rtt_ms", 400),
    Case(
        IssueName.LOW_AVAILABLE_BITRATE, _available_bitrate, 99_999, 100_000, 150_000, 150_001,
        "available_kbps", 99.999,
    ),
    *(
        Case(
            IssueName.HIGH_JITTER_BUFFER_DELAY, _buffer, 250.0, 249.75, 200.0, 199.75,
            "jitter_buffer_ms", 250, RECEIVE, source,
        )
        for source in _EVERY
    ),
    *_audio_cases(),
    *_video_cases(),
)  # fmt: skip
