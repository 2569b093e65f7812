"""A participant's network issues by cause: in transit, by a relay over TCP, by long round trips."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from aftercall.core.quality.comparison.comparison import (
    DOWNLINK,
    JITTER_MS,
    LATE_FROM,
    LOSS_PERCENT,
    PLAYOUT,
    UPLINK,
    Impairment,
    is_transit,
)
from aftercall.core.quality.diagnosis.figures import Figure, figures_of, led_by
from aftercall.core.quality.diagnosis.findings import (
    Subject,
    issues_named,
)
from aftercall.core.quality.diagnosis.issue_groups import (
    IssueGroup,
    apart_from,
    during,
    group_of,
    spans_of,
)
from aftercall.core.quality.issues import Issue, IssueName

POOR_RTT_MS: Final = 300
"""The round trip from which it is mentioned, as in the catalogue."""

PATH_ISSUES: Final = (*UPLINK, *DOWNLINK, IssueName.HIGH_RTT)
BANDWIDTH_ISSUES: Final = (IssueName.BANDWIDTH_LIMITED, IssueName.LOW_AVAILABLE_BITRATE)


def transit_issues(subject: Subject, names: Iterable[IssueName]) -> list[Issue]:
    """The participant's own trouble in transit. Trouble of a relay over TCP without much loss is
    that of the relay: see `relay_issues`."""
    own = [i for i in subject.issues if i.name in names and is_transit(i) and _is_own(i)]
    by_relay = set(map(id, relay_issues(subject)))
    return [issue for issue in own if id(issue) not in by_relay]


def _is_own(issue: Issue) -> bool:
    """Whether trouble is, or may be, the participant's own. Directly sent media that was lost on an
    unknown side belongs to a finding about the receiver."""
    if issue.name in UPLINK:
        return issue.origin == "local"
    return issue.origin in ("local", None)


def relay_issues(subject: Subject) -> list[Issue]:
    """Jitter, long round trips and low bandwidth while media went through TURN over TCP, where
    nothing is lost but everything waits. Loss of one sender's streams happened before the relay,
    and the jitter of all streams hides it."""
    relayed = spans_of(issues_named(subject, IssueName.TURN_RELAYED_TCP))
    if not relayed:
        return []
    felt = issues_named(subject, *PATH_ISSUES, *BANDWIDTH_ISSUES, *PLAYOUT)
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


def long_round_trips(issues: Iterable[Issue]) -> list[Figure]:
    """The round trips that were long enough for an issue."""
    group = group_of(i for i in issues if i.worst.get("rtt_ms", 0.0) >= POOR_RTT_MS)
    return [] if group is None else led_by(figures_of(group), "rtt_ms")


def impairment_of_figures(figures: Sequence[Figure]) -> Impairment:
    """The impairment that a group with these figures is about."""
    worst = {figure.name: figure.worst for figure in figures}
    if worst.get("loss_percent", 0.0) >= LOSS_PERCENT:
        return "loss"
    if worst.get("jitter_ms", 0.0) >= JITTER_MS:
        return "jitter"
    return "late" if worst.keys() & LATE_FROM.keys() else "loss"


def transit_figures(subject: Subject, group: IssueGroup, figures: list[Figure]) -> list[Figure]:
    """Loss or jitter, and the round trips of the time. Those of a network that is bad in both
    directions belong to the uplink's finding."""
    long = during(issues_named(subject, *PATH_ISSUES), group.episodes)
    if group.issues[0].name in DOWNLINK:
        long = apart_from(long, spans_of(transit_issues(subject, UPLINK)))
    leads = LEADING_FIGURES[impairment_of_figures(figures)]
    return [*led_by(figures, *leads), *long_round_trips(long)]


LEADING_FIGURES: Final[Mapping[Impairment, tuple[str, ...]]] = {
    "loss": ("loss_percent",),
    "jitter": ("jitter_ms",),
    "late": tuple(LATE_FROM),
}


def machine_issues(subject: Subject) -> list[Issue]:
    return issues_named(subject, IssueName.DECODER_OVERLOADED, IssueName.ICE_RECONNECTING)
