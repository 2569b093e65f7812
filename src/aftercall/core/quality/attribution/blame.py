"""With whom trouble on the way lies: with the sender, the listener, the server, or nobody knows.

What one listener misses from one sender was lost on the sender's uplink, on the listener's
downlink, or between. One report cannot tell; all of them can. A sender whose every listener
misses the same is at fault; a listener who misses something of everybody is; and what a
sender's own reports of loss do not show was lost after the sender's uplink. Where everybody
misses everybody it was the server. None of it can be decided for two alone whose connection
knows no third.
"""

from typing import NamedTuple

from aftercall.core.quality.activity.stream_activity import Span
from aftercall.core.quality.comparison.comparison import Impairment, Session, impairment_of
from aftercall.core.quality.comparison.parties import covers
from aftercall.core.quality.issues import Issue, Origin


class Blame(NamedTuple):
    """The origin of an issue; `culprit` is the row of the other participant it lies with."""

    origin: Origin | None
    culprit: str | None = None


UNKNOWN = Blame(None)
LOCAL = Blame("local")
SERVER = Blame("server")


def blame(issue: Issue, listener: str, session: Session, strain: Impairment | None = None) -> Blame:
    """With whom the trouble of a received stream lies."""
    span, strain = (issue.first_at, issue.last_at), strain or impairment_of(issue)
    sender = session.sender_of(listener, issue.stream)
    if sender is None:
        return _of_nobody_named(issue, listener, session, strain)
    if session.topology.is_direct(issue.stream):
        return between_two(sender, listener, span, session, strain)
    return _through_server(sender, listener, span, session, strain)


def _of_nobody_named(issue: Issue, listener: str, session: Session, strain: Impairment) -> Blame:
    span = (issue.first_at, issue.last_at)
    if session.is_everywhere(span, strain):
        return SERVER
    if issue.stream.from_peer_id is None:
        senders = session.unnamed_senders(listener, span, strain)
        if senders:
            return Blame("remote", senders[0] if len(senders) == 1 else None)
    return LOCAL if covers(session.listener(listener, strain).most, span) else UNKNOWN


def between_two(
    sender: str, listener: str, span: Span, session: Session, strain: Impairment
) -> Blame:
    """Of what went straight from one to the other: the reports that the sender gets of
    its loss are what the listener sees, so that only other pairs show on whose side it was."""
    row, column = session.sender(sender, strain), session.listener(listener, strain)
    is_senders, is_listeners = covers(row.most, span), covers(column.most, span)
    if is_senders and is_listeners:
        is_senders, is_listeners = covers(row.needed, span), covers(column.needed, span)
    if is_senders and is_listeners:
        return LOCAL
    if is_senders or is_listeners:
        return LOCAL if is_listeners else Blame("remote", sender)
    return _by_other_paths(sender, listener, span, session, strain)


def _by_other_paths(
    sender: str, listener: str, span: Span, session: Session, strain: Impairment
) -> Blame:
    """What both sides' connections to somebody else, or to a server, had at the time."""
    is_senders = session.has_trouble_elsewhere(sender, listener, span, strain)
    is_listeners = session.has_trouble_elsewhere(listener, sender, span, strain)
    if is_senders == is_listeners:
        return UNKNOWN
    return LOCAL if is_listeners else Blame("remote", sender)


def _through_server(
    sender: str, listener: str, span: Span, session: Session, strain: Impairment
) -> Blame:
    remote = Blame("remote", sender)
    row, column = session.sender(sender, strain), session.listener(listener, strain)
    is_shown = session.is_uplink_strained(sender, span, strain)
    if session.is_everywhere(span, strain):
        if not session.are_uplinks_mixed(span, strain):
            return SERVER
        return remote if is_shown else LOCAL if len(session.parties) == 3 else SERVER
    is_listeners = covers(column.most, span)
    if is_listeners and covers(row.most, span) and not covers(column.needed, span):
        is_listeners = not covers(row.needed, span)
    if is_listeners:
        is_senders = strain == "loss" and session.has_lossy_uplink(sender, span)
        return remote if is_senders else LOCAL
    if is_shown:
        return remote
    if covers(row.every, span) and covers(row.needed, span):
        # An uplink known to be clean, of somebody whose listeners heard nobody else, may be so.
        is_only = session.knows_uplink(sender, span) and not session.hears_several(listener, span)
        return SERVER if is_only and strain != "late" else remote
    if strain != "late" and session.knows_uplink(sender, span):
        return _of_clean_uplink(sender, listener, span, session, strain)
    if covers(row.most, span):
        return remote
    if covers(row.several, span) or covers(column.several, span):
        return LOCAL
    return _by_round_trips(sender, listener, span, session)


def _of_clean_uplink(
    sender: str, listener: str, span: Span, session: Session, strain: Impairment
) -> Blame:
    """After the uplink it was the listener's, or, when two miss each other at the same time
    though both uplinks are clean, the server's."""
    if len(session.parties) == 2 and session.knows_uplink(listener, span):
        back = session.senders_missed(sender, span, strain)[1]
        is_shown = session.is_uplink_strained(listener, span, strain)
        if listener in back and not is_shown and session.coincide(sender, listener, span, strain):
            return SERVER
    return LOCAL


def _by_round_trips(sender: str, listener: str, span: Span, session: Session) -> Blame:
    """Of two, the one whose own way to the server was slow at the time."""
    is_senders, is_listeners = session.is_slow(sender, span), session.is_slow(listener, span)
    if is_senders == is_listeners:
        return UNKNOWN
    return LOCAL if is_listeners else Blame("remote", sender)
