"""What the diagnosis is made of: findings, and whom they are about."""

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Final, Literal

import msgspec

from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.quality.diagnosis.advice import ADVICE
from aftercall.core.quality.diagnosis.figures import Figure
from aftercall.core.quality.diagnosis.issue_groups import IssueGroup
from aftercall.core.quality.issues import WARM_UP_MS, Issue, IssueName, Severity
from aftercall.core.quality.stats.link import PRODUCERS, Family
from aftercall.core.quality.stats.peer_metadata import DeviceChoice
from aftercall.core.spans import Span

FOLLOWS_MS: Final = 20 * SECOND_MS
"""Trouble that begins this soon after a change of device is reported with it."""

Medium = Literal["voice", "video", "screen", "screen_sound"]
Direction = Literal["sent", "received"]
SenderCause = Literal[
    "uplink", "relay_tcp", "interruption", "cpu", "bandwidth", "round_trip", "unknown"
]
DeviceKind = Literal["microphone", "camera", "speaker"]


class DeviceSwitch(msgspec.Struct, frozen=True, kw_only=True):
    """A change of device shortly before the trouble."""

    kind: DeviceKind
    label: str | None
    at: EpochMs


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How a finding is known. What was not looked at, or cannot be known, is not there."""

    listeners_present: int | None = None
    """Who received the subject in that time, and how many of them badly."""
    listeners_affected: int | None = None
    senders_present: int | None = None
    """Whom the subject received in that time, and how many of them badly."""
    senders_affected: int | None = None
    is_reported_by_sender: bool | None = None
    """Whether the sender's own reports show it; else it follows from what listeners received."""
    is_loss_free: bool | None = None
    """Every part of the way is known to have lost next to nothing."""
    is_switched_on: bool | None = None
    """Something reported that the microphone or camera was on."""
    voice_mos: float | None = None
    """How the voice came across to the affected, 1..4.5; and the picture, 1..5."""
    video_mos: float | None = None
    concealment_percent: float | None = None
    """How much of the voice those affected had to make up."""
    sender_cause: SenderCause | None = None
    """Of `sender`: what was wrong at the sender's side."""
    sent_media: list[Medium] = []
    """What was held back on its way out."""
    device: DeviceSwitch | None = None


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to say about a participant's call, in a sentence for people, and its parts for
    programs. People are named by the ids of their rows."""

    cause: str
    """A stable word."""
    severity: Severity
    sentence: str = ""
    first_at: EpochMs
    last_at: EpochMs
    issues: list[IssueName]
    peer_ids: list[str] = []
    """The others concerned."""
    subject: str | None = None
    """With whom the cause lies, or, where that is not known, whom it befell; `None` for the
    server."""
    media: list[Medium] = []
    """What suffered; empty where that is not known or not a stream."""
    direction: Direction | None = None
    """As the subject sees it."""
    figures: list[Figure] = []
    """The first is the one the cause is about."""
    affected: list[str] = []
    """Who suffered."""
    spans: list[Span] = []
    """Each stretch."""
    evidence: Evidence = Evidence()
    advice: str = ""
    """What to do, a clause with an imperative."""
    advice_key: str = ""
    """The remedy, a stable word."""

    def figure(self, name: str) -> Figure | None:
        """The figure of that name, if it is known."""
        return next((figure for figure in self.figures if figure.name == name), None)


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """The participant diagnosed."""

    participant_id: str
    issues: Sequence[Issue]
    """With origins, as `attribute` gives them."""
    stays: Sequence[Span]
    device_choices: Sequence[DeviceChoice]
    names: Mapping[str, str]
    """What to call each row."""


class FindingParts(msgspec.Struct, frozen=True, kw_only=True):
    """What a finding has beside its issues, where that differs from the rule: the subject is the
    participant diagnosed, who alone suffered, for as long as the issues lasted."""

    subject: str | None = None
    affected: Iterable[str] | None = None
    peer_ids: Iterable[str] = ()
    spans: Sequence[Span] | None = None
    figures: Sequence[Figure] = ()
    media: Sequence[Medium] | None = None
    direction: Direction | None = None
    evidence: Evidence = Evidence()
    severity: Severity | None = None


def finding(subject: Subject, cause: str, group: IssueGroup, parts: FindingParts) -> Finding:
    """What a group of issues shows, as severe as the worst of them; not yet in words."""
    media = media_of(group.issues) if parts.media is None else parts.media
    affected = [subject.participant_id] if parts.affected is None else parts.affected
    return Finding(
        cause=cause,
        severity=parts.severity or group.severity,
        first_at=group.span[0],
        last_at=group.span[1],
        issues=group.names,
        peer_ids=sorted(parts.peer_ids),
        subject=parts.subject or subject.participant_id,
        media=list(media),
        direction=parts.direction or direction_of(group.issues),
        figures=list(parts.figures),
        affected=sorted(affected),
        spans=list(group.episodes if parts.spans is None else parts.spans),
        evidence=parts.evidence,
        advice_key=ADVICE[cause].key,
    )


def issues_named(subject: Subject, *names: IssueName) -> list[Issue]:
    """The participant's issues of these names."""
    return [issue for issue in subject.issues if issue.name in names]


def is_sent(issue: Issue) -> bool:
    """Whether an issue is about a stream that the participant sent."""
    return issue.stream.family is not None and Family(issue.stream.family) in PRODUCERS


def media_of(issues: Iterable[Issue]) -> list[Medium]:
    """What kinds of stream the issues are about, in the order of `_MEDIA`."""
    families = {issue.stream.family for issue in issues}
    return media_of_families(Family(family) for family in families if family is not None)


def media_of_families(families: Iterable[Family]) -> list[Medium]:
    """The kinds of these families."""
    known = set(families)
    return [medium for medium, of in _MEDIA.items() if known & of]


def direction_of(issues: Iterable[Issue]) -> Direction | None:
    """Whether all of them are about streams sent, or all about streams received."""
    issues = list(issues)
    if any(issue.stream.family is None for issue in issues):
        return None
    are_sent = {is_sent(issue) for issue in issues}
    if len(are_sent) > 1:
        return None
    return "sent" if are_sent.pop() else "received"


_MEDIA: Final[dict[Medium, frozenset[Family]]] = {
    "voice": frozenset({Family.AUDIO_PRODUCER, Family.AUDIO_CONSUMER}),
    "video": frozenset({Family.VIDEO_PRODUCER, Family.VIDEO_CONSUMER}),
    "screen": frozenset({Family.SCREENSHARE_VIDEO_PRODUCER, Family.SCREENSHARE_VIDEO_CONSUMER}),
    "screen_sound": frozenset(
        {Family.SCREENSHARE_AUDIO_PRODUCER, Family.SCREENSHARE_AUDIO_CONSUMER}
    ),
}


def switch_before(subject: Subject, spans: Sequence[Span], kind: DeviceKind) -> DeviceSwitch | None:
    """The change of that device shortly after which the trouble began."""
    near: list[tuple[int, DeviceChoice]] = []
    for choice in subject.device_choices:
        is_first = any(0 <= choice.at - start <= WARM_UP_MS for start, _ in subject.stays)
        if choice.name == f"selected_{kind}_update" and not is_first:
            waits = [start - choice.at for start, _ in spans]
            near += [(wait, choice) for wait in waits if 0 <= wait <= FOLLOWS_MS]
    if not near:
        return None
    _, last = min(near, key=itemgetter(0))
    return DeviceSwitch(kind=kind, label=last.device.label or None, at=last.at)
