"""The issues of a session's participants with their origins: what the reports of all of them
together say about each."""

from collections.abc import Sequence

from msgspec.structs import replace

from aftercall.core.quality.attribution.absence import Absences
from aftercall.core.quality.attribution.blame import Blame, between_two, blame
from aftercall.core.quality.attribution.followers import Followers
from aftercall.core.quality.attribution.inferred import inferred
from aftercall.core.quality.attribution.narrowing import narrow_downlinks
from aftercall.core.quality.attribution.outages import OUTAGES, Outages
from aftercall.core.quality.attribution.screens import stuck_screens
from aftercall.core.quality.attribution.session import (
    DOWNLINK,
    UPLINK,
    Session,
    is_transit,
    strain_of,
)
from aftercall.core.quality.intervals.streams import PRODUCERS, Family
from aftercall.core.quality.rules.issues import Issue


def attribute(session: Session) -> dict[str, list[Issue]]:
    """The issues of each row in order of time, with their origins, and those that only the
    session as a whole shows."""
    outages = Outages(session)
    followers = Followers(session, outages)
    found: dict[str, list[Issue]] = {}
    for row_id, party in session.parties.items():
        own = [*party.issues, *stuck_screens(row_id, session)]
        network = [_of_network(issue, row_id, session, outages) for issue in own]
        found[row_id] = followers.follow(network, row_id)
    for row_id, issues in inferred(session, found, outages).items():
        found[row_id].extend(issues)
    absences, narrow = Absences(session, outages), narrow_downlinks(session)
    for row_id, own in found.items():
        own.extend((*absences.of(row_id), *narrow.get(row_id, ())))
        found[row_id] = _in_order(own)
    return found


def _in_order(issues: Sequence[Issue]) -> list[Issue]:
    return sorted(issues, key=lambda issue: (issue.first_at, issue.name))


def _of_network(issue: Issue, row_id: str, session: Session, outages: Outages) -> Issue:
    """An issue of the network with its origin; another one of what a participant received is
    left open."""
    if issue.name in OUTAGES:
        return outages.with_origin(issue, row_id)
    if issue.stream.family is None or Family(issue.stream.family) in PRODUCERS:
        return _of_sent(issue, row_id, session)
    if issue.name not in DOWNLINK:
        return issue
    if not is_transit(issue):
        return replace(issue, origin="local")
    sender = session.sender_of(row_id, issue.stream)
    if sender is not None and outages.explain(sender, (issue.first_at, issue.last_at)):
        return replace(issue, origin="remote", caused_by=sender)
    return with_blame(issue, blame(issue, row_id, session))


def _of_sent(issue: Issue, row_id: str, session: Session) -> Issue:
    """What a participant is told of its loss by a server is its own; what it is told by another
    participant may be that one's."""
    listener = session.topology.far_end(issue.stream)
    span = (issue.first_at, issue.last_at)
    if issue.name not in UPLINK or not is_transit(issue):
        return replace(issue, origin="local")
    if listener is None:
        strain = strain_of(issue)
        is_servers = session.is_everywhere(span, strain) and not session.are_uplinks_mixed(
            span, strain
        )
        return replace(issue, origin="server" if is_servers else "local")
    found = between_two(row_id, listener, span, session, strain_of(issue))
    if found.origin == "local":
        return replace(issue, origin="remote", caused_by=listener)
    return replace(issue, origin="local" if found.origin == "remote" else None)


def with_blame(issue: Issue, found: Blame) -> Issue:
    return replace(issue, origin=found.origin, caused_by=found.culprit)
