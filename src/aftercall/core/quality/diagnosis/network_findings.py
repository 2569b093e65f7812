"""Findings about a participant's network: each cause once, with its consequences."""

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec.structs import replace

from aftercall.core.quality.comparison.compared_participant import are_most
from aftercall.core.quality.comparison.comparison import (
    DOWNLINK,
    JITTER_MS,
    LOSS_PERCENT,
    PLAYOUT,
    UPLINK,
    Comparison,
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
from aftercall.core.quality.diagnosis.network_issues import (
    BANDWIDTH_ISSUES,
    LEADING_FIGURES,
    PATH_ISSUES,
    POOR_RTT_MS,
    impairment_of_figures,
    long_round_trips,
    machine_issues,
    relay_issues,
    transit_figures,
    transit_issues,
)
from aftercall.core.quality.issues import Issue, IssueName
from aftercall.core.quality.stats.report_linker import AUDIO, PRODUCERS
from aftercall.core.spans import Span, overlap_ms

_SHOWN: Final = frozenset({IssueName.VIDEO_FROZEN})
"""For a sent picture, this issue belongs to the finding about other bad media."""


def _sent_media(subject: Subject, comparison: Comparison, narrow: Sequence[Issue]) -> list[Medium]:
    """The media that could not be sent in full for lack of bandwidth: the streams that report it,
    else audio alone if no picture was sent."""
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
    """Media that the participant sent and that was lost or arrived unevenly, and who noticed."""
    group = group_of(transit_issues(subject, UPLINK))
    if group is None:
        return []
    figures = transit_figures(subject, group, figures_of(group))
    reached = affected_listeners_of(
        comparison,
        subject.participant_id,
        group.episodes,
        impairment_of_figures(figures_of(group)),
    )
    narrow = during(issues_named(subject, *BANDWIDTH_ISSUES), group.episodes)
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
    """The media that the participant sent in that time; an uplink that only listeners report names
    no stream."""
    return media_of_families(
        activity.family
        for activity in comparison.participants[subject.participant_id].streams
        if activity.family in PRODUCERS and overlap_ms(activity.flowing, group.episodes)
    )


def _with(names: Sequence[IssueName], more: Iterable[Issue]) -> list[IssueName]:
    """The names, with those of the consequences, the most severe first."""
    return [*names, *(name for name in sorted({i.name for i in more}) if name not in names)]


def downlink(subject: Subject, comparison: Comparison) -> list[Finding]:
    """Media sent to the participant that was lost or arrived unevenly, on the participant's own
    side or, without the others' reports, on an unknown side."""
    group = group_of(transit_issues(subject, DOWNLINK))
    if group is None:
        return _too_narrow(subject, [])
    # Trouble of one sender's streams alone is that sender's.
    figures = median_figures(group)
    impairment = impairment_of_figures(figures)
    figures = transit_figures(subject, group, figures)
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
    at_listener = [
        comparison.senders_missed(subject.participant_id, span, impairment)
        for span in group.episodes
    ]
    present = {participant_id for every, _ in at_listener for participant_id in every}
    missed = {participant_id for _, bad in at_listener for participant_id in bad}
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
    """Pictures that the SFU made smaller for the participant alone, while nothing of them was
    lost."""
    narrow = issues_named(subject, IssueName.NARROW_DOWNLINK)
    group = group_of(apart_from(narrow, lost))
    if group is None:
        return []
    return [finding(subject, "downlink", group, FindingParts(direction="received"))]


def server(subject: Subject, comparison: Comparison) -> list[Finding]:
    """Media that everybody missed of everybody."""
    issues = [issue for issue in subject.issues if issue.origin == "server"]
    group = group_of([i for i in issues if i.name in (*DOWNLINK, *UPLINK)] or issues)
    if group is None:
        return []
    figures = median_figures(group)
    parts = FindingParts(
        figures=led_by(figures, *LEADING_FIGURES[impairment_of_figures(figures)]),
        direction="received",
        affected=comparison.participants,
    )
    return [replace(finding(subject, "server", group, parts), subject=None)]


def from_others(subject: Subject, comparison: Comparison) -> list[Finding]:
    """Media that arrived badly because it was sent badly."""
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
            figures=_bad_enough(figures_of(group)),
            direction="sent",
            evidence=Evidence(sender_cause=_sender_cause(group, comparison.issues.own(sender))),
        )
        found.append(finding(subject, "sender", group, parts))
    return found


def _bad_enough(figures: Iterable[Figure]) -> list[Figure]:
    """The figures bad enough for an issue."""
    least = {"loss_percent": LOSS_PERCENT, "jitter_ms": JITTER_MS, "rtt_ms": POOR_RTT_MS}
    return [figure for figure in figures if figure.worst >= least.get(figure.name, 0)]


def _sender_cause(at_listener: IssueGroup, own: Sequence[Issue]) -> SenderCause:
    """What was wrong at a sender: `heard` are a listener's issues, `own` the sender's."""
    relayed = spans_of(issue for issue in own if issue.name is IssueName.TURN_RELAYED_TCP)
    if not any("network" in name for name in at_listener.names) and not during(
        at_listener.issues, relayed
    ):
        held_back = {
            i.name for i in own if overlap_ms(at_listener.episodes, [(i.first_at, i.last_at)])
        }
        if IssueName.ICE_RECONNECTING in held_back:
            return "interruption"
        if IssueName.CPU_LIMITED in held_back:
            return "cpu"
        if held_back.intersection(BANDWIDTH_ISSUES):
            return "bandwidth"
        is_broken = any(i.name in PLAYOUT and i.stream.family in AUDIO for i in at_listener.issues)
        if is_broken or any(is_transit(i) for i in _overlapping(own, UPLINK, at_listener)):
            return "uplink"
        return (
            "round_trip"
            if _overlapping(own, (*UPLINK, IssueName.HIGH_RTT), at_listener)
            else "unknown"
        )
    has_lost = any(
        i.worst.get("loss_percent", 0.0) >= LOSS_PERCENT for i in own if i.name in UPLINK
    )
    return "relay_tcp" if during(at_listener.issues, relayed) and not has_lost else "uplink"


def _overlapping(
    own: Iterable[Issue], names: Iterable[IssueName], at_listener: IssueGroup
) -> list[Issue]:
    """The issues of these names that overlap the group's time."""
    wanted = frozenset(names)
    return [
        i
        for i in own
        if i.name in wanted and overlap_ms(at_listener.episodes, [(i.first_at, i.last_at)])
    ]


def round_trips(subject: Subject, comparison: Comparison) -> list[Finding]:
    """Long round trips that no loss and no relay of the same time explains."""
    lost = spans_of([*transit_issues(subject, UPLINK), *transit_issues(subject, DOWNLINK)])
    explained = [*during(subject.issues, lost), *relay_issues(subject)]
    group = group_of(
        issue
        for issue in issues_named(subject, *PATH_ISSUES)
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
    """Media through TURN over TCP, and its consequences."""
    group = group_of(issues_named(subject, IssueName.TURN_RELAYED_TCP))
    if group is None:
        return []
    trouble = group_of(relay_issues(subject))
    if trouble is None:
        return [finding(subject, "relay_tcp", group, FindingParts(severity="information"))]
    narrow = [issue for issue in trouble.issues if issue.name in BANDWIDTH_ISSUES]
    jitter = [f for f in led_by(figures_of(trouble), "jitter_ms") if f.worst >= JITTER_MS]
    parts = FindingParts(
        figures=[*long_round_trips(trouble.issues), *jitter],
        media=media_of(trouble.issues),
        spans=trouble.episodes,
        evidence=Evidence(sent_media=_sent_media(subject, comparison, narrow) if narrow else []),
    )
    found = finding(subject, "relay_tcp", IssueGroup([*group.issues, *trouble.issues]), parts)
    return [replace(found, issues=[*group.names, *trouble.names])]


def bandwidth(subject: Subject, comparison: Comparison) -> list[Finding]:
    """Low bandwidth that neither loss nor a relay of the same time explains."""
    lost = during(subject.issues, spans_of(transit_issues(subject, UPLINK)))
    explained = [*lost, *relay_issues(subject)]
    by_server = spans_of(issue for issue in subject.issues if issue.origin == "server")
    explained += during(issues_named(subject, *BANDWIDTH_ISSUES), by_server)
    explained += [issue for issue in subject.issues if issue.origin == "remote"]
    group = group_of(
        issue for issue in issues_named(subject, *BANDWIDTH_ISSUES) if issue not in explained
    )
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
    """Media that waited in the jitter buffer, or arrived too late from everybody, though no loss or
    jitter of the time is known."""
    waited = [
        issue
        for issue in issues_named(subject, *PLAYOUT)
        if (issue.origin == "local" and not (is_sent(issue) and issue.name in _SHOWN))
        or (issue.origin is None and issue.name is IssueName.HIGH_JITTER_BUFFER_DELAY)
    ]
    transit = [issue for issue in issues_named(subject, *DOWNLINK) if is_transit(issue)]
    explained = during(waited, spans_of([*transit, *machine_issues(subject)]))
    explained += relay_issues(subject)
    group = group_of(issue for issue in waited if issue not in explained)
    if group is None:
        return []
    senders = {comparison.sender_of(subject.participant_id, issue.stream) for issue in group.issues}
    known = [participant_id for participant_id in senders if participant_id is not None]
    parts = FindingParts(
        figures=led_by(figures_of(group), *LEADING_FIGURES["late"]),
        peer_ids=known if len(senders) == 1 else (),
    )
    return [finding(subject, "lateness", group, parts)]
