"""Sentences about the network."""

from typing import Final, TypeGuard

from aftercall.core.quality.diagnosis.figures import Figure
from aftercall.core.quality.diagnosis.findings import Finding, SenderCause
from aftercall.core.quality.diagnosis.phrases import (
    ROOM,
    fitted,
    held_back,
    lead_of,
    media_words,
    noticed,
    round_trips,
    sent_by,
    sent_to,
    subject_of,
    unevenness,
)
from aftercall.core.quality.diagnosis.wording import Mentions, format_spans, join_words
from aftercall.core.quality.issues import IssueName


def uplink(finding: Finding, mentions: Mentions) -> str:
    words = uplink_alone(finding, mentions) + noticed(finding, mentions)
    return f"{words}; {fitted(finding, mentions)}" if ROOM & set(finding.issues) else words


def uplink_alone(finding: Finding, mentions: Mentions) -> str:
    """Without those who noticed and the media that shrank."""
    words = _lost_or_uneven(
        finding,
        sent_by(finding, mentions),
        lost=f"on {mentions.possessive(subject_of(finding))} uplink",
        uneven=f"from {mentions.possessive(subject_of(finding))} uplink",
    )
    return words + round_trips(finding)


def _lost_or_uneven(finding: Finding, what: str, *, lost: str, uneven: str) -> str:
    """`about 8 % of … was lost on … uplink from …, at worst 14 %`, or `… came unevenly from …`."""
    lead = lead_of(finding)
    if _is_loss(lead):
        times = format_spans(finding.spans)
        return f"{lead.about()} of {what} was lost {lost} {times}{lead.at_worst()}"
    words = " ".join(filter(None, (what, "came unevenly", uneven, format_spans(finding.spans))))
    return words if lead is None else f"{words}, {unevenness(lead)}"


def _is_loss(lead: Figure | None) -> TypeGuard[Figure]:
    return lead is not None and lead.name == "loss_percent"


def downlink(finding: Finding, mentions: Mentions) -> str:
    if finding.peer_ids:
        return _of_some(finding, mentions)
    what = sent_to(finding, mentions)
    if IssueName.NARROW_DOWNLINK in finding.issues:
        whose = mentions.possessive(subject_of(finding))
        return f"{what} was made smaller to fit {whose} downlink {format_spans(finding.spans)}"
    where = f"on {mentions.possessive(subject_of(finding))} downlink"
    words = _lost_or_uneven(finding, what, lost=where, uneven=where) + round_trips(finding)
    present, affected = finding.evidence.senders_present, finding.evidence.senders_affected
    if not present or not affected:
        return words
    whose = f"{affected} of {present} senders"
    if affected == present:
        whose = "both senders" if present == 2 else f"all {present} senders"
    return f"{words}; {whose} came through badly"


def _of_some(finding: Finding, mentions: Mentions) -> str:
    """The sentence about media that arrived badly from some senders only, though they sent it
    well."""
    if len(finding.peer_ids) > len(finding.media) and len(finding.peer_ids) > 2:
        what = f"the {media_words(finding)} of {mentions.join_names(finding.peer_ids)} to "
        what += mentions.name(subject_of(finding))
    else:
        what = sent_to(finding, mentions)
    words = _lost_or_uneven(finding, what, lost="on the way", uneven="") + round_trips(finding)
    others = (finding.evidence.senders_present or 0) - len(finding.peer_ids)
    senders = "another sender" if others == 1 else f"{others} other senders"
    return (
        f"{words}; {senders} came through well, so it was in the server or between the server "
        f"and {mentions.name(subject_of(finding))}"
    )


def reception(finding: Finding, mentions: Mentions) -> str:
    what = sent_to(finding, mentions)
    words = _lost_or_uneven(finding, what, lost="on the way", uneven="")
    return f"{words}{round_trips(finding)}; on whose side is not known"


def server(finding: Finding, mentions: Mentions) -> str:
    return server_alone(finding, mentions) + noticed(finding, mentions)


def server_alone(finding: Finding, mentions: Mentions) -> str:
    """Without those who noticed."""
    media = f"everybody's {media_words(finding)}" if finding.media else "what everybody sent"
    words = _lost_or_uneven(
        finding,
        media,
        lost="in the server or in the network before it",
        uneven="from the server or from the network before it",
    )
    return words + round_trips(finding)


def sender(finding: Finding, mentions: Mentions) -> str:
    subject = subject_of(finding)
    words = sent_by(finding, mentions) if finding.media else mentions.name(subject)
    words += f" came through badly to {mentions.join_names(finding.affected)}"
    words += f" {format_spans(finding.spans)}"
    lead = lead_of(finding)
    if lead is not None and lead.name in _FAULTS:
        words += f" ({_FAULTS[lead.name].format(lead.in_full())})"
    why = _SENDER_CAUSES[finding.evidence.sender_cause or "unknown"]
    return f"{words}; the cause was {mentions.possessive(subject)} {why}"


_FAULTS: Final = {
    "loss_percent": "{} lost",
    "jitter_ms": "jitter {}",
    "rtt_ms": "round trips {}",
    "jitter_buffer_ms": "{} late",
    "concealment_percent": "{} made up",
    "frozen_percent": "still for {} of the time",
    "mean_freeze_ms": "still for {} at a time",
    "fps": "{}",
    "width_px": "width {}",
}

_SENDER_CAUSES: Final[dict[SenderCause, str]] = {
    "uplink": "uplink",
    "relay_tcp": "TURN relay on TCP",
    "interruption": "lost connection",
    "cpu": "slow machine",
    "bandwidth": "narrow uplink",
    "round_trip": "long round trips",
    "unknown": "camera or machine",
}


def relay_tcp(finding: Finding, mentions: Mentions) -> str:
    words = f"{mentions.possessive(subject_of(finding))} media went through a TURN relay on TCP"
    effects = [
        pattern.format(figure.in_full())
        for name, pattern in (("rtt_ms", "round trips took {}"), ("jitter_ms", "jitter was {}"))
        if (figure := finding.figure(name)) is not None
    ]
    if ROOM & set(finding.issues):
        effects.append(fitted(finding, mentions))
    if not effects:
        return f"{words} {format_spans(finding.spans)}"
    return (
        f"{words}, where one late packet holds up all behind it: {join_words(effects)} "
        f"{format_spans(finding.spans)}"
    )


def round_trip(finding: Finding, mentions: Mentions) -> str:
    words = f"{mentions.possessive(subject_of(finding))} round trips "
    lead = lead_of(finding)
    if lead is None:
        return f"{words}were long {format_spans(finding.spans)}"
    return f"{words}took {lead.about()} {format_spans(finding.spans)}{lead.at_worst()}"


def lateness(finding: Finding, mentions: Mentions) -> str:
    words = f"{sent_to(finding, mentions)} came in clumps {format_spans(finding.spans)}"
    lead = lead_of(finding)
    if lead is None:
        return words
    if lead.name == "jitter_buffer_ms":
        return f"{words} and was played {lead.about()} late{lead.at_worst()}"
    return f"{words}, {unevenness(lead)}"


def bandwidth(finding: Finding, mentions: Mentions) -> str:
    words = f"{mentions.possessive(subject_of(finding))} uplink was too narrow for "
    words += f"{held_back(finding, mentions)} {format_spans(finding.spans)}"
    room = finding.figure("available_kbps")
    return words if room is None else f"{words} ({room.in_full()})"
