"""The sentence of a finding, made from its parts alone.

The table `SENTENCES` has one function per cause, so that other programs can phrase the same parts
in their own words. The rules: the person first, then what, how bad, when, and who noticed; a person
is named in full at the first mention and never by a pronoun; nothing is denied that was not
examined.
"""

from collections.abc import Callable, Mapping
from typing import Final

from aftercall.core.quality.diagnosis import network_sentences as network
from aftercall.core.quality.diagnosis.findings import Finding
from aftercall.core.quality.diagnosis.phrases import (
    after_switch,
    faults_of,
    held_back,
    lead_of,
    sent_by,
    subject_of,
)
from aftercall.core.quality.diagnosis.wording import (
    Mentions,
    format_clock,
    format_duration,
    format_outages,
    format_spans,
    join_words,
)
from aftercall.core.quality.issues import IssueName
from aftercall.core.spans import length_ms


def sentence_of(finding: Finding, mentions: Mentions) -> str:
    """The finding as one sentence, with a capital unless it begins with a name."""
    return as_sentence(SENTENCES[finding.cause](finding, mentions), mentions)


def as_sentence(words: str, mentions: Mentions) -> str:
    """The words with a capital, unless they begin with a name, and a full stop."""
    if mentions.opening is None or not words.startswith(mentions.opening):
        words = f"{words[0].upper()}{words[1:]}"
    return f"{words}."


def _cpu(finding: Finding, mentions: Mentions) -> str:
    effects = []
    fps, dropped = finding.figure("fps"), finding.figure("dropped_percent")
    subject = subject_of(finding)
    words = f"{mentions.possessive(subject)} machine was too slow "
    if IssueName.CPU_LIMITED in finding.issues:
        down = "" if fps is None else f" ({fps.in_full()})"
        effects.append(f"to send {held_back(finding, mentions)} in full{down}")
    if dropped is not None:
        effects.append(f"to show all that came ({dropped.in_full()} of the frames were dropped)")
    return f"{words}{join_words(effects)} {format_spans(finding.spans)}"


def _one_way(finding: Finding, mentions: Mentions) -> str:
    listener = mentions.name(subject_of(finding))
    [sender] = finding.peer_ids
    words = f"{listener} heard nothing of {mentions.name(sender)} {format_spans(finding.spans)}"
    return f"{words} although {mentions.name(sender)} spoke{after_switch(finding)}"


def _unseen(finding: Finding, mentions: Mentions) -> str:
    words = f"{mentions.name(subject_of(finding))} saw nothing"
    words += f" of {mentions.join_names(finding.peer_ids)}" if finding.peer_ids else ""
    what = "screen" if finding.media == ["screen"] else "video"
    return f"{words} {format_spans(finding.spans)} although {what} was sent"


def _unplayed(finding: Finding, mentions: Mentions) -> str:
    whose = f" of {mentions.join_names(finding.peer_ids)}" if finding.peer_ids else ""
    words = f"the sound{whose} reached {mentions.name(subject_of(finding))} but was not played "
    return f"{words}{format_spans(finding.spans)}{after_switch(finding)}"


def _silent_microphone(finding: Finding, mentions: Mentions) -> str:
    words = f"{mentions.possessive(subject_of(finding))} microphone gave pure silence "
    return f"{words}{format_spans(finding.spans)}{after_switch(finding)}"


def _constant(finding: Finding, mentions: Mentions) -> str:
    words = f"{mentions.possessive(subject_of(finding))} microphone gave one constant sound "
    return f"{words}{format_spans(finding.spans)}{after_switch(finding)}: hum, or a stuck device"


def _unsent(what: str) -> "Callable[[Finding, Mentions], str]":
    def words(finding: Finding, mentions: Mentions) -> str:
        text = f"{mentions.name(subject_of(finding))} sent no {what} {format_spans(finding.spans)}"
        if finding.evidence.is_switched_on:
            text += " although it was switched on"
        return f"{text}{after_switch(finding)}"

    return words


def _interruption(finding: Finding, mentions: Mentions) -> str:
    words = f"{mentions.possessive(subject_of(finding))} connection "
    is_lost = IssueName.ICE_RECONNECTING in finding.issues
    return f"{words}{'was lost' if is_lost else 'failed'} {format_outages(finding.spans)}"


def _slow_connect(finding: Finding, mentions: Mentions) -> str:
    lead, start_at = lead_of(finding), format_clock(finding.spans[0][0])
    took = "long" if lead is None else format_duration(lead.worst)
    return f"{mentions.name(subject_of(finding))} needed {took} to connect at {start_at} UTC"


def _no_answer(finding: Finding, mentions: Mentions) -> str:
    whose = mentions.possessive(subject_of(finding))
    return f"{whose} offer of a connection at {format_clock(finding.first_at)} UTC was not answered"


def _no_relay_candidate(finding: Finding, mentions: Mentions) -> str:
    whose = mentions.possessive(subject_of(finding))
    at = format_clock(finding.first_at)
    return f"{whose} connection found no path at {at} UTC, and got no address from a TURN server"


def _media_refused(finding: Finding, mentions: Mentions) -> str:
    whose, at = mentions.possessive(subject_of(finding)), format_clock(finding.first_at)
    return f"{whose} browser gave no camera or microphone when it was asked at {at} UTC"


def _rejoined(finding: Finding, mentions: Mentions) -> str:
    words = (
        f"{mentions.name(subject_of(finding))} was gone {format_spans(finding.spans)} and rejoined"
    )
    if len(finding.spans) > 1 and "in all" in words:
        return words
    return f"{words} ({format_duration(length_ms(finding.spans))} away)"


def _gaps(finding: Finding, mentions: Mentions) -> str:
    words = f"no measurements of {mentions.possessive(subject_of(finding))} call are on record "
    return f"{words}{format_spans(finding.spans)}; what happened then is not known"


def _poor(finding: Finding, mentions: Mentions) -> str:
    subject = subject_of(finding)
    if finding.direction == "sent":
        words = f"{sent_by(finding, mentions)}, as sent,"
    else:
        verb = "heard" if finding.cause == "poor_sound" else "saw"
        words = f"what {mentions.name(subject)} {verb}"
        words += f" of {mentions.join_names(finding.peer_ids)}" if finding.peer_ids else ""
        if finding.media == ["screen"]:
            words += "'s screen" if finding.peer_ids else " of the screen"
    return (
        f"{words} {join_words(faults_of(finding))} {format_spans(finding.spans)}; {_why(finding)}"
    )


def _why(finding: Finding) -> str:
    if finding.evidence.is_loss_free:
        return "hardly any packet was lost on the way, so late packets or a busy machine are likely"
    return "the reports do not show why"


SENTENCES: Final[Mapping[str, Callable[[Finding, Mentions], str]]] = {
    "uplink": network.uplink,
    "downlink": network.downlink,
    "reception": network.reception,
    "server": network.server,
    "sender": network.sender,
    "relay_tcp": network.relay_tcp,
    "round_trip": network.round_trip,
    "lateness": network.lateness,
    "bandwidth": network.bandwidth,
    "cpu": _cpu,
    "one_way_audio": _one_way,
    "no_video_received": _unseen,
    "audio_not_played": _unplayed,
    "silent_microphone": _silent_microphone,
    "constant_audio": _constant,
    "no_audio_sent": _unsent("voice"),
    "no_video_sent": _unsent("video"),
    "poor_sound": _poor,
    "poor_picture": _poor,
    "poor_sound_sent": _poor,
    "poor_picture_sent": _poor,
    "interruption": _interruption,
    "slow_connect": _slow_connect,
    "no_answer": _no_answer,
    "no_relay_candidate": _no_relay_candidate,
    "media_refused": _media_refused,
    "rejoined": _rejoined,
    "stats_gap": _gaps,
}
"""By cause."""
