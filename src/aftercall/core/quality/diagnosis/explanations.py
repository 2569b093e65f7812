"""What stands behind a finding: how it is known, and what followed from it.

The sentence of a finding joins all of it; a page that shows a cause in parts takes these. Nothing
is denied that was not examined.
"""

from collections.abc import Callable, Mapping
from typing import Final

from aftercall.core.quality.diagnosis import network_sentences as network
from aftercall.core.quality.diagnosis.findings import Finding
from aftercall.core.quality.diagnosis.phrases import (
    ROOM,
    after_switch,
    held_back,
    sent_by,
    subject_of,
)
from aftercall.core.quality.diagnosis.sentences import as_sentence, sentence_of
from aftercall.core.quality.diagnosis.wording import Mentions, format_amount
from aftercall.core.quality.issues import IssueName


def happened(finding: Finding, mentions: Mentions) -> str:
    """What happened, as one sentence without its effects."""
    alone = _WITHOUT_EFFECTS.get(finding.cause)
    if alone is None:
        return sentence_of(finding, mentions)
    return as_sentence(alone(finding, mentions), mentions)


def known(finding: Finding, mentions: Mentions) -> list[str]:
    """How the finding is known, a sentence each."""
    explain = _KNOWN.get(finding.cause)
    found = [] if explain is None else explain(finding, mentions)
    if finding.evidence.device is not None:
        found.append(f"It began{after_switch(finding).replace(', just', ' just', 1)}.")
    return found


def followed(finding: Finding, mentions: Mentions) -> list[str]:
    """What followed for others and for the media, a sentence each."""
    found: list[str] = []
    evidence = finding.evidence
    others = [each for each in finding.affected if each != finding.subject]
    if others and finding.subject is not None:
        present = evidence.listeners_present
        who = mentions.join_names(others)
        if present is not None and present > 1 and len(others) > 1:
            who = f"{'All' if present == len(others) else len(others)} of {present} listeners"
            if present == len(others):
                who = "Both listeners" if present == 2 else f"All {present} listeners"
        verb = "heard" if "voice" in finding.media or "screen_sound" in finding.media else "saw"
        found.append(f"{who} {verb if finding.media else 'noticed'} it.")
    if evidence.concealment_percent:
        made_up = format_amount(evidence.concealment_percent, "%")
        found.append(
            f"About {made_up} of {mentions.possessive(subject_of(finding))} voice was made up "
            "by the listeners' browsers."
        )
    for medium, mos in (("voice", evidence.voice_mos), ("picture", evidence.video_mos)):
        if mos is not None:
            whose = mentions.possessive(subject_of(finding))
            found.append(f"{whose} {medium} came across at about {mos:.1f} of 5.")
    if finding.cause in _NARROWS and ROOM & set(finding.issues):
        what = held_back(finding, mentions)
        was = "was made smaller to fit"
        if IssueName.BANDWIDTH_LIMITED not in finding.issues:
            was = "had too little room"
        found.append(f"{what[0].upper()}{what[1:]} {was}.")
    return found


_NARROWS: Final = frozenset({"uplink", "relay_tcp"})

_WITHOUT_EFFECTS: Final[Mapping[str, Callable[[Finding, Mentions], str]]] = {
    "uplink": network.uplink_alone,
    "server": network.server_alone,
}


def _uplink(finding: Finding, mentions: Mentions) -> list[str]:
    subject, evidence = subject_of(finding), finding.evidence
    found: list[str] = []
    if evidence.is_reported_by_sender:
        found.append(
            f"The other end reported to {mentions.possessive(subject)} browser what was missing."
        )
    if evidence.listeners_affected and evidence.listeners_present:
        affected, present = evidence.listeners_affected, evidence.listeners_present
        of = "Both listeners" if affected == present == 2 else f"{affected} of {present} listeners"
        found.append(
            f"{of} received {mentions.name(subject)} badly at that time, "
            "and not everybody else as well."
            if present > 1
            else f"The listener received {mentions.name(subject)} badly at that time."
        )
    if not evidence.is_reported_by_sender:
        found.append(
            "The listeners received others well then, so it was between "
            f"{mentions.name(subject)} and the server."
        )
    return found


def _downlink(finding: Finding, mentions: Mentions) -> list[str]:
    subject, evidence = subject_of(finding), finding.evidence
    if IssueName.NARROW_DOWNLINK in finding.issues:
        return [
            f"The server sent {mentions.name(subject)} smaller pictures than to others, "
            "from every sender; nothing of them was lost."
        ]
    affected, present = evidence.senders_affected, evidence.senders_present
    if affected and present:
        if finding.peer_ids:
            return [
                f"{affected} of {present} senders came through badly to "
                f"{mentions.name(subject)}, the others well."
            ]
        every = "Both senders" if affected == present == 2 else f"{affected} of {present} senders"
        return [
            f"{every} came through badly to {mentions.name(subject)}, so the cause lies at "
            f"{mentions.possessive(subject)} end."
        ]
    return [f"Others received the same senders well, or the senders sent well, as {_REPORTS}."]


_REPORTS: Final = "the reports of both ends show"


def _poor(finding: Finding, mentions: Mentions) -> list[str]:
    if finding.evidence.is_loss_free:
        return ["Every part of the path reported next to no loss."]
    return ["No trouble of the network, a machine or a device at that time explains it."]


def _words(*sentences: str) -> Callable[[Finding, Mentions], list[str]]:
    def explain(finding: Finding, mentions: Mentions) -> list[str]:
        name = mentions.name(subject_of(finding)) if finding.subject is not None else ""
        return [sentence.format(name=name) for sentence in sentences]

    return explain


def _cpu(finding: Finding, mentions: Mentions) -> list[str]:
    whose = mentions.possessive(subject_of(finding))
    found: list[str] = []
    if IssueName.CPU_LIMITED in finding.issues:
        found.append(f"{whose} browser reported that the processor limited what it encoded.")
    if finding.figure("dropped_percent") is not None:
        found.append("The frames arrived and were decoded too late to be shown.")
    return found


def _sender(finding: Finding, mentions: Mentions) -> list[str]:
    return [
        f"{sent_by(finding, mentions)} arrived as badly as it was sent; the listeners' own "
        "networks do not explain it."
    ]


def _unsent(finding: Finding, mentions: Mentions) -> list[str]:
    name = mentions.name(subject_of(finding))
    if finding.evidence.is_switched_on:
        return [
            f"It was switched on, and {mentions.possessive(subject_of(finding))} reports "
            "contain nothing that was sent."
        ]
    return [f"The reports of {name} contain nothing that was sent."]


def _one_way(finding: Finding, mentions: Mentions) -> list[str]:
    whose = mentions.join_names(finding.peer_ids) or "the other end"
    return [
        f"The reports of {whose} contain what was sent, and those of "
        f"{mentions.name(subject_of(finding))} nothing of it that arrived."
    ]


_KNOWN: Final[Mapping[str, Callable[[Finding, Mentions], list[str]]]] = {
    "uplink": _uplink,
    "downlink": _downlink,
    "reception": _words(
        "Only {name} reported it, and the sender's reports do not contain enough to compare."
    ),
    "server": _words("Everybody missed the same of everybody at the same time."),
    "sender": _sender,
    "relay_tcp": _words(
        "The path in use goes through a TURN server over TCP, where one late packet holds up all "
        "behind it."
    ),
    "round_trip": _words("{name}'s browser measured it on the path in use."),
    "lateness": _words(
        "What arrived waited in the jitter buffer of {name}'s browser, while no loss of that time "
        "is known."
    ),
    "bandwidth": _words("{name}'s browser estimated less room than it needed to send in full."),
    "cpu": _cpu,
    "one_way_audio": _one_way,
    "no_video_received": _one_way,
    "audio_not_played": _words(
        "Sound arrived at {name}'s browser for ten seconds or longer and not one sample of it was "
        "played."
    ),
    "silent_microphone": _words(
        "The microphone was not muted, and its level was zero for half a minute or longer."
    ),
    "constant_audio": _words("The level of the microphone hardly changed over ten reports."),
    "no_audio_sent": _unsent,
    "no_video_sent": _unsent,
    "poor_sound": _poor,
    "poor_picture": _poor,
    "poor_sound_sent": _poor,
    "poor_picture_sent": _poor,
    "interruption": _words("{name}'s browser reported that the connection had no path (ICE)."),
    "rejoined": _words("{name} left and joined again, by the events of the call."),
    "slow_connect": _words("The time from the beginning of the connection until it had a path."),
    "no_answer": _words(
        "{name}'s browser offered a connection and no description of the other side came back."
    ),
    "no_relay_candidate": _words(
        "{name}'s browser found addresses of its own, none of them of a TURN server, and ICE "
        "reached the other side from none."
    ),
    "media_refused": _words(
        "getUserMedia failed, by the browser's own error, and was not granted later."
    ),
    "stats_gap": _words("No report of {name} arrived for that time."),
}
"""By cause."""
