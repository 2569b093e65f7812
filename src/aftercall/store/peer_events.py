"""Notes: what happened to a peer, or what it told about itself."""

from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.records import StoredPeerEvent
from aftercall.store.engine.record_mapping import Shape, insert_new
from aftercall.store.tables import schema

_NOTE = Shape(StoredPeerEvent, schema.notes)


async def append(tx: AsyncConnection, notes: Iterable[StoredPeerEvent]) -> set[str]:
    """Keep notes; the ids of those that were not known yet. A note's id is its peer's own."""
    return await insert_new(tx, _NOTE, notes)


async def events_of_peer(tx: AsyncConnection, app_id: str, peer_id: str) -> list[StoredPeerEvent]:
    """A peer's notes in the order of their moments."""
    c = schema.notes.c
    rows = await tx.execute(
        select(*_NOTE.columns).where(c.app_id == app_id, c.peer_id == peer_id).order_by(c.at, c.id)
    )
    return [_NOTE.from_row(row) for row in rows]


async def events_of_session(
    tx: AsyncConnection, app_id: str, session_id: str
) -> list[StoredPeerEvent]:
    """The notes of all peers of a session in the order of their moments."""
    c = schema.notes.c
    rows = await tx.execute(
        select(*_NOTE.columns)
        .where(c.app_id == app_id, c.session_id == session_id)
        .order_by(c.at, c.id)
    )
    return [_NOTE.from_row(row) for row in rows]


async def counts_of_session(tx: AsyncConnection, app_id: str, session_id: str) -> dict[str, int]:
    """How many notes there are of each peer of a session that has any."""
    c = schema.notes.c
    rows = await tx.execute(
        select(c.peer_id, func.count())
        .where(c.app_id == app_id, c.session_id == session_id)
        .group_by(c.peer_id)
    )
    return {peer_id: count for peer_id, count in rows}
