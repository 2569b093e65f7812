"""What went wrong in a participant's call and why: findings, the worst first."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

from msgspec.structs import replace

from aftercall.core.instants import SECOND_MS
from aftercall.core.quality.comparison.comparison import Comparison
from aftercall.core.quality.diagnosis.advice import ADVICE
from aftercall.core.quality.diagnosis.device_findings import microphone, one_way, unplayed
from aftercall.core.quality.diagnosis.figures import figures_of, led_by
from aftercall.core.quality.diagnosis.findings import (
    Evidence,
    Finding,
    FindingParts,
    Subject,
    finding,
    is_sent,
    issues_named,
    media_of,
)
from aftercall.core.quality.diagnosis.issue_groups import (
    IssueGroup,
    during,
    group_of,
    spans_of,
)
from aftercall.core.quality.diagnosis.media_findings import unexplained, unseen
from aftercall.core.quality.diagnosis.network_findings import (
    bandwidth,
    downlink,
    from_others,
    lateness,
    relays,
    round_trips,
    server,
    uplink,
)
from aftercall.core.quality.diagnosis.sentences import sentence_of
from aftercall.core.quality.diagnosis.wording import Mentions, People
from aftercall.core.quality.issues import SEVERITY_RANKS, IssueName
from aftercall.core.spans import union


def diagnose(
    subject: Subject, comparison: Comparison, people: People | None = None
) -> list[Finding]:
    """All findings about a participant, by severity, then by length. `people` are those of
    `subject.names`, if they are known."""
    found = [each for find in _FINDERS for each in find(subject, comparison)]
    ranked = sorted(
        found, key=lambda f: (SEVERITY_RANKS[f.severity], f.first_at - f.last_at, f.first_at)
    )
    if people is None:
        people = People(subject.names if found else {})
    return [put_in_words(each, people) for each in ranked]


def put_in_words(found: Finding, people: People) -> Finding:
    """The finding with its sentence and advice."""
    name = people.full(found.subject) if found.subject is not None else ""
    return replace(
        found,
        sentence=sentence_of(found, Mentions(people)),
        advice=ADVICE[found.cause].clause.format(name=name),
    )


def _machine(subject: Subject, comparison: Comparison) -> list[Finding]:
    encoding = issues_named(subject, IssueName.CPU_LIMITED)
    showing = issues_named(subject, IssueName.DECODER_OVERLOADED)
    group = group_of([*encoding, *showing])
    if group is None:
        return []
    slow = during(issues_named(subject, IssueName.LOW_FRAME_RATE), spans_of(encoding))
    every = group_of([*encoding, *showing, *(issue for issue in slow if is_sent(issue))])
    figures = [] if every is None else figures_of(every)
    parts = FindingParts(
        figures=led_by(figures, "limited_percent", "dropped_percent", "fps"),
        evidence=Evidence(sent_media=media_of(encoding)),
    )
    return [finding(subject, "cpu", group, parts)]


FELT_MS: Final = SECOND_MS
"""A connection that was lost for less is no interruption that anybody notices. Chosen."""


def _connection(subject: Subject, comparison: Comparison) -> list[Finding]:
    found: list[Finding] = []
    lost = group_of(
        i for i in issues_named(subject, IssueName.ICE_RECONNECTING) if i.origin != "remote"
    )
    outages = [] if lost is None else spans_of(lost.issues)
    if lost is not None:
        # ICE gives up on a path when a check or two is lost, and resumes it at the next.
        is_felt = any(end - start >= FELT_MS for start, end in outages)
        parts = FindingParts(
            figures=figures_of(lost),
            spans=outages,
            severity=None if is_felt else "information",
        )
        found.append(finding(subject, "interruption", lost, parts))
    failures = issues_named(subject, IssueName.ICE_FAILED, IssueName.CONNECTION_FAILED)
    explained = {
        issue.stream.connection_id for issue in issues_named(subject, IssueName.NO_RELAY_CANDIDATE)
    }
    failed = group_of(
        issue
        for issue in failures
        if issue.origin != "remote" and issue.stream.connection_id not in explained
    )
    if failed is not None:
        moments = sorted({issue.first_at for issue in failed.issues})
        parts = FindingParts(spans=[(moment, moment) for moment in moments])
        found.append(finding(subject, "interruption", failed, parts))
    slow = issues_named(subject, IssueName.SLOW_CONNECT)
    again = during(slow, outages)
    for start, end in spans_of(issue for issue in slow if issue not in again):
        group = IssueGroup(issue for issue in slow if start <= issue.first_at <= end)
        parts = FindingParts(figures=figures_of(group))
        found.append(finding(subject, "slow_connect", group, parts))
    return found


def _not_connected(subject: Subject, comparison: Comparison) -> list[Finding]:
    found: list[Finding] = []
    for name in (IssueName.MEDIA_REFUSED, IssueName.NO_ANSWER, IssueName.NO_RELAY_CANDIDATE):
        group = group_of(issues_named(subject, name))
        if group is not None:
            found.append(finding(subject, name.value, group, FindingParts()))
    return found


def _rejoins(subject: Subject, comparison: Comparison) -> list[Finding]:
    # Two tabs are one stay, and a reloaded page was not really away.
    stays = union(subject.stays, within_ms=SECOND_MS)
    away = [(before[1], after[0]) for before, after in pairwise(stays)]
    if not away:
        return []
    return [
        Finding(
            cause="rejoined",
            severity="warning",
            first_at=away[0][0],
            last_at=away[-1][1],
            issues=[],
            subject=subject.participant_id,
            affected=[subject.participant_id],
            spans=away,
            advice_key=ADVICE["rejoined"].key,
        )
    ]


def _gaps(subject: Subject, comparison: Comparison) -> list[Finding]:
    group = group_of(issues_named(subject, IssueName.STATS_GAP))
    if group is None:
        return []
    return [finding(subject, "stats_gap", group, FindingParts(figures=figures_of(group)))]


_FINDERS: Final[Sequence[Callable[[Subject, Comparison], list[Finding]]]] = (
    uplink,
    downlink,
    server,
    from_others,
    round_trips,
    lateness,
    relays,
    _machine,
    bandwidth,
    one_way,
    unplayed,
    unseen,
    microphone,
    _connection,
    _not_connected,
    _rejoins,
    _gaps,
    unexplained,
)
