"""Peer events: what happened to a peer, or what it reported about itself. Their table is called
`notes`."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import Select, Text, and_, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.records import StoredPeerEvent
from aftercall.store.engine.array_params import PEERS, values_in, values_table
from aftercall.store.engine.lookup import Lookup, fetch
from aftercall.store.engine.record_mapping import Shape, insert_new, upsert
from aftercall.store.tables import schema

_EVENT = Shape(StoredPeerEvent, schema.notes)


def _of_peer(_dialect: str) -> Select[Any]:
    c = schema.notes.c
    whose = [column == bindparam(column.name, type_=Text) for column in (c.app_id, c.peer_id)]
    return _EVENT.select.where(*whose).order_by(c.at, c.id)


_OF_PEER: Final = Lookup(_of_peer)


async def append(tx: AsyncConnection, events: Iterable[StoredPeerEvent]) -> set[str]:
    """Append events; returns the ids of the new ones. An event's id is unique within its peer."""
    return await insert_new(tx, _EVENT, events)


async def replace_events(tx: AsyncConnection, events: Iterable[StoredPeerEvent]) -> None:
    """Write events over those of the same ids."""
    await upsert(tx, _EVENT, events)


async def events_of_peer(tx: AsyncConnection, app_id: str, peer_id: str) -> list[StoredPeerEvent]:
    """A peer's events in the order of time."""
    rows = await fetch(tx, _OF_PEER, app_id=app_id, peer_id=peer_id)
    return [_EVENT.from_row(row) for row in rows]


async def events_of_session(
    tx: AsyncConnection, app_id: str, session_id: str
) -> list[StoredPeerEvent]:
    """The events of all peers of a session in the order of time."""
    c = schema.notes.c
    rows = await tx.execute(
        _EVENT.select.where(c.app_id == app_id, c.session_id == session_id).order_by(c.at, c.id)
    )
    return [_EVENT.from_row(row) for row in rows]


async def counts_of_peers(tx: AsyncConnection, keys: Sequence[tuple[str, str]]) -> dict[str, int]:
    """The number of events of each of these peers, each key `(app_id, peer_id)`, that has any."""
    dialect = tx.dialect.name
    if not keys:
        return {}
    rows = await tx.execute(_counts(dialect), values_in(dialect, PEERS, keys))
    return {peer_id: count for peer_id, count in rows}


@cache
def _counts(dialect: str) -> Select[Any]:
    c, wanted = schema.notes.c, values_table(dialect, PEERS)
    is_same = and_(c.app_id == wanted.c.app_id, c.peer_id == wanted.c.peer_id)
    return (
        select(c.peer_id, func.count())
        .select_from(wanted.join(schema.notes, is_same))
        .group_by(c.app_id, c.peer_id)
    )


async def counts_of_session(tx: AsyncConnection, app_id: str, session_id: str) -> dict[str, int]:
    """The number of events of each peer of a session that has any."""
    c = schema.notes.c
    rows = await tx.execute(
        select(c.peer_id, func.count())
        .where(c.app_id == app_id, c.session_id == session_id)
        .group_by(c.peer_id)
    )
    return {peer_id: count for peer_id, count in rows}
