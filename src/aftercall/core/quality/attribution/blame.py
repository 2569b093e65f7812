"""With whom trouble on the way lies: with the sender, the listener, the server, or nobody knows.

What one listener misses from one sender was lost on the sender's uplink, on the listener's
downlink, or between. One report cannot tell; all of them can. A sender whose every listener
misses the same is at fault; a listener who misses something of everybody is; and what a
sender's own reports of loss do not show was lost after the sender's uplink. Where everybody
misses everybody it was the server. None of it can be decided for two alone whose connection
knows no third.
"""

from typing import NamedTuple

from aftercall.core.quality.comparison.comparison import Comparison, Impairment, impairment_of
from aftercall.core.quality.issues import Issue, Origin
from aftercall.core.spans import Span, covers


class Blame(NamedTuple):
    """The origin of an issue; `culprit` is the row of the other participant it lies with."""

    origin: Origin | None
    culprit: str | None = None


UNKNOWN = Blame(None)
LOCAL = Blame("local")
SERVER = Blame("server")


def blame(
    issue: Issue, listener: str, comparison: Comparison, impairment: Impairment | None = None
) -> Blame:
    """With whom the trouble of a received stream lies."""
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
    """Of what went straight from one to the other: the reports that the sender gets of
    its loss are what the listener sees, so that only other pairs show on whose side it was."""
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
    """What both sides' connections to somebody else, or to a server, had at the time."""
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
        # An uplink known to be clean, of somebody whose listeners heard nobody else, may be so.
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
    """After the uplink it was the listener's, or, when two miss each other at the same time
    though both uplinks are clean, the server's."""
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
    """Of two, the one whose own way to the server was slow at the time."""
    is_senders, is_listeners = comparison.is_slow(sender, span), comparison.is_slow(listener, span)
    if is_senders == is_listeners:
        return UNKNOWN
    return LOCAL if is_listeners else Blame("remote", sender)
