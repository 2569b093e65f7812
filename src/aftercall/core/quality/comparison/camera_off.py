"""Pictures of cameras that were switched off: what their receivers saw meanwhile is no trouble.

A browser goes on sending a black picture about once a second, which looks like a slow one, and the
change from one to the other like a freeze.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec.structs import replace

from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.quality.activity.stream_activity import (
    Span,
    StreamActivity,
    lasting,
    overlap_ms,
    union,
    without,
)
from aftercall.core.quality.comparison.parties import Party, covers
from aftercall.core.quality.comparison.topology import Topology
from aftercall.core.quality.issues import Issue, IssueName, StreamRef
from aftercall.core.quality.stats.link import Family

PICTURE: Final = frozenset(
    {
        IssueName.LOW_VIDEO_MOS,
        IssueName.LOW_FRAME_RATE,
        IssueName.LOW_RESOLUTION,
        IssueName.VIDEO_FROZEN,
    }
)

AROUND_PACES: Final = 2
"""For so many reports before and after, the sender's report and the receiver's may hold a part of
the time in which the camera was off."""

LEAST_PIECE_MS: Final = 20 * SECOND_MS
"""Of an issue that is cut. Chosen."""


def without_switched_off(parties: Mapping[str, Party], topology: Topology) -> dict[str, Party]:
    """The parties; of pictures received, only the trouble of times when the camera was on."""
    off = {row_id: spans for row_id, party in parties.items() if (spans := _off(party))}
    if not off:
        return dict(parties)
    return {row_id: _seen(party, off, topology) for row_id, party in parties.items()}


def _off(party: Party) -> list[Span]:
    return union(
        (issue.first_at, issue.last_at)
        for issue in party.issues
        if issue.name is IssueName.CAMERA_MUTED
    )


def _seen(party: Party, off: Mapping[str, list[Span]], topology: Topology) -> Party:
    around_ms = AROUND_PACES * max((c.pace_ms for c in party.connections), default=0)

    def around(ref: StreamRef) -> list[Span]:
        if ref.family != Family.VIDEO_CONSUMER:
            return []
        spans = off.get(topology.sender_of(party.row_id, ref) or "", [])
        return union((EpochMs(start - around_ms), EpochMs(end + around_ms)) for start, end in spans)

    return replace(
        party,
        traces=[_lit(trace, around(trace.ref)) for trace in party.traces],
        issues=[
            piece
            for issue in party.issues
            for piece in (
                _lit_parts(issue, around(issue.stream)) if issue.name in PICTURE else [issue]
            )
        ],
    )


def _lit(trace: StreamActivity, off: list[Span]) -> StreamActivity:
    return replace(trace, late=without(trace.late, off)) if off and trace.late else trace


def _lit_parts(issue: Issue, off: list[Span]) -> Iterable[Issue]:
    """The parts of an issue in which the camera was on for long enough to tell."""
    span = (issue.first_at, issue.last_at)
    if not overlap_ms(off, [span]):
        return [issue]
    if covers(off, span):
        return []
    parts = lasting(without([span], off), LEAST_PIECE_MS)
    return [replace(issue, first_at=start, last_at=end) for start, end in parts]
