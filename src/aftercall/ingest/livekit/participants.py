"""Webhooks about the participants of a room and their tracks."""

from typing import Any, Final

from aftercall.core.events import Identity, PeerJoined, PeerKicked, PeerLeft
from aftercall.core.instants import EpochMs
from aftercall.ingest.livekit.event import LivekitEvent, peer_id_from, user_id_from
from aftercall.ingest.livekit.members import (
    DISCONNECT_REASONS,
    HIDDEN_KINDS,
    KINDS,
    TRACK_SOURCES,
    TRACK_TYPES,
    Json,
    enum_name,
    member,
    moment,
    objects,
    whole_number,
)
from aftercall.ingest.source import Fact
from aftercall.ingest.untyped_json import as_flag, as_object, as_text, known

REMOVED: Final = "PARTICIPANT_REMOVED"

EMPTY_ROOM_S: Final = 60
"""How much longer than the room itself a session waits for somebody to return; chosen: a webhook
is dropped when it waited for half a minute."""

LONGEST_EMPTY_S: Final = 86_400

_ATTRIBUTES: Final = {
    "sip.callID": "sip_call_id",
    "sip.callStatus": "sip_call_status",
    "sip.trunkID": "sip_trunk_id",
    "sip.ruleID": "sip_rule_id",
}
"""The attributes that are kept. Phone numbers are not."""


def joined(event: LivekitEvent) -> list[Fact]:
    """The facts of a participant who is connected."""
    sid = event.participant_sid
    if sid is None:
        return []
    peer_id, place = peer_id_from(event.app_id, sid), _place(event)
    described = _description(event.participant)
    facts: list[Fact] = [_join(event, peer_id, _joined_at(event))]
    return [*facts, event.note("livekit_participant", described, peer_id, **place)]


def left(event: LivekitEvent) -> list[Fact]:
    """The facts of a participant who is gone, or whose connection failed. Without a join that is
    known it is the end of nothing: of somebody who had published it proves the join, too."""
    sid = event.participant_sid
    if sid is None:
        return []
    peer_id, place = peer_id_from(event.app_id, sid), _place(event)
    reason = enum_name(member(event.participant, "disconnectReason"), DISCONNECT_REASONS)
    facts: list[Fact] = []
    if _has_published(event.participant):
        facts.append(_join(event, peer_id, _joined_at(event)))
    common = event.of_peer("left", peer_id, **place)
    if reason == REMOVED:
        facts.append(PeerKicked(**common, at=event.at))
    else:
        facts.append(PeerLeft(**common, at=event.at))
    note = known(reason=reason.lower(), is_aborted=True if "aborted" in event.name else None)
    return [*facts, event.note("livekit_disconnected", note, peer_id, **place)]


def track_changed(event: LivekitEvent) -> list[Fact]:
    """The facts of a track that was published, or is no longer. Who publishes is in the room,
    even if the webhook that reported it was lost."""
    sid, track = event.participant_sid, as_object(event.content.get("track"))
    if sid is None:
        return []
    peer_id, place = peer_id_from(event.app_id, sid), _place(event)
    facts: list[Fact] = []
    if event.name == "track_published":
        facts.append(_join(event, peer_id, event.at))
    return [*facts, event.note(event.name, _track(track), peer_id, **place)]


def unknown(event: LivekitEvent) -> list[Fact]:
    """A note that an event of a kind that is not known happened to a participant."""
    sid = event.participant_sid
    if sid is None:
        return []
    peer_id = peer_id_from(event.app_id, sid)
    return [event.note("livekit_event", {"event": event.name}, peer_id, **_place(event))]


def is_hidden(kind: str, identity: str | None, permission: Json) -> bool:
    """Whether a participant is a program, or hidden from the others. Webhooks of tracks do not
    tell the kind: then the identities that LiveKit itself gives do."""
    is_program = kind in HIDDEN_KINDS or (identity or "").startswith(("EG_", "agent-AJ_"))
    return is_program or permission.get("hidden") is True


def _place(event: LivekitEvent) -> dict[str, Any]:
    return event.place(event.room_sid, event.room_name)


def _join(event: LivekitEvent, peer_id: str, at: EpochMs) -> PeerJoined:
    who = event.participant
    identity = as_text(who.get("identity"))
    kind = enum_name(who.get("kind"), KINDS)
    waits_s = whole_number(event.room, "departureTimeout")
    return PeerJoined(
        **event.of_peer("joined", peer_id, **_place(event)),
        at=at,
        identity=Identity(
            user_id=user_id_from(event.app_id, identity) if identity else None,
            custom_participant_id=identity,
            display_name=as_text(who.get("name")),
            is_hidden=is_hidden(kind, identity, as_object(who.get("permission"))),
        ),
        meeting_title=event.room_name,
        session_opened_at=_opened_at(event, at),
        session_keep_alive_s=0 if waits_s is None else min(waits_s, LONGEST_EMPTY_S) + EMPTY_ROOM_S,
    )


def _joined_at(event: LivekitEvent) -> EpochMs:
    """When the participant connected, which is before the webhook, though never after it."""
    at = moment(event.participant, "joinedAtMs", "joinedAt")
    return event.at if at is None else min(at, event.at)


def _opened_at(event: LivekitEvent, at: EpochMs) -> EpochMs | None:
    opened_at = moment(event.room, "creationTimeMs", "creationTime")
    return None if opened_at is None else min(opened_at, at)


def _has_published(who: Json) -> bool:
    return member(who, "isPublisher") is True or bool(objects(who.get("tracks")))


def _description(who: Json) -> dict[str, Any]:
    attributes = as_object(who.get("attributes"))
    kept = {name: as_text(attributes.get(key)) for key, name in _ATTRIBUTES.items()}
    details = member(who, "kindDetails")
    texts = [d for d in details if isinstance(d, str)] if isinstance(details, list) else []
    return known(
        kind=enum_name(who.get("kind"), KINDS).lower(),
        details=", ".join(texts)[:256] or None,
        region=as_text(who.get("region"), longest=64),
        **kept,
    )


def _track(track: Json) -> dict[str, Any]:
    return known(
        producer_id=as_text(track.get("sid"), longest=64),
        media_type=enum_name(track.get("type"), TRACK_TYPES).lower(),
        source=enum_name(track.get("source"), TRACK_SOURCES).lower(),
        mime_type=as_text(member(track, "mimeType"), longest=64),
        width=whole_number(track, "width"),
        height=whole_number(track, "height"),
        muted=as_flag(track.get("muted")),
        layers=len(objects(track.get("layers"))) or None,
    )
