"""What of a participant's streams must be known to compare them with everybody else's: when
each flowed, and when it was heard or dry. A few numbers a stream, however long the call."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.quality.counters import Interval
from aftercall.core.quality.issues import StreamRef
from aftercall.core.quality.microphone_rules import SILENT_LEVEL
from aftercall.core.quality.streams import AUDIO, PRODUCERS, Family, StreamKey

Span = tuple[EpochMs, EpochMs]

TOLERATED_GAP_MS = SECOND_MS
"""Intervals this close are one span."""


STRAINED_PERCENT: Final = 3.0
STRAINED_S: Final = 0.03
"""The clear values of the catalogue's network issues. Two ends of a path see the same trouble a
little differently; one may just miss the threshold that the other reaches."""


class StreamTrace(msgspec.Struct, kw_only=True):
    """One stream's life. Spans are ascending and do not touch."""

    ref: StreamRef
    family: Family
    flowing: list[Span]
    """Packets passed."""
    dry: list[Span]
    """Reports came, packets did not; muted times apart."""
    voiced: list[Span]
    """Sent audio above silence."""
    strained: list[Span]
    """Loss or jitter above what would clear an issue, if there were one."""
    has_loss: bool
    """Whether any interval knew its loss."""
    is_shown: bool
    """Whether the receiver said at what size it shows the stream."""


def trace(peer_id: str, intervals: Iterable[Interval]) -> list[StreamTrace]:
    """The traces of one peer's streams."""
    by_key: dict[StreamKey, list[Interval]] = {}
    for i in intervals:
        by_key.setdefault(i.key, []).append(i)
    return [_trace(peer_id, group) for group in by_key.values()]


def _trace(peer_id: str, group: Sequence[Interval]) -> StreamTrace:
    first = group[0]
    found = StreamTrace(
        ref=StreamRef(
            peer_id=peer_id,
            connection_id=first.connection_id,
            family=first.family.value,
            ssrc=first.ssrc,
            mid=first.mid,
            producer_id=first.producer_id,
            consumer_id=first.consumer_id,
            from_peer_id=first.peer_id,
        ),
        family=first.family,
        flowing=[],
        dry=[],
        voiced=[],
        strained=[],
        has_loss=any(i.loss_percent is not None for i in group),
        is_shown=any(i.expected_width for i in group),
    )
    is_sent = first.family in PRODUCERS
    for i in group:
        packets = i.packets_sent if is_sent else i.packets_received
        if packets is None or i.is_gap:
            continue
        start_at = EpochMs(i.at - round(i.dt_s * SECOND_MS))
        if (i.loss_percent or 0.0) >= STRAINED_PERCENT or (i.jitter_s or 0.0) >= STRAINED_S:
            _extend(found.strained, start_at, i.at)
        if packets:
            _extend(found.flowing, start_at, i.at)
            if is_sent and first.family in AUDIO and (i.audio_level or 0.0) > SILENT_LEVEL:
                _extend(found.voiced, start_at, i.at)
        elif not i.is_muted and i.is_active is not False:
            _extend(found.dry, start_at, i.at)
    return found


def _extend(spans: list[Span], start_at: EpochMs, end_at: EpochMs) -> None:
    if spans and start_at - spans[-1][1] <= TOLERATED_GAP_MS:
        spans[-1] = (spans[-1][0], end_at)
    else:
        spans.append((start_at, end_at))


def overlap_ms(one: Sequence[Span], other: Sequence[Span]) -> int:
    """How long both hold."""
    return sum(end - start for start, end in intersection(one, other))


def intersection(one: Sequence[Span], other: Sequence[Span]) -> list[Span]:
    """When both hold."""
    found: list[Span] = []
    i = j = 0
    while i < len(one) and j < len(other):
        start = max(one[i][0], other[j][0])
        end = min(one[i][1], other[j][1])
        if start < end:
            found.append((start, end))
        if one[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return found


def union(spans: Iterable[Span], *, within_ms: int = 0) -> list[Span]:
    """When any holds; spans no further apart than `within_ms` become one."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start - merged[-1][1] <= within_ms:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
