"""A session's participants side by side: their stays, quality over time, and findings."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from msgspec.structs import asdict

from aftercall.core.events import OWN_EVENTS
from aftercall.core.instants import EpochMs
from aftercall.core.lifecycle.presence import running_minutes
from aftercall.core.overview.digest import Digest
from aftercall.core.overview.session_summary import person_of
from aftercall.core.quality.activity.stream_matching import stream_key
from aftercall.core.quality.diagnosis.figures import Figure
from aftercall.core.quality.diagnosis.findings import Direction, Evidence, Finding, Medium
from aftercall.core.quality.experience.levels import UNKNOWN, Level, level_of
from aftercall.core.quality.intervals.mute_state import MuteState
from aftercall.core.quality.issues import Issue, Origin, Severity, StreamRef
from aftercall.core.records import LeaveReason, Participant, Peer, StoredPeerEvent
from aftercall.core.spans import Span

Stretch = tuple[EpochMs, EpochMs | None]

NO_EVENTS: Final = frozenset(
    {
        "describe",
        "audio_devices_updates",
        "video_devices_updates",
        "speaker_devices_updates",
        *OWN_EVENTS,
    }
)
"""Peer events of which a page makes no event of the call: descriptions and device lists."""


class TimelinePeer(msgspec.Struct, frozen=True, kw_only=True):
    """One connection of a participant."""

    id: str
    joined_at: EpochMs
    left_at: EpochMs | None
    left_reason: LeaveReason | None
    joined_is_inferred: bool
    source: str


class TimelineIssue(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of trouble; `stream` is the key of the stream it is about, `None` when it is
    about several, or about a whole connection."""

    name: str
    severity: Severity
    first_at: EpochMs
    last_at: EpochMs
    is_open: bool
    sample_count: int
    worst: dict[str, float]
    origin: Origin | None
    peer_id: str
    family: str | None
    stream: str | None


class TimelineFinding(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence about a participant, and its parts. `participant_id` is whose report it is of,
    `subject` with whom the cause lies."""

    sentence: str
    severity: Severity
    cause: str
    participant_id: str
    participant_name: str | None
    first_at: EpochMs
    last_at: EpochMs
    issues: list[str]
    peer_ids: list[str]
    subject: str | None
    media: list[Medium]
    direction: Direction | None
    figures: list[Figure]
    affected: list[str]
    spans: list[Span]
    evidence: Evidence
    advice: str
    advice_key: str


class TimelineCompleteness(msgspec.Struct, frozen=True, kw_only=True):
    """How much of what should have been reported was; `share` is 0…1."""

    share: float | None
    expected_samples: int
    arrived_samples: int
    dropped_entries: int
    refused_entries: int
    unreadable_samples: int
    gaps: list[tuple[EpochMs, EpochMs]]
    end_is_inferred: bool


class ParticipantTimeline(msgspec.Struct, frozen=True, kw_only=True):
    """One participant: when it was there, what it did, how good it was."""

    participant_id: str
    person: str
    name: str | None
    user_id: str | None
    custom_participant_id: str | None
    picture: str | None
    preset: str | None
    is_hidden: bool
    joined_at: EpochMs
    left_at: EpochMs | None
    left_is_inferred: bool
    minutes: float
    peers: list[TimelinePeer]
    muted: list[Stretch]
    camera_off: list[Stretch]
    screenshare: list[Stretch]
    mos_audio: list[float | None]
    mos_video: list[float | None]
    levels: list[Level]
    level: Level
    worst_stream: list[Level]
    p10_mos_audio: float | None
    p10_mos_video: float | None
    audio_level: Level
    video_level: Level
    avg_mos_audio: float | None
    avg_mos_video: float | None
    loss_percent: float | None
    rtt_ms: float | None
    is_bad: bool
    is_measured: bool
    completeness: TimelineCompleteness | None
    browser: str | None
    os: str | None
    is_mobile: bool | None
    country: str | None
    city: str | None
    network: str | None
    relay: str | None


class FullParticipantTimeline(ParticipantTimeline, frozen=True, kw_only=True):
    """A lane with all that was found. The issues are as many as the streams between people, so
    that a page about everybody leaves them to the participant's own."""

    issues: list[TimelineIssue]
    diagnosis: list[TimelineFinding]


class CallEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to a peer."""

    at: EpochMs
    name: str
    participant_id: str
    peer_id: str | None
    data: dict[str, str | float | bool | None]


def minutes_of(participant: Participant, peers: Sequence[Peer], now: EpochMs) -> float:
    """The minutes of a participant's stays; a stay that lasts counts up to `now`."""
    if participant.left_at is not None or not peers:
        return participant.duration_minutes
    return running_minutes(peers, now)


def timeline_of(
    participant: Participant,
    peers: Sequence[Peer],
    events: Sequence[StoredPeerEvent],
    digest: Digest | None,
    *,
    minutes: float,
) -> ParticipantTimeline:
    """A participant's timeline; `peers` and `events` are its own. `digest` is `None` if the
    participant was never measured and never folded."""
    mutes = MuteState(events)
    return ParticipantTimeline(
        participant_id=participant.id,
        person=person_of(participant.app_id, participant),
        name=participant.display_name,
        user_id=participant.user_id,
        custom_participant_id=participant.custom_participant_id,
        picture=participant.picture,
        preset=participant.preset_name,
        is_hidden=participant.is_hidden,
        joined_at=participant.joined_at,
        left_at=participant.left_at,
        left_is_inferred=participant.left_is_inferred,
        minutes=minutes,
        peers=[_peer(peer) for peer in peers],
        muted=_within(mutes.spans["audio"], participant),
        camera_off=_within(mutes.spans["video"], participant),
        screenshare=_shared(events) or _as_stretches(digest),
        mos_audio=digest.mos_audio if digest is not None else [],
        mos_video=digest.mos_video if digest is not None else [],
        levels=digest.levels if digest is not None else [],
        level=digest.level if digest is not None else UNKNOWN,
        worst_stream=digest.worst_stream if digest is not None else [],
        p10_mos_audio=digest.p10_mos_audio if digest else None,
        p10_mos_video=digest.p10_mos_video if digest else None,
        audio_level=level_of(digest.p10_mos_audio, None) if digest else UNKNOWN,
        video_level=level_of(None, digest.p10_mos_video) if digest else UNKNOWN,
        avg_mos_audio=digest.avg_mos_audio if digest else None,
        avg_mos_video=digest.avg_mos_video if digest else None,
        loss_percent=digest.loss_percent if digest else None,
        rtt_ms=digest.rtt_ms if digest else None,
        is_bad=digest is not None and digest.is_bad,
        is_measured=digest is not None and digest.is_measured,
        completeness=_completeness(digest) if digest else None,
        browser=_versioned(digest.where.browser, digest.browser_version) if digest else None,
        os=_versioned(digest.where.os, digest.os_version) if digest else None,
        is_mobile=digest.is_mobile if digest else None,
        country=digest.where.country if digest else None,
        city=digest.city if digest else None,
        network=digest.where.network if digest else None,
        relay=digest.where.relay if digest else None,
    )


def full_timeline_of(
    participant: Participant,
    peers: Sequence[Peer],
    events: Sequence[StoredPeerEvent],
    digest: Digest | None,
    *,
    minutes: float,
) -> FullParticipantTimeline:
    """The same with issues and findings."""
    timeline = timeline_of(participant, peers, events, digest, minutes=minutes)
    return FullParticipantTimeline(
        **asdict(timeline),
        issues=[_issue(issue) for issue in digest.issues] if digest else [],
        diagnosis=[finding_of(each, participant) for each in digest.diagnosis] if digest else [],
    )


def finding_of(finding: Finding, participant: Participant) -> TimelineFinding:
    """A finding of a participant's diagnosis."""
    return TimelineFinding(
        sentence=finding.sentence,
        severity=finding.severity,
        cause=finding.cause,
        participant_id=participant.id,
        participant_name=participant.display_name,
        first_at=finding.first_at,
        last_at=finding.last_at,
        issues=[name.value for name in finding.issues],
        peer_ids=finding.peer_ids,
        subject=finding.subject,
        media=finding.media,
        direction=finding.direction,
        figures=finding.figures,
        affected=finding.affected,
        spans=finding.spans,
        evidence=finding.evidence,
        advice=finding.advice,
        advice_key=finding.advice_key,
    )


def call_events_of(
    participant_ids: Mapping[str, str], events: Sequence[StoredPeerEvent], peers: Sequence[Peer]
) -> list[CallEvent]:
    """The events of peers with their joins and leaves, oldest first. `participant_ids` gives the
    participant of a peer."""
    found = [
        CallEvent(
            at=event.at,
            name=event.name,
            participant_id=participant_ids[event.peer_id],
            peer_id=event.peer_id,
            data={
                name: value
                for name, value in event.data.items()
                if value is None or isinstance(value, str | int | float | bool)
            },
        )
        for event in events
        if event.peer_id in participant_ids and event.name not in NO_EVENTS
    ]
    for peer in peers:
        stay = _peer(peer)
        reason: dict[str, str | float | bool | None] = {"reason": stay.left_reason}
        changes = [(stay.joined_at, "joined", {}), (stay.left_at, "left", reason)]
        found += [
            CallEvent(
                at=at, name=name, participant_id=peer.participant_id, peer_id=peer.id, data=data
            )
            for at, name, data in changes
            if at is not None
        ]
    return sorted(found, key=lambda each: each.at)


def _peer(peer: Peer) -> TimelinePeer:
    return TimelinePeer(
        id=peer.id,
        joined_at=peer.present_from,
        left_at=peer.left_at,
        left_reason=peer.left_reason,
        joined_is_inferred=peer.joined_at is None,
        source=peer.source,
    )


def _within(spans: Sequence[Stretch], participant: Participant) -> list[Stretch]:
    """The stretches within the stay. What was off at the start was off from the join on."""
    found: list[Stretch] = []
    for start_at, end_at in spans:
        start_at = max(start_at, participant.joined_at)
        if participant.left_at is not None:
            end_at = participant.left_at if end_at is None else min(end_at, participant.left_at)
        if end_at is None or end_at > start_at:
            found.append((start_at, end_at))
    return found


def _shared(events: Sequence[StoredPeerEvent]) -> list[Stretch]:
    found: list[Stretch] = []
    for event in sorted(events, key=lambda event: (event.at, event.id)):
        is_open = bool(found) and found[-1][1] is None
        if event.name == "screenshare_started" and not is_open:
            found.append((event.at, None))
        elif event.name == "screenshare_stopped" and is_open:
            found[-1] = (found[-1][0], event.at)
    return found


def _as_stretches(digest: Digest | None) -> list[Stretch]:
    return [(start, end) for start, end in digest.screenshare] if digest else []


def _issue(issue: Issue) -> TimelineIssue:
    return TimelineIssue(
        name=issue.name.value,
        severity=issue.severity,
        first_at=issue.first_at,
        last_at=issue.last_at,
        is_open=issue.is_open,
        sample_count=issue.sample_count,
        worst=issue.worst,
        origin=issue.origin,
        peer_id=issue.stream.peer_id,
        family=issue.stream.family,
        stream=_stream_key(issue.stream),
    )


def _stream_key(ref: StreamRef) -> str | None:
    """`None` for a whole connection."""
    if ref.family is None:
        return None
    return stream_key(ref.family, ref.ssrc, ref.mid, ref.consumer_id, ref.producer_id)


def _completeness(digest: Digest) -> TimelineCompleteness:
    found = digest.completeness
    return TimelineCompleteness(
        share=found.share,
        expected_samples=found.expected_samples,
        arrived_samples=found.arrived_samples,
        dropped_entries=found.dropped_entries,
        refused_entries=found.refused_entries,
        unreadable_samples=found.unreadable_samples,
        gaps=[(gap.start_at, gap.end_at) for gap in found.gaps],
        end_is_inferred=found.end_is_inferred,
    )


def _versioned(name: str | None, version: str | None) -> str | None:
    """`Chrome 141`: the name with its major version."""
    if name is None or not version:
        return name
    return f"{name} {version.partition('.')[0]}"
