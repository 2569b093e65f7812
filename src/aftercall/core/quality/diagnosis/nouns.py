"""The shortest words for a finding: a noun, and one figure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from aftercall.core.quality.diagnosis.figures import Figure
from aftercall.core.quality.diagnosis.findings import Finding
from aftercall.core.quality.diagnosis.phrases import lead_of
from aftercall.core.quality.diagnosis.wording import format_amount, format_duration
from aftercall.core.quality.issues import IssueName
from aftercall.core.spans import length_ms


def noun_of(finding: Finding) -> str:
    """`Uplink loss`, `Slow machine`. A cause that only another version knows is its own name."""
    named = NOUNS.get(finding.cause, finding.cause.replace("_", " ").capitalize())
    return named if isinstance(named, str) else named(finding)


def amount_of(finding: Finding) -> str:
    """`12 %, worst 21 %` of the cause's first figure; of what is there or not, how long it
    lasted."""
    if finding.cause in _TIMED:
        return _length(finding)
    lead = finding.figure("dropped_percent") if finding.cause == "cpu" else lead_of(finding)
    if lead is None or lead.unit in _UNSPOKEN:
        return _length(finding)
    if lead.unit == "ms" and lead.name in _DURATIONS:
        return format_duration(lead.worst)
    return _typical_and_worst(lead)


def _typical_and_worst(figure: Figure) -> str:
    worst = format_amount(figure.worst, figure.unit)
    if figure.typical is None:
        return worst
    typical = format_amount(figure.typical, figure.unit)
    return typical if typical == worst else f"{typical}, worst {worst}"


def _length(finding: Finding) -> str:
    total = length_ms(finding.spans)
    if total >= 500:
        return format_duration(total)
    return f"{len(finding.spans)} times" if len(finding.spans) > 1 else ""


_TIMED: Final = frozenset(
    {
        "one_way_audio",
        "no_video_received",
        "audio_not_played",
        "silent_microphone",
        "constant_audio",
        "no_audio_sent",
        "no_video_sent",
        "interruption",
        "rejoined",
        "stats_gap",
    }
)
_DURATIONS: Final = frozenset({"connect_ms", "outage_ms", "gap_ms", "silent_ms"})
_UNSPOKEN: Final = frozenset({"0..1", "1..5"})
"""Scales that mean nothing to somebody who does not know them."""


def _is_loss(figures: Sequence[Figure]) -> bool:
    return bool(figures) and figures[0].name == "loss_percent"


def _uplink(finding: Finding) -> str:
    return "Uplink loss" if _is_loss(finding.figures) else "Uneven uplink"


def _downlink(finding: Finding) -> str:
    if finding.peer_ids:
        return _way(finding)
    if IssueName.NARROW_DOWNLINK in finding.issues:
        return "Narrow downlink"
    return "Downlink loss" if _is_loss(finding.figures) else "Uneven downlink"


def _way(finding: Finding) -> str:
    return "Loss on the way" if _is_loss(finding.figures) else "Uneven on the way"


def _interruption(finding: Finding) -> str:
    is_lost = IssueName.ICE_RECONNECTING in finding.issues
    return "Connection lost" if is_lost else "Connection failed"


NOUNS: Final[Mapping[str, str | Callable[[Finding], str]]] = {
    "uplink": _uplink,
    "downlink": _downlink,
    "reception": _way,
    "server": "Server or its network",
    "sender": "Came through badly",
    "relay_tcp": "Relay over TCP",
    "round_trip": "Long way",
    "lateness": "Late sound",
    "bandwidth": "Narrow uplink",
    "cpu": "Slow machine",
    "one_way_audio": "Not heard",
    "no_video_received": "Not seen",
    "audio_not_played": "Sound not played",
    "silent_microphone": "Silent microphone",
    "constant_audio": "Constant sound",
    "no_audio_sent": "No voice sent",
    "no_video_sent": "No video sent",
    "poor_sound": "Poor sound",
    "poor_picture": "Poor picture",
    "poor_sound_sent": "Poor sound sent",
    "poor_picture_sent": "Poor picture sent",
    "interruption": _interruption,
    "rejoined": "Gone and back",
    "slow_connect": "Slow to connect",
    "no_answer": "No answer",
    "no_relay_candidate": "No way through",
    "media_refused": "No camera or microphone",
    "stats_gap": "Not measured",
}
"""By cause."""
