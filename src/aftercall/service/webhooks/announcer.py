"""Announces what happened: writes what is owed to each webhook that wants it, with its cause."""

from collections.abc import Sequence
from typing import Final

from cachetools import TTLCache
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import SECOND_MS, Clock
from aftercall.core.webhooks import News, Webhook, delivery_of
from aftercall.store import webhook_deliveries, webhooks

KNOWN_MS: Final = 5 * SECOND_MS
"""How long the webhooks of an app are remembered: those that another process changes are known
here after that."""

MOST_WEBHOOKS: Final = 100
"""Webhooks of one app: what happens is written once for each that wants it."""

_KEPT: Final = 4_096


class Announcer:
    """Announces news. For an app without webhooks this is a look into a cache."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._known: TTLCache[str, list[Webhook]] = TTLCache(_KEPT, KNOWN_MS, timer=clock)

    async def has_listeners(self, tx: AsyncConnection, app_id: str) -> bool:
        """Whether any webhook of an app is enabled."""
        return bool(await self._webhooks_of(tx, app_id))

    async def announce(self, tx: AsyncConnection, app_id: str, news: Sequence[News]) -> None:
        """Write what is owed for the news, in the transaction of their cause and in their order.
        News that were announced before are not owed again."""
        found = await self._webhooks_of(tx, app_id)
        now = self._clock()
        await webhook_deliveries.add(
            tx,
            [
                delivery_of(webhook, each, now=now)
                for each in news
                for webhook in found
                if webhook.wants(each.event, each.meeting_id)
            ],
        )

    def forget(self, app_id: str) -> None:
        """Read the webhooks of an app again: they have changed."""
        self._known.pop(app_id, None)

    async def _webhooks_of(self, tx: AsyncConnection, app_id: str) -> list[Webhook]:
        known = self._known.get(app_id)
        if known is None:
            every = await webhooks.list_webhooks(tx, app_id, limit=MOST_WEBHOOKS)
            known = self._known[app_id] = [each for each in every if each.is_enabled]
        return known
