"""Removes the trouble that receivers saw while a camera was off.

A browser goes on sending a black picture about once a second for a disabled camera. That looks like
a slow picture, and the change from one to the other like a freeze.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec.structs import replace

from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.quality.activity.stream_activity import StreamActivity
from aftercall.core.quality.comparison.compared_participant import ComparedParticipant
from aftercall.core.quality.comparison.topology import Topology
from aftercall.core.quality.issues import Issue, IssueName, StreamRef
from aftercall.core.quality.stats.report_linker import Family
from aftercall.core.spans import Span, covers, lasting, overlap_ms, union, without

PICTURE: Final = frozenset(
    {
        IssueName.LOW_VIDEO_MOS,
        IssueName.LOW_FRAME_RATE,
        IssueName.LOW_RESOLUTION,
        IssueName.VIDEO_FROZEN,
    }
)
"""The issues of pictures."""

AROUND_PACES: Final = 2
"""The number of reports before and after in which the sender's or the receiver's report may include
a part of the time in which the camera was off."""

LEAST_PART_MS: Final = 20 * SECOND_MS
"""The least length of a part of an issue that is cut. Chosen."""


def without_camera_off(
    participants: Mapping[str, ComparedParticipant], topology: Topology
) -> dict[str, ComparedParticipant]:
    """The participants; issues of received pictures are cut to the times when the camera was on."""
    off = {
        participant_id: spans
        for participant_id, participant in participants.items()
        if (spans := _off(participant))
    }
    if not off:
        return dict(participants)
    return {
        participant_id: _without_off_times(participant, off, topology)
        for participant_id, participant in participants.items()
    }


def _off(participant: ComparedParticipant) -> list[Span]:
    return union(
        (issue.first_at, issue.last_at)
        for issue in participant.issues
        if issue.name is IssueName.CAMERA_MUTED
    )


def _without_off_times(
    participant: ComparedParticipant, off: Mapping[str, list[Span]], topology: Topology
) -> ComparedParticipant:
    around_ms = AROUND_PACES * max((c.pace_ms for c in participant.connections), default=0)

    def around(ref: StreamRef) -> list[Span]:
        if ref.family != Family.VIDEO_CONSUMER:
            return []
        spans = off.get(topology.sender_of(participant.participant_id, ref) or "", [])
        return union((EpochMs(start - around_ms), EpochMs(end + around_ms)) for start, end in spans)

    return replace(
        participant,
        streams=[
            _activity_while_on(activity, around(activity.ref)) for activity in participant.streams
        ],
        issues=[
            part
            for issue in participant.issues
            for part in (
                _parts_while_on(issue, around(issue.stream)) if issue.name in PICTURE else [issue]
            )
        ],
    )


def _activity_while_on(activity: StreamActivity, off: list[Span]) -> StreamActivity:
    return (
        replace(activity, late=without(activity.late, off)) if off and activity.late else activity
    )


def _parts_while_on(issue: Issue, off: list[Span]) -> Iterable[Issue]:
    """The parts of an issue in which the camera was on for long enough."""
    span = (issue.first_at, issue.last_at)
    if not overlap_ms(off, [span]):
        return [issue]
    if covers(off, span):
        return []
    parts = lasting(without([span], off), LEAST_PART_MS)
    return [replace(issue, first_at=start, last_at=end) for start, end in parts]
