"""What is owed to webhooks and what was posted: listed, posted again, tried."""

from collections.abc import Iterable, Sequence
from typing import Final

from aftercall.core.errors import Malformed, NotFound
from aftercall.core.instants import Clock, EpochMs
from aftercall.core.webhooks import (
    ENDED_STATES,
    KEPT_TRYING_MS,
    DeliveryState,
    News,
    Webhook,
    WebhookDelivery,
    WebhookEvent,
    delivery_of,
)
from aftercall.store import webhook_deliveries, webhooks
from aftercall.store.engine.database import Database

ROWS: Final = 500
"""Deliveries that one transaction changes."""

MOST_REPLAYED: Final = 10_000
"""Deliveries that one request replays."""


class DeliveryLog:
    """The use cases of a webhook's deliveries."""

    def __init__(self, *, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def list_deliveries(
        self,
        app_id: str,
        webhook_id: str,
        *,
        state: DeliveryState | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> list[WebhookDelivery]:
        """The deliveries of a webhook, the latest first, those before a position. Raises
        `NotFound`."""
        async with self._db.read() as tx:
            _existing(await webhooks.find_webhook(tx, app_id, webhook_id), webhook_id)
            return await webhook_deliveries.list_deliveries(
                tx, app_id, webhook_id, state=state, before=before, limit=limit
            )

    async def find(self, app_id: str, webhook_id: str, delivery_id: str) -> WebhookDelivery:
        """Raises `NotFound`."""
        async with self._db.read() as tx:
            found = await webhook_deliveries.find_delivery(tx, app_id, webhook_id, delivery_id)
        if found is None:
            raise NotFound.of("delivery", delivery_id)
        return found

    async def replay(self, app_id: str, webhook_id: str, delivery_id: str) -> WebhookDelivery:
        """Let an ended delivery be posted again, with the same id. Raises `NotFound`, and
        `Malformed` while it waits."""
        delivery = await self.find(app_id, webhook_id, delivery_id)
        if delivery.state is DeliveryState.WAITING:
            raise Malformed(
                f"Delivery {delivery_id} has not ended: it is posted by itself",
                code="delivery_waits",
            )
        await self._replay([delivery])
        return await self.find(app_id, webhook_id, delivery_id)

    async def replay_range(
        self,
        app_id: str,
        webhook_id: str,
        *,
        states: Iterable[DeliveryState],
        from_at: EpochMs,
        until: EpochMs,
    ) -> int:
        """Let deliveries be posted again that were created in a time and ended in one of these
        states, up to `MOST_REPLAYED`; returns how many. Raises `NotFound`."""
        async with self._db.read() as tx:
            _existing(await webhooks.find_webhook(tx, app_id, webhook_id), webhook_id)
        wanted, after, count = ENDED_STATES & set(states), 0, 0
        while count < MOST_REPLAYED:
            async with self._db.read() as tx:
                some = await webhook_deliveries.find_replayable(
                    tx,
                    app_id,
                    webhook_id,
                    states=wanted,
                    from_at=from_at,
                    until=until,
                    after=after,
                    limit=min(ROWS, MOST_REPLAYED - count),
                )
            if not some:
                break
            await self._replay(some)
            after, count = some[-1].position, count + len(some)
        return count

    async def _replay(self, deliveries: Sequence[WebhookDelivery]) -> None:
        """Let deliveries of one webhook be posted now, even if its receiver has failed lately."""
        now = self._clock()
        async with self._db.write() as tx:
            one = deliveries[0]
            await webhooks.set_health(tx, one.app_id, one.webhook_id, failures=0, paused_until=None)
            await webhook_deliveries.replay(
                tx, deliveries, now=now, expires_at=EpochMs(now + KEPT_TRYING_MS)
            )

    async def test(self, app_id: str, webhook_id: str, *, key: str) -> WebhookDelivery:
        """Owe a webhook a delivery that says nothing but that it is a test. Raises `NotFound`,
        and `Malformed` if it is not enabled."""
        now = self._clock()
        async with self._db.write() as tx:
            webhook = _existing(await webhooks.find_webhook(tx, app_id, webhook_id), webhook_id)
            if not webhook.is_enabled:
                raise Malformed(
                    "Nothing is posted to a webhook that is not enabled", code="webhook_disabled"
                )
            await webhooks.set_health(tx, app_id, webhook_id, failures=0, paused_until=None)
            delivery = delivery_of(webhook, News(event=WebhookEvent.TEST, key=key), now=now)
            await webhook_deliveries.add(tx, [delivery])
        return await self.find(app_id, webhook_id, delivery.id)


def _existing(webhook: Webhook | None, webhook_id: str) -> Webhook:
    if webhook is None:
        raise NotFound.of("webhook", webhook_id)
    return webhook
