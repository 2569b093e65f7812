"""What a received picture was at its sender: a camera or a screen, and its frame rate there.

A receiver without a tag takes every picture for a camera's; the sender knows better. And a picture
of which as many frames were shown as were encoded is as good as it was sent, however few they are.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from aftercall.core.quality.activity.stream_activity import FrameCount, StreamActivity
from aftercall.core.quality.comparison.compared_participant import ComparedParticipant
from aftercall.core.quality.comparison.topology import Topology
from aftercall.core.quality.issues import Issue, IssueName, StreamRef
from aftercall.core.quality.stats.report_linker import AUDIO, PRODUCERS, SCREENSHARES, Family
from aftercall.core.spans import Span, covers, overlap_ms, union

OF_FRAMES: Final = frozenset(
    {IssueName.VIDEO_FROZEN, IssueName.LOW_FRAME_RATE, IssueName.LOW_VIDEO_MOS}
)
"""The issues of a picture with too few frames."""

_OF_CAMERAS: Final = OF_FRAMES | {IssueName.LOW_RESOLUTION}
"""The issues that only cameras have."""

SHOWN_SHARE: Final = 0.7
"""Of the encoded frames, counted over reports that are not simultaneous. Chosen."""

SPARE_FRAMES: Final = 8
"""The number of frames that may fall into another report than at the sender: a slow picture encodes
as many in a second."""

SAME_SHARE: Final = 0.8
"""Of the time for which a picture was slow. Chosen."""


def with_screenshares(
    participants: Mapping[str, ComparedParticipant], topology: Topology
) -> dict[str, ComparedParticipant]:
    """The participants; a picture received without a tag is a screen if its sender says so."""
    sent = [
        (participant_id, activity.ref, activity.family)
        for participant_id, participant in participants.items()
        for activity in participant.streams
        if activity.family in PRODUCERS and activity.family not in AUDIO
    ]
    if not any(family in SCREENSHARES for _, _, family in sent):
        return dict(participants)
    families: dict[tuple[str, int | str], set[Family]] = {}
    for participant_id, ref, family in sent:
        for name in (ref.ssrc, ref.producer_id):
            if name is not None:
                families.setdefault((participant_id, name), set()).add(family)
    return {
        participant_id: _with_screens(participant, families, topology)
        for participant_id, participant in participants.items()
    }


def _with_screens(
    participant: ComparedParticipant,
    families: Mapping[tuple[str, int | str], set[Family]],
    topology: Topology,
) -> ComparedParticipant:
    def is_screen(ref: StreamRef) -> bool:
        if ref.family != Family.VIDEO_CONSUMER:
            return False
        sender = topology.sender_of(participant.participant_id, ref)
        named = [families.get((sender or "", name or "")) for name in (ref.producer_id, ref.ssrc)]
        tagged = next((each for each in named if each), set())
        return tagged == {Family.SCREENSHARE_VIDEO_PRODUCER}

    screens = {activity.ref for activity in participant.streams if is_screen(activity.ref)}
    if not screens:
        return participant
    family = Family.SCREENSHARE_VIDEO_CONSUMER
    return replace(
        participant,
        streams=[
            replace(activity, ref=_as(activity.ref, family), family=family, late=[], sizes=[])
            if activity.ref in screens
            else activity
            for activity in participant.streams
        ],
        issues=[
            replace(issue, stream=_as(issue.stream, family)) if is_screen(issue.stream) else issue
            for issue in participant.issues
            if not (issue.name in _OF_CAMERAS and is_screen(issue.stream))
        ],
    )


def _as(ref: StreamRef, family: Family) -> StreamRef:
    return replace(ref, family=family.value)


class SentVideo:
    """The frames that the cameras of a session encoded and that their receivers showed."""

    def __init__(self, participants: Mapping[str, ComparedParticipant], topology: Topology) -> None:
        self._topology = topology
        self._sent = {
            participant_id: [
                t for t in participant.streams if t.family in PRODUCERS and t.family not in AUDIO
            ]
            for participant_id, participant in participants.items()
        }
        self._shown = {
            participant_id: {
                _name(t.ref): t for t in participant.streams if t.family is Family.VIDEO_CONSUMER
            }
            for participant_id, participant in participants.items()
        }

    def is_as_sent(self, issue: Issue, listener: str) -> bool:
        """Whether a received picture was slow for most of the issue's time while as many frames
        were shown as were encoded. Frames of a fast picture may all arrive, and arrive late."""
        if issue.name not in OF_FRAMES or issue.stream.family != Family.VIDEO_CONSUMER:
            return False
        shown = self._shown[listener].get(_name(issue.stream))
        sender = self._topology.sender_of(listener, issue.stream)
        if shown is None or sender is None:
            return False
        span = (issue.first_at, issue.last_at)
        slow = [each for each in shown.counted if span[0] <= each.start_at < span[1]]
        if not covers(_impaired_when(slow), span):
            return False
        return any(_are_shown(slow, made.counted) for made in self._made(issue.stream, sender))

    def _made(self, ref: StreamRef, sender: str) -> list[StreamActivity]:
        """The sender's streams that the received one may be: the one with its producer id or SSRC,
        else all."""
        every = self._sent[sender]
        named = [t for t in every if ref.producer_id and t.ref.producer_id == ref.producer_id]
        return named or [t for t in every if ref.ssrc and t.ref.ssrc == ref.ssrc] or every


def _name(ref: StreamRef) -> tuple[str, int | None, str | None]:
    return (ref.peer_id, ref.ssrc, ref.consumer_id)


def _impaired_when(counted: Iterable[FrameCount]) -> list[Span]:
    return union((each.start_at, each.end_at) for each in counted)


def _are_shown(shown: Sequence[FrameCount], made: Sequence[FrameCount]) -> bool:
    """Whether enough of the encoded frames were shown, for most of the time. If the encoder's
    reports list no slow ones in that time, it encoded more than was shown."""
    slow = _impaired_when(made)
    whole = alike = 0
    for each in shown:
        span = (each.start_at, each.end_at)
        length = span[1] - span[0]
        whole += length
        if overlap_ms(slow, [span]) < SAME_SHARE * length:
            continue
        enough = SHOWN_SHARE * sum(_within(span, other) for other in made) - SPARE_FRAMES
        alike += length if each.frames >= enough else 0
    return alike >= SAME_SHARE * whole


def _within(span: Span, made: FrameCount) -> float:
    """The frames of a report that fall into the span, if they were evenly spaced."""
    length = min(made.end_at, span[1]) - max(made.start_at, span[0])
    return max(length, 0) * made.frames / max(made.end_at - made.start_at, 1)
