"""What is owed to webhooks: claimed, its attempts recorded, ended or deleted when it is old."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace
from prometheus_client import CollectorRegistry, Counter, Histogram

from aftercall.core.egresses import Egress, EgressKind
from aftercall.core.errors import NotFound
from aftercall.core.instants import DAY_MS, SECOND_MS, Clock, EpochMs
from aftercall.core.records import App, Peer, Session
from aftercall.core.webhook_retry import AttemptVerdict, next_attempt, pause_after, verdict_of
from aftercall.core.webhooks import (
    MOST_LOGGED,
    Attempt,
    DeliveryState,
    Webhook,
    WebhookDelivery,
    WebhookEvent,
)
from aftercall.service.retention_rule import RetentionRule
from aftercall.service.webhooks.announcer import Announcer
from aftercall.store import apps, egresses, peers, webhook_deliveries, webhooks
from aftercall.store.engine.database import Database
from aftercall.store.webhook_deliveries import Lane

LEASE_MS: Final = 30 * SECOND_MS
"""How long a claimed lane is left to the process that claimed it; longer than an attempt takes."""

ROWS: Final = 500
"""Rows that one transaction changes."""

_DELAYS_S: Final = (0.5, 1, 2, 5, 10, 30, 60, 600, 3_600, 21_600, 86_400)


class Claimed(NamedTuple):
    """A delivery that this process may post now."""

    webhook: Webhook
    delivery: WebhookDelivery


_EGRESSES: Final = {
    WebhookEvent.RECORDING_CHANGED: EgressKind.RECORDING,
    WebhookEvent.LIVESTREAM_CHANGED: EgressKind.LIVESTREAM,
}


class Facts(NamedTuple):
    """What the record says at present about the news of a delivery."""

    app: App
    session: Session | None = None
    peer: Peer | None = None
    egress: Egress | None = None


class AttemptResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an attempt."""

    began_at: EpochMs
    status: int | None = None
    """The HTTP status; `None` without an answer."""
    error: str | None = None
    """A code for why there was no answer."""
    is_forbidden: bool = False
    """The address may not be called."""
    excerpt: bytes = b""
    retry_after_s: float | None = None


class Deliveries:
    """Hands out what may be posted, and records what came of it."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        announcer: Announcer,
        retention: RetentionRule,
        metrics: CollectorRegistry,
        keep_days: int,
    ) -> None:
        """`keep_days`: for how many days ended deliveries are kept; 0: for ever."""
        self._db = db
        self._clock = clock
        self._announcer = announcer
        self._retention = retention
        self._keep_days = keep_days
        self._ended = Counter(
            "aftercall_webhook_deliveries",
            "Deliveries that ended, by how; retried: attempts that failed and are repeated.",
            ["outcome"],
            registry=metrics,
        )
        for outcome in ("sent", "refused", "dead", "dropped", "retried"):
            self._ended.labels(outcome)
        self._delay = Histogram(
            "aftercall_webhook_delay_seconds",
            "From the cause of a delivery to its acceptance.",
            buckets=_DELAYS_S,
            registry=metrics,
        )

    async def claim(
        self,
        free: Mapping[tuple[str, str], int],
        *,
        usual: int,
        only: tuple[str, str] | None = None,
    ) -> list[Claimed]:
        """Lease what may be posted now: for each webhook, or `only` for this one, as many lanes as
        `free` says by app and id, or `usual`; one that failed lately is tried with a single
        delivery."""
        now = self._clock()
        async with self._db.read() as tx:
            due = await webhook_deliveries.due_webhooks(tx, now)
        wanted = [
            (each, limit)
            for each in due
            if only in (None, (each.app_id, each.id))
            and (limit := _limit(each, free.get((each.app_id, each.id), usual), usual)) > 0
        ]
        if not wanted:
            return []
        async with self._db.write() as tx:
            return [
                Claimed(webhook, delivery)
                for webhook, limit in wanted
                for delivery in await webhook_deliveries.claim(
                    tx, webhook, now, lease_ms=LEASE_MS, limit=limit
                )
            ]

    async def read_facts(self, delivery: WebhookDelivery) -> Facts | None:
        """What the record says about the news; `None` if that is not kept any more."""
        async with self._db.read() as tx:
            app = await apps.find_app(tx, delivery.app_id)
            if app is None:
                return None
            if delivery.session_id is None:
                return Facts(app)
            try:
                session = await self._retention.find_session(
                    tx, delivery.app_id, delivery.session_id
                )
            except NotFound:
                return None
            if (kind := _EGRESSES.get(delivery.event)) is not None:
                egress = await egresses.find_egress(
                    tx, delivery.app_id, kind, delivery.data["egress_id"]
                )
                return None if egress is None else Facts(app, session, egress=egress)
            if delivery.peer_id is None:
                return Facts(app, session)
            peer = await peers.find_peer(tx, delivery.app_id, delivery.peer_id)
        return None if peer is None else Facts(app, session, peer)

    async def drop(self, claimed: Claimed) -> None:
        """End a delivery about something that is not kept any more."""
        now = self._clock()
        ended = replace(claimed.delivery, state=DeliveryState.DROPPED, ended_at=now, next_at=None)
        await self._save(ended, due_at=now)

    async def record(self, claimed: Claimed, result: AttemptResult) -> WebhookDelivery:
        """Record an attempt, and what follows from it; returns the delivery as it is then."""
        now, webhook = self._clock(), claimed.webhook
        verdict = AttemptVerdict.REFUSED if result.is_forbidden else verdict_of(result.status)
        delivery = _after(claimed.delivery, result, verdict, now)
        has_failed = verdict is AttemptVerdict.FAILED
        async with self._db.write() as tx:
            # Attempts that fail at the same time are counted one after the other.
            known = await webhooks.find_webhook(
                tx, webhook.app_id, webhook.id, is_locked=has_failed
            )
            if known is not None:
                if verdict is AttemptVerdict.GONE:
                    await webhooks.unsubscribe(tx, webhook.app_id, webhook.id, now)
                if has_failed or known.failures:
                    health = _health(known, result, now) if has_failed else (0, None)
                    await webhooks.set_health(
                        tx, webhook.app_id, webhook.id, failures=health[0], paused_until=health[1]
                    )
            await webhook_deliveries.lock_lane(tx, _lane_of(delivery))
            due_at = delivery.next_at if delivery.next_at is not None else now
            is_first = await webhook_deliveries.save_attempt(tx, delivery, due_at=due_at)
        if verdict is AttemptVerdict.GONE:
            self._announcer.forget(webhook.app_id)
        if is_first:
            self._count(delivery, now)
        return delivery

    async def _save(self, delivery: WebhookDelivery, *, due_at: EpochMs) -> None:
        async with self._db.write() as tx:
            await webhook_deliveries.lock_lane(tx, _lane_of(delivery))
            is_first = await webhook_deliveries.save_attempt(tx, delivery, due_at=due_at)
        if is_first:
            self._count(delivery, due_at)

    def _count(self, delivery: WebhookDelivery, now: EpochMs) -> None:
        if delivery.state is DeliveryState.WAITING:
            self._ended.labels("retried").inc()
            return
        self._ended.labels(delivery.state.value).inc()
        if delivery.state is DeliveryState.SENT:
            self._delay.observe(max(0, now - delivery.created_at) / SECOND_MS)

    async def keep_up(self) -> int:
        """Mark as dead what waited for too long, and delete what is old; returns how many rows
        that was."""
        now, rows = self._clock(), 0
        while True:
            async with self._db.write() as tx:
                expired = await webhook_deliveries.expire(tx, now, limit=ROWS)
            self._ended.labels("dead").inc(expired)
            rows += expired
            if expired < ROWS:
                break
        if not self._keep_days:
            return rows
        created_by = EpochMs(now - self._keep_days * DAY_MS)
        while True:
            async with self._db.write() as tx:
                deleted = await webhook_deliveries.delete_ended(tx, created_by, limit=ROWS)
            rows += deleted
            if deleted < ROWS:
                return rows


def _limit(webhook: Webhook, free: int, usual: int) -> int:
    """How many more deliveries may be posted to a webhook at once."""
    return free - usual + 1 if webhook.failures else free


def _lane_of(delivery: WebhookDelivery) -> Lane:
    return Lane(delivery.app_id, delivery.webhook_id, delivery.lane)


def _health(webhook: Webhook, result: AttemptResult, now: EpochMs) -> tuple[int, EpochMs | None]:
    """The failures in a row and the pause after one more. Those that began before a pause are part
    of what led to it."""
    if webhook.paused_until is not None and result.began_at < webhook.paused_until:
        return webhook.failures, webhook.paused_until
    failures = webhook.failures + 1
    return failures, pause_after(failures, now, retry_after_s=result.retry_after_s)


def _after(
    delivery: WebhookDelivery, result: AttemptResult, verdict: AttemptVerdict, now: EpochMs
) -> WebhookDelivery:
    """The delivery after an attempt."""
    attempts = delivery.attempts + 1
    attempt = Attempt(
        at=result.began_at,
        took_ms=max(0, now - result.began_at),
        status=result.status,
        error=result.error,
    )
    next_at = None
    if verdict is AttemptVerdict.FAILED:
        next_at = next_attempt(
            attempts, now, expires_at=delivery.expires_at, retry_after_s=result.retry_after_s
        )
    match verdict:
        case AttemptVerdict.ACCEPTED:
            state = DeliveryState.SENT
        case AttemptVerdict.REFUSED | AttemptVerdict.GONE:
            state = DeliveryState.REFUSED
        case AttemptVerdict.FAILED:
            state = DeliveryState.DEAD if next_at is None else DeliveryState.WAITING
    excerpt = result.excerpt.decode("utf-8", "replace").replace("\0", "\ufffd")
    return replace(
        delivery,
        state=state,
        attempts=attempts,
        next_at=next_at,
        ended_at=None if next_at is not None else now,
        log=[*delivery.log, attempt][-MOST_LOGGED:],
        excerpt=excerpt or None,
    )
