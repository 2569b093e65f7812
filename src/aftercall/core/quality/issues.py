"""What went wrong on a peer's side of the call: the catalogue, and when an issue begins and ends.

A condition of the samples raises its issue when it holds in three of the last five, and the
issue is over after three samples in a row on the good side of a second, kinder threshold, so
that a value at the edge does not flicker. A value that is not known is no evidence either way.
"""

from collections import Counter, deque
from collections.abc import Collection
from enum import StrEnum
from typing import Final, Literal

import msgspec

from aftercall.core.instants import EpochMs

Severity = Literal["information", "warning", "severe"]
Origin = Literal["local", "remote"]

RAISE_AFTER: Final = 3
WINDOW: Final = 5
CLEAR_AFTER: Final = 3
"""Three of five, as Twilio's client warns; three good ones in a row to take it back."""


class IssueName(StrEnum):
    """The catalogue; `docs/explain/diagnosis.md` says what each means."""

    POOR_NETWORK_UPLINK = "poor_network_uplink"
    SEVERE_NETWORK_UPLINK = "severe_network_uplink"
    POOR_NETWORK_DOWNLINK = "poor_network_downlink"
    SEVERE_NETWORK_DOWNLINK = "severe_network_downlink"
    HIGH_RTT = "high_rtt"
    HIGH_JITTER_BUFFER_DELAY = "high_jitter_buffer_delay"
    AUDIO_CONCEALMENT = "audio_concealment"
    LOW_AUDIO_MOS = "low_audio_mos"
    LOW_VIDEO_MOS = "low_video_mos"
    LOW_AVAILABLE_BITRATE = "low_available_bitrate"
    BANDWIDTH_LIMITED = "bandwidth_limited"
    CPU_LIMITED = "cpu_limited"
    DECODER_OVERLOADED = "decoder_overloaded"
    VIDEO_FROZEN = "video_frozen"
    LOW_FRAME_RATE = "low_frame_rate"
    LOW_RESOLUTION = "low_resolution"
    NO_VIDEO_SENT = "no_video_sent"
    NO_VIDEO_RECEIVED = "no_video_received"
    CAMERA_MUTED = "camera_muted"
    NO_AUDIO_SENT = "no_audio_sent"
    NO_AUDIO_RECEIVED = "no_audio_received"
    SILENT_MICROPHONE = "silent_microphone"
    CONSTANT_AUDIO_LEVEL = "constant_audio_level"
    ONE_WAY_AUDIO = "one_way_audio"
    NEGATIVE_FEEDBACK_HIGH = "negative_feedback_high"
    ICE_RECONNECTING = "ice_reconnecting"
    ICE_FAILED = "ice_failed"
    CONNECTION_FAILED = "connection_failed"
    SLOW_CONNECT = "slow_connect"
    TURN_RELAYED = "turn_relayed"
    TURN_RELAYED_TCP = "turn_relayed_tcp"
    TRANSPORT_PATH_CHANGED = "transport_path_changed"
    STATS_GAP = "stats_gap"
    CLOCK_STEP = "clock_step"


_INFORMATION: Final = frozenset(
    {
        IssueName.CAMERA_MUTED,
        IssueName.TURN_RELAYED,
        IssueName.TRANSPORT_PATH_CHANGED,
        IssueName.CLOCK_STEP,
        IssueName.STATS_GAP,
    }
)
_SEVERE: Final = frozenset(
    {
        IssueName.SEVERE_NETWORK_UPLINK,
        IssueName.SEVERE_NETWORK_DOWNLINK,
        IssueName.ICE_FAILED,
        IssueName.CONNECTION_FAILED,
        IssueName.ONE_WAY_AUDIO,
        IssueName.NO_AUDIO_SENT,
        IssueName.NO_AUDIO_RECEIVED,
    }
)


_SEVERE_FROM: Final[dict[IssueName, tuple[str, float]]] = {
    IssueName.HIGH_JITTER_BUFFER_DELAY: ("jitter_buffer_ms", 500),
}
"""Where one name stands for both: the measure that makes the issue severe, and from where on.
webrtc-issue-detector."""


def severity_of(name: IssueName) -> Severity:
    """How severe an issue of this name is at least."""
    if name in _INFORMATION:
        return "information"
    return "severe" if name in _SEVERE else "warning"


class StreamRef(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The stream an issue is about; a whole connection when only `connection_id` is given."""

    peer_id: str
    """Whose issue it is."""
    connection_id: str | None = None
    family: str | None = None
    ssrc: int | None = None
    mid: str | None = None
    producer_id: str | None = None
    consumer_id: str | None = None
    from_peer_id: str | None = None
    """The peer a received stream comes from."""


class Issue(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One stretch of trouble. `worst` holds the worst value of each measure that counted, by
    name with its unit: `loss_percent`, `rtt_ms`, … One that was bad for a moment only, while
    another was for long, does not count."""

    name: IssueName
    severity: Severity
    stream: StreamRef
    first_at: EpochMs
    last_at: EpochMs
    sample_count: int
    worst: dict[str, float] = {}
    origin: Origin | None = None
    """`remote`: the trouble was already there when the stream was sent."""
    is_open: bool = False
    """It had not been cleared when the reports ended."""


def single(
    name: IssueName,
    stream: StreamRef,
    first_at: EpochMs,
    last_at: EpochMs,
    worst: dict[str, float] | None = None,
    *,
    sample_count: int = 1,
) -> Issue:
    """An issue known at once, not from a row of samples."""
    return Issue(
        name=name,
        severity=severity_of(name),
        stream=stream,
        first_at=first_at,
        last_at=last_at,
        sample_count=sample_count,
        worst=worst or {},
    )


class Watch:
    """One condition on one stream: gathers its samples and makes issues of them."""

    __slots__ = (
        "_bad",
        "_clear_after",
        "_good_run",
        "_low_is_bad",
        "_raise_after",
        "_recent",
        "is_raised",
        "issues",
        "name",
        "stream",
    )

    def __init__(
        self,
        name: IssueName,
        stream: StreamRef,
        *,
        raise_after: int = RAISE_AFTER,
        window: int = WINDOW,
        clear_after: int = CLEAR_AFTER,
        low_is_bad: bool = False,
    ) -> None:
        self.name = name
        self.stream = stream
        self.issues: list[Issue] = []
        self.is_raised = False
        self._raise_after = raise_after
        self._clear_after = clear_after
        self._low_is_bad = low_is_bad
        self._recent: deque[bool] = deque(maxlen=window)
        self._bad: list[tuple[EpochMs, EpochMs, dict[str, float], Collection[str]]] = []
        self._good_run = 0

    def take(
        self,
        start_at: EpochMs,
        end_at: EpochMs,
        *,
        is_bad: bool,
        is_good: bool,
        values: dict[str, float],
        bad: Collection[str] | None = None,
    ) -> None:
        """A sample from `start_at` to `end_at`; between bad and good it is neither. `bad` names
        the values that make it so, all of them unless told otherwise."""
        self._recent.append(is_bad)
        if is_bad:
            self._bad.append((start_at, end_at, values, values.keys() if bad is None else bad))
        if not self.is_raised:
            if sum(self._recent) >= self._raise_after:
                self.is_raised = True
                self._good_run = 0
            elif not any(self._recent):
                self._bad.clear()
            else:
                del self._bad[: -sum(self._recent)]
            return
        self._good_run = self._good_run + 1 if is_good else 0
        if self._good_run >= self._clear_after:
            self._close(is_open=False)

    def is_idle(self) -> bool:
        """Whether a good sample now would change nothing."""
        return not self.is_raised and not self._bad

    def finish(self) -> list[Issue]:
        """All issues, the last one open if it was not cleared."""
        if self.is_raised:
            self._close(is_open=True)
        return self.issues

    def interrupt(self) -> None:
        """The stream was muted, paused or begins anew: what comes is judged afresh."""
        if self.is_raised:
            self._close(is_open=False)
        self._recent.clear()
        self._bad.clear()

    def _close(self, *, is_open: bool) -> None:
        times_bad = Counter(name for *_, bad in self._bad for name in bad)
        lasting = {name for name, times in times_bad.items() if times >= self._raise_after}
        worst: dict[str, float] = {}
        for _, _, values, _ in self._bad:
            for name in values.keys() & (lasting or times_bad.keys()):
                known, value = worst.get(name), values[name]
                if known is None or (value < known) is self._low_is_bad:
                    worst[name] = value
        issue = Issue(
            name=self.name,
            severity=self._severity(),
            stream=self.stream,
            first_at=self._bad[0][0],
            last_at=self._bad[-1][1],
            sample_count=len(self._bad),
            worst={name: round(worst[name], 3) for name in sorted(worst)},
            is_open=is_open,
        )
        self.issues.append(issue)
        self.is_raised = False
        self._good_run = 0
        self._bad = []
        self._recent.clear()

    def _severity(self) -> Severity:
        """Severe also when so many samples were bad enough for that as raise an issue."""
        measure, least = _SEVERE_FROM.get(self.name, ("", 0.0))
        severe = sum(values.get(measure, 0.0) >= least for _, _, values, _ in self._bad)
        is_severe = bool(measure) and severe >= self._raise_after
        return "severe" if is_severe else severity_of(self.name)
