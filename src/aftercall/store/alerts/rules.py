"""Alert rules and channels."""

from typing import Any, Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.alerts.rules import AlertRule
from aftercall.core.instants import EpochMs
from aftercall.core.records import Record
from aftercall.store.engine.record_mapping import Shape, upsert
from aftercall.store.tables import schema


class AlertChannel(Record, frozen=True, kw_only=True):
    """Where alerts are sent. `target` may be shown; the secret is encrypted."""

    app_id: str
    id: str
    name: str
    kind: str
    target: dict[str, Any]
    sealed_secret: str | None = None
    created_at: EpochMs
    updated_at: EpochMs


_RULE: Final = Shape(AlertRule, schema.alert_rules)
_R: Final = schema.alert_rules.c
_CHANNEL: Final = Shape(AlertChannel, schema.alert_channels)
_C: Final = schema.alert_channels.c


async def save_rule(tx: AsyncConnection, rule: AlertRule) -> None:
    """Write a rule, new or changed."""
    await upsert(tx, _RULE, [rule])


async def save_memory(
    tx: AsyncConnection, app_id: str, rule_id: str, memory: dict[str, Any]
) -> None:
    """Keep what an evaluation leaves for the next one."""
    row = _RULE.to_row(
        AlertRule(
            app_id=app_id, id=rule_id, spec={}, memory=memory,
            created_at=EpochMs(0), updated_at=EpochMs(0),
        )
    )  # fmt: skip
    await tx.execute(
        update(schema.alert_rules)
        .where(_R.app_id == app_id, _R.id == rule_id)
        .values(memory=row["memory"])
    )


async def every_rule(tx: AsyncConnection) -> list[AlertRule]:
    """The rules of all apps, by app."""
    rows = await tx.execute(_RULE.select.order_by(_R.app_id, _R.created_at, _R.id))
    return [_RULE.from_row(row) for row in rows]


async def rules_of_app(tx: AsyncConnection, app_id: str) -> list[AlertRule]:
    """The rules of an app, oldest first."""
    rows = await tx.execute(_RULE.select.where(_R.app_id == app_id).order_by(_R.created_at, _R.id))
    return [_RULE.from_row(row) for row in rows]


async def find_rule(tx: AsyncConnection, app_id: str, rule_id: str) -> AlertRule | None:
    statement = _RULE.select.where(_R.app_id == app_id, _R.id == rule_id)
    row = (await tx.execute(statement)).first()
    return None if row is None else _RULE.from_row(row)


async def lock_rule(tx: AsyncConnection, app_id: str, rule_id: str) -> AlertRule | None:
    """A rule that nobody else can change until this transaction ends."""
    statement = _RULE.select.where(_R.app_id == app_id, _R.id == rule_id).with_for_update()
    row = (await tx.execute(statement)).first()
    return None if row is None else _RULE.from_row(row)


async def count_rules(tx: AsyncConnection, app_id: str) -> int:
    return int((await tx.execute(select(func.count()).where(_R.app_id == app_id))).scalar_one())


async def delete_rule(tx: AsyncConnection, app_id: str, rule_id: str) -> bool:
    """Delete a rule; `False` if there is none."""
    done = await tx.execute(delete(schema.alert_rules).where(_R.app_id == app_id, _R.id == rule_id))
    return bool(done.rowcount)


async def save_channel(tx: AsyncConnection, channel: AlertChannel) -> None:
    """Write a channel, new or changed."""
    await upsert(tx, _CHANNEL, [channel])


async def channels_of_app(tx: AsyncConnection, app_id: str) -> list[AlertChannel]:
    """The channels of an app, oldest first."""
    rows = await tx.execute(
        _CHANNEL.select.where(_C.app_id == app_id).order_by(_C.created_at, _C.id)
    )
    return [_CHANNEL.from_row(row) for row in rows]


async def find_channel(tx: AsyncConnection, app_id: str, channel_id: str) -> AlertChannel | None:
    statement = _CHANNEL.select.where(_C.app_id == app_id, _C.id == channel_id)
    row = (await tx.execute(statement)).first()
    return None if row is None else _CHANNEL.from_row(row)


async def delete_channel(tx: AsyncConnection, app_id: str, channel_id: str) -> bool:
    """Delete a channel; `False` if there is none."""
    done = await tx.execute(
        delete(schema.alert_channels).where(_C.app_id == app_id, _C.id == channel_id)
    )
    return bool(done.rowcount)
