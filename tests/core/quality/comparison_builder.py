"""Builds comparisons of participants behind an SFU: each sends audio and video and receives those
of all others."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from aftercall.core.instants import EpochMs
from aftercall.core.quality.activity.stream_activity import StreamActivity
from aftercall.core.quality.comparison.compared_participant import ComparedParticipant
from aftercall.core.quality.comparison.comparison import Comparison
from aftercall.core.quality.issues import Issue, StreamRef
from aftercall.core.quality.stats.report_linker import AUDIO, Family
from aftercall.core.spans import Span

CALL: Final[Span] = (EpochMs(0), EpochMs(600_000))
BAD: Final[Span] = (EpochMs(100_000), EpochMs(200_000))


def span(start: int, end: int) -> Span:
    return (EpochMs(start), EpochMs(end))


def sent(name: str, family: Family = Family.AUDIO_PRODUCER) -> StreamRef:
    ssrc = 10 * ord(name) + (family in AUDIO)
    return StreamRef(peer_id=name, connection_id="up", family=family.value, ssrc=ssrc)


def received(listener: str, sender: str, family: Family = Family.AUDIO_CONSUMER) -> StreamRef:
    ssrc = 10_000 * ord(listener) + 10 * ord(sender) + (family in AUDIO)
    return StreamRef(
        peer_id=listener,
        connection_id="down",
        family=family.value,
        ssrc=ssrc,
        from_peer_id=sender,
    )


def activity_of(
    ref: StreamRef, *, flowing: Sequence[Span] = (CALL,), **members: Any
) -> StreamActivity:
    """The activity of a stream that flowed without impairment, except for `members`."""
    unimpaired: dict[str, Any] = {"stalled": [], "voiced": [], "lossy": [], "jittery": []}
    unimpaired |= {"has_loss": True, "is_shown": False}
    return StreamActivity(
        ref=ref, family=Family(ref.family or ""), flowing=list(flowing), **unimpaired | members
    )


def comparison_of(
    people: str,
    issues: Mapping[str, Sequence[Issue]] | None = None,
    members: Mapping[StreamRef, Mapping[str, Any]] | None = None,
    **participant_members: Mapping[str, Any],
) -> Comparison:
    """A comparison of participants with names of one letter; `members` belong to the activity of a
    stream, `participant_members` to a participant."""
    given = members or {}
    participants = []
    for name in people:
        refs = [sent(name), sent(name, Family.VIDEO_PRODUCER)]
        for other in people.replace(name, ""):
            refs += [received(name, other), received(name, other, Family.VIDEO_CONSUMER)]
        participants.append(
            ComparedParticipant(
                participant_id=name,
                peer_ids=frozenset({name}),
                issues=(issues or {}).get(name, ()),
                streams=[activity_of(ref, **given.get(ref, {})) for ref in refs],
                **participant_members.get(name, {}),
            )
        )
    return Comparison(participants)
