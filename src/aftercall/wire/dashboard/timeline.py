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

UNTOLD: Final = frozenset(
    {
        "describe",
        "audio_devices_updates",
        "video_devices_updates",
        "speaker_devices_updates",
        *OWN_EVENTS,
    }
)
"""Notes that are no events: what a peer says of itself, and lists of devices."""


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


def minutes_of(row: Participant, chain: Sequence[Peer], now: EpochMs) -> float:
    """Minutes of a stay; of one that lasts, up to `now`."""
    if row.left_at is not None or not chain:
        return row.duration_minutes
    return running_minutes(chain, now)


def timeline_of(
    row: Participant,
    chain: Sequence[Peer],
    notes: Sequence[StoredPeerEvent],
    digest: Digest | None,
    *,
    minutes: float,
) -> ParticipantTimeline:
    """A participant's lane; `notes` are those of its peers, `digest` is missing for one that
    was never measured and never folded."""
    mutes = MuteState(notes)
    return ParticipantTimeline(
        participant_id=row.id,
        person=person_of(row.app_id, row),
        name=row.display_name,
        user_id=row.user_id,
        custom_participant_id=row.custom_participant_id,
        picture=row.picture,
        preset=row.preset_name,
        is_hidden=row.is_hidden,
        joined_at=row.joined_at,
        left_at=row.left_at,
        left_is_inferred=row.left_is_inferred,
        minutes=minutes,
        peers=[_peer(peer) for peer in chain],
        muted=_within(mutes.spans["audio"], row),
        camera_off=_within(mutes.spans["video"], row),
        screenshare=_shared(notes) or _as_stretches(digest),
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
    row: Participant,
    chain: Sequence[Peer],
    notes: Sequence[StoredPeerEvent],
    digest: Digest | None,
    *,
    minutes: float,
) -> FullParticipantTimeline:
    """The same with what was found."""
    lane = timeline_of(row, chain, notes, digest, minutes=minutes)
    return FullParticipantTimeline(
        **asdict(lane),
        issues=[_issue(issue) for issue in digest.issues] if digest else [],
        diagnosis=[finding_of(each, row) for each in digest.diagnosis] if digest else [],
    )


def finding_of(finding: Finding, row: Participant) -> TimelineFinding:
    """A sentence, with the participant it is about."""
    return TimelineFinding(
        sentence=finding.sentence,
        severity=finding.severity,
        cause=finding.cause,
        participant_id=row.id,
        participant_name=row.display_name,
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
    chain: Mapping[str, str], notes: Sequence[StoredPeerEvent], every: Sequence[Peer]
) -> list[CallEvent]:
    """What happened, oldest first, joins and leaves included. `chain` gives the row of a
    peer."""
    found = [
        CallEvent(
            at=note.at,
            name=note.name,
            participant_id=chain[note.peer_id],
            peer_id=note.peer_id,
            data={
                name: value
                for name, value in note.data.items()
                if value is None or isinstance(value, str | int | float | bool)
            },
        )
        for note in notes
        if note.peer_id in chain and note.name not in UNTOLD
    ]
    for peer in every:
        came = _peer(peer)
        reason: dict[str, str | float | bool | None] = {"reason": came.left_reason}
        moments = [(came.joined_at, "joined", {}), (came.left_at, "left", reason)]
        found += [
            CallEvent(
                at=at, name=name, participant_id=peer.participant_id, peer_id=peer.id, data=data
            )
            for at, name, data in moments
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


def _within(spans: Sequence[Stretch], row: Participant) -> list[Stretch]:
    """The stretches inside the stay: who was off from the start was off from joining on."""
    found: list[Stretch] = []
    for start_at, end_at in spans:
        start_at = max(start_at, row.joined_at)
        if row.left_at is not None:
            end_at = row.left_at if end_at is None else min(end_at, row.left_at)
        if end_at is None or end_at > start_at:
            found.append((start_at, end_at))
    return found


def _shared(notes: Sequence[StoredPeerEvent]) -> list[Stretch]:
    found: list[Stretch] = []
    for note in sorted(notes, key=lambda note: (note.at, note.id)):
        is_open = bool(found) and found[-1][1] is None
        if note.name == "screenshare_started" and not is_open:
            found.append((note.at, None))
        elif note.name == "screenshare_stopped" and is_open:
            found[-1] = (found[-1][0], note.at)
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
    """`Chrome 141`: of the version, the part people say."""
    if name is None or not version:
        return name
    return f"{name} {version.partition('.')[0]}"
