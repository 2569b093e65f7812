"""Webhooks and what was posted to them, for the settings page and the command line."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from aftercall.core.instants import EpochMs
from aftercall.core.webhooks import DeliveryState, Webhook, WebhookDelivery
from aftercall.wire.query import Choice
from aftercall.wire.webhooks import EVENT_NAMES, encode_events

StateName = Literal["waiting", "sent", "refused", "dead", "dropped"]
EndedStateName = Literal["sent", "refused", "dead", "dropped"]

STATE: Final = Choice[DeliveryState | None](
    name="state",
    about="Only deliveries in this state.",
    values={state.value: state for state in DeliveryState},
    default=None,
)


class WebhookStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook and how its receiver answers. `failures`: attempts that failed since one was
    answered; `paused_until`: nothing is posted before; `unsubscribed_at`: when its receiver
    answered 410, which disabled it."""

    id: str
    name: str
    url: str
    events: list[str]
    meeting_ids: list[str]
    enabled: bool
    created_at: EpochMs
    updated_at: EpochMs
    failures: int
    paused_until: EpochMs | None
    unsubscribed_at: EpochMs | None


class WebhookStatusList(msgspec.Struct, frozen=True, kw_only=True):
    webhooks: list[WebhookStatus]


class WebhookSecret(msgspec.Struct, frozen=True, kw_only=True):
    """The secret with which `webhook-signature` is checked (Standard Webhooks)."""

    webhook_id: str
    secret: str


class DeliveryAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt. `status`: the HTTP status, null without an answer; `error`: why there was
    none."""

    at: EpochMs
    took_ms: int
    status: int | None
    error: str | None


class DeliveryStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What is owed to a webhook. `attempts` counts those since it was created or replayed, `log`
    has the latest; `excerpt` is the beginning of the latest answer, 1 KB at the most."""

    id: str
    webhook_id: str
    event: str
    session_id: str | None
    peer_id: str | None
    state: StateName
    created_at: EpochMs
    next_at: EpochMs | None
    expires_at: EpochMs
    ended_at: EpochMs | None
    attempts: int
    log: list[DeliveryAttempt]
    excerpt: str | None


class DeliveryPage(msgspec.Struct, frozen=True, kw_only=True):
    """Deliveries of a webhook, the latest first."""

    deliveries: list[DeliveryStatus]
    next_cursor: str | None


class ReplayRange(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"from_": "from"}
):
    """Which deliveries to post again: those created from `from` to before `until` (ISO 8601) that
    ended in one of `states`."""

    from_: str
    until: str
    states: Annotated[list[EndedStateName], Meta(min_length=1, max_length=4)] = msgspec.field(
        default_factory=lambda: ["dead"]
    )


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """How many deliveries wait again; of more than 10,000 the rest takes another request."""

    replayed: int


def encode_webhook_status(webhook: Webhook) -> WebhookStatus:
    return WebhookStatus(
        id=webhook.id,
        name=webhook.name,
        url=webhook.url,
        events=encode_events(webhook.events),
        meeting_ids=webhook.meeting_ids,
        enabled=webhook.is_enabled,
        created_at=webhook.created_at,
        updated_at=webhook.updated_at,
        failures=webhook.failures,
        paused_until=webhook.paused_until,
        unsubscribed_at=webhook.unsubscribed_at,
    )


def encode_delivery(delivery: WebhookDelivery) -> DeliveryStatus:
    return DeliveryStatus(
        id=delivery.id,
        webhook_id=delivery.webhook_id,
        event=EVENT_NAMES[delivery.event],
        session_id=delivery.session_id,
        peer_id=delivery.peer_id,
        state=delivery.state.value,
        created_at=delivery.created_at,
        next_at=delivery.next_at,
        expires_at=delivery.expires_at,
        ended_at=delivery.ended_at,
        attempts=delivery.attempts,
        log=[
            DeliveryAttempt(at=each.at, took_ms=each.took_ms, status=each.status, error=each.error)
            for each in delivery.log
        ],
        excerpt=delivery.excerpt,
    )
