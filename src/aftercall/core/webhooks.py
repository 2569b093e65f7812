"""Webhooks: who subscribes to what happens to the sessions of an app, and what is owed to them.

A webhook is a subscription: an address, and the events that are posted to it. A news item is one
thing that happened; for each webhook that wants it there is a delivery, which is posted until it
is accepted, refused or a day old.
"""

from enum import StrEnum
from typing import Any, Final

import msgspec

from aftercall.core.ids import id_from
from aftercall.core.instants import HOUR_MS, EpochMs
from aftercall.core.records import Record

KEPT_TRYING_MS: Final = 25 * HOUR_MS
"""How long after it was due first a delivery is dead, if it was neither accepted nor refused."""


class WebhookEvent(StrEnum):
    """What happened."""

    SESSION_STARTED = "session_started"
    SESSION_ENDED = "session_ended"
    PARTICIPANT_JOINED = "participant_joined"
    PARTICIPANT_LEFT = "participant_left"
    CHAT_STORED = "chat_stored"
    TRANSCRIPT_STORED = "transcript_stored"
    SUMMARY_STORED = "summary_stored"
    RECORDING_CHANGED = "recording_changed"
    LIVESTREAM_CHANGED = "livestream_changed"
    ALERT_CHANGED = "alert_changed"
    TEST = "test"
    """Somebody wants to see whether a delivery arrives."""


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"
    SENT = "sent"
    """The receiver accepted it."""
    REFUSED = "refused"
    """The receiver refused it for good, or its address may not be called."""
    DEAD = "dead"
    """The receiver could not be reached, or failed, until the last attempt."""
    DROPPED = "dropped"
    """What it is about is not kept any more."""


ENDED_STATES: Final = frozenset(DeliveryState) - {DeliveryState.WAITING}


class Webhook(Record, frozen=True, kw_only=True):
    """A subscription of an app."""

    app_id: str
    id: str
    name: str
    url: str
    events: list[WebhookEvent]
    meeting_ids: list[str] = msgspec.field(default_factory=list)
    """The meetings it is for; empty: every meeting."""
    is_enabled: bool = True
    sealed_secret: str
    """The secret that signs its deliveries, encrypted."""
    sealed_old_secret: str | None = None
    old_secret_until: EpochMs | None = None
    """Until when the secret before this one signs beside it."""
    created_at: EpochMs
    updated_at: EpochMs
    unsubscribed_at: EpochMs | None = None
    """When its receiver answered that it is gone, which disabled it."""
    failures: int = 0
    """Attempts that failed since one was answered."""
    paused_until: EpochMs | None = None
    """Nothing is posted before: its receiver failed several times, or asked for it."""

    def wants(self, event: WebhookEvent, meeting_id: str | None) -> bool:
        """Whether something that happened is posted to it; `meeting_id` is that of the session."""
        if not self.is_enabled or event not in self.events:
            return False
        return not self.meeting_ids or meeting_id is None or meeting_id in self.meeting_ids


class News(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened. `key` tells it apart from others of its event and session: the same
    news is owed once, however often it is announced.

    `data` holds ids and times, and nothing that names a person: names are read from the record when
    the news is posted, so that an erasure reaches them.
    """

    event: WebhookEvent
    key: str = ""
    session_id: str | None = None
    meeting_id: str | None = None
    peer_id: str | None = None
    data: dict[str, Any] = {}
    lane: str | None = None
    """What is posted in order: by default that of one session."""


class Attempt(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One attempt to post a delivery."""

    at: EpochMs
    took_ms: int
    status: int | None
    """The HTTP status; `None` without an answer."""
    error: str | None = None
    """A code for why there was no answer."""


class WebhookDelivery(Record, frozen=True, kw_only=True):
    """News that are owed to one webhook. Deliveries of one lane are posted in the order of their
    positions, the next when the one before has ended."""

    position: int
    """Its place in the order of all deliveries."""
    app_id: str
    id: str
    """The same for every attempt."""
    webhook_id: str
    lane: str
    event: WebhookEvent
    session_id: str | None = None
    peer_id: str | None = None
    data: dict[str, Any] = msgspec.field(default_factory=dict)
    state: DeliveryState = DeliveryState.WAITING
    created_at: EpochMs
    expires_at: EpochMs
    """When it is dead if it is still waiting."""
    next_at: EpochMs | None = None
    """When it is tried again; `None` before the first attempt and after the last."""
    ended_at: EpochMs | None = None
    attempts: int = 0
    """Attempts since it was created or replayed."""
    log: list[Attempt] = msgspec.field(default_factory=list)
    """The latest attempts, the earliest first."""
    excerpt: str | None = None
    """The beginning of the latest answer's body."""


MOST_LOGGED: Final = 20
"""Attempts that are kept of one delivery."""


def delivery_of(
    webhook: Webhook, news: News, *, position: int = 0, now: EpochMs
) -> WebhookDelivery:
    """What is owed to a webhook for the news."""
    where = news.session_id or ""
    id = id_from(webhook.app_id, "webhook", webhook.id, news.event.value, where, news.key)
    return WebhookDelivery(
        position=position,
        app_id=webhook.app_id,
        id=id,
        webhook_id=webhook.id,
        lane=news.lane or where or id,
        event=news.event,
        session_id=news.session_id,
        peer_id=news.peer_id,
        data=news.data,
        created_at=now,
        expires_at=EpochMs(now + KEPT_TRYING_MS),
    )
