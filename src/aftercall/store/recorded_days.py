"""The recorded days of sessions and peers, by which PostgreSQL's big tables are partitioned.

A statement that names the day is planned for one partition; without it, it is planned for all, and
holds a lock on each. SQLite's tables are whole, and their keys begin with what a statement knows:
there nobody asks.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Integer, Select, Table, Text, and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.store.engine.array_params import PEERS, among, is_among, values_in, values_table
from aftercall.store.engine.lookup import Lookup, fetch, key_lookup
from aftercall.store.tables import schema

_DAYS: Final = "recorded_days"


async def day_of_session(tx: AsyncConnection, app_id: str, session_id: str) -> int | None:
    """The recorded day of a session; `None` on SQLite, and of a session that is not there."""
    if tx.dialect.name == "sqlite":
        return None
    rows = await fetch(tx, _OF_SESSION, app_id=app_id, id=session_id)
    return int(rows[0][0]) if rows else None


async def day_of_peer(tx: AsyncConnection, app_id: str, peer_id: str) -> int | None:
    """The recorded day of a peer's session; `None` on SQLite, and of a peer that is not there."""
    days = await days_of_peers(tx, [(app_id, peer_id)])
    return days[0] if days else None


async def days_of_peers(
    tx: AsyncConnection, peers: Sequence[tuple[str, str]]
) -> Sequence[int] | None:
    """The recorded days of the sessions of these peers, each once; `None` on SQLite, and if none
    of them is there. Each peer is `(app_id, peer_id)`."""
    dialect = tx.dialect.name
    if dialect == "sqlite":
        return None
    rows = await fetch(tx, _OF_PEERS, **values_in(dialect, PEERS, peers))
    return [int(day) for (day,) in rows] or None


class OfPeer:
    """Columns of a partitioned table, by the key of a peer."""

    def __init__(self, table: Table, columns: Sequence[Column[Any]]) -> None:
        key = (table.c.app_id, table.c.peer_id)
        equal = [column == bindparam(column.name, type_=Text) for column in key]
        day = table.c.recorded_day == bindparam("recorded_day", type_=Integer)
        self.whole = Lookup(lambda _dialect: select(*columns).where(*equal))
        self.of_day = Lookup(lambda _dialect: select(*columns).where(*equal, day))


async def fetch_of_peer(
    tx: AsyncConnection, lookup: OfPeer, app_id: str, peer_id: str
) -> list[tuple[Any, ...]]:
    """The rows of a peer, of the partition of its day."""
    day = await day_of_peer(tx, app_id, peer_id)
    if day is None:
        return await fetch(tx, lookup.whole, app_id=app_id, peer_id=peer_id)
    return await fetch(tx, lookup.of_day, app_id=app_id, peer_id=peer_id, recorded_day=day)


def on_day(table: Table, day: int | None) -> list[ColumnElement[bool]]:
    """The condition that a row is of a day, if it is known."""
    return [] if day is None else [table.c.recorded_day == day]


def on_days(dialect: str, table: Table, *, are_known: bool) -> list[ColumnElement[bool]]:
    """The condition that a row is of one of the days that `days_in` passes, if they are known."""
    if not are_known:
        return []
    return [is_among(dialect, table.c.recorded_day, _DAYS, Integer)]


def days_in(dialect: str, days: Sequence[int] | None) -> dict[str, Any]:
    """The parameter that carries the days to `on_days`."""
    return {} if days is None else among(dialect, _DAYS, days)


def _of_peers(dialect: str) -> Select[Any]:
    wanted, peer, session = values_table(dialect, PEERS), schema.peers, schema.sessions
    return (
        select(session.c.recorded_day)
        .distinct()
        .select_from(
            wanted.join(
                peer, and_(peer.c.app_id == wanted.c.app_id, peer.c.id == wanted.c.peer_id)
            ).join(
                session,
                and_(session.c.app_id == peer.c.app_id, session.c.id == peer.c.session_id),
            )
        )
    )


_SESSION: Final = schema.sessions.c
_OF_SESSION: Final = key_lookup([_SESSION.recorded_day], _SESSION.app_id, _SESSION.id)
_OF_PEERS: Final = Lookup(_of_peers)
