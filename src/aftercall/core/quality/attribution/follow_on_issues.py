"""The origin of bad audio and video, by what they follow from."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from aftercall.core.quality.attribution.blame import LOCAL, UNKNOWN, Blame, blame
from aftercall.core.quality.attribution.lost_connections import LostConnections
from aftercall.core.quality.comparison.camera_off import PICTURE
from aftercall.core.quality.comparison.compared_participant import ComparedParticipant
from aftercall.core.quality.comparison.comparison import (
    DOWNLINK,
    IMPAIRMENTS,
    PLAYOUT,
    Comparison,
    is_transit,
)
from aftercall.core.quality.issues import Issue, IssueName, StreamRef
from aftercall.core.quality.stats.report_linker import Family
from aftercall.core.spans import Span, covers, union

OPINIONS: Final = frozenset({IssueName.LOW_AUDIO_MOS, IssueName.LOW_VIDEO_MOS})
ENCODING: Final = PICTURE | {
    IssueName.CPU_LIMITED,
    IssueName.BANDWIDTH_LIMITED,
    IssueName.NO_VIDEO_SENT,
}
SENT_VIDEO: Final = frozenset(
    {Family.VIDEO_PRODUCER.value, Family.SCREENSHARE_VIDEO_PRODUCER.value}
)


_Causes = Mapping[object, Sequence[Issue]]
"""Issues by the name of their stream."""


class _LimitedTimes(NamedTuple):
    """When a sender could not send well."""

    held_back: list[Span]
    relayed: list[Span]
    """Over TCP."""


class FollowOnIssues:
    """Finds the origins of issues that are not about the network itself. Bad audio and video follow
    from a bad network at the same time on the same stream, from what the sender's encoder could
    produce, or from the sender's outage; otherwise lateness is compared across participants as loss
    is."""

    def __init__(self, comparison: Comparison, outages: LostConnections) -> None:
        self._comparison = comparison
        self._outages = outages
        self._times = {
            participant_id: _times_of(participant)
            for participant_id, participant in comparison.participants.items()
        }

    def follow(self, issues: Sequence[Issue], participant_id: str) -> list[Issue]:
        """A participant's issues with their origins. `issues` already have the origins of network
        issues."""
        lost = [issue for issue in issues if issue.name in DOWNLINK]
        causes = _by_stream(issue for issue in lost if is_transit(issue))
        far = _by_stream(issue for issue in lost if not is_transit(issue))
        found: list[Issue] = []
        for issue in sorted(issues, key=lambda each: each.name not in PLAYOUT):
            if issue.name in DOWNLINK or issue.origin is not None:
                found.append(issue)
            elif not self._is_as_sent(issue, participant_id):
                made = self._of(issue, participant_id, causes, far)
                found.append(replace(issue, origin=made.origin, caused_by=made.culprit))
                if issue.name in PLAYOUT:
                    causes.setdefault(_name(issue.stream), []).append(found[-1])
        return found

    def _of(self, issue: Issue, participant_id: str, causes: _Causes, far: _Causes) -> Blame:
        """The origin of one issue. `far` are the streams' long round trips: they spoil an opinion,
        but explain late audio and video only if no other comparison does."""
        span = (issue.first_at, issue.last_at)
        followed = _followed(issue, causes)
        if followed is not None:
            return followed
        sender = self._comparison.sender_of(participant_id, issue.stream)
        if sender is not None:
            times = self._times[sender]
            held_back = times.held_back if issue.name in PICTURE else []
            if self._outages.explain(sender, span) or covers(held_back, span):
                return Blame("remote", sender)
        slow = _followed(issue, far)
        if issue.name in PLAYOUT:
            found = blame(issue, participant_id, self._comparison, "late")
            return slow if slow is not None and found == UNKNOWN else found
        if slow is not None and issue.name in OPINIONS:
            return slow
        return self._of_opinion(issue, participant_id, sender)

    def _of_opinion(self, issue: Issue, participant_id: str, sender: str | None) -> Blame:
        """The origin of a low opinion without another issue to follow from: that of an impairment
        at the time, else of the participant whose media was relayed over TCP."""
        span = (issue.first_at, issue.last_at)
        for impairment in IMPAIRMENTS:
            if self._comparison.is_impaired(participant_id, sender, span, impairment):
                return blame(issue, participant_id, self._comparison, impairment)
        if sender is not None and issue.name in OPINIONS:
            is_own = covers(self._times[participant_id].relayed, span)
            if is_own != covers(self._times[sender].relayed, span):
                return LOCAL if is_own else Blame("remote", sender)
        return UNKNOWN

    def _is_as_sent(self, issue: Issue, participant_id: str) -> bool:
        """Whether no more frames arrived than were encoded, though nothing limited the sender."""
        sender = self._comparison.sender_of(participant_id, issue.stream)
        if sender is None or covers(self._times[sender].held_back, (issue.first_at, issue.last_at)):
            return False
        return self._comparison.pictures.is_as_sent(issue, participant_id)


def _followed(issue: Issue, causes: _Causes) -> Blame | None:
    """The origin of the issue that a stream had at the time, a known origin first. What follows
    from loss of unknown origin has unknown origin too."""
    span = (issue.first_at, issue.last_at)
    then = [
        cause
        for cause in causes.get(_name(issue.stream), ())
        if covers([(cause.first_at, cause.last_at)], span)
    ]
    known = next((cause for cause in then if cause.origin is not None), None)
    if known is not None:
        return Blame(known.origin, known.caused_by)
    return UNKNOWN if any(cause.name in DOWNLINK for cause in then) else None


def _name(ref: StreamRef) -> object:
    return (ref.peer_id, ref.ssrc, ref.consumer_id)


def _by_stream(issues: Iterable[Issue]) -> dict[object, list[Issue]]:
    found: dict[object, list[Issue]] = {}
    for issue in issues:
        found.setdefault(_name(issue.stream), []).append(issue)
    return found


def _times_of(participant: ComparedParticipant) -> _LimitedTimes:
    encoding = [each for each in participant.issues if each.stream.family in SENT_VIDEO]
    return _LimitedTimes(
        _spans(encoding, *ENCODING),
        _spans(participant.issues, IssueName.TURN_RELAYED_TCP),
    )


def _spans(issues: Iterable[Issue], *names: IssueName) -> list[Span]:
    return union((issue.first_at, issue.last_at) for issue in issues if issue.name in names)
