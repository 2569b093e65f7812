"""Phrases that sentences about several causes share."""

from typing import Final

from aftercall.core.quality.diagnosis.figures import Figure
from aftercall.core.quality.diagnosis.findings import Finding, Medium
from aftercall.core.quality.diagnosis.wording import Mentions, format_clock, join_words
from aftercall.core.quality.issues import IssueName

_MEDIA_WORDS: Final[dict[Medium, str]] = {
    "voice": "voice",
    "video": "video",
    "screen": "screen",
    "screen_sound": "screen sound",
}

ROOM: Final = frozenset({IssueName.BANDWIDTH_LIMITED, IssueName.LOW_AVAILABLE_BITRATE})
"""The issues of too little bandwidth for the sent media."""

_BOTH: Final = 2
"""The number of senders up to which they are named in the middle of a sentence."""


def subject_of(finding: Finding) -> str:
    """The participant id of the subject."""
    return finding.subject or ""


def lead_of(finding: Finding) -> Figure | None:
    """The figure that the cause is about."""
    return next(iter(finding.figures), None)


def media_words(finding: Finding) -> str:
    """`voice and video`."""
    return join_words([_MEDIA_WORDS[medium] for medium in finding.media])


def sent_by(finding: Finding, mentions: Mentions) -> str:
    """`Ann's voice and video`."""
    if not finding.media:
        return f"what {mentions.name(subject_of(finding))} sent"
    return f"{mentions.possessive(subject_of(finding))} {media_words(finding)}"


def sent_to(finding: Finding, mentions: Mentions) -> str:
    """`the voice and video sent to Ann`; of one or two senders `Bob's voice to Ann`."""
    if 0 < len(finding.peer_ids) <= _BOTH and finding.media:
        whose = join_words(
            [mentions.possessive(participant_id) for participant_id in finding.peer_ids]
        )
        return f"{whose} {media_words(finding)} to {mentions.name(subject_of(finding))}"
    what = f"the {media_words(finding)} sent" if finding.media else "what was sent"
    return f"{what} to {mentions.name(subject_of(finding))}"


def held_back(finding: Finding, mentions: Mentions) -> str:
    """`Ann's video`: the media that could not be sent in full."""
    media = join_words([_MEDIA_WORDS[medium] for medium in finding.evidence.sent_media]) or "video"
    return f"{mentions.possessive(subject_of(finding))} {media}"


def fitted(finding: Finding, mentions: Mentions) -> str:
    """The consequence of low bandwidth: `Ann's video was made smaller to fit`."""
    if IssueName.BANDWIDTH_LIMITED in finding.issues:
        return f"{held_back(finding, mentions)} was made smaller to fit"
    return f"there was too little room for {held_back(finding, mentions)}"


def round_trips(finding: Finding) -> str:
    """A clause about long round trips of the same time, or nothing."""
    rtt = finding.figure("rtt_ms")
    return "" if rtt is None else f", with round trips of {rtt.in_full()}"


def noticed(finding: Finding, mentions: Mentions) -> str:
    """`; Bob, Cy and Dee heard it (voice about 2.5 of 5)`. Nothing if no listener is known to have
    noticed, which does not mean that none did."""
    evidence = finding.evidence
    others = [
        participant_id for participant_id in finding.affected if participant_id != finding.subject
    ]
    if not others:
        return ""
    asides = []
    if evidence.listeners_present is not None and evidence.listeners_present > len(others):
        asides.append(f"{len(others)} of {evidence.listeners_present} listeners")
    for medium, mos in (("voice", evidence.voice_mos), ("video", evidence.video_mos)):
        if mos is not None:
            asides.append(f"{medium} about {mos:.1f} of 5")
    aside = f" ({', '.join(asides)})" if asides else ""
    return f"; {mentions.join_names(others)} {_verb(finding)} it{aside}"


def _verb(finding: Finding) -> str:
    if not finding.media:
        return "noticed"
    return "heard" if {"voice", "screen_sound"} & set(finding.media) else "saw"


def unevenness(figure: Figure) -> str:
    """`jitter about 55 ms, at worst 80 ms`."""
    return _UNEVEN.get(figure.name, "{}").format(figure.in_full())


_UNEVEN: Final = {
    "jitter_ms": "jitter {}",
    "jitter_buffer_ms": "waiting {} in the jitter buffer",
    "concealment_percent": "{} of the sound made up",
    "frozen_percent": "the picture still for {} of the time",
    "mean_freeze_ms": "the picture still for {} at a time",
}


def after_switch(finding: Finding) -> str:
    """A clause about a preceding device change, or nothing."""
    device = finding.evidence.device
    if device is None:
        return ""
    what = device.label or f"another {device.kind}"
    return f", just after the switch to {what} at {format_clock(device.at)} UTC"


def faults_of(finding: Finding) -> list[str]:
    """The faults of a medium, as ends of a sentence; the estimated opinion only if there is no
    other."""
    figures = {figure.name: figure for figure in finding.figures}
    if "frozen_percent" in figures:
        figures.pop("mean_freeze_ms", None)
    found = [
        pattern.format(figures[name].in_full(), seconds=figures[name].usual() / 1_000)
        for name, pattern in _FAULTS.items()
        if name in figures
    ]
    if not found and "mos" in figures:
        found.append(f"was poor (about {figures['mos'].usual():.1f} of 5)")
    return found or ["was poor"]


_FAULTS: Final = {
    "concealment_percent": "was broken up ({} made up)",
    "frozen_percent": "stood still for {} of the time",
    "mean_freeze_ms": "stood still for {seconds:.1f} s at a time",
    "fps": "was slow ({})",
    "width_px": "was small ({} wide)",
    "requests_per_s": "was requested again {}",
}
