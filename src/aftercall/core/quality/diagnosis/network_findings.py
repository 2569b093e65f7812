"""What a participant's network did: each cause once, with what came of it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from aftercall.core.quality.comparison.compared_participant import are_most
from aftercall.core.quality.comparison.comparison import (
    DOWNLINK,
    JITTER_MS,
    LATE_FROM,
    LOSS_PERCENT,
    PLAYOUT,
    UPLINK,
    Comparison,
    Impairment,
    is_transit,
)
from aftercall.core.quality.diagnosis.affected_listeners import affected_listeners_of
from aftercall.core.quality.diagnosis.figures import Figure, figures_of, led_by, median_figures
from aftercall.core.quality.diagnosis.findings import (
    Evidence,
    Finding,
    FindingParts,
    Medium,
    SenderCause,
    Subject,
    finding,
    is_sent,
    issues_named,
    media_of,
    media_of_families,
)
from aftercall.core.quality.diagnosis.issue_groups import (
    IssueGroup,
    apart_from,
    during,
    group_of,
    spans_of,
)
from aftercall.core.quality.issues import Issue, IssueName
from aftercall.core.quality.stats.link import AUDIO, PRODUCERS
from aftercall.core.spans import Span, overlap_ms

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
    relayed = spans_of(issues_named(subject, IssueName.TURN_RELAYED_TCP))
    if not relayed:
        return []
    felt = issues_named(subject, *_PATH, *_ROOM, *PLAYOUT)
    own = [issue for issue in felt if issue.origin in ("local", None)]
    waiting = during(own, relayed)
    received = group_of(issue for issue in waiting if issue.name in DOWNLINK)
    typical = 0.0 if received is None else received.median_worst("loss_percent") or 0.0
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


def _impairment_of_figures(figures: Sequence[Figure]) -> Impairment:
    """What a group with such figures is about."""
    worst = {figure.name: figure.worst for figure in figures}
    if worst.get("loss_percent", 0.0) >= LOSS_PERCENT:
        return "loss"
    if worst.get("jitter_ms", 0.0) >= JITTER_MS:
        return "jitter"
    return "late" if worst.keys() & LATE_FROM.keys() else "loss"


def _figures_on_the_way(subject: Subject, group: IssueGroup, figures: list[Figure]) -> list[Figure]:
    """Loss or jitter, and the round trips of the time. Those of a network that is bad both ways
    belong to what was lost on the way out."""
    long = during(issues_named(subject, *_PATH), group.episodes)
    if group.issues[0].name in DOWNLINK:
        long = apart_from(long, spans_of(_lost(subject, UPLINK)))
    leads = _LEADS[_impairment_of_figures(figures)]
    return [*led_by(figures, *leads), *_long_round_trips(long)]


_LEADS: Final[Mapping[Impairment, tuple[str, ...]]] = {
    "loss": ("loss_percent",),
    "jitter": ("jitter_ms",),
    "late": tuple(LATE_FROM),
}


def _sent_media(subject: Subject, comparison: Comparison, narrow: Sequence[Issue]) -> list[Medium]:
    """What was held back for want of room: the streams that say so, else sound alone where no
    picture was sent."""
    limited = media_of(issue for issue in narrow if issue.name is IssueName.BANDWIDTH_LIMITED)
    if limited:
        return limited
    sent = {
        t.family
        for t in comparison.participants[subject.participant_id].streams
        if t.family in PRODUCERS
    }
    is_picture = any(i.name is IssueName.BANDWIDTH_LIMITED for i in subject.issues)
    if sent and sent <= AUDIO and not is_picture:
        return media_of_families(sent)
    return media_of_families(sent - AUDIO) or ["video"]


def uplink(subject: Subject, comparison: Comparison) -> list[Finding]:
    """What the participant sent and was lost or came unevenly, and who noticed."""
    group = group_of(_lost(subject, UPLINK))
    if group is None:
        return []
    figures = _figures_on_the_way(subject, group, figures_of(group))
    reached = affected_listeners_of(
        comparison,
        subject.participant_id,
        group.episodes,
        _impairment_of_figures(figures_of(group)),
    )
    narrow = during(issues_named(subject, *_ROOM), group.episodes)
    parts = FindingParts(
        affected=reached.affected,
        peer_ids=reached.affected,
        figures=figures,
        direction="sent",
        media=media_of(group.issues) or _media_sent(subject, comparison, group),
        evidence=Evidence(
            listeners_present=len(reached.present),
            listeners_affected=len(reached.affected),
            is_reported_by_sender=any(i.stream.family is not None for i in group.issues),
            voice_mos=reached.voice_mos,
            video_mos=reached.video_mos,
            concealment_percent=reached.concealment_percent,
            sent_media=_sent_media(subject, comparison, narrow) if narrow else [],
        ),
    )
    found = finding(subject, "uplink", group, parts)
    return [replace(found, issues=_with(found.issues, narrow))]


def _media_sent(subject: Subject, comparison: Comparison, group: IssueGroup) -> list[Medium]:
    """What the participant sent in that time; an uplink that only listeners report on names no
    stream."""
    return media_of_families(
        activity.family
        for activity in comparison.participants[subject.participant_id].streams
        if activity.family in PRODUCERS and overlap_ms(activity.flowing, group.episodes)
    )


def _with(names: Sequence[IssueName], more: Iterable[Issue]) -> list[IssueName]:
    """The names, and those of what came of it, the worst first."""
    return [*names, *(name for name in sorted({i.name for i in more}) if name not in names)]


def downlink(subject: Subject, comparison: Comparison) -> list[Finding]:
    """What was sent to the participant and was lost or came unevenly, on the participant's own
    side or, while the others' reports are not at hand, on nobody knows whose."""
    group = group_of(_lost(subject, DOWNLINK))
    if group is None:
        return _too_narrow(subject, [])
    # What befell one sender's streams alone is that sender's.
    figures = median_figures(group)
    impairment = _impairment_of_figures(figures)
    figures = _figures_on_the_way(subject, group, figures)
    if all(issue.origin is None for issue in group.issues):
        senders = {
            comparison.sender_of(subject.participant_id, issue.stream) for issue in group.issues
        }
        known = [participant_id for participant_id in senders if participant_id is not None]
        parts = FindingParts(
            figures=figures, direction="received", peer_ids=known if len(senders) == 1 else ()
        )
        reception = finding(subject, "reception", group, parts)
        return [reception, *_too_narrow(subject, group.episodes)]
    heard = [
        comparison.senders_missed(subject.participant_id, span, impairment)
        for span in group.episodes
    ]
    present = {participant_id for every, _ in heard for participant_id in every}
    missed = {participant_id for _, bad in heard for participant_id in bad}
    is_of_some = len(present) > 1 and bool(missed) and not are_most(missed, present)
    evidence = Evidence()
    if len(present) > 1 and missed:
        evidence = Evidence(senders_present=len(present), senders_affected=len(missed))
    parts = FindingParts(
        figures=figures,
        direction="received",
        peer_ids=missed if is_of_some else (),
        evidence=evidence,
    )
    return [finding(subject, "downlink", group, parts), *_too_narrow(subject, group.episodes)]


def _too_narrow(subject: Subject, lost: Sequence[Span]) -> list[Finding]:
    """Pictures that the server made smaller for the participant alone, while nothing of them was
    lost."""
    narrow = issues_named(subject, IssueName.NARROW_DOWNLINK)
    group = group_of(apart_from(narrow, lost))
    if group is None:
        return []
    return [finding(subject, "downlink", group, FindingParts(direction="received"))]


def server(subject: Subject, comparison: Comparison) -> list[Finding]:
    """What everybody missed of everybody."""
    issues = [issue for issue in subject.issues if issue.origin == "server"]
    group = group_of([i for i in issues if i.name in (*DOWNLINK, *UPLINK)] or issues)
    if group is None:
        return []
    figures = median_figures(group)
    parts = FindingParts(
        figures=led_by(figures, *_LEADS[_impairment_of_figures(figures)]),
        direction="received",
        affected=comparison.participants,
    )
    return [replace(finding(subject, "server", group, parts), subject=None)]


def from_others(subject: Subject, comparison: Comparison) -> list[Finding]:
    """What came badly because it was sent badly."""
    by_sender: dict[str, list[Issue]] = {}
    for issue in subject.issues:
        if issue.origin != "remote" or issue.name in UPLINK or is_sent(issue):
            continue
        sender = comparison.sender_behind(subject.participant_id, issue)
        if sender is not None:
            by_sender.setdefault(sender, []).append(issue)
    found: list[Finding] = []
    for sender, issues in by_sender.items():
        group = IssueGroup(issues)
        parts = FindingParts(
            severity="information",
            subject=sender,
            peer_ids=[sender],
            figures=_telling(figures_of(group)),
            direction="sent",
            evidence=Evidence(sender_cause=_sender_cause(group, comparison.issues.own(sender))),
        )
        found.append(finding(subject, "sender", group, parts))
    return found


def _telling(figures: Iterable[Figure]) -> list[Figure]:
    """Those bad enough to be an issue, where others are known as well."""
    least = {"loss_percent": LOSS_PERCENT, "jitter_ms": JITTER_MS, "rtt_ms": POOR_RTT_MS}
    return [figure for figure in figures if figure.worst >= least.get(figure.name, 0)]


def _sender_cause(heard: IssueGroup, own: Sequence[Issue]) -> SenderCause:
    """What made a sender come through badly: `heard` is what a listener has, `own` what the
    sender's reports show."""
    relayed = spans_of(issue for issue in own if issue.name is IssueName.TURN_RELAYED_TCP)
    if not any("network" in name for name in heard.names) and not during(heard.issues, relayed):
        held_back = {i.name for i in own if overlap_ms(heard.episodes, [(i.first_at, i.last_at)])}
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


def _overlapping(
    own: Iterable[Issue], names: Iterable[IssueName], heard: IssueGroup
) -> list[Issue]:
    """Those of the names that are of the time."""
    wanted = frozenset(names)
    return [
        i for i in own if i.name in wanted and overlap_ms(heard.episodes, [(i.first_at, i.last_at)])
    ]


def round_trips(subject: Subject, comparison: Comparison) -> list[Finding]:
    """Long ones that no loss and no relay of the same time explains."""
    lost = spans_of([*_lost(subject, UPLINK), *_lost(subject, DOWNLINK)])
    explained = [*during(subject.issues, lost), *_relay_trouble(subject)]
    group = group_of(
        issue
        for issue in issues_named(subject, *_PATH)
        if issue.origin != "remote" and not is_transit(issue) and issue not in explained
    )
    if group is None:
        return []
    return [
        finding(
            subject, "round_trip", group, FindingParts(figures=led_by(figures_of(group), "rtt_ms"))
        )
    ]


def relays(subject: Subject, comparison: Comparison) -> list[Finding]:
    """Media through TURN over TCP, and what it did."""
    group = group_of(issues_named(subject, IssueName.TURN_RELAYED_TCP))
    if group is None:
        return []
    trouble = group_of(_relay_trouble(subject))
    if trouble is None:
        return [finding(subject, "relay_tcp", group, FindingParts(severity="information"))]
    narrow = [issue for issue in trouble.issues if issue.name in _ROOM]
    jitter = [f for f in led_by(figures_of(trouble), "jitter_ms") if f.worst >= JITTER_MS]
    parts = FindingParts(
        figures=[*_long_round_trips(trouble.issues), *jitter],
        media=media_of(trouble.issues),
        spans=trouble.episodes,
        evidence=Evidence(sent_media=_sent_media(subject, comparison, narrow) if narrow else []),
    )
    found = finding(subject, "relay_tcp", IssueGroup([*group.issues, *trouble.issues]), parts)
    return [replace(found, issues=[*group.names, *trouble.names])]


def bandwidth(subject: Subject, comparison: Comparison) -> list[Finding]:
    """Too little room that neither loss nor a relay of the same time explains."""
    lost = during(subject.issues, spans_of(_lost(subject, UPLINK)))
    explained = [*lost, *_relay_trouble(subject)]
    impaired_for_everybody = spans_of(issue for issue in subject.issues if issue.origin == "server")
    explained += during(issues_named(subject, *_ROOM), impaired_for_everybody)
    explained += [issue for issue in subject.issues if issue.origin == "remote"]
    group = group_of(issue for issue in issues_named(subject, *_ROOM) if issue not in explained)
    if group is None:
        return []
    media = _sent_media(subject, comparison, group.issues)
    parts = FindingParts(
        figures=led_by(figures_of(group), "available_kbps", "limited_percent"),
        media=media,
        direction="sent",
        evidence=Evidence(sent_media=media),
    )
    return [finding(subject, "bandwidth", group, parts)]


def lateness(subject: Subject, comparison: Comparison) -> list[Finding]:
    """What had to wait in the jitter buffer, or came too late to be played from everybody,
    though no loss or jitter of the time is known."""
    waited = [
        issue
        for issue in issues_named(subject, *PLAYOUT)
        if (issue.origin == "local" and not (is_sent(issue) and issue.name in _SHOWN))
        or (issue.origin is None and issue.name is IssueName.HIGH_JITTER_BUFFER_DELAY)
    ]
    transit = [issue for issue in issues_named(subject, *DOWNLINK) if is_transit(issue)]
    explained = during(waited, spans_of([*transit, *_machine_trouble(subject)]))
    explained += _relay_trouble(subject)
    group = group_of(issue for issue in waited if issue not in explained)
    if group is None:
        return []
    senders = {comparison.sender_of(subject.participant_id, issue.stream) for issue in group.issues}
    known = [participant_id for participant_id in senders if participant_id is not None]
    parts = FindingParts(
        figures=led_by(figures_of(group), *_LEADS["late"]),
        peer_ids=known if len(senders) == 1 else (),
    )
    return [finding(subject, "lateness", group, parts)]


def _machine_trouble(subject: Subject) -> list[Issue]:
    return issues_named(subject, IssueName.DECODER_OVERLOADED, IssueName.ICE_RECONNECTING)
