"""What of a participant's streams must be known to compare them with everybody else's: when
each flowed, and when it was heard or dry. A few numbers a stream, however long the call."""

from collections.abc import Iterable, Sequence

import msgspec

from aftercall.core.instants import EpochMs
from aftercall.core.quality.intervals.streams import Family
from aftercall.core.quality.rules.issues import StreamRef

Span = tuple[EpochMs, EpochMs]


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
    lossy: list[Span]
    """Loss above what would clear an issue, if there were one."""
    jittery: list[Span]
    """The same of jitter."""
    has_loss: bool
    """Whether any interval knew its loss."""
    is_shown: bool
    """Whether the receiver said at what size it shows the stream."""


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
