"""Bad sound and pictures, and what they follow from."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from aftercall.core.quality.activity.stream_activity import Span, union
from aftercall.core.quality.attribution.blame import LOCAL, UNKNOWN, Blame, blame
from aftercall.core.quality.attribution.lost_connections import LostConnections
from aftercall.core.quality.comparison.camera_off import PICTURE
from aftercall.core.quality.comparison.comparison import (
    DOWNLINK,
    IMPAIRMENTS,
    PLAYOUT,
    Session,
    is_transit,
)
from aftercall.core.quality.comparison.parties import Party, covers
from aftercall.core.quality.issues import Issue, IssueName, StreamRef
from aftercall.core.quality.stats.link import Family

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
"""Issues by what names their streams."""


class _Times(NamedTuple):
    """When a sender could not send well."""

    held_back: list[Span]
    relayed: list[Span]
    """Over TCP."""


class FollowOnIssues:
    """Finds origins of what is not the network itself. Bad sound and pictures follow from a bad
    network at the same time on the same stream, or from what the sender's encoder could make, or
    from the sender's being cut off; else lateness is compared across people as loss is."""

    def __init__(self, session: Session, outages: LostConnections) -> None:
        self._session = session
        self._outages = outages
        self._times = {row_id: _times_of(party) for row_id, party in session.parties.items()}

    def follow(self, issues: Sequence[Issue], row_id: str) -> list[Issue]:
        """A participant's issues with their origins; `issues` have those of the network."""
        lost = [issue for issue in issues if issue.name in DOWNLINK]
        causes = _by_stream(issue for issue in lost if is_transit(issue))
        far = _by_stream(issue for issue in lost if not is_transit(issue))
        found: list[Issue] = []
        for issue in sorted(issues, key=lambda each: each.name not in PLAYOUT):
            if issue.name in DOWNLINK or issue.origin is not None:
                found.append(issue)
            elif not self._is_as_sent(issue, row_id):
                made = self._of(issue, row_id, causes, far)
                found.append(replace(issue, origin=made.origin, caused_by=made.culprit))
                if issue.name in PLAYOUT:
                    causes.setdefault(_name(issue.stream), []).append(found[-1])
        return found

    def _of(self, issue: Issue, row_id: str, causes: _Causes, far: _Causes) -> Blame:
        """`far` are the streams' long round trips. They spoil an opinion; but that sound and
        pictures come late is theirs only where nobody's lateness tells more."""
        span = (issue.first_at, issue.last_at)
        followed = _followed(issue, causes)
        if followed is not None:
            return followed
        sender = self._session.sender_of(row_id, issue.stream)
        if sender is not None:
            times = self._times[sender]
            held_back = times.held_back if issue.name in PICTURE else []
            if self._outages.explain(sender, span) or covers(held_back, span):
                return Blame("remote", sender)
        slow = _followed(issue, far)
        if issue.name in PLAYOUT:
            found = blame(issue, row_id, self._session, "late")
            return slow if slow is not None and found == UNKNOWN else found
        if slow is not None and issue.name in OPINIONS:
            return slow
        return self._of_opinion(issue, row_id, sender)

    def _of_opinion(self, issue: Issue, row_id: str, sender: str | None) -> Blame:
        """A bad opinion without an issue of its own to follow from: as the strain of the time,
        if there was any, else as what held back all that came over a relay."""
        span = (issue.first_at, issue.last_at)
        for strain in IMPAIRMENTS:
            if self._session.is_strained(row_id, sender, span, strain):
                return blame(issue, row_id, self._session, strain)
        if sender is not None and issue.name in OPINIONS:
            is_own = covers(self._times[row_id].relayed, span)
            if is_own != covers(self._times[sender].relayed, span):
                return LOCAL if is_own else Blame("remote", sender)
        return UNKNOWN

    def _is_as_sent(self, issue: Issue, row_id: str) -> bool:
        """Whether no more pictures came than were made, though nothing held the sender back."""
        sender = self._session.sender_of(row_id, issue.stream)
        if sender is None or covers(self._times[sender].held_back, (issue.first_at, issue.last_at)):
            return False
        return self._session.pictures.is_as_sent(issue, row_id)


def _followed(issue: Issue, causes: _Causes) -> Blame | None:
    """The blame for what befell the stream at the time: a known one first. What follows from loss
    whose side is not known is on no known side either."""
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


def _times_of(party: Party) -> _Times:
    encoding = [each for each in party.issues if each.stream.family in SENT_VIDEO]
    return _Times(
        _spans(encoding, *ENCODING),
        _spans(party.issues, IssueName.TURN_RELAYED_TCP),
    )


def _spans(issues: Iterable[Issue], *names: IssueName) -> list[Span]:
    return union((issue.first_at, issue.last_at) for issue in issues if issue.name in names)
