"""Who is to blame: what the reports of a whole session together say about each participant.

What one listener misses from one sender was lost on the sender's uplink, on the listener's
downlink, or between. One report cannot tell; all of them can. A sender whose every listener
misses the same is at fault himself; a listener who misses something of everybody is; and what
a sender's own reports of loss do not show was lost after him.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from aftercall.core.quality.attribution.session import (
    DOWNLINK,
    ONE_WAY_MS,
    Party,
    Session,
    are_most,
    covers,
    is_transit,
    strain_of,
)
from aftercall.core.quality.attribution.traces import (
    Span,
    StreamTrace,
    intersection,
    overlap_ms,
    union,
)
from aftercall.core.quality.intervals.streams import AUDIO, PRODUCERS, Family
from aftercall.core.quality.rules.issues import Issue, IssueName, Origin, StreamRef, single

_PICTURE: Final = frozenset(
    {
        IssueName.LOW_VIDEO_MOS,
        IssueName.LOW_FRAME_RATE,
        IssueName.LOW_RESOLUTION,
        IssueName.VIDEO_FROZEN,
    }
)
_ENCODING: Final = _PICTURE | {
    IssueName.CPU_LIMITED,
    IssueName.BANDWIDTH_LIMITED,
    IssueName.NO_VIDEO_SENT,
}


def attribute(session: Session) -> dict[str, list[Issue]]:
    """The issues of each row in order of time, with their origins, and those that only the
    session as a whole shows."""
    origins = {
        row_id: [_with_origin(issue, row_id, session) for issue in party.issues]
        for row_id, party in session.parties.items()
    }
    for row_id, issues in _inferred_uplinks(session, origins).items():
        origins[row_id].extend(issues)
    for row_id in origins:
        origins[row_id] = _with_followers(origins[row_id], row_id, session)
        origins[row_id].extend(_unheard(row_id, session))
        origins[row_id].sort(key=lambda issue: (issue.first_at, issue.name))
    return origins


def _with_origin(issue: Issue, row_id: str, session: Session) -> Issue:
    if issue.stream.family is None or Family(issue.stream.family) in PRODUCERS:
        return replace(issue, origin="local")
    if issue.name not in DOWNLINK:
        return issue
    if not is_transit(issue):
        return replace(issue, origin="local")
    sender = session.sender_of(row_id, issue.stream)
    if sender is not None:
        return replace(issue, origin=_origin_of_loss(issue, row_id, sender, session))
    return (
        issue if session.sender_behind(row_id, issue) is None else replace(issue, origin="remote")
    )


def _origin_of_loss(issue: Issue, listener: str, sender: str, session: Session) -> Origin | None:
    span, strain = (issue.first_at, issue.last_at), strain_of(issue)
    senders, bad_senders = session.senders_missed(listener, span, strain)
    if are_most(bad_senders, senders):
        is_senders = strain == "loss" and session.has_lossy_uplink(sender, span)
        return "remote" if is_senders else "local"
    if session.is_uplink_strained(sender, span, strain):
        return "remote"
    listeners, bad_listeners = session.listeners_missing(sender, span, strain)
    if (
        len(listeners) > 1
        and bad_listeners == listeners
        and _hear_others(issue, listeners, session)
    ):
        return "remote"
    if session.knows_uplink(sender, span):
        return "local"
    if are_most(bad_listeners, listeners):
        return "remote"
    return "local" if len(senders) > 1 or len(listeners) > 1 else None


def _hear_others(issue: Issue, listeners: Iterable[str], session: Session) -> bool:
    """Whether these listeners, who all miss one sender, heard others well: there was somebody
    else to hear, and none of them missed nearly everybody."""
    span, strain = (issue.first_at, issue.last_at), strain_of(issue)
    return any(session.hears_several(listener, span) for listener in listeners) and not any(
        session.misses_nearly_all(listener, span, strain) for listener in listeners
    )


def _inferred_uplinks(
    session: Session, origins: Mapping[str, Sequence[Issue]]
) -> dict[str, list[Issue]]:
    """Uplinks at fault by what listeners report, where the sender's own reports raised nothing:
    browsers and clients exist that do not tell what the far end reported back."""
    blamed: dict[str, list[Issue]] = {}
    for row_id, issues in origins.items():
        for issue in issues:
            if issue.origin != "remote" or issue.name not in DOWNLINK:
                continue
            sender = session.sender_behind(row_id, issue)
            span = (issue.first_at, issue.last_at)
            if sender is not None and not overlap_ms(session.raised_uplinks[sender], [span]):
                blamed.setdefault(sender, []).append(issue)
    return {
        sender: _merged_uplinks(_peer_of(session.parties[sender]), heard)
        for sender, heard in blamed.items()
    }


def _peer_of(party: Party) -> str:
    """One of the peers of a participant, the same at every call."""
    return min(party.peer_ids, default=party.row_id)


def _merged_uplinks(peer_id: str, heard: Sequence[Issue]) -> list[Issue]:
    found: list[Issue] = []
    for first_at, last_at in union((issue.first_at, issue.last_at) for issue in heard):
        within = [issue for issue in heard if first_at <= issue.first_at <= last_at]
        worst = {
            name: max(issue.worst[name] for issue in within if name in issue.worst)
            for name in ("loss_percent", "jitter_ms")
            if any(name in issue.worst for issue in within)
        }
        is_severe = any(issue.name is IssueName.SEVERE_NETWORK_DOWNLINK for issue in within)
        name = IssueName.SEVERE_NETWORK_UPLINK if is_severe else IssueName.POOR_NETWORK_UPLINK
        ref = StreamRef(peer_id=within[0].stream.from_peer_id or peer_id)
        issue = single(
            name,
            ref,
            first_at,
            last_at,
            worst,
            sample_count=max(issue.sample_count for issue in within),
        )
        found.append(replace(issue, origin="local"))
    return found


def _with_followers(issues: list[Issue], row_id: str, session: Session) -> list[Issue]:
    """Bad sound and pictures follow from a bad network at the same time on the same stream, or
    from what the sender's encoder could make, or from the sender's being cut off. The picture of
    a camera that is switched off is no trouble at all."""
    network = [issue for issue in issues if issue.name in DOWNLINK]
    found: list[Issue] = []
    for issue in issues:
        if issue.origin is not None or issue.name in DOWNLINK:
            found.append(issue)
            continue
        span = (issue.first_at, issue.last_at)
        causes = [
            cause.origin
            for cause in network
            if cause.stream.ssrc == issue.stream.ssrc
            and cause.stream.consumer_id == issue.stream.consumer_id
            and covers([(cause.first_at, cause.last_at)], span)
        ]
        origin: Origin | None = causes[0] if causes else None
        sender = session.sender_of(row_id, issue.stream) if origin is None else None
        if sender is not None and _is_camera_off(issue, session.parties[sender]):
            continue
        if sender is not None and _is_sending_badly(issue, session.parties[sender]):
            origin = "remote"
        found.append(replace(issue, origin=origin))
    return found


def _is_camera_off(issue: Issue, sender: Party) -> bool:
    muted = _spans(sender.issues, IssueName.CAMERA_MUTED)
    is_camera = issue.name in _PICTURE and issue.stream.family == Family.VIDEO_CONSUMER
    return is_camera and covers(muted, (issue.first_at, issue.last_at))


def _is_sending_badly(issue: Issue, sender: Party) -> bool:
    """Whether the sender was cut off at the time, or its encoder held back for a picture."""
    held_back = [each for each in sender.issues if each.stream.family in _SENT_VIDEO]
    when = _spans(sender.issues, IssueName.ICE_RECONNECTING)
    if issue.name in _PICTURE:
        when = union([*when, *_spans(held_back, *_ENCODING)])
    return covers(when, (issue.first_at, issue.last_at))


def _spans(issues: Iterable[Issue], *names: IssueName) -> list[Span]:
    return union((issue.first_at, issue.last_at) for issue in issues if issue.name in names)


_SENT_VIDEO: Final = frozenset(
    {Family.VIDEO_PRODUCER.value, Family.SCREENSHARE_VIDEO_PRODUCER.value}
)


def _unheard(row_id: str, session: Session) -> list[Issue]:
    """Senders who could not be heard though they spoke: one-way audio when something else did
    arrive at the time, else no audio at all. Likewise pictures that were to be shown."""
    party = session.parties[row_id]
    received = [each for each in party.traces if each.family not in PRODUCERS]
    found: list[Issue] = []
    for each in received:
        sender = session.sender_of(row_id, each.ref) if each.dry else None
        if sender is None:
            continue
        others = union(span for other in received if other is not each for span in other.flowing)
        for span in intersection(each.dry, _sent_to(each, session.parties[sender])):
            if span[1] - span[0] < ONE_WAY_MS:
                continue
            name = IssueName.NO_VIDEO_RECEIVED
            if each.family in AUDIO:
                is_one_way = covers(others, span)
                name = IssueName.ONE_WAY_AUDIO if is_one_way else IssueName.NO_AUDIO_RECEIVED
            worst = {"silent_ms": float(span[1] - span[0])}
            found.append(single(name, each.ref, *span, worst))
    return found


def _sent_to(received: StreamTrace, sender: Party) -> list[Span]:
    """When the sender spoke, pauses between words and reports not counted, or sent a picture.
    SFUs hold back pictures that nobody looks at, so these count only where one does."""
    if received.family is Family.AUDIO_CONSUMER:
        voiced = [s for t in sender.traces if t.family is Family.AUDIO_PRODUCER for s in t.voiced]
        return union(voiced, within_ms=ONE_WAY_MS)
    if received.family is Family.VIDEO_CONSUMER and received.is_shown:
        return union(
            s for t in sender.traces if t.family is Family.VIDEO_PRODUCER for s in t.flowing
        )
    return []
