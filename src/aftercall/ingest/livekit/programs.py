"""Webhooks about what LiveKit does in a room by itself: recordings, streams fed in, agents.

Each is a hidden peer with the identity under which it takes part, from its start to its end.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from aftercall.core.egresses import EgressKind, EgressStatus
from aftercall.core.events import EgressReported, Identity, PeerJoined, PeerLeft
from aftercall.core.ids import id_from
from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.ingest.egress_events import egress_id_from
from aftercall.ingest.livekit.event import SOURCE, LivekitEvent, user_id_from
from aftercall.ingest.livekit.members import (
    EGRESS_STATUSES,
    EGRESS_TYPES,
    INGRESS_STATUSES,
    JOB_STATUSES,
    Json,
    enum_name,
    member,
    moment,
    objects,
    whole_number,
)
from aftercall.ingest.source import Fact
from aftercall.ingest.untyped_json import as_object, as_text, known

_NS_PER_S = 1_000_000_000


class _Program(NamedTuple):
    """A recording, a stream fed in, or an agent."""

    kind: str
    id: str | None
    identity: str | None
    title: str
    room_sid: str | None
    room_name: str | None
    started_at: EpochMs | None
    ended_at: EpochMs | None
    data: dict[str, Any]


def egress(event: LivekitEvent) -> list[Fact]:
    """The facts of a recording or a stream sent elsewhere. Addresses of streams are not kept: they
    hold keys."""
    info = as_object(member(event.content, "egressInfo"))
    id = as_text(member(info, "egressId"))
    kind = next((name for name in EGRESS_TYPES if isinstance(member(info, name), dict)), None)
    request = as_object(member(info, kind)) if kind else {}
    name = as_text(member(info, "roomName")) or as_text(member(request, "roomName"))
    files = objects(member(info, "fileResults")) or objects([member(info, "file")])
    data = known(
        egress_id=id,
        status=_plain(enum_name(info.get("status"), EGRESS_STATUSES), "EGRESS_"),
        type=_snake(kind) if kind else None,
        error=as_text(info.get("error"), longest=1_024),
        streams=len(objects(member(info, "streamResults"))) or None,
        **_file(files[0] if files else {}),
    )
    program = _Program(
        kind="egress",
        id=id,
        identity=id,
        title="Recording",
        room_sid=as_text(member(info, "roomId")),
        room_name=name,
        started_at=moment(info, "startedAt"),
        ended_at=moment(info, "endedAt"),
        data=data,
    )
    facts = _facts(event, program, has_ended=event.name == "egress_ended")
    return [*facts, *_reports(event, program, info)] if facts else []


def _reports(event: LivekitEvent, program: _Program, info: Json) -> Iterator[Fact]:
    """What an egress is by now: a recording if it writes files, a livestream if it sends streams;
    it may be both."""
    streams, files = objects(member(info, "streamResults")), _files(info)
    kinds = [EgressKind.LIVESTREAM] * bool(streams) + [EgressKind.RECORDING] * bool(files)
    file = files[0] if files else {}
    for kind in kinds or [EgressKind.RECORDING]:
        is_recording = kind is EgressKind.RECORDING
        texts = {"error": program.data.get("error")}
        if is_recording:
            place = as_text(file.get("location"), longest=4_096) or ""
            is_web = place.startswith(("https://", "http://"))
            texts |= {
                "file_name": program.data.get("filename"),
                "download_url": place if is_web else None,
            }
        yield EgressReported(
            id=id_from(event.app_id, event.id, kind),
            at=event.at,
            **event.place(program.room_sid, program.room_name),
            kind=kind,
            egress_id=egress_id_from(event.app_id, program.id or ""),
            status=_EGRESSES.get(program.data.get("status", ""), EgressStatus.ACTIVE),
            started_at=_not_after(program.started_at, event.at),
            stopped_at=_not_after(program.ended_at, event.at),
            duration_ms=program.data.get("duration_ms") if is_recording else None,
            size_bytes=program.data.get("size_bytes") if is_recording else None,
            texts=known(**texts),
        )


def _files(info: Json) -> Sequence[Json]:
    """The results of an egress that are files; segments of a stream are of one."""
    found = objects(member(info, "fileResults")) or objects([member(info, "file")])
    return found or objects(member(info, "segmentResults"))


def _not_after(moment: EpochMs | None, latest: EpochMs) -> EpochMs | None:
    return None if moment is None else min(moment, latest)


_EGRESSES: Final = {
    "starting": EgressStatus.INVOKED,
    "active": EgressStatus.ACTIVE,
    "ending": EgressStatus.ENDING,
    "complete": EgressStatus.COMPLETE,
    "limit_reached": EgressStatus.COMPLETE,
    "failed": EgressStatus.FAILED,
    "aborted": EgressStatus.FAILED,
}


def ingress(event: LivekitEvent) -> list[Fact]:
    """The facts of a stream that is fed into a room."""
    info = as_object(member(event.content, "ingressInfo"))
    state, id = as_object(info.get("state")), as_text(member(info, "ingressId"))
    data = known(
        ingress_id=id,
        status=_plain(enum_name(state.get("status"), INGRESS_STATUSES), "ENDPOINT_"),
        error=as_text(state.get("error"), longest=1_024),
    )
    return _facts(
        event,
        _Program(
            kind="ingress",
            id=id,
            identity=as_text(member(info, "participantIdentity")),
            title=as_text(info.get("name")) or "Ingress",
            room_sid=as_text(member(state, "roomId")),
            room_name=as_text(member(info, "roomName")),
            started_at=moment(state, "startedAt"),
            ended_at=moment(state, "endedAt"),
            data=data,
        ),
        has_ended=event.name == "ingress_ended",
    )


def agent_job(event: LivekitEvent) -> list[Fact]:
    """The facts of an agent's work in a room."""
    job = as_object(event.content.get("job"))
    state, id = as_object(job.get("state")), as_text(job.get("id"))
    room = event.room or as_object(job.get("room"))
    data = known(
        job_id=id,
        agent=as_text(member(job, "agentName")),
        status=_plain(enum_name(state.get("status"), JOB_STATUSES), "JS_"),
        error=as_text(state.get("error"), longest=1_024),
    )
    return _facts(
        event,
        _Program(
            kind="agent_job",
            id=id,
            identity=as_text(member(state, "participantIdentity"))
            or (f"agent-{id}" if id else None),
            title=as_text(member(job, "agentName")) or "Agent",
            room_sid=as_text(room.get("sid")),
            room_name=as_text(room.get("name")),
            started_at=moment(state, "startedAt"),
            ended_at=moment(state, "endedAt"),
            data=data,
        ),
        has_ended=event.name == "agent_job_ended",
    )


def _facts(event: LivekitEvent, program: _Program, *, has_ended: bool) -> list[Fact]:
    """None of a program that is in no room."""
    if program.id is None or program.room_sid is None or program.room_name is None:
        return []
    app_id, who = event.app_id, program.identity
    peer_id = id_from(app_id, SOURCE, program.kind, program.id)
    place = event.place(program.room_sid, program.room_name)
    join = PeerJoined(
        **event.of_peer("joined", peer_id, **place),
        at=min(program.started_at or event.at, event.at),
        identity=Identity(
            user_id=user_id_from(app_id, who) if who else None,
            custom_participant_id=who,
            display_name=program.title,
            is_hidden=True,
        ),
        meeting_title=program.room_name,
    )
    facts: list[Fact] = [join, event.note(event.name, program.data, peer_id, **place)]
    if has_ended:
        at = max(join.at, min(program.ended_at or event.at, event.at))
        facts.append(PeerLeft(**event.of_peer("left", peer_id, **place), at=at))
    return facts


def _file(file: Json) -> dict[str, Any]:
    duration_ns = whole_number(file, "duration")
    return known(
        filename=as_text(file.get("filename"), longest=1_024),
        size_bytes=whole_number(file, "size"),
        duration_ms=None if duration_ns is None else duration_ns * SECOND_MS // _NS_PER_S,
    )


def _plain(status: str, prefix: str) -> str:
    return status.removeprefix(prefix).lower()


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)
