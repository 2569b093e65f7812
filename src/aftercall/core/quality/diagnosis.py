"""What to tell people about a participant's call: sentences with the numbers and times in them,
the worst first."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.quality.attribution import Session, is_transit
from aftercall.core.quality.issues import Issue, IssueName, Severity
from aftercall.core.quality.metadata import DeviceChoice
from aftercall.core.quality.stream_rules import WARM_UP_MS
from aftercall.core.quality.tellings import RANKS, Group, clock, groups_of, length, percent
from aftercall.core.quality.traces import Span, intersection, union

FOLLOWS_MS: Final = 20 * SECOND_MS
"""Trouble that begins this soon after a change of device is told with it."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to say about a participant's call, in a sentence for people. `cause` is a
    stable word for programs; `peer_ids` are the others concerned."""

    cause: str
    severity: Severity
    sentence: str
    first_at: EpochMs
    last_at: EpochMs
    issues: list[IssueName]
    peer_ids: list[str] = []


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """The participant told about, and how to name everybody."""

    row_id: str
    issues: Sequence[Issue]
    """With origins, as `attribute` gives them."""
    stays: Sequence[Span]
    device_choices: Sequence[DeviceChoice]
    names: Mapping[str, str]
    """What to call each row."""


def diagnose(subject: Subject, session: Session) -> list[Finding]:
    """Everything worth saying, the worst first, then the longest."""
    found = [finding for tell in _TELLERS for finding in tell(subject, session)]
    return sorted(found, key=lambda f: (RANKS[f.severity], f.first_at - f.last_at, f.first_at))


def _named(subject: Subject, *names: IssueName) -> list[Issue]:
    return [issue for issue in subject.issues if issue.name in names]


def _relay_during(subject: Subject, span: Span) -> str:
    relays = [(i.first_at, i.last_at) for i in _named(subject, IssueName.TURN_RELAYED_TCP)]
    return " over a TURN relay on TCP" if intersection(union(relays), [span]) else ""


def _after_device(subject: Subject, span: Span) -> str:
    for choice in subject.device_choices:
        is_first = any(0 <= choice.at - start <= WARM_UP_MS for start, _ in subject.stays)
        if not is_first and 0 <= span[0] - choice.at <= FOLLOWS_MS:
            what = choice.device.label or choice.name.split("_")[1]
            return f", just after the switch to {what} at {clock(choice.at)}"
    return ""


def _finding(
    cause: str,
    group: Group,
    sentence: str,
    *,
    severity: Severity | None = None,
    peer_ids: Iterable[str] = (),
) -> Finding:
    return Finding(
        cause=cause,
        severity=severity or group.severity,
        sentence=sentence,
        first_at=group.span[0],
        last_at=group.span[1],
        issues=group.names,
        peer_ids=sorted(peer_ids),
    )


def _uplink(subject: Subject, session: Session) -> list[Finding]:
    issues = _named(subject, IssueName.POOR_NETWORK_UPLINK, IssueName.SEVERE_NETWORK_UPLINK)
    found: list[Finding] = []
    for group in groups_of(issue for issue in issues if is_transit(issue)):
        listeners, bad = session.listeners_missing(subject.row_id, group.span)
        loss, jitter = group.worst("loss_percent"), group.worst("jitter_ms")
        if loss is not None and loss >= 1:
            sentence = f"Lost up to {percent(loss)} of what it sent {group.when}"
        else:
            sentence = f"What it sent came unevenly {group.when} (jitter up to {jitter:.0f} ms)"
        sentence += _relay_during(subject, group.span) + _after_device(subject, group.span)
        if listeners:
            sentence += f"; {len(bad)} of {len(listeners)} listeners heard it"
        found.append(_finding("uplink", group, f"{sentence}.", peer_ids=bad))
    return found


def _downlink(subject: Subject, session: Session) -> list[Finding]:
    issues = _named(subject, IssueName.POOR_NETWORK_DOWNLINK, IssueName.SEVERE_NETWORK_DOWNLINK)
    found: list[Finding] = []
    own = [issue for issue in issues if is_transit(issue) and issue.origin != "remote"]
    for group in groups_of(own):
        senders, bad = session.senders_missed(subject.row_id, group.span)
        loss, jitter = group.typical("loss_percent"), group.typical("jitter_ms")
        if loss is not None and loss >= 1:
            sentence = f"Lost up to {percent(loss)} of what it was sent {group.when}"
        else:
            sentence = f"What it was sent came unevenly {group.when} (jitter up to {jitter:.0f} ms)"
        sentence += _relay_during(subject, group.span) + _after_device(subject, group.span)
        if len(senders) > 1:
            sentence += f"; from {len(bad)} of {len(senders)} senders, so it was its own downlink"
        found.append(_finding("downlink", group, f"{sentence}."))
    return found


def _from_others(subject: Subject, session: Session) -> list[Finding]:
    """What came badly because it was sent badly."""
    found: list[Finding] = []
    by_sender: dict[str, list[Issue]] = {}
    for issue in subject.issues:
        sender = session.sender_of(subject.row_id, issue.stream)
        if issue.origin == "remote" and sender is not None:
            by_sender.setdefault(sender, []).append(issue)
    for sender, issues in by_sender.items():
        groups = groups_of(issues)
        is_network = any("network" in issue.name for issue in issues)
        why = "uplink" if is_network else "camera or machine"
        name = subject.names.get(sender, sender)
        times = "" if len(groups) == 1 else f" {len(groups)} times"
        every = Group(issues)
        sentence = f"{name} came badly{times} {every.when}; the cause was {name}'s {why}."
        found.append(_finding("sender", every, sentence, severity="information", peer_ids=[sender]))
    return found


def _round_trips(subject: Subject, session: Session) -> list[Finding]:
    issues = [
        issue
        for issue in subject.issues
        if issue.name is IssueName.HIGH_RTT
        or ("network" in issue.name and not is_transit(issue) and issue.origin != "remote")
    ]
    found: list[Finding] = []
    for group in groups_of(issues):
        rtt_ms = group.worst("rtt_ms")
        sentence = f"Round trips took up to {rtt_ms:.0f} ms {group.when}"
        sentence += _relay_during(subject, group.span)
        found.append(_finding("round_trip", group, f"{sentence}."))
    return found


def _relays(subject: Subject, session: Session) -> list[Finding]:
    trouble = [
        (issue.first_at, issue.last_at)
        for issue in subject.issues
        if issue.origin != "remote" and ("network" in issue.name or issue.name == "high_rtt")
    ]
    found: list[Finding] = []
    for group in groups_of(_named(subject, IssueName.TURN_RELAYED_TCP)):
        sentence = f"Its media went through a TURN relay on TCP {group.when}"
        is_felt = bool(intersection(union(trouble), [group.span]))
        if is_felt:
            sentence += ", where one late packet holds up all behind it"
        severity: Severity = "warning" if is_felt else "information"
        found.append(_finding("relay_tcp", group, f"{sentence}.", severity=severity))
    return found


def _machine(subject: Subject, session: Session) -> list[Finding]:
    found: list[Finding] = []
    for group in groups_of(_named(subject, IssueName.CPU_LIMITED)):
        slow = [i for i in _named(subject, IssueName.LOW_FRAME_RATE) if _is_sent(i)]
        rates = [i.worst["fps"] for i in slow if intersection([group.span], [_span(i)])]
        sentence = f"Its machine was too slow to encode its video in full {group.when}"
        if rates:
            sentence += f", down to {min(rates):.0f} frames a second"
        found.append(_finding("cpu", group, f"{sentence}."))
    for group in groups_of(_named(subject, IssueName.DECODER_OVERLOADED)):
        dropped = group.worst("dropped_percent") or 0.0
        sentence = (
            f"Its machine was too slow to show all video {group.when}: "
            f"up to {percent(dropped)} of the frames were dropped."
        )
        found.append(_finding("cpu", group, sentence))
    return found


def _is_sent(issue: Issue) -> bool:
    return (issue.stream.family or "").endswith("producer")


def _span(issue: Issue) -> Span:
    return (issue.first_at, issue.last_at)


def _bandwidth(subject: Subject, session: Session) -> list[Finding]:
    found: list[Finding] = []
    names = (IssueName.BANDWIDTH_LIMITED, IssueName.LOW_AVAILABLE_BITRATE)
    for group in groups_of(_named(subject, *names)):
        kbps = group.worst("available_kbps", lowest=True)
        sentence = f"Its uplink was too narrow for its video {group.when}"
        if kbps is not None:
            sentence += f" (as little as {kbps:.0f} kbit/s)"
        found.append(_finding("bandwidth", group, f"{sentence}."))
    return found


def _one_way(subject: Subject, session: Session) -> list[Finding]:
    found: list[Finding] = []
    for issue in _named(subject, IssueName.ONE_WAY_AUDIO, IssueName.NO_AUDIO_RECEIVED):
        sender = session.sender_of(subject.row_id, issue.stream)
        if sender is None:
            continue
        group = Group([issue])
        name = subject.names.get(sender, sender)
        sentence = f"Heard nothing of {name} {group.when} although {name} spoke"
        sentence += _after_device(subject, group.span)
        found.append(_finding("one_way_audio", group, f"{sentence}.", peer_ids=[sender]))
    return found


def _microphone(subject: Subject, session: Session) -> list[Finding]:
    found: list[Finding] = []
    for group in groups_of(_named(subject, IssueName.SILENT_MICROPHONE)):
        sentence = f"Its microphone was on but silent {group.when}"
        sentence += _after_device(subject, group.span)
        found.append(_finding("silent_microphone", group, f"{sentence}."))
    for group in groups_of(_named(subject, IssueName.CONSTANT_AUDIO_LEVEL)):
        sentence = f"Its microphone gave one constant sound {group.when}: hum, or a stuck device."
        found.append(_finding("constant_audio", group, sentence))
    for name, what in (
        (IssueName.NO_AUDIO_SENT, "audio"),
        (IssueName.NO_VIDEO_SENT, "video"),
    ):
        for group in groups_of(_named(subject, name)):
            sentence = f"Sent no {what} {group.when} although it was switched on"
            sentence += _after_device(subject, group.span)
            found.append(_finding(f"no_{what}_sent", group, f"{sentence}."))
    return found


def _connection(subject: Subject, session: Session) -> list[Finding]:
    found: list[Finding] = []
    for issue in _named(subject, IssueName.ICE_RECONNECTING):
        group = Group([issue])
        outage = length(issue.worst.get("outage_ms", 0.0))
        sentence = f"The connection was lost for {outage} at {clock(issue.first_at)} UTC."
        found.append(_finding("interruption", group, sentence))
    for issue in _named(subject, IssueName.ICE_FAILED):
        group = Group([issue])
        sentence = f"The connection failed at {clock(issue.first_at)} UTC."
        found.append(_finding("interruption", group, sentence))
    for issue in _named(subject, IssueName.SLOW_CONNECT):
        group = Group([issue])
        took = length(issue.worst.get("connect_ms", 0.0))
        sentence = f"It took {took} to connect at {clock(issue.first_at)} UTC."
        found.append(_finding("slow_connect", group, sentence))
    return found


def _rejoins(subject: Subject, session: Session) -> list[Finding]:
    if len(subject.stays) < 2:
        return []
    times = len(subject.stays) - 1
    away_ms = [
        max(0, after[0] - before[1])
        for before, after in zip(subject.stays, subject.stays[1:], strict=False)
    ]
    again = "once" if times == 1 else f"{times} times"
    sentence = f"Rejoined {again}, away for {length(sum(away_ms))} in all."
    return [
        Finding(
            cause="rejoined",
            severity="warning",
            sentence=sentence,
            first_at=subject.stays[0][1],
            last_at=subject.stays[-1][0],
            issues=[],
        )
    ]


def _gaps(subject: Subject, session: Session) -> list[Finding]:
    found: list[Finding] = []
    for group in groups_of(_named(subject, IssueName.STATS_GAP)):
        sentence = f"No reports came {group.when}; what happened then is not known."
        found.append(_finding("stats_gap", group, sentence))
    return found


_TELLERS: Final[tuple[Callable[[Subject, Session], list[Finding]], ...]] = (
    _uplink,
    _downlink,
    _from_others,
    _round_trips,
    _relays,
    _machine,
    _bandwidth,
    _one_way,
    _microphone,
    _connection,
    _rejoins,
    _gaps,
)
