"""Peer events: what happened to a peer, or what it reported about itself. Their table is called
`notes`."""

from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.records import StoredPeerEvent
from aftercall.store.engine.record_mapping import Shape, insert_new
from aftercall.store.tables import schema

_EVENT = Shape(StoredPeerEvent, schema.notes)


async def append(tx: AsyncConnection, events: Iterable[StoredPeerEvent]) -> set[str]:
    """Append events; returns the ids of the new ones. An event's id is unique within its peer."""
    return await insert_new(tx, _EVENT, events)


async def events_of_peer(tx: AsyncConnection, app_id: str, peer_id: str) -> list[StoredPeerEvent]:
    """A peer's events in the order of time."""
    c = schema.notes.c
    rows = await tx.execute(
        select(*_EVENT.columns).where(c.app_id == app_id, c.peer_id == peer_id).order_by(c.at, c.id)
    )
    return [_EVENT.from_row(row) for row in rows]


async def events_of_session(
    tx: AsyncConnection, app_id: str, session_id: str
) -> list[StoredPeerEvent]:
    """The events of all peers of a session in the order of time."""
    c = schema.notes.c
    rows = await tx.execute(
        select(*_EVENT.columns)
        .where(c.app_id == app_id, c.session_id == session_id)
        .order_by(c.at, c.id)
    )
    return [_EVENT.from_row(row) for row in rows]


async def counts_of_session(tx: AsyncConnection, app_id: str, session_id: str) -> dict[str, int]:
    """The number of events of each peer of a session that has any."""
    c = schema.notes.c
    rows = await tx.execute(
        select(c.peer_id, func.count())
        .where(c.app_id == app_id, c.session_id == session_id)
        .group_by(c.peer_id)
    )
    return {peer_id: count for peer_id, count in rows}
