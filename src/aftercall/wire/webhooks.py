"""Webhooks in RealtimeKit's format: subscriptions, and the key that signs."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from aftercall.core.errors import InvalidBody
from aftercall.core.webhooks import Webhook, WebhookEvent
from aftercall.wire.bodies import parse_body
from aftercall.wire.meetings import Time
from aftercall.wire.times import encode_time

EventName: TypeAlias = Literal[
    "meeting.started",
    "meeting.ended",
    "meeting.participantJoined",
    "meeting.participantLeft",
    "meeting.chatSynced",
    "recording.statusUpdate",
    "livestreaming.statusUpdate",
    "meeting.transcript",
    "meeting.summary",
    "alert.statusUpdate",
]
"""The last is our own."""

EVENT_NAMES: Final[Mapping[WebhookEvent, str]] = {
    WebhookEvent.SESSION_STARTED: "meeting.started",
    WebhookEvent.SESSION_ENDED: "meeting.ended",
    WebhookEvent.PARTICIPANT_JOINED: "meeting.participantJoined",
    WebhookEvent.PARTICIPANT_LEFT: "meeting.participantLeft",
    WebhookEvent.CHAT_STORED: "meeting.chatSynced",
    WebhookEvent.TRANSCRIPT_STORED: "meeting.transcript",
    WebhookEvent.SUMMARY_STORED: "meeting.summary",
    WebhookEvent.RECORDING_CHANGED: "recording.statusUpdate",
    WebhookEvent.LIVESTREAM_CHANGED: "livestreaming.statusUpdate",
    WebhookEvent.ALERT_CHANGED: "alert.statusUpdate",
    WebhookEvent.TEST: "webhook.test",
}
_EVENTS: Final = {name: event for event, name in EVENT_NAMES.items()}

Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=256)]
Url: TypeAlias = Annotated[str, Meta(min_length=1, max_length=2_048)]
EventNames: TypeAlias = Annotated[list[EventName], Meta(min_length=1, max_length=32)]
MeetingIds: TypeAlias = Annotated[
    list[Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{1,64}$")]], Meta(max_length=100)
]


class WebhookBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A webhook to be created, or to take the place of one. `meeting_ids`: the meetings it is for;
    empty: every meeting."""

    name: Name
    url: Url
    events: EventNames
    enabled: bool = True
    meeting_ids: MeetingIds = []


class WebhookPatch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Changes to a webhook; what is left out stays."""

    name: Name | UnsetType = UNSET
    url: Url | UnsetType = UNSET
    events: EventNames | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    meeting_ids: MeetingIds | UnsetType = UNSET


class WebhookAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook."""

    id: str
    name: str
    url: str
    events: list[EventName]
    enabled: bool
    meeting_ids: list[str]
    created_at: Time
    updated_at: Time


class StatedWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """What a body states."""

    name: str
    url: str
    events: list[WebhookEvent]
    is_enabled: bool
    meeting_ids: list[str]


def read_webhook(raw: bytes) -> StatedWebhook:
    """Raises `Malformed`."""
    return _stated(parse_body(raw, WebhookBody))


def read_webhook_patch(raw: bytes, webhook: Webhook) -> StatedWebhook:
    """The webhook with the changes of a body. Raises `Malformed`."""
    patch = parse_body(raw, WebhookPatch)
    known: dict[str, Any] = {
        "name": webhook.name,
        "url": webhook.url,
        "events": encode_events(webhook.events),
        "enabled": webhook.is_enabled,
        "meeting_ids": webhook.meeting_ids,
    }
    stated = {
        name: value
        for name, value in msgspec.structs.asdict(patch).items()
        if not isinstance(value, UnsetType)
    }
    return _stated(WebhookBody(**known | stated))


def read_events(names: Sequence[str]) -> list[WebhookEvent]:
    """The events of these names, each once. Raises `InvalidBody` for an unknown one."""
    subscribable = {
        name: event for name, event in _EVENTS.items() if event is not WebhookEvent.TEST
    }
    if unknown := [name for name in names if name not in subscribable]:
        raise InvalidBody(
            f'"{unknown[0]}" is no event; there are {", ".join(subscribable)}',
            code="bad_body",
            field="events",
        )
    return list(dict.fromkeys(subscribable[name] for name in names))


def encode_events(events: Sequence[WebhookEvent]) -> list[str]:
    return [EVENT_NAMES[event] for event in events]


def encode_webhook(webhook: Webhook) -> WebhookAnswer:
    names: list[Any] = encode_events(webhook.events)
    return WebhookAnswer(
        id=webhook.id,
        name=webhook.name,
        url=webhook.url,
        events=names,
        enabled=webhook.is_enabled,
        meeting_ids=webhook.meeting_ids,
        created_at=encode_time(webhook.created_at),
        updated_at=encode_time(webhook.updated_at),
    )


def _stated(body: WebhookBody) -> StatedWebhook:
    return StatedWebhook(
        name=body.name,
        url=body.url,
        events=read_events(body.events),
        is_enabled=body.enabled,
        meeting_ids=list(dict.fromkeys(body.meeting_ids)),
    )


class PublishedKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key that signatures may be made with; `signsFrom`: from when on."""

    id: str
    publicKey: str
    signsFrom: Time


class PublishedKeys(msgspec.Struct, frozen=True, kw_only=True):
    """`publicKey` is the one that signs now, as PEM; `publicKeys` are all, that one first."""

    publicKey: str
    publicKeys: list[PublishedKey]


class PublishedKeysAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer at `/.well-known/webhooks.json`."""

    success: bool = True
    data: PublishedKeys
    message: str = ""
