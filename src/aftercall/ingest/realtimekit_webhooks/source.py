"""The source `realtimekit`: RealtimeKit's webhooks, signed with the vendor's key.

Ids stay RealtimeKit's, so the import of the same session finds it. Nothing depends on the order in
which webhooks come, and a repeat changes nothing whatever its delivery id.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from aftercall.core.errors import Malformed, Unauthenticated
from aftercall.core.events import Identity, PeerJoined, PeerLeft, SessionClosed, SessionOpened
from aftercall.core.ids import id_from, is_path_id
from aftercall.core.instants import EpochMs
from aftercall.core.storable_json import UNREADABLE, read_json
from aftercall.ingest.checks import moment_of
from aftercall.ingest.realtimekit_webhooks.egresses import (
    LIVESTREAM,
    RECORDING,
    read_livestream,
    read_recording,
)
from aftercall.ingest.source import Context, Fact, Translation
from aftercall.ingest.untyped_json import as_object, as_text

SOURCE: Final = "realtimekit"
_REFUSED: Final = "The request is not signed with the vendor's key"


def check(signature: str, body: bytes, public_key: str, now: EpochMs) -> None:
    """Raises `Unauthenticated` unless the key signed exactly this body (RSA, SHA-256)."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - 8 MB, of few processes
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import padding, rsa  # noqa: PLC0415

    try:
        key = serialization.load_pem_public_key(public_key.encode())
        signed = base64.b64decode(signature, validate=True)
        if not isinstance(key, rsa.RSAPublicKey):
            raise ValueError("not RSA")
        key.verify(signed, body, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError, binascii.Error):
        raise Unauthenticated(_REFUSED, code="token_invalid") from None


def translate(body: bytes, context: Context) -> Translation:
    """The facts of one webhook. Raises `Malformed` when it cannot be read."""
    try:
        content = read_json(body, msgspec.json.decode)
    except UNREADABLE:
        raise Malformed("The body is not JSON.", code="bad_json") from None
    name = as_text(as_object(content).get("event"))
    if name is None:
        raise Malformed('A webhook is an object with an "event".', code="bad_event")
    facts = _facts_of(name, as_object(content), context)
    return Translation(facts, [0] * len(facts), [], [], ignored=int(not facts))


def _facts_of(name: str, content: Mapping[str, Any], context: Context) -> list[Fact]:
    if name == RECORDING:
        return [read_recording(content, context)]
    if name == LIVESTREAM:
        return [read_livestream(content, context)]
    meeting = as_object(content.get("meeting"))
    meeting_id, session_id = as_text(meeting.get("id")), as_text(meeting.get("sessionId"))
    if not name.startswith("meeting.") or meeting_id is None or session_id is None:
        return []
    if not is_path_id(meeting_id) or not is_path_id(session_id):
        raise Malformed("The meeting or its session has no id.", code="bad_event")
    place: dict[str, Any] = {"meeting_id": meeting_id, "session_id": session_id}
    title = as_text(meeting.get("title"))
    match name:
        case "meeting.started":
            at = _moment(meeting, "startedAt", context)
            id = id_from(context.app_id, SOURCE, session_id, "started")
            return [SessionOpened(id=id, at=at, title=title, **place)]
        case "meeting.ended":
            at = _moment(meeting, "endedAt", context)
            id = id_from(context.app_id, SOURCE, session_id, "ended")
            return [SessionClosed(id=id, at=at, **place)]
        case "meeting.participantJoined" | "meeting.participantLeft":
            who = as_object(content.get("participant"))
            return _presence(name, who, place, title, context)
    return []


def _presence(
    name: str,
    who: Mapping[str, Any],
    place: Mapping[str, Any],
    title: str | None,
    context: Context,
) -> list[Fact]:
    peer_id = as_text(who.get("peerId"))
    if peer_id is None or not is_path_id(peer_id):
        raise Malformed("The participant has no peer.", code="bad_event")
    custom_id = as_text(who.get("customParticipantId")) or as_text(who.get("clientSpecificId"))
    facts: list[Fact] = []
    is_leave = name.endswith("Left")
    if not is_leave or moment_of(who.get("joinedAt")) is not None:
        joined_at = _moment(who, "joinedAt", context)
        facts.append(
            PeerJoined(
                id=id_from(context.app_id, SOURCE, peer_id, "joined"),
                at=joined_at,
                peer_id=peer_id,
                identity=Identity(
                    custom_participant_id=custom_id,
                    display_name=as_text(who.get("userDisplayName")),
                ),
                meeting_title=title,
                **place,
            )
        )
    if is_leave:
        left_at = _moment(who, "leftAt", context)
        id = id_from(context.app_id, SOURCE, peer_id, "left", str(left_at))
        facts.append(PeerLeft(id=id, at=left_at, peer_id=peer_id, **place))
    return facts


def _moment(members: Mapping[str, Any], name: str, context: Context) -> EpochMs:
    """The time, not after the request; that of the request if it is not stated."""
    at = moment_of(members.get(name))
    return context.received_at if at is None else min(at, context.received_at)
