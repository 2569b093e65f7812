"""The webhooks of an app."""

from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import EpochMs
from aftercall.core.webhooks import Webhook
from aftercall.store.engine.record_mapping import Shape, upsert
from aftercall.store.tables import schema

_WEBHOOK = Shape(Webhook, schema.webhooks)
_C = schema.webhooks.c


async def save_webhook(tx: AsyncConnection, webhook: Webhook) -> None:
    """Write a webhook, new or changed."""
    await upsert(tx, _WEBHOOK, [webhook])


async def find_webhook(
    tx: AsyncConnection, app_id: str, webhook_id: str, *, is_locked: bool = False
) -> Webhook | None:
    """A webhook; with `is_locked` nobody else can change it until the transaction ends."""
    statement = _WEBHOOK.select.where(_C.app_id == app_id, _C.id == webhook_id)
    if is_locked:
        statement = statement.with_for_update()
    row = (await tx.execute(statement)).first()
    return None if row is None else _WEBHOOK.from_row(row)


async def list_webhooks(tx: AsyncConnection, app_id: str, *, limit: int) -> list[Webhook]:
    """The webhooks of an app, oldest first."""
    rows = await tx.execute(
        _WEBHOOK.select.where(_C.app_id == app_id).order_by(_C.created_at, _C.id).limit(limit)
    )
    return [_WEBHOOK.from_row(row) for row in rows]


async def count_webhooks(tx: AsyncConnection, app_id: str) -> int:
    return (await tx.execute(select(func.count()).where(_C.app_id == app_id))).scalar_one()


async def delete_webhook(tx: AsyncConnection, app_id: str, webhook_id: str) -> None:
    await tx.execute(delete(schema.webhooks).where(_C.app_id == app_id, _C.id == webhook_id))


async def set_health(
    tx: AsyncConnection,
    app_id: str,
    webhook_id: str,
    *,
    failures: int,
    paused_until: EpochMs | None,
) -> None:
    """Write how its receiver answers."""
    await _change(tx, app_id, webhook_id, failures=failures, paused_until=paused_until)


async def unsubscribe(tx: AsyncConnection, app_id: str, webhook_id: str, at: EpochMs) -> None:
    """Disable a webhook whose receiver is gone."""
    await _change(tx, app_id, webhook_id, is_enabled=False, unsubscribed_at=at, updated_at=at)


async def _change(tx: AsyncConnection, app_id: str, webhook_id: str, **values: Any) -> None:
    await tx.execute(
        update(schema.webhooks).where(_C.app_id == app_id, _C.id == webhook_id).values(**values)
    )
