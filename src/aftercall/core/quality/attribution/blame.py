"""The origin of an impairment: the sender, the listener, the server, or unknown.

Media that one listener misses from one sender was lost on the sender's uplink, on the listener's
downlink, or between. One report cannot say which; all of them can. A sender that every listener
misses is at fault; a listener that misses every sender is; and loss that the sender's own reports
do not show happened after the sender's uplink. If everybody misses everybody, it was the server.
Between two participants alone, whose connection involves no third, nothing can be decided.
"""

from typing import NamedTuple

from aftercall.core.quality.comparison.comparison import Comparison, Impairment, impairment_of
from aftercall.core.quality.issues import Issue, Origin
from aftercall.core.spans import Span, covers


class Blame(NamedTuple):
    """The origin of an issue; `culprit` is the other participant that it originates from."""

    origin: Origin | None
    culprit: str | None = None


UNKNOWN = Blame(None)
LOCAL = Blame("local")
SERVER = Blame("server")


def blame(
    issue: Issue, listener: str, comparison: Comparison, impairment: Impairment | None = None
) -> Blame:
    """The origin of the impairment of a received stream."""
    span, impairment = (issue.first_at, issue.last_at), impairment or impairment_of(issue)
    sender = comparison.sender_of(listener, issue.stream)
    if sender is None:
        return _of_nobody_named(issue, listener, comparison, impairment)
    if comparison.topology.is_direct(issue.stream):
        return between_two(sender, listener, span, comparison, impairment)
    return _through_server(sender, listener, span, comparison, impairment)


def _of_nobody_named(
    issue: Issue, listener: str, comparison: Comparison, impairment: Impairment
) -> Blame:
    span = (issue.first_at, issue.last_at)
    if comparison.is_everywhere(span, impairment):
        return SERVER
    if issue.stream.from_peer_id is None:
        senders = comparison.unnamed_senders(listener, span, impairment)
        if senders:
            return Blame("remote", senders[0] if len(senders) == 1 else None)
    return LOCAL if covers(comparison.listener(listener, impairment).most, span) else UNKNOWN


def between_two(
    sender: str, listener: str, span: Span, comparison: Comparison, impairment: Impairment
) -> Blame:
    """The origin for a direct path. The loss reports that the sender gets are what the listener
    sees, so only other paths show on whose side it was."""
    row, column = comparison.sender(sender, impairment), comparison.listener(listener, impairment)
    is_senders, is_listeners = covers(row.most, span), covers(column.most, span)
    if is_senders and is_listeners:
        is_senders, is_listeners = covers(row.unexplained, span), covers(column.unexplained, span)
    if is_senders and is_listeners:
        return LOCAL
    if is_senders or is_listeners:
        return LOCAL if is_listeners else Blame("remote", sender)
    return _by_other_paths(sender, listener, span, comparison, impairment)


def _by_other_paths(
    sender: str, listener: str, span: Span, comparison: Comparison, impairment: Impairment
) -> Blame:
    """The origin by the impairments of both sides' paths to others, or to a server."""
    is_senders = comparison.has_trouble_elsewhere(sender, listener, span, impairment)
    is_listeners = comparison.has_trouble_elsewhere(listener, sender, span, impairment)
    if is_senders == is_listeners:
        return UNKNOWN
    return LOCAL if is_listeners else Blame("remote", sender)


def _through_server(
    sender: str, listener: str, span: Span, comparison: Comparison, impairment: Impairment
) -> Blame:
    remote = Blame("remote", sender)
    row, column = comparison.sender(sender, impairment), comparison.listener(listener, impairment)
    is_shown = comparison.is_uplink_impaired(sender, span, impairment)
    if comparison.is_everywhere(span, impairment):
        if not comparison.are_uplinks_mixed(span, impairment):
            return SERVER
        return remote if is_shown else LOCAL if len(comparison.participants) == 3 else SERVER
    is_listeners = covers(column.most, span)
    if is_listeners and covers(row.most, span) and not covers(column.unexplained, span):
        is_listeners = not covers(row.unexplained, span)
    if is_listeners:
        is_senders = impairment == "loss" and comparison.has_lossy_uplink(sender, span)
        return remote if is_senders else LOCAL
    if is_shown:
        return remote
    if covers(row.every, span) and covers(row.unexplained, span):
        # An uplink known to be clean may be so, if its listeners received nobody else.
        is_only = comparison.knows_uplink(sender, span) and not comparison.hears_several(
            listener, span
        )
        return SERVER if is_only and impairment != "late" else remote
    if impairment != "late" and comparison.knows_uplink(sender, span):
        return _of_clean_uplink(sender, listener, span, comparison, impairment)
    if covers(row.most, span):
        return remote
    if covers(row.several, span) or covers(column.several, span):
        return LOCAL
    return _by_round_trips(sender, listener, span, comparison)


def _of_clean_uplink(
    sender: str, listener: str, span: Span, comparison: Comparison, impairment: Impairment
) -> Blame:
    """The origin after a clean uplink: the listener's downlink or, if two miss each other at the
    same time though both uplinks are clean, the server."""
    if len(comparison.participants) == 2 and comparison.knows_uplink(listener, span):
        back = comparison.senders_missed(sender, span, impairment)[1]
        is_shown = comparison.is_uplink_impaired(listener, span, impairment)
        if (
            listener in back
            and not is_shown
            and comparison.coincide(sender, listener, span, impairment)
        ):
            return SERVER
    return LOCAL


def _by_round_trips(sender: str, listener: str, span: Span, comparison: Comparison) -> Blame:
    """The origin between two: the one whose own path to the server was slow at the time."""
    is_senders, is_listeners = comparison.is_slow(sender, span), comparison.is_slow(listener, span)
    if is_senders == is_listeners:
        return UNKNOWN
    return LOCAL if is_listeners else Blame("remote", sender)
