"""Findings, their parts, and the participant that they are about."""

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Final, Literal

import msgspec

from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.quality.diagnosis.advice import ADVICE
from aftercall.core.quality.diagnosis.figures import Figure
from aftercall.core.quality.diagnosis.issue_groups import IssueGroup
from aftercall.core.quality.issues import WARM_UP_MS, Issue, IssueName, Severity
from aftercall.core.quality.stats.peer_metadata import DeviceSelection
from aftercall.core.quality.stats.report_linker import PRODUCERS, Family
from aftercall.core.spans import Span

FOLLOWS_MS: Final = 20 * SECOND_MS
"""Trouble that begins this soon after a device change is reported with it."""

Medium = Literal["voice", "video", "screen", "screen_sound"]
Direction = Literal["sent", "received"]
SenderCause = Literal[
    "uplink", "relay_tcp", "interruption", "cpu", "bandwidth", "round_trip", "unknown"
]
DeviceKind = Literal["microphone", "camera", "speaker"]


class DeviceSwitch(msgspec.Struct, frozen=True, kw_only=True):
    """A device change shortly before the trouble."""

    kind: DeviceKind
    label: str | None
    at: EpochMs


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How a finding is known. What was not examined, or cannot be known, is absent."""

    listeners_present: int | None = None
    """The number of listeners that received the subject in that time."""
    listeners_affected: int | None = None
    """How many of them received it badly."""
    senders_present: int | None = None
    """The number of senders that the subject received in that time."""
    senders_affected: int | None = None
    """How many of them it received badly."""
    is_reported_by_sender: bool | None = None
    """Whether the sender's own reports show it; otherwise it is inferred from listeners."""
    is_loss_free: bool | None = None
    """Every part of the path is known to have lost next to nothing."""
    is_switched_on: bool | None = None
    """Something reported that the microphone or camera was on."""
    voice_mos: float | None = None
    """How the voice was received by those affected, 1..4.5."""
    video_mos: float | None = None
    """How the picture was received by those affected, 1..5."""
    concealment_percent: float | None = None
    """The share of the voice that was concealed at those affected."""
    sender_cause: SenderCause | None = None
    """What was wrong at the sender's side, for the cause `sender`."""
    sent_media: list[Medium] = []
    """The media that could not be sent in full."""
    device: DeviceSwitch | None = None


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One finding about a participant's call, with a sentence for people and its parts for
    programs. People are named by their participant ids."""

    cause: str
    """A stable word."""
    severity: Severity
    sentence: str = ""
    first_at: EpochMs
    last_at: EpochMs
    issues: list[IssueName]
    peer_ids: list[str] = []
    """The other participants concerned."""
    subject: str | None = None
    """The participant at whom the cause lies or, if that is unknown, who suffered; `None` for the
    server."""
    media: list[Medium] = []
    """The media that suffered; empty if unknown or not a stream."""
    direction: Direction | None = None
    """As seen by the subject."""
    figures: list[Figure] = []
    """The first is the one that the cause is about."""
    affected: list[str] = []
    """The participants who suffered."""
    spans: list[Span] = []
    """The times of the trouble."""
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
    """With origins, as `attribute` returns them."""
    stays: Sequence[Span]
    device_choices: Sequence[DeviceSelection]
    names: Mapping[str, str]
    """The display name of each participant."""


class FindingParts(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a finding that differ from the default: the subject is the participant
    diagnosed, who alone suffered, for as long as the issues lasted."""

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
    """The finding that a group of issues shows, as severe as the worst of them, without a
    sentence."""
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
    """The media that the issues are about, in the order of `_MEDIA`."""
    families = {issue.stream.family for issue in issues}
    return media_of_families(Family(family) for family in families if family is not None)


def media_of_families(families: Iterable[Family]) -> list[Medium]:
    """The media of these families, in the order of `_MEDIA`."""
    known = set(families)
    return [medium for medium, of in _MEDIA.items() if known & of]


def direction_of(issues: Iterable[Issue]) -> Direction | None:
    """Whether all issues are about sent streams, or all about received ones; else `None`."""
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
    """The device change of that kind shortly after which the trouble began."""
    near: list[tuple[int, DeviceSelection]] = []
    for choice in subject.device_choices:
        is_first = any(0 <= choice.at - start <= WARM_UP_MS for start, _ in subject.stays)
        if choice.name == f"selected_{kind}_update" and not is_first:
            waits = [start - choice.at for start, _ in spans]
            near += [(wait, choice) for wait in waits if 0 <= wait <= FOLLOWS_MS]
    if not near:
        return None
    _, last = min(near, key=itemgetter(0))
    return DeviceSwitch(kind=kind, label=last.device.label or None, at=last.at)
