"""The bodies and headers of webhooks in RealtimeKit's format.

Bodies have the members of every generation of the format. Receivers check the signature of
`JSON.stringify(JSON.parse(body))`, as the vendor's examples do, so that a body must survive both
byte for byte: compact, raw UTF-8, whole numbers without a fraction, no member that is named like an
array's index.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from msgspec.structs import replace

from aftercall.core.egresses import Egress, EgressStatus
from aftercall.core.instants import EpochMs
from aftercall.core.records import App, EndReason, Peer, Session
from aftercall.core.webhooks import WebhookDelivery, WebhookEvent
from aftercall.wire.livestreams import encode_livestream_news
from aftercall.wire.recordings import encode_recording_news
from aftercall.wire.times import encode_time
from aftercall.wire.webhooks import EVENT_NAMES

REASONS: Final = {
    EndReason.CLOSED.value: "HOST_ENDED_MEETING",
    EndReason.EMPTIED.value: "ALL_PARTICIPANTS_LEFT",
}
SECRET_PREFIX: Final = "whsec_"


class FileLink(NamedTuple):
    """Where a file can be had, and until when."""

    url: str
    expires_at: EpochMs


class PayloadFacts(NamedTuple):
    """What the record says about the news of a delivery."""

    app: App
    session: Session | None = None
    peer: Peer | None = None
    link: FileLink | None = None
    egress: Egress | None = None


def encode_payload(delivery: WebhookDelivery, facts: PayloadFacts) -> bytes:
    """The body of a delivery."""
    members = _ENCODERS[delivery.event](delivery, facts)
    return msgspec.json.encode({"event": EVENT_NAMES[delivery.event], **members})


def encode_headers(
    delivery: WebhookDelivery,
    body: bytes,
    *,
    signature: str,
    secrets: Sequence[str],
    at: EpochMs,
    program: str,
) -> dict[str, str]:
    """The headers of a delivery: RealtimeKit's with their older names, and those of Standard
    Webhooks (https://www.standardwebhooks.com), which each of the secrets signs."""
    seconds = str(at // 1_000)
    signed = [_standard_signature(secret, delivery.id, seconds, body) for secret in secrets]
    vendor = {"signature": signature, "uuid": delivery.id, "webhook-id": delivery.webhook_id}
    return {
        "content-type": "application/json",
        "user-agent": program,
        **{
            f"{prefix}-{name}": value
            for prefix in ("rtk", "dyte")
            for name, value in vendor.items()
        },
        "webhook-id": delivery.id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(signed),
    }


def _standard_signature(secret: str, id: str, seconds: str, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    digest = hmac.digest(key, f"{id}.{seconds}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(digest).decode()


def _meeting(facts: PayloadFacts) -> dict[str, Any]:
    """`status` reads LIVE even after the end, as it does in all the vendor's samples."""
    session = facts.session
    assert session is not None
    members = {
        "id": session.meeting_id,
        "sessionId": session.id,
        "title": session.title,
        "roomName": session.meeting_id,
        "status": "LIVE",
        "createdAt": encode_time(session.created_at),
        "startedAt": encode_time(session.started_at),
    }
    if session.ended_at is not None:
        members["endedAt"] = encode_time(session.ended_at)
    return {**members, "organizedBy": _organizer(facts)}


def _organizer(facts: PayloadFacts) -> dict[str, str]:
    return {"id": facts.app.id, "name": facts.app.name}


def _started(delivery: WebhookDelivery, facts: PayloadFacts) -> dict[str, Any]:
    meeting = _meeting(facts)
    meeting.pop("endedAt", None)
    return {"meeting": meeting}


def _ended(delivery: WebhookDelivery, facts: PayloadFacts) -> dict[str, Any]:
    meeting = _meeting(facts)
    meeting["endedAt"] = encode_time(EpochMs(delivery.data["ended_at"]))
    return {"meeting": meeting, "reason": REASONS[delivery.data["reason"]]}


def _joined(delivery: WebhookDelivery, facts: PayloadFacts) -> dict[str, Any]:
    return {**_started(delivery, facts), "participant": _participant(delivery, facts)}


def _left(delivery: WebhookDelivery, facts: PayloadFacts) -> dict[str, Any]:
    return {"meeting": _meeting(facts), "participant": _participant(delivery, facts)}


def _participant(delivery: WebhookDelivery, facts: PayloadFacts) -> dict[str, Any]:
    peer = facts.peer
    assert peer is not None
    custom_id = peer.custom_participant_id or ""
    members = {
        "peerId": peer.id,
        "userDisplayName": peer.display_name or "",
        "customParticipantId": custom_id,
        "clientSpecificId": custom_id,
        "joinedAt": encode_time(EpochMs(delivery.data["joined_at"])),
    }
    if "left_at" in delivery.data:
        members["leftAt"] = encode_time(EpochMs(delivery.data["left_at"]))
    return members


def _chat(delivery: WebhookDelivery, facts: PayloadFacts) -> dict[str, Any]:
    meeting = _meeting(facts)
    return {
        "sessionId": meeting["sessionId"],
        "meetingId": meeting["id"],
        "title": meeting["title"],
        **_link("chat", facts),
        **{
            name: meeting[name] for name in ("createdAt", "startedAt", "endedAt") if name in meeting
        },
        "organizedBy": meeting["organizedBy"],
        # Receivers that handle every event alike look here.
        "meeting": meeting,
    }


def _file(name: str) -> "_Encoder":
    def encode(delivery: WebhookDelivery, facts: PayloadFacts) -> dict[str, Any]:
        return {"meeting": _meeting(facts), **_link(name, facts)}

    return encode


def _link(name: str, facts: PayloadFacts) -> dict[str, str]:
    link = facts.link
    assert link is not None
    return {
        f"{name}DownloadUrl": link.url,
        f"{name}DownloadUrlExpiry": encode_time(link.expires_at),
    }


def _recording(delivery: WebhookDelivery, facts: PayloadFacts) -> dict[str, Any]:
    return {
        "recording": encode_recording_news(_as_announced(delivery, facts)),
        "meeting": _meeting(facts),
    }


def _livestream(delivery: WebhookDelivery, facts: PayloadFacts) -> dict[str, Any]:
    return {
        **encode_livestream_news(_as_announced(delivery, facts)),
        "meeting": _meeting(facts),
    }


def _as_announced(delivery: WebhookDelivery, facts: PayloadFacts) -> Egress:
    """What is known now, with the status that the news is of."""
    assert facts.egress is not None
    return replace(facts.egress, status=EgressStatus(delivery.data["status"]))


def _of_data(name: str | None) -> "_Encoder":
    """Members that were written with the news, below `name` or beside the meeting."""

    def encode(delivery: WebhookDelivery, facts: PayloadFacts) -> dict[str, Any]:
        data = _whole(delivery.data)
        members = data if name is None else {name: data}
        return members if facts.session is None else {**members, "meeting": _meeting(facts)}

    return encode


def _whole(value: Any) -> Any:
    """The value with whole numbers that have no fraction."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {name: _whole(each) for name, each in value.items()}
    return [_whole(each) for each in value] if isinstance(value, list) else value


def _test(delivery: WebhookDelivery, facts: PayloadFacts) -> dict[str, Any]:
    return {
        "webhookId": delivery.webhook_id,
        "createdAt": encode_time(delivery.created_at),
        "organizedBy": _organizer(facts),
    }


_Encoder = Callable[[WebhookDelivery, PayloadFacts], dict[str, Any]]
_ENCODERS: Final[Mapping[WebhookEvent, _Encoder]] = {
    WebhookEvent.SESSION_STARTED: _started,
    WebhookEvent.SESSION_ENDED: _ended,
    WebhookEvent.PARTICIPANT_JOINED: _joined,
    WebhookEvent.PARTICIPANT_LEFT: _left,
    WebhookEvent.CHAT_STORED: _chat,
    WebhookEvent.TRANSCRIPT_STORED: _file("transcript"),
    WebhookEvent.SUMMARY_STORED: _file("summary"),
    WebhookEvent.RECORDING_CHANGED: _recording,
    WebhookEvent.LIVESTREAM_CHANGED: _livestream,
    WebhookEvent.ALERT_CHANGED: _of_data("alert"),
    WebhookEvent.TEST: _test,
}
