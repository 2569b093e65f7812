"""What to tell people about a participant's call: sentences with the numbers and times in them,
the worst first."""

from collections.abc import Callable
from itertools import pairwise
from typing import Final

from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.quality.attribution.advice import ADVICE
from aftercall.core.quality.attribution.findings import (
    Finding,
    Kit,
    Subject,
    advice_of,
    after_device,
    during,
    finding,
    named,
    spans_of,
)
from aftercall.core.quality.attribution.media_findings import unexplained, unseen
from aftercall.core.quality.attribution.network_findings import (
    bandwidth,
    downlink,
    from_others,
    lateness,
    relays,
    round_trips,
    uplink,
)
from aftercall.core.quality.attribution.session import Session
from aftercall.core.quality.attribution.tellings import (
    MOST_SPELLS,
    RANKS,
    Group,
    clock,
    group_of,
    length,
    listed,
    percent,
    when,
)
from aftercall.core.quality.attribution.traces import union
from aftercall.core.quality.rules.issues import Issue, IssueName


def diagnose(subject: Subject, session: Session) -> list[Finding]:
    """Everything worth saying, the worst first, then the longest."""
    found = [each for tell in _TELLERS for each in tell(subject, session)]
    return sorted(found, key=lambda f: (RANKS[f.severity], f.first_at - f.last_at, f.first_at))


def _machine(subject: Subject, session: Session) -> list[Finding]:
    encoding = named(subject, IssueName.CPU_LIMITED)
    showing = named(subject, IssueName.DECODER_OVERLOADED)
    group = group_of([*encoding, *showing])
    if group is None:
        return []
    slow = during(named(subject, IssueName.LOW_FRAME_RATE), spans_of(encoding))
    rates = [issue.worst["fps"] for issue in slow if _is_sent(issue)]
    felt = []
    if encoding:
        down = f", down to {min(rates):.0f} frames a second" if rates else ""
        felt.append(f"to send their video in full{down}")
    if showing:
        dropped = percent(Group(showing).worst("dropped_percent") or 0.0)
        felt.append(f"to show all they received (up to {dropped} of the frames were dropped)")
    sentence = f"Their machine was too slow {listed(felt)}, {group.when}."
    return [finding(subject, "cpu", group, sentence)]


def _is_sent(issue: Issue) -> bool:
    return (issue.stream.family or "").endswith("producer")


def _one_way(subject: Subject, session: Session) -> list[Finding]:
    found: list[Finding] = []
    unheard: dict[str, list[Issue]] = {}
    for issue in named(subject, IssueName.ONE_WAY_AUDIO, IssueName.NO_AUDIO_RECEIVED):
        sender = session.sender_of(subject.row_id, issue.stream)
        if sender is not None:
            unheard.setdefault(sender, []).append(issue)
    for sender, issues in unheard.items():
        group = Group(issues)
        name = subject.names.get(sender, sender)
        sentence = f"They heard nothing of {name} {group.when} although {name} spoke"
        sentence += after_device(subject, group, "speaker")
        found.append(finding(subject, "one_way_audio", group, f"{sentence}.", peer_ids=[sender]))
    return found


def _unplayed(subject: Subject, session: Session) -> list[Finding]:
    group = group_of(named(subject, IssueName.AUDIO_NOT_PLAYED))
    if group is None:
        return []
    rows = {session.sender_of(subject.row_id, issue.stream) for issue in group.issues}
    senders = sorted(row_id for row_id in rows if row_id is not None)
    whom = listed(sorted(subject.names.get(row_id, row_id) for row_id in senders))
    sentence = f"The sound they got{whom and f' of {whom}'} arrived but was not played {group.when}"
    sentence += after_device(subject, group, "speaker")
    return [finding(subject, "audio_not_played", group, f"{sentence}.", peer_ids=senders)]


def _microphone(subject: Subject, session: Session) -> list[Finding]:
    found: list[Finding] = []
    silent = group_of(named(subject, IssueName.SILENT_MICROPHONE))
    if silent is not None:
        sentence = f"Their microphone was on but silent {silent.when}"
        sentence += after_device(subject, silent, "microphone")
        found.append(finding(subject, "silent_microphone", silent, f"{sentence}."))
    constant = group_of(named(subject, IssueName.CONSTANT_AUDIO_LEVEL))
    if constant is not None:
        sentence = f"Their microphone gave one constant sound {constant.when}"
        sentence += after_device(subject, constant, "microphone")
        sentence += ": hum, or a stuck device."
        found.append(finding(subject, "constant_audio", constant, sentence))
    return [*found, *_unsent(subject)]


def _unsent(subject: Subject) -> list[Finding]:
    found: list[Finding] = []
    for name, what, kit in _UNSENT:
        group = group_of(named(subject, name))
        if group is not None:
            sentence = f"They sent no {what} {group.when} although it was switched on"
            sentence += after_device(subject, group, kit)
            found.append(finding(subject, f"no_{what}_sent", group, f"{sentence}."))
    return found


_UNSENT: Final[tuple[tuple[IssueName, str, Kit], ...]] = (
    (IssueName.NO_AUDIO_SENT, "audio", "microphone"),
    (IssueName.NO_VIDEO_SENT, "video", "camera"),
)


def _connection(subject: Subject, session: Session) -> list[Finding]:
    found: list[Finding] = []
    lost = group_of(named(subject, IssueName.ICE_RECONNECTING))
    if lost is not None:
        spells = spans_of(lost.issues)
        at = [_outage(*spell) for spell in spells]
        if len(at) > MOST_SPELLS:
            total = length(sum(end - start for start, end in spells))
            at = [f"{len(at)} times, for {total} in all, first at {clock(lost.span[0])}"]
        found.append(
            finding(subject, "interruption", lost, f"Their connection was lost {listed(at)} UTC.")
        )
    failed = group_of(named(subject, IssueName.ICE_FAILED, IssueName.CONNECTION_FAILED))
    if failed is not None:
        at = [f"at {clock(moment)}" for moment in sorted({i.first_at for i in failed.issues})]
        many = f"{len(at)} times, first {at[0]}" if len(at) > MOST_SPELLS else listed(at)
        found.append(
            finding(subject, "interruption", failed, f"Their connection failed {many} UTC.")
        )
    slow = named(subject, IssueName.SLOW_CONNECT)
    again = during(slow, [] if lost is None else spans_of(lost.issues))
    for start, end in spans_of(issue for issue in slow if issue not in again):
        group = Group(issue for issue in slow if start <= issue.first_at <= end)
        took = length(group.worst("connect_ms") or 0.0)
        sentence = f"They needed {took} to connect at {clock(start)} UTC."
        found.append(finding(subject, "slow_connect", group, sentence))
    return found


def _outage(start_at: EpochMs, end_at: EpochMs) -> str:
    if end_at - start_at < SECOND_MS:
        return f"at {clock(start_at)}"
    return f"for {length(end_at - start_at)} at {clock(start_at)}"


def _rejoins(subject: Subject, session: Session) -> list[Finding]:
    # Two tabs are one stay; a page loaded again is hardly gone.
    stays = union(subject.stays, within_ms=SECOND_MS)
    away = [(before[1], after[0]) for before, after in pairwise(stays)]
    if not away:
        return []
    total = length(sum(end - start for start, end in away))
    sentence = f"They were gone {when(away)} and rejoined ({total} away)."
    if len(away) > MOST_SPELLS:
        sentence = f"They were gone {when(away)}, and rejoined."
    return [
        Finding(
            cause="rejoined",
            severity="warning",
            sentence=sentence,
            first_at=away[0][0],
            last_at=away[-1][1],
            issues=[],
            subject=subject.row_id,
            affected=[subject.row_id],
            spans=away,
            advice=advice_of("rejoined", subject.names.get(subject.row_id, subject.row_id)),
            advice_key=ADVICE["rejoined"].key,
        )
    ]


def _gaps(subject: Subject, session: Session) -> list[Finding]:
    group = group_of(named(subject, IssueName.STATS_GAP))
    if group is None:
        return []
    sentence = f"No reports came {group.when}; what happened then is not known."
    return [finding(subject, "stats_gap", group, sentence)]


_TELLERS: Final[tuple[Callable[[Subject, Session], list[Finding]], ...]] = (
    uplink,
    downlink,
    from_others,
    round_trips,
    lateness,
    relays,
    _machine,
    bandwidth,
    _one_way,
    _unplayed,
    unseen,
    _microphone,
    _connection,
    _rejoins,
    _gaps,
    unexplained,
)
