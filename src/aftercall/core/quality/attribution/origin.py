"""The issues of a session's participants with their origins, from the reports of all of them."""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from aftercall.core.quality.attribution.blame import Blame, between_two, blame
from aftercall.core.quality.attribution.follow_on_issues import ENCODING, FollowOnIssues
from aftercall.core.quality.attribution.inferred_uplinks import infer_uplinks
from aftercall.core.quality.attribution.lost_connections import LostConnections
from aftercall.core.quality.attribution.missing_media import MissingMedia
from aftercall.core.quality.attribution.narrow_downlinks import narrow_downlinks
from aftercall.core.quality.comparison.comparison import (
    DOWNLINK,
    IMPAIRMENTS,
    ONE_WAY_MS,
    PLAYOUT,
    UPLINK,
    Comparison,
    impairment_of,
    is_transit,
)
from aftercall.core.quality.comparison.departures import OUTAGES
from aftercall.core.quality.issues import Issue, IssueName
from aftercall.core.quality.stats.report_linker import PRODUCERS, Family
from aftercall.core.spans import Span, covers, intersection, lasting, union, without

LEAST_PART_MS: Final = 2 * ONE_WAY_MS
"""The least length of a part of an issue that is cut. Chosen."""

ROOM: Final = frozenset({IssueName.BANDWIDTH_LIMITED, IssueName.LOW_AVAILABLE_BITRATE})

_LEVEL: Final = 1
"""zlib's level; issues of many pairs differ in little, and take a twentieth at any level."""

_issues: Final = msgspec.msgpack.Decoder(list[Issue])


class AttributedIssues(Mapping[str, list[Issue]]):
    """The issues of each participant, ordered by time, with their origins, and those that only the
    session as a whole shows. A participant's list is made whenever it is asked for: where few of
    many people hear each other, each pair has an issue of its own, which takes 450 bytes."""

    def __init__(self, comparison: Comparison) -> None:
        outages = LostConnections(comparison)
        followers = FollowOnIssues(comparison, outages)
        self._own = {
            participant_id: _own_issues(participant_id, comparison, outages, followers)
            for participant_id in comparison.participants
        }
        for participant_id, issues in infer_uplinks(comparison, self._own, outages).items():
            self._own[participant_id].extend(issues)
        self._missing = MissingMedia(comparison, outages)
        self._absences: dict[str, bytes] = {}
        self._narrow = narrow_downlinks(comparison)

    def __getitem__(self, participant_id: str) -> list[Issue]:
        return _in_order(
            [
                *self._own[participant_id],
                *self._absences_of(participant_id),
                *self._narrow.get(participant_id, ()),
            ]
        )

    def _absences_of(self, participant_id: str) -> list[Issue]:
        """What was missing at a participant: looked for once, then kept packed."""
        packed = self._absences.get(participant_id)
        if packed is not None:
            return _issues.decode(zlib.decompress(packed))
        found = self._missing.of(participant_id)
        self._absences[participant_id] = zlib.compress(msgspec.msgpack.encode(found), _LEVEL)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._own)

    def __len__(self) -> int:
        return len(self._own)


def _own_issues(
    participant_id: str,
    comparison: Comparison,
    outages: LostConnections,
    followers: FollowOnIssues,
) -> list[Issue]:
    """The issues that a participant's own reports show, with their origins."""
    # numpy is imported lazily: a server that compares nothing does without it.
    from aftercall.core.quality.attribution import stuck_screenshares  # noqa: PLC0415 - numpy

    own = [
        *comparison.participants[participant_id].issues,
        *stuck_screenshares.stuck_screens(participant_id, comparison),
    ]
    network = [
        _of_network(part, participant_id, comparison, outages)
        for issue in own
        for part in _split_by_cause(issue, participant_id, comparison)
    ]
    return followers.follow(
        _with_what_was_lost(network, participant_id, comparison), participant_id
    )


def _with_what_was_lost(
    network: Sequence[Issue], participant_id: str, comparison: Comparison
) -> list[Issue]:
    """The network issues. If a sender's streams were jittery while others of its streams were lost
    on its side, the jitter is of that side too."""
    lost: dict[str | None, list[Span]] = {}
    for issue in network:
        if issue.name in DOWNLINK and issue.origin == "remote" and impairment_of(issue) == "loss":
            lost.setdefault(issue.caused_by, []).append((issue.first_at, issue.last_at))
    if not lost:
        return list(network)
    found: list[Issue] = []
    for issue in network:
        is_shaken = issue.name in DOWNLINK and is_transit(issue) and impairment_of(issue) != "loss"
        if is_shaken and issue.origin in ("local", None):
            sender = comparison.sender_of(participant_id, issue.stream)
            spans = lost.get(sender, []) if sender is not None else []
            if covers(union(spans), (issue.first_at, issue.last_at)):
                issue = replace(issue, origin="remote", caused_by=sender)
        found.append(issue)
    return found


def _split_by_cause(issue: Issue, participant_id: str, comparison: Comparison) -> list[Issue]:
    """An issue of received media, cut where the listener's missing nearly everybody began and
    ended: one sender's trouble may turn into the listener's own."""
    if issue.name not in DOWNLINK | PLAYOUT:
        return [issue]
    span: Span = (issue.first_at, issue.last_at)
    most = comparison.listener(participant_id, impairment_of(issue)).most
    inside = lasting(intersection([span], most), LEAST_PART_MS)
    outside = lasting(without([span], most), LEAST_PART_MS)
    if not inside or not outside:
        return [issue]
    return [
        replace(issue, first_at=start, last_at=end) for start, end in sorted([*inside, *outside])
    ]


def _in_order(issues: Sequence[Issue]) -> list[Issue]:
    return sorted(issues, key=lambda issue: (issue.first_at, issue.name))


def _of_network(
    issue: Issue, participant_id: str, comparison: Comparison, outages: LostConnections
) -> Issue:
    """An issue with its origin if it is about the network; other issues of received media are left
    open."""
    if issue.name in OUTAGES:
        return outages.with_origin(issue, participant_id)
    if issue.stream.family is None or Family(issue.stream.family) in PRODUCERS:
        return _of_sent(issue, participant_id, comparison)
    if issue.name not in DOWNLINK:
        return issue
    if not is_transit(issue):
        return replace(issue, origin="local")
    sender = comparison.sender_of(participant_id, issue.stream)
    if sender is not None and outages.explain(sender, (issue.first_at, issue.last_at)):
        return replace(issue, origin="remote", caused_by=sender)
    return with_blame(issue, blame(issue, participant_id, comparison))


def _of_sent(issue: Issue, participant_id: str, comparison: Comparison) -> Issue:
    """The origin of an issue of sent media. Loss that a server reports is the participant's own;
    loss that another participant reports may be that participant's."""
    listener = comparison.topology.far_end(issue.stream)
    span = (issue.first_at, issue.last_at)
    if listener is not None and issue.name in ENCODING | ROOM:
        is_far = _is_far_downlink(participant_id, listener, span, comparison)
        culprit = listener if is_far else None
        return replace(issue, origin="remote" if is_far else "local", caused_by=culprit)
    if issue.name not in UPLINK or not is_transit(issue):
        return replace(issue, origin="local")
    if listener is None:
        impairment = impairment_of(issue)
        is_servers = comparison.is_everywhere(
            span, impairment
        ) and not comparison.are_uplinks_mixed(span, impairment)
        return replace(issue, origin="server" if is_servers else "local")
    found = between_two(participant_id, listener, span, comparison, impairment_of(issue))
    if found.origin == "local":
        return replace(issue, origin="remote", caused_by=listener)
    return replace(issue, origin="local" if found.origin == "remote" else None)


def _is_far_downlink(
    participant_id: str, listener: str, span: Span, comparison: Comparison
) -> bool:
    """Whether a picture was made smaller for a listener that missed most of what it was sent."""
    return any(
        covers(comparison.listener(listener, impairment).most, span)
        and not covers(comparison.sender(participant_id, impairment).most, span)
        for impairment in IMPAIRMENTS
    )


def with_blame(issue: Issue, found: Blame) -> Issue:
    """The issue with this origin."""
    return replace(issue, origin=found.origin, caused_by=found.culprit)
