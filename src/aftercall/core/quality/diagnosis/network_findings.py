"""What a participant's network did: each cause once, with what came of it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from aftercall.core.quality.activity.stream_activity import Span, overlap_ms
from aftercall.core.quality.comparison.comparison import (
    DOWNLINK,
    JITTER_MS,
    LATE_FROM,
    LOSS_PERCENT,
    PLAYOUT,
    UPLINK,
    Impairment,
    Session,
    is_transit,
)
from aftercall.core.quality.comparison.parties import are_most
from aftercall.core.quality.diagnosis.figures import Figure, figures_of, figures_of_most, led_by
from aftercall.core.quality.diagnosis.findings import (
    Evidence,
    Finding,
    Medium,
    Parts,
    SenderCause,
    Subject,
    finding,
    is_sent,
    media_of,
    media_of_families,
    named,
)
from aftercall.core.quality.diagnosis.issue_groups import (
    Group,
    apart_from,
    during,
    group_of,
    spans_of,
)
from aftercall.core.quality.diagnosis.reach import reach_of
from aftercall.core.quality.issues import Issue, IssueName
from aftercall.core.quality.stats.link import AUDIO, PRODUCERS

POOR_RTT_MS: Final = 300
"""From where on a round trip is worth a word, as in the catalogue."""

_PATH: Final = (*UPLINK, *DOWNLINK, IssueName.HIGH_RTT)
_SHOWN: Final = frozenset({IssueName.VIDEO_FROZEN})
"""For a sent picture it goes into the finding about what else was bad."""
_ROOM: Final = (IssueName.BANDWIDTH_LIMITED, IssueName.LOW_AVAILABLE_BITRATE)


def _lost(subject: Subject, names: Iterable[IssueName]) -> list[Issue]:
    """The participant's own trouble on the way. What a relay over TCP does without losing much
    is the relay's doing: see `_relay_trouble`."""
    own = [i for i in subject.issues if i.name in names and is_transit(i) and _is_own(i)]
    held_up = set(map(id, _relay_trouble(subject)))
    return [issue for issue in own if id(issue) not in held_up]


def _is_own(issue: Issue) -> bool:
    """Whether trouble lies with the participant, or may. What it sent straight to somebody else
    and was lost on nobody knows whose side is a finding about the one who missed it."""
    if issue.name in UPLINK:
        return issue.origin == "local"
    return issue.origin in ("local", None)


def _relay_trouble(subject: Subject) -> list[Issue]:
    """Jitter, long round trips and little room while media went through TURN over TCP, where
    nothing is lost but everything waits. What one sender's streams lost besides was lost before
    the relay, and the jitter of all of them hides it."""
    relayed = spans_of(named(subject, IssueName.TURN_RELAYED_TCP))
    if not relayed:
        return []
    felt = named(subject, *_PATH, *_ROOM, *PLAYOUT)
    own = [issue for issue in felt if issue.origin in ("local", None)]
    waiting = during(own, relayed)
    received = group_of(issue for issue in waiting if issue.name in DOWNLINK)
    typical = 0.0 if received is None else received.worst_of_most("loss_percent") or 0.0
    return [
        issue
        for issue in waiting
        if issue.worst.get("loss_percent", 0.0) < LOSS_PERCENT
        or (issue.name in DOWNLINK and typical < LOSS_PERCENT)
    ]


def _long_round_trips(issues: Iterable[Issue]) -> list[Figure]:
    """The round trips that were long enough to be an issue."""
    group = group_of(i for i in issues if i.worst.get("rtt_ms", 0.0) >= POOR_RTT_MS)
    return [] if group is None else led_by(figures_of(group), "rtt_ms")


def _strain(figures: Sequence[Figure]) -> Impairment:
    """What a group with such figures is about."""
    worst = {figure.name: figure.worst for figure in figures}
    if worst.get("loss_percent", 0.0) >= LOSS_PERCENT:
        return "loss"
    if worst.get("jitter_ms", 0.0) >= JITTER_MS:
        return "jitter"
    return "late" if worst.keys() & LATE_FROM.keys() else "loss"


def _figures_on_the_way(subject: Subject, group: Group, figures: list[Figure]) -> list[Figure]:
    """Loss or jitter, and the round trips of the time. Those of a network that is bad both ways
    belong to what was lost on the way out."""
    long = during(named(subject, *_PATH), group.spells)
    if group.issues[0].name in DOWNLINK:
        long = apart_from(long, spans_of(_lost(subject, UPLINK)))
    leads = _LEADS[_strain(figures)]
    return [*led_by(figures, *leads), *_long_round_trips(long)]


_LEADS: Final[Mapping[Impairment, tuple[str, ...]]] = {
    "loss": ("loss_percent",),
    "jitter": ("jitter_ms",),
    "late": tuple(LATE_FROM),
}


def _sent_media(subject: Subject, session: Session, narrow: Sequence[Issue]) -> list[Medium]:
    """What was held back for want of room: the streams that say so, else sound alone where no
    picture was sent."""
    limited = media_of(issue for issue in narrow if issue.name is IssueName.BANDWIDTH_LIMITED)
    if limited:
        return limited
    sent = {t.family for t in session.parties[subject.row_id].traces if t.family in PRODUCERS}
    is_picture = any(i.name is IssueName.BANDWIDTH_LIMITED for i in subject.issues)
    if sent and sent <= AUDIO and not is_picture:
        return media_of_families(sent)
    return media_of_families(sent - AUDIO) or ["video"]


def uplink(subject: Subject, session: Session) -> list[Finding]:
    """What the participant sent and was lost or came unevenly, and who noticed."""
    group = group_of(_lost(subject, UPLINK))
    if group is None:
        return []
    figures = _figures_on_the_way(subject, group, figures_of(group))
    reach = reach_of(session, subject.row_id, group.spells, _strain(figures_of(group)))
    narrow = during(named(subject, *_ROOM), group.spells)
    parts = Parts(
        affected=reach.affected,
        peer_ids=reach.affected,
        figures=figures,
        direction="sent",
        media=media_of(group.issues) or _media_sent(subject, session, group),
        evidence=Evidence(
            listeners_present=len(reach.present),
            listeners_affected=len(reach.affected),
            is_reported_by_sender=any(i.stream.family is not None for i in group.issues),
            voice_mos=reach.voice_mos,
            video_mos=reach.video_mos,
            concealment_percent=reach.concealment_percent,
            sent_media=_sent_media(subject, session, narrow) if narrow else [],
        ),
    )
    found = finding(subject, "uplink", group, parts)
    return [replace(found, issues=_with(found.issues, narrow))]


def _media_sent(subject: Subject, session: Session, group: Group) -> list[Medium]:
    """What the participant sent in that time; an uplink that only listeners report on names no
    stream."""
    return media_of_families(
        trace.family
        for trace in session.parties[subject.row_id].traces
        if trace.family in PRODUCERS and overlap_ms(trace.flowing, group.spells)
    )


def _with(names: Sequence[IssueName], more: Iterable[Issue]) -> list[IssueName]:
    """The names, and those of what came of it, the worst first."""
    return [*names, *(name for name in sorted({i.name for i in more}) if name not in names)]


def downlink(subject: Subject, session: Session) -> list[Finding]:
    """What was sent to the participant and was lost or came unevenly, on the participant's own
    side or, while the others' reports are not at hand, on nobody knows whose."""
    group = group_of(_lost(subject, DOWNLINK))
    if group is None:
        return _too_narrow(subject, [])
    # What befell one sender's streams alone is that sender's.
    figures = figures_of_most(group)
    strain = _strain(figures)
    figures = _figures_on_the_way(subject, group, figures)
    if all(issue.origin is None for issue in group.issues):
        senders = {session.sender_of(subject.row_id, issue.stream) for issue in group.issues}
        known = [row_id for row_id in senders if row_id is not None]
        parts = Parts(
            figures=figures, direction="received", peer_ids=known if len(senders) == 1 else ()
        )
        reception = finding(subject, "reception", group, parts)
        return [reception, *_too_narrow(subject, group.spells)]
    heard = [session.senders_missed(subject.row_id, span, strain) for span in group.spells]
    present = {row_id for every, _ in heard for row_id in every}
    missed = {row_id for _, bad in heard for row_id in bad}
    is_of_some = len(present) > 1 and bool(missed) and not are_most(missed, present)
    evidence = Evidence()
    if len(present) > 1 and missed:
        evidence = Evidence(senders_present=len(present), senders_affected=len(missed))
    parts = Parts(
        figures=figures,
        direction="received",
        peer_ids=missed if is_of_some else (),
        evidence=evidence,
    )
    return [finding(subject, "downlink", group, parts), *_too_narrow(subject, group.spells)]


def _too_narrow(subject: Subject, lost: Sequence[Span]) -> list[Finding]:
    """Pictures that the server made smaller for the participant alone, while nothing of them was
    lost."""
    narrow = named(subject, IssueName.NARROW_DOWNLINK)
    group = group_of(apart_from(narrow, lost))
    if group is None:
        return []
    return [finding(subject, "downlink", group, Parts(direction="received"))]


def server(subject: Subject, session: Session) -> list[Finding]:
    """What everybody missed of everybody."""
    issues = [issue for issue in subject.issues if issue.origin == "server"]
    group = group_of([i for i in issues if i.name in (*DOWNLINK, *UPLINK)] or issues)
    if group is None:
        return []
    figures = figures_of_most(group)
    parts = Parts(
        figures=led_by(figures, *_LEADS[_strain(figures)]),
        direction="received",
        affected=session.parties,
    )
    return [replace(finding(subject, "server", group, parts), subject=None)]


def from_others(subject: Subject, session: Session) -> list[Finding]:
    """What came badly because it was sent badly."""
    by_sender: dict[str, list[Issue]] = {}
    for issue in subject.issues:
        if issue.origin != "remote" or issue.name in UPLINK or is_sent(issue):
            continue
        sender = session.sender_behind(subject.row_id, issue)
        if sender is not None:
            by_sender.setdefault(sender, []).append(issue)
    found: list[Finding] = []
    for sender, issues in by_sender.items():
        group = Group(issues)
        parts = Parts(
            severity="information",
            subject=sender,
            peer_ids=[sender],
            figures=_telling(figures_of(group)),
            direction="sent",
            evidence=Evidence(sender_cause=_sender_cause(group, session.issues.own(sender))),
        )
        found.append(finding(subject, "sender", group, parts))
    return found


def _telling(figures: Iterable[Figure]) -> list[Figure]:
    """Those bad enough to be an issue, where others are known as well."""
    least = {"loss_percent": LOSS_PERCENT, "jitter_ms": JITTER_MS, "rtt_ms": POOR_RTT_MS}
    return [figure for figure in figures if figure.worst >= least.get(figure.name, 0)]


def _sender_cause(heard: Group, own: Sequence[Issue]) -> SenderCause:
    """What made a sender come through badly: `heard` is what a listener has, `own` what the
    sender's reports show."""
    relayed = spans_of(issue for issue in own if issue.name is IssueName.TURN_RELAYED_TCP)
    if not any("network" in name for name in heard.names) and not during(heard.issues, relayed):
        held_back = {i.name for i in own if overlap_ms(heard.spells, [(i.first_at, i.last_at)])}
        if IssueName.ICE_RECONNECTING in held_back:
            return "interruption"
        if IssueName.CPU_LIMITED in held_back:
            return "cpu"
        if held_back.intersection(_ROOM):
            return "bandwidth"
        is_broken = any(i.name in PLAYOUT and i.stream.family in AUDIO for i in heard.issues)
        if is_broken or any(is_transit(i) for i in _overlapping(own, UPLINK, heard)):
            return "uplink"
        return (
            "round_trip" if _overlapping(own, (*UPLINK, IssueName.HIGH_RTT), heard) else "unknown"
        )
    has_lost = any(
        i.worst.get("loss_percent", 0.0) >= LOSS_PERCENT for i in own if i.name in UPLINK
    )
    return "relay_tcp" if during(heard.issues, relayed) and not has_lost else "uplink"


def _overlapping(own: Iterable[Issue], names: Iterable[IssueName], heard: Group) -> list[Issue]:
    """Those of the names that are of the time."""
    wanted = frozenset(names)
    return [
        i for i in own if i.name in wanted and overlap_ms(heard.spells, [(i.first_at, i.last_at)])
    ]


def round_trips(subject: Subject, session: Session) -> list[Finding]:
    """Long ones that no loss and no relay of the same time explains."""
    lost = spans_of([*_lost(subject, UPLINK), *_lost(subject, DOWNLINK)])
    explained = [*during(subject.issues, lost), *_relay_trouble(subject)]
    group = group_of(
        issue
        for issue in named(subject, *_PATH)
        if issue.origin != "remote" and not is_transit(issue) and issue not in explained
    )
    if group is None:
        return []
    return [
        finding(subject, "round_trip", group, Parts(figures=led_by(figures_of(group), "rtt_ms")))
    ]


def relays(subject: Subject, session: Session) -> list[Finding]:
    """Media through TURN over TCP, and what it did."""
    group = group_of(named(subject, IssueName.TURN_RELAYED_TCP))
    if group is None:
        return []
    trouble = group_of(_relay_trouble(subject))
    if trouble is None:
        return [finding(subject, "relay_tcp", group, Parts(severity="information"))]
    narrow = [issue for issue in trouble.issues if issue.name in _ROOM]
    jitter = [f for f in led_by(figures_of(trouble), "jitter_ms") if f.worst >= JITTER_MS]
    parts = Parts(
        figures=[*_long_round_trips(trouble.issues), *jitter],
        media=media_of(trouble.issues),
        spans=trouble.spells,
        evidence=Evidence(sent_media=_sent_media(subject, session, narrow) if narrow else []),
    )
    found = finding(subject, "relay_tcp", Group([*group.issues, *trouble.issues]), parts)
    return [replace(found, issues=[*group.names, *trouble.names])]


def bandwidth(subject: Subject, session: Session) -> list[Finding]:
    """Too little room that neither loss nor a relay of the same time explains."""
    lost = during(subject.issues, spans_of(_lost(subject, UPLINK)))
    explained = [*lost, *_relay_trouble(subject)]
    everywhere = spans_of(issue for issue in subject.issues if issue.origin == "server")
    explained += during(named(subject, *_ROOM), everywhere)
    explained += [issue for issue in subject.issues if issue.origin == "remote"]
    group = group_of(issue for issue in named(subject, *_ROOM) if issue not in explained)
    if group is None:
        return []
    media = _sent_media(subject, session, group.issues)
    parts = Parts(
        figures=led_by(figures_of(group), "available_kbps", "limited_percent"),
        media=media,
        direction="sent",
        evidence=Evidence(sent_media=media),
    )
    return [finding(subject, "bandwidth", group, parts)]


def lateness(subject: Subject, session: Session) -> list[Finding]:
    """What had to wait in the jitter buffer, or came too late to be played from everybody,
    though no loss or jitter of the time is known."""
    waited = [
        issue
        for issue in named(subject, *PLAYOUT)
        if (issue.origin == "local" and not (is_sent(issue) and issue.name in _SHOWN))
        or (issue.origin is None and issue.name is IssueName.HIGH_JITTER_BUFFER_DELAY)
    ]
    transit = [issue for issue in named(subject, *DOWNLINK) if is_transit(issue)]
    explained = during(waited, spans_of([*transit, *_machine_trouble(subject)]))
    explained += _relay_trouble(subject)
    group = group_of(issue for issue in waited if issue not in explained)
    if group is None:
        return []
    senders = {session.sender_of(subject.row_id, issue.stream) for issue in group.issues}
    known = [row_id for row_id in senders if row_id is not None]
    parts = Parts(
        figures=led_by(figures_of(group), *_LEADS["late"]),
        peer_ids=known if len(senders) == 1 else (),
    )
    return [finding(subject, "lateness", group, parts)]


def _machine_trouble(subject: Subject) -> list[Issue]:
    return named(subject, IssueName.DECODER_OVERLOADED, IssueName.ICE_RECONNECTING)
