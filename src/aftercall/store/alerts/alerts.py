"""Alerts: what rules have raised, and leases of those who evaluate."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import delete, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.alerts.alert import Alert, AlertState
from aftercall.core.instants import EpochMs
from aftercall.store.engine.record_mapping import Shape, insert_into
from aftercall.store.tables import schema
from aftercall.store.tables.alerts import UNRESOLVED

_ALERT: Final = Shape(Alert, schema.alerts)
_A: Final = schema.alerts.c
DELETED_AT_ONCE: Final = 500


async def insert_alert(tx: AsyncConnection, alert: Alert) -> bool:
    """Store a new alert; `False` if its rule has one about the subject that is not resolved."""
    done = await tx.execute(
        insert_into(tx.dialect.name, schema.alerts)
        .values(_ALERT.to_row(alert))
        .on_conflict_do_nothing()
    )
    return bool(done.rowcount)


async def change_alert(tx: AsyncConnection, alert: Alert) -> bool:
    """Store the next version of an alert; `False` if it has changed since it was read."""
    row = _ALERT.to_row(alert) | {"version": alert.version + 1}
    done = await tx.execute(
        update(schema.alerts)
        .where(_A.app_id == alert.app_id, _A.id == alert.id, _A.version == alert.version)
        .values(row)
    )
    return bool(done.rowcount)


async def drop_alert(tx: AsyncConnection, alert: Alert) -> bool:
    """Delete a pending alert; `False` if it has changed since it was read."""
    done = await tx.execute(
        delete(schema.alerts).where(
            _A.app_id == alert.app_id, _A.id == alert.id, _A.version == alert.version
        )
    )
    return bool(done.rowcount)


async def unresolved(tx: AsyncConnection) -> list[Alert]:
    """The pending and open alerts of all apps."""
    rows = await tx.execute(_ALERT.select.where(UNRESOLVED))
    return [_ALERT.from_row(row) for row in rows]


async def find_alert(tx: AsyncConnection, app_id: str, alert_id: str) -> Alert | None:
    row = (await tx.execute(_ALERT.select.where(_A.app_id == app_id, _A.id == alert_id))).first()
    return None if row is None else _ALERT.from_row(row)


async def list_alerts(
    tx: AsyncConnection,
    app_id: str,
    *,
    states: Sequence[AlertState],
    rule_id: str | None,
    before: tuple[EpochMs, str] | None,
    limit: int,
) -> list[Alert]:
    """Alerts of an app, the latest first; with `before`, those behind that place."""
    where = [_A.app_id == app_id, _A.state.in_([state.value for state in states])]
    if rule_id is not None:
        where.append(_A.rule_id == rule_id)
    if before is not None:
        where.append(tuple_(_A.since_at, _A.id) < tuple_(*before))
    rows = await tx.execute(
        _ALERT.select.where(*where).order_by(_A.since_at.desc(), _A.id.desc()).limit(limit)
    )
    return [_ALERT.from_row(row) for row in rows]


async def unresolved_of_rule(tx: AsyncConnection, app_id: str, rule_id: str) -> list[Alert]:
    """The pending and open alerts of a rule."""
    rows = await tx.execute(
        _ALERT.select.where(_A.app_id == app_id, _A.rule_id == rule_id, UNRESOLVED)
    )
    return [_ALERT.from_row(row) for row in rows]


async def delete_of_sessions(tx: AsyncConnection, app_id: str, session_ids: Sequence[str]) -> None:
    """Delete the alerts about sessions."""
    await tx.execute(
        delete(schema.alerts).where(_A.app_id == app_id, _A.subject.in_(list(session_ids)))
    )


async def delete_resolved_before(tx: AsyncConnection, before: EpochMs) -> int:
    """Delete some of the alerts that were resolved before then; returns how many."""
    some = (
        select(_A.app_id, _A.id)
        .where(_A.state == AlertState.RESOLVED.value, _A.resolved_at < before)
        .limit(DELETED_AT_ONCE)
    )
    done = await tx.execute(delete(schema.alerts).where(tuple_(_A.app_id, _A.id).in_(some)))
    return done.rowcount


async def take_lease(
    tx: AsyncConnection, name: str, holder: str, now: EpochMs, until: EpochMs
) -> bool:
    """Take or renew a lease; `False` if somebody else holds it."""
    table = schema.leases
    added = insert_into(tx.dialect.name, table).values(name=name, holder=holder, until=until)
    done = await tx.execute(
        added.on_conflict_do_update(
            index_elements=["name"],
            set_={"holder": holder, "until": until},
            where=or_(table.c.until <= now, table.c.holder == holder),
        )
    )
    return bool(done.rowcount)


async def end_lease(tx: AsyncConnection, name: str, holder: str) -> None:
    """Give a lease back."""
    table = schema.leases
    await tx.execute(delete(table).where(table.c.name == name, table.c.holder == holder))
