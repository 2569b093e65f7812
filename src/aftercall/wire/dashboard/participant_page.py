"""One participant's streams over time, with what else its page shows."""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from aftercall.core.instants import EpochMs
from aftercall.core.overview.connection_charts import (
    CandidatePairText,
    ConnectionColumns,
    describe_pairs,
)
from aftercall.core.overview.participant_verdict import verdict_of_participant
from aftercall.core.overview.session_facts import (
    ListedSession,
    ParticipantCharts,
    ParticipantFacts,
)
from aftercall.core.overview.stream_charts import StreamChart
from aftercall.core.overview.verdict_words import VerdictWords
from aftercall.core.quality.activity.stream_matching import StreamEnd
from aftercall.core.quality.experience.levels import Level, level_of
from aftercall.core.quality.stats.peer_metadata import Device, DeviceListChange, Metadata
from aftercall.core.records import Phase
from aftercall.wire.dashboard.session_list import SessionRow, encode_session_row
from aftercall.wire.dashboard.timeline import (
    CallEvent,
    FullParticipantTimeline,
    call_events_of,
    full_timeline_of,
    minutes_of,
)


class OtherEnd(msgspec.Struct, frozen=True, kw_only=True):
    """Who is at the other end of a stream, and which of that participant's streams it
    is, by its ids and by its `key` there."""

    participant_id: str
    peer_id: str | None
    name: str | None
    stream_family: str | None
    ssrc: int | None
    producer_id: str | None
    key: str | None


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """One stream in columns: each as long as `t`, or empty when nothing is known of it."""

    key: str
    family: str
    kind: Literal["audio", "video"]
    is_sent: bool
    is_screenshare: bool
    ssrc: int | None
    mid: str | None
    producer_id: str | None
    consumer_id: str | None
    others: list[OtherEnd]
    points: int
    t: list[EpochMs]
    mos: list[float | None]
    score: list[float | None]
    loss_percent: list[float | None]
    rtt_ms: list[float | None]
    jitter_ms: list[float | None]
    bitrate_bps: list[float | None]
    jitter_buffer_ms: list[float | None]
    concealment_percent: list[float | None]
    fps: list[float | None]
    width: list[float | None]
    height: list[float | None]
    freeze_percent: list[float | None]
    limitation: list[str | None]
    level: Level
    p10_mos: float | None
    avg_mos: float | None


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One thing known about a participant's machine or network."""

    group: str
    name: str
    value: str


class DeviceChange(msgspec.Struct, frozen=True, kw_only=True):
    """Devices plugged in and out; `kind` is `audio`, `video` or `speaker`."""

    at: EpochMs
    kind: str
    added: list[str]
    removed: list[str]


class ParticipantPage(msgspec.Struct, frozen=True, kw_only=True):
    """A participant's page. `chosen` is the key of the stream that has columns if only one was
    asked for; `heard_at` is when anything was last received of the participant."""

    call: SessionRow
    lane: FullParticipantTimeline
    verdict: VerdictWords
    chosen: str | None
    heard_at: EpochMs | None
    from_at: EpochMs
    to_at: EpochMs
    is_final: bool
    now: EpochMs
    streams: list[Stream]
    connection: ConnectionColumns
    candidate_pairs: list[CandidatePairText]
    facts: list[Fact]
    device_changes: list[DeviceChange]
    events: list[CallEvent]


def encode_participant_page(charts: ParticipantCharts) -> ParticipantPage:
    found = charts.facts
    participant = found.participant
    session = found.session
    return ParticipantPage(
        call=encode_session_row(ListedSession(session, found.summary, session.minutes_consumed)),
        lane=full_timeline_of(
            participant,
            found.peers,
            found.peer_events,
            found.digest,
            minutes=minutes_of(participant, found.peers, found.now),
        ),
        verdict=verdict_of_participant(
            participant.id,
            found.concerned,
            {each.id: each.display_name or "" for each in found.participants.values()},
            now=None if session.phase is Phase.ENDED else found.now,
        ),
        chosen=charts.chosen,
        heard_at=max((each.last_received_at for each in found.peers), default=None),
        from_at=charts.from_at,
        to_at=charts.to_at,
        is_final=charts.is_final,
        now=found.now,
        streams=[_stream(each, found, charts.ends.get(each.key, [])) for each in charts.streams],
        connection=charts.connection,
        candidate_pairs=describe_pairs(charts.metadata),
        facts=facts_of(charts.metadata),
        device_changes=_device_changes(charts.metadata),
        events=call_events_of(
            {peer.id: participant.id for peer in found.peers}, found.peer_events, found.peers
        ),
    )


def _stream(drawn: StreamChart, found: ParticipantFacts, ends: Sequence[StreamEnd]) -> Stream:
    columns = msgspec.structs.asdict(drawn.columns)
    return Stream(
        key=drawn.key,
        family=drawn.id.family,
        kind=drawn.kind,
        is_sent=drawn.is_sent,
        is_screenshare=drawn.is_screenshare,
        ssrc=drawn.id.ssrc,
        mid=drawn.id.mid,
        producer_id=drawn.id.producer_id,
        consumer_id=drawn.id.consumer_id,
        others=[
            _other(end, found, drawn.id.from_peer_id)
            for end in ends
            if end.participant_id in found.participants
        ],
        points=drawn.points,
        level=level_of(drawn.p10_mos, None)
        if drawn.kind == "audio"
        else level_of(None, drawn.p10_mos),
        p10_mos=drawn.p10_mos,
        avg_mos=drawn.avg_mos,
        **columns,
    )


def _other(end: StreamEnd, found: ParticipantFacts, named: str | None) -> OtherEnd:
    participant = found.participants[end.participant_id]
    peer_ids = found.peer_ids.get(end.participant_id, set())
    stream = end.stream
    return OtherEnd(
        participant_id=participant.id,
        peer_id=named if named in peer_ids else next(iter(sorted(peer_ids)), None),
        name=participant.display_name,
        stream_family=stream.family if stream is not None else None,
        ssrc=stream.ssrc if stream is not None else None,
        producer_id=stream.producer_id if stream is not None else None,
        key=stream.key if stream is not None else None,
    )


def facts_of(metadata: Metadata) -> list[Fact]:
    """What is known of the machine and the network, in groups, for people."""
    groups: tuple[tuple[str, object], ...] = (
        ("Device", metadata.device),
        ("Browser", metadata.browser),
        ("Application", metadata.application),
        ("SDK", metadata.sdk),
        ("Encoder", metadata.encoder),
        ("Network", metadata.network),
        *(("Before the call", each) for each in metadata.precalls),
    )
    found: list[Fact] = []
    for group, record in groups:
        for name, value in msgspec.to_builtins(record).items():
            if name == "asn" and isinstance(value, dict):
                text = " ".join(str(part) for part in value.values() if part)
            elif value is None or isinstance(value, list | dict) or name == "at":
                continue
            elif isinstance(value, bool):
                text = "yes" if value else "no"
            else:
                text = f"{value:g}" if isinstance(value, float) else str(value)
            found.append(Fact(group=group, name=_LABELS.get(name, _label(name)), value=text))
    return found


_LABELS: Final = {
    "os": "OS",
    "os_version": "OS version",
    "cpus": "CPUs",
    "ip": "IP address",
    "asn": "Autonomous system",
    "webgl": "WebGL",
    "memory_gb": "Memory (GB)",
    "effective_type": "Effective type",
    "rtt_s": "Round trip (s)",
    "backend_rtt_s": "Round trip to the backend (s)",
    "jitter_s": "Jitter (s)",
    "throughput_kbps": "Throughput (kbit/s)",
    "turn": "TURN",
}


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _device_changes(metadata: Metadata) -> list[DeviceChange]:
    lists: tuple[tuple[str, Sequence[DeviceListChange]], ...] = (
        ("audio", metadata.audio_devices),
        ("video", metadata.video_devices),
        ("speaker", metadata.speaker_devices),
    )
    found = [
        DeviceChange(
            at=change.at,
            kind=kind,
            added=[_device(each) for each in change.added],
            removed=[_device(each) for each in change.removed],
        )
        for kind, changes in lists
        for change in changes
    ]
    return sorted(found, key=lambda change: change.at)


def _device(device: Device) -> str:
    return device.label or device.device_id or "unnamed"
