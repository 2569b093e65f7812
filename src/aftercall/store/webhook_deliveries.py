"""What is owed to webhooks: added with its cause, claimed lane by lane, kept as a log.

A lane holds what one webhook is owed of one session, in order. Only the first waiting delivery of a
lane is ever claimed, and a claim is a lease: it moves the time on at which the lane is due. The
queries read a few rows of an index each, however many deliveries wait.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import and_, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import EpochMs
from aftercall.core.webhooks import DeliveryState, Webhook, WebhookDelivery
from aftercall.store.engine.bulk_insert import BulkInsert, insert_all
from aftercall.store.engine.record_mapping import Insert, Shape, insert_into
from aftercall.store.tables import schema

_DELIVERY: Final = Shape(WebhookDelivery, schema.webhook_deliveries)
_WEBHOOK: Final = Shape(Webhook, schema.webhooks)
_D: Final = schema.webhook_deliveries.c
_L: Final = schema.webhook_lanes.c
_W: Final = schema.webhooks.c
_IS_WAITING: Final = _D.state == DeliveryState.WAITING.value


class Lane(NamedTuple):
    """What one webhook is owed of one session, or of another thing that has an order."""

    app_id: str
    webhook_id: str
    lane: str


async def add(tx: AsyncConnection, deliveries: Sequence[WebhookDelivery]) -> None:
    """Add deliveries in their order, except those whose id exists."""
    if not deliveries:
        return
    rows = [_DELIVERY.to_row(delivery) for delivery in deliveries]
    lanes = {_lane_of(each): each.created_at for each in deliveries}
    # One row after another: their positions are the order in which they were given.
    await insert_all(tx, [(_DELIVERIES, rows), (_LANES, _rows_of(lanes))])


async def _open_lanes(tx: AsyncConnection, due: dict[Lane, EpochMs]) -> None:
    """Let the lanes be looked at; one that is known keeps its time."""
    await insert_all(tx, [(_LANES, _rows_of(due))])


def _rows_of(due: dict[Lane, EpochMs]) -> list[dict[str, Any]]:
    # Sorted, so that two transactions over the same lanes lock them in the same order.
    return [{**lane._asdict(), "due_at": at} for lane, at in sorted(due.items())]


def _insert(dialect: str) -> Insert:
    return insert_into(dialect, schema.webhook_deliveries).on_conflict_do_nothing()


def _insert_lane(dialect: str) -> Insert:
    """A lane that is known is locked all the same: whoever finds it empty must not delete it before
    what is added here is seen. On SQLite one writes at a time."""
    statement = insert_into(dialect, schema.webhook_lanes)
    if dialect == "sqlite":
        return statement.on_conflict_do_nothing()
    return statement.on_conflict_do_update(
        index_elements=["app_id", "webhook_id", "lane"], set_={"lane": statement.excluded.lane}
    )


_DELIVERIES: Final = BulkInsert(
    _insert, [column.name for column in _DELIVERY.columns if column.name != "position"]
)
_LANES: Final = BulkInsert(_insert_lane, [column.name for column in schema.webhook_lanes.columns])


def _lane_of(delivery: WebhookDelivery) -> Lane:
    return Lane(delivery.app_id, delivery.webhook_id, delivery.lane)


async def due_webhooks(tx: AsyncConnection, now: EpochMs) -> list[Webhook]:
    """The webhooks that may be posted to and are owed something now."""
    is_due = exists().where(_L.app_id == _W.app_id, _L.webhook_id == _W.id, _L.due_at <= now)
    rows = await tx.execute(
        _WEBHOOK.select.where(
            _W.is_enabled, or_(_W.paused_until.is_(None), _W.paused_until <= now), is_due
        ).order_by(_W.app_id, _W.id)
    )
    return [_WEBHOOK.from_row(row) for row in rows]


async def claim(
    tx: AsyncConnection, webhook: Webhook, now: EpochMs, *, lease_ms: int, limit: int
) -> list[WebhookDelivery]:
    """Lease up to `limit` due lanes of a webhook; returns the first delivery of each. Lanes in
    which nothing waits are deleted."""
    of_webhook = and_(_L.app_id == webhook.app_id, _L.webhook_id == webhook.id)
    chosen = (
        select(_L.lane)
        .where(of_webhook, _L.due_at <= now)
        .order_by(_L.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    lanes = list((await tx.execute(chosen)).scalars())
    if not lanes:
        return []
    await tx.execute(
        update(schema.webhook_lanes)
        .where(of_webhook, _L.lane.in_(lanes))
        .values(due_at=now + lease_ms)
    )
    found: list[WebhookDelivery] = []
    for lane in sorted(lanes):
        first = await _first(tx, Lane(webhook.app_id, webhook.id, lane))
        if first is None:
            await _close(tx, Lane(webhook.app_id, webhook.id, lane))
        else:
            found.append(first)
    return found


async def _first(tx: AsyncConnection, lane: Lane) -> WebhookDelivery | None:
    """The first delivery of a lane that waits."""
    row = (
        await tx.execute(
            _DELIVERY.select.where(
                _D.app_id == lane.app_id,
                _D.webhook_id == lane.webhook_id,
                _D.lane == lane.lane,
                _IS_WAITING,
            )
            .order_by(_D.position)
            .limit(1)
        )
    ).first()
    return None if row is None else _DELIVERY.from_row(row)


async def lock_lane(tx: AsyncConnection, lane: Lane) -> None:
    """Let nobody add to a lane or claim it until the transaction ends."""
    await tx.execute(select(_L.lane).where(_is_lane(lane)).with_for_update())


async def save_attempt(tx: AsyncConnection, delivery: WebhookDelivery, *, due_at: EpochMs) -> bool:
    """Write the result of an attempt, and when its lane is due; `False` if the delivery does not
    wait any more. The lane, which the caller has locked, is deleted if nothing waits in it."""
    row = _DELIVERY.to_row(delivery)
    changing = ("state", "next_at", "ended_at", "attempts", "log", "excerpt")
    done = await tx.execute(
        update(schema.webhook_deliveries)
        .where(_D.position == delivery.position, _IS_WAITING)
        .values({name: row[name] for name in changing})
    )
    lane = _lane_of(delivery)
    if await _first(tx, lane) is None:
        await _close(tx, lane)
    else:
        await tx.execute(update(schema.webhook_lanes).where(_is_lane(lane)).values(due_at=due_at))
    return done.rowcount == 1


async def _close(tx: AsyncConnection, lane: Lane) -> None:
    await tx.execute(delete(schema.webhook_lanes).where(_is_lane(lane)))


def _is_lane(lane: Lane) -> Any:
    return and_(_L.app_id == lane.app_id, _L.webhook_id == lane.webhook_id, _L.lane == lane.lane)


async def expire(tx: AsyncConnection, now: EpochMs, *, limit: int) -> int:
    """Mark up to `limit` deliveries as dead that have waited for too long; returns how many. Their
    lanes are deleted when they are looked at."""
    some = (
        select(_D.position)
        .where(_IS_WAITING, _D.expires_at <= now)
        .order_by(_D.expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    positions = list((await tx.execute(some)).scalars())
    if positions:
        await tx.execute(
            update(schema.webhook_deliveries)
            .where(_D.position.in_(positions), _IS_WAITING)
            .values(state=DeliveryState.DEAD.value, ended_at=now, next_at=None)
        )
    return len(positions)


async def delete_ended(tx: AsyncConnection, created_by: EpochMs, *, limit: int) -> int:
    """Delete up to `limit` deliveries that were created by then and do not wait; returns how
    many."""
    some = (
        select(_D.position)
        .where(_D.created_at <= created_by, ~_IS_WAITING)
        .order_by(_D.created_at)
        .limit(limit)
    )
    return await _delete(tx, some)


async def delete_of_webhook(
    tx: AsyncConnection, app_id: str, webhook_id: str, *, limit: int
) -> int:
    """Delete up to `limit` deliveries of a webhook, and up to as many lanes; returns how many."""
    mine = and_(_D.app_id == app_id, _D.webhook_id == webhook_id)
    rows = await _delete(tx, select(_D.position).where(mine).limit(limit))
    lanes = select(_L.lane).where(_L.app_id == app_id, _L.webhook_id == webhook_id).limit(limit)
    done = await tx.execute(
        delete(schema.webhook_lanes).where(
            _L.app_id == app_id, _L.webhook_id == webhook_id, _L.lane.in_(lanes)
        )
    )
    return rows + done.rowcount


async def _delete(tx: AsyncConnection, some: Any) -> int:
    done = await tx.execute(delete(schema.webhook_deliveries).where(_D.position.in_(some)))
    return done.rowcount


async def find_delivery(
    tx: AsyncConnection, app_id: str, webhook_id: str, delivery_id: str
) -> WebhookDelivery | None:
    row = (
        await tx.execute(
            _DELIVERY.select.where(
                _D.app_id == app_id, _D.id == delivery_id, _D.webhook_id == webhook_id
            )
        )
    ).first()
    return None if row is None else _DELIVERY.from_row(row)


async def list_deliveries(
    tx: AsyncConnection,
    app_id: str,
    webhook_id: str,
    *,
    state: DeliveryState | None,
    before: int | None,
    limit: int,
) -> list[WebhookDelivery]:
    """The deliveries of a webhook, the latest first, those before a position."""
    where = [_D.app_id == app_id, _D.webhook_id == webhook_id]
    if state is not None:
        where.append(_D.state == state.value)
    if before is not None:
        where.append(_D.position < before)
    rows = await tx.execute(
        _DELIVERY.select.where(*where).order_by(_D.position.desc()).limit(limit)
    )
    return [_DELIVERY.from_row(row) for row in rows]


async def find_replayable(
    tx: AsyncConnection,
    app_id: str,
    webhook_id: str,
    *,
    states: Iterable[DeliveryState],
    from_at: EpochMs,
    until: EpochMs,
    after: int,
    limit: int,
) -> list[WebhookDelivery]:
    """Deliveries of a webhook in these states that were created in a time, in their order, those
    after a position."""
    rows = await tx.execute(
        _DELIVERY.select.where(
            _D.app_id == app_id,
            _D.webhook_id == webhook_id,
            _D.state.in_([state.value for state in states]),
            _D.created_at >= from_at,
            _D.created_at < until,
            _D.position > after,
        )
        .order_by(_D.position)
        .limit(limit)
    )
    return [_DELIVERY.from_row(row) for row in rows]


async def replay(
    tx: AsyncConnection, deliveries: Sequence[WebhookDelivery], *, now: EpochMs, expires_at: EpochMs
) -> None:
    """Let ended deliveries wait again, at their old places in the order of their lanes."""
    if not deliveries:
        return
    await tx.execute(
        update(schema.webhook_deliveries)
        .where(_D.position.in_([each.position for each in deliveries]), ~_IS_WAITING)
        .values(
            state=DeliveryState.WAITING.value,
            attempts=0,
            next_at=None,
            ended_at=None,
            expires_at=expires_at,
        )
    )
    await _open_lanes(tx, {_lane_of(each): now for each in deliveries})


async def forget_answers(tx: AsyncConnection, app_id: str, session_id: str) -> None:
    """Delete what receivers answered about a session: they may repeat what was posted."""
    await tx.execute(
        update(schema.webhook_deliveries)
        .where(_D.app_id == app_id, _D.session_id == session_id, _D.excerpt.is_not(None))
        .values(excerpt=None)
    )
