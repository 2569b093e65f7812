"""The catalogue of issues: what can go wrong on a peer's side of a call."""

from enum import StrEnum
from typing import Final, Literal, Self

import msgspec

from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.quality.stats.report_linker import StreamDescription

Severity = Literal["information", "warning", "severe"]
Origin = Literal["local", "remote", "server"]

SEVERITY_RANKS: Final[dict[Severity, int]] = {"severe": 0, "warning": 1, "information": 2}
"""The order of severities: the worst has rank 0."""

WARM_UP_MS: Final = 10 * SECOND_MS
"""Encoders and congestion control ramp up for this long, which is no fault. Chosen."""


class IssueName(StrEnum):
    """The names of the catalogue; `docs/explain/diagnosis.md` says what each means."""

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
    NARROW_DOWNLINK = "narrow_downlink"
    NO_VIDEO_SENT = "no_video_sent"
    NO_VIDEO_RECEIVED = "no_video_received"
    CAMERA_MUTED = "camera_muted"
    NO_AUDIO_SENT = "no_audio_sent"
    NO_AUDIO_RECEIVED = "no_audio_received"
    SILENT_MICROPHONE = "silent_microphone"
    CONSTANT_AUDIO_LEVEL = "constant_audio_level"
    ONE_WAY_AUDIO = "one_way_audio"
    AUDIO_NOT_PLAYED = "audio_not_played"
    NEGATIVE_FEEDBACK_HIGH = "negative_feedback_high"
    ICE_RECONNECTING = "ice_reconnecting"
    ICE_FAILED = "ice_failed"
    CONNECTION_FAILED = "connection_failed"
    SLOW_CONNECT = "slow_connect"
    NO_ANSWER = "no_answer"
    NO_RELAY_CANDIDATE = "no_relay_candidate"
    MEDIA_REFUSED = "media_refused"
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
        IssueName.NO_ANSWER,
        IssueName.NO_RELAY_CANDIDATE,
        IssueName.ONE_WAY_AUDIO,
        IssueName.AUDIO_NOT_PLAYED,
        IssueName.NO_AUDIO_SENT,
        IssueName.NO_AUDIO_RECEIVED,
    }
)


SEVERE_FROM: Final[dict[IssueName, tuple[str, float]]] = {
    IssueName.HIGH_JITTER_BUFFER_DELAY: ("jitter_buffer_ms", 500),
}
"""For names without a severe counterpart: the measure that makes the issue severe, and its
threshold. From webrtc-issue-detector."""


def severity_of(name: IssueName) -> Severity:
    """The least severity of an issue of this name."""
    if name in _INFORMATION:
        return "information"
    return "severe" if name in _SEVERE else "warning"


class StreamRef(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The stream that an issue is about; a whole connection if only `connection_id` is given."""

    peer_id: str
    """The peer that has the issue."""
    connection_id: str | None = None
    family: str | None = None
    ssrc: int | None = None
    mid: str | None = None
    producer_id: str | None = None
    consumer_id: str | None = None
    from_peer_id: str | None = None
    """The peer that sent a received stream."""

    @classmethod
    def of(cls, peer_id: str, description: StreamDescription) -> Self:
        """The reference to a stream of this peer, from its description."""
        return cls(
            peer_id=peer_id,
            connection_id=description.key[0],
            family=description.family.value,
            ssrc=description.ssrc,
            mid=description.mid,
            producer_id=description.producer_id,
            consumer_id=description.consumer_id,
            from_peer_id=description.peer_id,
        )


class Issue(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One span of trouble. `worst` holds the worst value of each contributing measure, by name with
    unit: `loss_percent`, `rtt_ms`, … A measure that was bad only briefly does not contribute if
    another was bad for long."""

    name: IssueName
    severity: Severity
    stream: StreamRef
    first_at: EpochMs
    last_at: EpochMs
    sample_count: int
    worst: dict[str, float] = {}
    typical: dict[str, float] = {}
    """The mean of each contributing measure, from the first to the last contributing report."""
    origin: Origin | None = None
    """`remote`: the participant at the other end; `server`: the server, or the network before it;
    `local`: this participant. `None` if unknown."""
    caused_by: str | None = None
    """The participant that the issue originates from, if it is another one."""
    is_open: bool = False
    """The issue had not been cleared when the reports ended."""
    is_known_live: bool = False
    """For a stream that carried nothing: its RTP sender, its tag or a switch of the app reported
    throughout that it was on. Otherwise it may have been off."""


def single(
    name: IssueName,
    stream: StreamRef,
    first_at: EpochMs,
    last_at: EpochMs,
    worst: dict[str, float] | None = None,
    *,
    sample_count: int = 1,
) -> Issue:
    """An issue that is known at once, without hysteresis."""
    return Issue(
        name=name,
        severity=severity_of(name),
        stream=stream,
        first_at=first_at,
        last_at=last_at,
        sample_count=sample_count,
        worst=worst or {},
    )
