"""Which live sessions are worth a full look: a few counters of each peer's newest reports.

A fold of a peer takes milliseconds, which ten thousand peers cannot be given each minute. The
difference of two reports takes tens of microseconds, and shows most trouble; a session that shows
some is folded at once, every other one in its turn. Thresholds are the clearing values of the
catalogue of issues, so that what is raised there is not missed here.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

LOSS: Final = 0.03
RTT_S: Final = 0.25
JITTER_S: Final = 0.03
CONCEALED: Final = 0.02
DELAY_S: Final = 0.2
FROZEN: Final = 0.1
LEAST_PACKETS: Final = 20
"""Packets of which a share of losses is read; a quiet stream has fewer."""

_TROUBLED_STATES: Final = frozenset({"failed"})


class _Stats(msgspec.Struct, rename="camel", gc=False, kw_only=True):
    type: str
    id: str
    timestamp: float | None = None
    packets_received: int | None = None
    packets_lost: int | None = None
    jitter: float | None = None
    fraction_lost: float | None = None
    round_trip_time: float | None = None
    current_round_trip_time: float | None = None
    concealed_samples: int | None = None
    silent_concealed_samples: int | None = None
    total_samples_received: int | None = None
    jitter_buffer_delay: float | None = None
    jitter_buffer_emitted_count: int | None = None
    total_freezes_duration: float | None = None
    frames_decoded: int | None = None
    bytes_received: int | None = None
    bytes_sent: int | None = None
    active: bool | None = None
    quality_limitation_reason: str | None = None
    state: str | None = None


class _Connection(msgspec.Struct, gc=False):
    stats: list[_Stats] = []


class _Body(msgspec.Struct, gc=False):
    connections: list[_Connection] = []


_decode: Final = msgspec.json.Decoder(_Body, strict=False).decode


def is_suspicious(earlier: bytes | msgspec.Raw, later: bytes | msgspec.Raw) -> bool:
    """Whether two reports of a peer, one after the other, show trouble. What cannot be read is no
    trouble."""
    try:
        before, after = _decode(earlier), _decode(later)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    known = {each.id: each for connection in before.connections for each in connection.stats}
    return any(
        _is_troubled(each, known) for connection in after.connections for each in connection.stats
    )


def _is_troubled(stats: _Stats, known: Mapping[str, _Stats]) -> bool:
    match stats.type:
        case "inbound-rtp":
            before = known.get(stats.id)
            return before is not None and _is_received_badly(before, stats)
        case "remote-inbound-rtp":
            return (
                (stats.fraction_lost or 0) >= LOSS
                or (stats.round_trip_time or 0) >= RTT_S
                or (stats.jitter or 0) >= JITTER_S
            )
        case "candidate-pair":
            return (stats.current_round_trip_time or 0) >= RTT_S or stats.state in _TROUBLED_STATES
        case "outbound-rtp":
            before = known.get(stats.id)
            is_limited = stats.quality_limitation_reason in ("cpu", "bandwidth")
            return is_limited or (before is not None and _has_stopped(before, stats))
    return False


def _is_received_badly(before: _Stats, after: _Stats) -> bool:
    received = _delta(before.packets_received, after.packets_received)
    lost = _delta(before.packets_lost, after.packets_lost)
    if received + lost >= LEAST_PACKETS and lost >= LOSS * (received + lost):
        return True
    if (after.jitter or 0) >= JITTER_S and received > 0:
        return True
    if before.bytes_received and _delta(before.bytes_received, after.bytes_received) == 0:
        return True
    played = _delta(before.total_samples_received, after.total_samples_received)
    concealed = _delta(before.concealed_samples, after.concealed_samples) - _delta(
        before.silent_concealed_samples, after.silent_concealed_samples
    )
    if played > 0 and concealed >= CONCEALED * played:
        return True
    emitted = _delta(before.jitter_buffer_emitted_count, after.jitter_buffer_emitted_count)
    delay = (after.jitter_buffer_delay or 0) - (before.jitter_buffer_delay or 0)
    if emitted > 0 and delay >= DELAY_S * emitted:
        return True
    frozen = (after.total_freezes_duration or 0) - (before.total_freezes_duration or 0)
    elapsed = ((after.timestamp or 0) - (before.timestamp or 0)) / 1_000
    return elapsed > 0 and frozen >= FROZEN * elapsed


def _has_stopped(before: _Stats, after: _Stats) -> bool:
    """Whether an active stream that was sent is sent no longer."""
    return (
        after.active is not False
        and bool(before.bytes_sent)
        and _delta(before.bytes_sent, after.bytes_sent) == 0
    )


def _delta(before: int | None, after: int | None) -> int:
    return 0 if before is None or after is None else max(0, after - before)
