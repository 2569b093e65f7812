"""What to tell people about a participant's network: each cause once, with what came of it."""

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec.structs import replace

from aftercall.core.quality.attribution.findings import (
    Finding,
    Subject,
    advice_of,
    during,
    finding,
    named,
    spans_of,
)
from aftercall.core.quality.attribution.session import (
    DOWNLINK,
    JITTER_MS,
    LOSS_PERCENT,
    UPLINK,
    Session,
    Strain,
    are_most,
    is_transit,
)
from aftercall.core.quality.attribution.tellings import Group, group_of, listed, percent
from aftercall.core.quality.attribution.traces import overlap_ms
from aftercall.core.quality.intervals.streams import AUDIO, PRODUCERS
from aftercall.core.quality.rules.issues import Issue, IssueName

POOR_RTT_MS: Final = 300
"""From where on a round trip is worth telling, as in the catalogue."""

MOST_NAMED: Final = 2
"""More senders than this are counted, not named."""

_PATH: Final = (*UPLINK, *DOWNLINK, IssueName.HIGH_RTT)
_ROOM: Final = (IssueName.BANDWIDTH_LIMITED, IssueName.LOW_AVAILABLE_BITRATE)


def _lost(subject: Subject, names: Iterable[IssueName]) -> list[Issue]:
    """The participant's own trouble on the way. What a relay over TCP does without losing much
    is the relay's doing: see `_relay_trouble`."""
    own = [i for i in subject.issues if i.name in names and is_transit(i) and i.origin != "remote"]
    held_up = _relay_trouble(subject)
    return [issue for issue in own if issue not in held_up]


def _relay_trouble(subject: Subject) -> list[Issue]:
    """Jitter, long round trips and little room while media went through TURN over TCP, where
    nothing is lost but everything waits. What one sender's streams lost besides was lost before
    the relay, and the jitter of all of them hides it."""
    relayed = spans_of(named(subject, IssueName.TURN_RELAYED_TCP))
    if not relayed:
        return []
    own = [issue for issue in named(subject, *_PATH, *_ROOM) if issue.origin != "remote"]
    waiting = during(own, relayed)
    received = group_of(issue for issue in waiting if issue.name in DOWNLINK)
    typical = 0.0 if received is None else received.typical("loss_percent") or 0.0
    return [
        issue
        for issue in waiting
        if issue.worst.get("loss_percent", 0.0) < LOSS_PERCENT
        or (issue.name in DOWNLINK and typical < LOSS_PERCENT)
    ]


def _round_trip_of(issues: Iterable[Issue]) -> float | None:
    """The longest round trip in ms, if any was long enough to be an issue."""
    long = [issue.worst.get("rtt_ms", 0.0) for issue in issues]
    return max((rtt for rtt in long if rtt >= POOR_RTT_MS), default=None)


def _strain(loss: float, jitter_ms: float) -> Strain:
    """What is told of a group with such figures."""
    return "loss" if loss >= LOSS_PERCENT or jitter_ms < JITTER_MS else "jitter"


def _how_bad(subject: Subject, group: Group, what: str, loss: float, jitter_ms: float) -> str:
    """`Up to 12 % of what they sent was lost from …`, with the round trips of the time. Those
    of a network that is bad both ways are told with what was lost on the way out."""
    if _strain(loss, jitter_ms) == "loss":
        sentence = f"Up to {percent(loss)} of {what} was lost {group.when}"
    else:
        sentence = (
            f"{what.capitalize()} came unevenly {group.when}, jitter up to {jitter_ms:.0f} ms"
        )
    long = during(named(subject, *_PATH), group.spells)
    if group.issues[0].name in DOWNLINK:
        told = during(long, spans_of(_lost(subject, UPLINK)))
        long = [issue for issue in long if issue not in told]
    rtt_ms = _round_trip_of(long)
    if rtt_ms is not None:
        sentence += f", with round trips of up to {rtt_ms:.0f} ms"
    return sentence


def _fitted(subject: Subject, session: Session, narrow: Sequence[Issue]) -> str:
    """What came of too little room: `their video was made smaller to fit`."""
    if any(issue.name is IssueName.BANDWIDTH_LIMITED for issue in narrow):
        return "their video was made smaller to fit"
    what = "sound" if _is_sound_alone(subject, session) else "video"
    return f"there was too little room for their {what}"


def _is_sound_alone(subject: Subject, session: Session) -> bool:
    """Whether they sent sound and never a picture."""
    sent = {t.family for t in session.parties[subject.row_id].traces if t.family in PRODUCERS}
    is_picture = any(i.name is IssueName.BANDWIDTH_LIMITED for i in subject.issues)
    return bool(sent) and sent <= AUDIO and not is_picture


def uplink(subject: Subject, session: Session) -> list[Finding]:
    """What they sent and was lost or came unevenly, and who noticed."""
    group = group_of(_lost(subject, UPLINK))
    if group is None:
        return []
    loss, jitter_ms = group.worst("loss_percent") or 0.0, group.worst("jitter_ms") or 0.0
    strain = _strain(loss, jitter_ms)
    heard = [session.listeners_missing(subject.row_id, span, strain) for span in group.spells]
    listeners = {row_id for every, _ in heard for row_id in every}
    bad = {row_id for _, missing in heard for row_id in missing}
    sentence = _how_bad(subject, group, "what they sent", loss, jitter_ms)
    if len(listeners) > 1:
        sentence += f"; {len(bad)} of {len(listeners)} listeners noticed"
    narrow = during(named(subject, *_ROOM), group.spells)
    if narrow:
        sentence += f"; {_fitted(subject, session, narrow)}"
    found = finding(subject, "uplink", group, f"{sentence}.", peer_ids=bad)
    evidence: dict[str, float | bool] = {
        "listeners_present": len(listeners),
        "listeners_affected": len(bad),
        "is_reported_by_sender": any(issue.stream.family is not None for issue in group.issues),
    }
    return [replace(found, affected=sorted(bad), evidence=evidence)]


def downlink(subject: Subject, session: Session) -> list[Finding]:
    """What they were sent and was lost or came unevenly, on their own side or, while the others'
    reports are not at hand, on nobody knows whose."""
    group = group_of(_lost(subject, DOWNLINK))
    if group is None:
        return []
    # What befell one sender's streams alone is that sender's.
    loss, jitter_ms = group.typical("loss_percent") or 0.0, group.typical("jitter_ms") or 0.0
    sentence = _how_bad(subject, group, "what they were sent", loss, jitter_ms)
    if all(issue.origin is None for issue in group.issues):
        return [finding(subject, "reception", group, f"{sentence}; on whose side is not known.")]
    sentence += _from_whom(subject, group, session, _strain(loss, jitter_ms))
    return [finding(subject, "downlink", group, f"{sentence}.")]


def _from_whom(subject: Subject, group: Group, session: Session, strain: Strain) -> str:
    """A clause about the senders missed, and what that says of where it was: of nearly all, at
    the listener's own side; of some only, after their uplinks and before it."""
    heard = [session.senders_missed(subject.row_id, span, strain) for span in group.spells]
    senders = {row_id for every, _ in heard for row_id in every}
    bad = {row_id for _, missed in heard for row_id in missed}
    if len(senders) < 2 or not bad:
        return ""
    if are_most(bad, senders):
        return f"; from {len(bad)} of {len(senders)} senders, so it was their own downlink"
    whom = listed(sorted(subject.names.get(row_id, row_id) for row_id in bad))
    if len(bad) > MOST_NAMED:
        whom = f"{len(bad)} of {len(senders)} senders"
    what = "lost" if strain == "loss" else "held up"
    return f"; only from {whom}, so it was {what} in the server or between it and them"


def from_others(subject: Subject, session: Session) -> list[Finding]:
    """What came badly because it was sent badly."""
    found: list[Finding] = []
    by_sender: dict[str, list[Issue]] = {}
    for issue in subject.issues:
        sender = None if issue.origin != "remote" else session.sender_behind(subject.row_id, issue)
        if sender is not None:
            by_sender.setdefault(sender, []).append(issue)
    for sender, issues in by_sender.items():
        every = Group(issues)
        why = _why(every, session.parties[sender].issues)
        name = subject.names.get(sender, sender)
        sentence = f"{name} came through badly {every.when}; the cause was {name}'s {why}."
        told = finding(
            subject, "sender", every, sentence, severity="information", peer_ids=[sender]
        )
        found.append(replace(told, subject=sender, advice=advice_of("sender", name)))
    return found


def _why(heard: Group, own: Sequence[Issue]) -> str:
    """What made a sender come through badly: `heard` is what a listener has, `own` what the
    sender's reports show."""
    if not any("network" in name for name in heard.names):
        held_back = {i.name for i in own if overlap_ms(heard.spells, [(i.first_at, i.last_at)])}
        if IssueName.ICE_RECONNECTING in held_back:
            return "lost connection"
        if IssueName.CPU_LIMITED in held_back:
            return "machine"
        return "narrow uplink" if held_back.intersection(_ROOM) else "camera or machine"
    relayed = spans_of(issue for issue in own if issue.name is IssueName.TURN_RELAYED_TCP)
    has_lost = any(
        i.worst.get("loss_percent", 0.0) >= LOSS_PERCENT for i in own if i.name in UPLINK
    )
    return "TURN relay on TCP" if during(heard.issues, relayed) and not has_lost else "uplink"


def round_trips(subject: Subject, session: Session) -> list[Finding]:
    """Long ones that no loss and no relay of the same time explains."""
    lost = spans_of([*_lost(subject, UPLINK), *_lost(subject, DOWNLINK)])
    told = [*during(subject.issues, lost), *_relay_trouble(subject)]
    group = group_of(
        issue
        for issue in named(subject, *_PATH)
        if issue.origin != "remote" and not is_transit(issue) and issue not in told
    )
    if group is None:
        return []
    rtt_ms = group.worst("rtt_ms") or 0.0
    sentence = f"Round trips took up to {rtt_ms:.0f} ms {group.when}."
    return [finding(subject, "round_trip", group, sentence)]


def relays(subject: Subject, session: Session) -> list[Finding]:
    """Media through TURN over TCP, and what it did."""
    group = group_of(named(subject, IssueName.TURN_RELAYED_TCP))
    if group is None:
        return []
    sentence = f"Their media went through a TURN relay on TCP {group.when}"
    trouble = group_of(_relay_trouble(subject))
    if trouble is None:
        return [finding(subject, "relay_tcp", group, f"{sentence}.", severity="information")]
    felt = []
    rtt_ms, jitter_ms = _round_trip_of(trouble.issues), trouble.worst("jitter_ms") or 0.0
    if rtt_ms is not None:
        felt.append(f"round trips took up to {rtt_ms:.0f} ms")
    if jitter_ms >= JITTER_MS:
        felt.append(f"jitter reached {jitter_ms:.0f} ms")
    narrow = [issue for issue in trouble.issues if issue.name in _ROOM]
    if narrow:
        felt.append(_fitted(subject, session, narrow))
    sentence += ", where one late packet holds up all behind it: "
    sentence += f"{listed(felt)} {trouble.when}."
    told = finding(subject, "relay_tcp", Group([*group.issues, *trouble.issues]), sentence)
    return [replace(told, issues=[*group.names, *trouble.names])]


def bandwidth(subject: Subject, session: Session) -> list[Finding]:
    """Too little room that neither loss nor a relay of the same time explains."""
    lost = during(subject.issues, spans_of(_lost(subject, UPLINK)))
    told = [*lost, *_relay_trouble(subject)]
    group = group_of(issue for issue in named(subject, *_ROOM) if issue not in told)
    if group is None:
        return []
    kbps = group.worst("available_kbps", lowest=True)
    what = "sound" if _is_sound_alone(subject, session) else "video"
    sentence = f"Their uplink was too narrow for their {what} {group.when}"
    if kbps is not None:
        sentence += f" (as little as {kbps:.0f} kbit/s)"
    return [finding(subject, "bandwidth", group, f"{sentence}.")]


def lateness(subject: Subject, session: Session) -> list[Finding]:
    """What had to wait in the jitter buffer though no loss or jitter of the time is told."""
    waited = named(subject, IssueName.HIGH_JITTER_BUFFER_DELAY)
    told = during(waited, spans_of(named(subject, *DOWNLINK)))
    group = group_of(issue for issue in waited if issue not in told)
    if group is None:
        return []
    waited_ms = group.worst("jitter_buffer_ms") or 0.0
    sentence = (
        f"What they were sent came in clumps {group.when} and was played up to "
        f"{waited_ms:.0f} ms late to make up for it."
    )
    return [finding(subject, "lateness", group, sentence)]
