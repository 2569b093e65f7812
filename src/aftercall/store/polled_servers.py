"""The servers of other systems that are asked what goes on, beside what they post."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import EpochMs
from aftercall.core.records import Record
from aftercall.store.engine.record_mapping import Shape, insert_into
from aftercall.store.tables import schema


class PolledServer(Record, frozen=True, kw_only=True):
    """A server that an app's key opens."""

    app_id: str
    source: str
    key_id: str
    url: str
    due_at: EpochMs
    """When it may be asked next; while it is asked, when that must be over."""
    failures: int = 0
    """In a row."""
    asked_at: EpochMs | None = None
    answered_at: EpochMs | None = None
    error: str | None = None
    """The code of why it did not answer when last asked; `None` if it did."""
    rooms: str = "{}"
    """JSON: the sessions that it has listed, each with the time at which it was last looked at."""


_SERVER: Final = Shape(PolledServer, schema.polled_servers)
_C: Final = schema.polled_servers.c


async def save(tx: AsyncConnection, server: PolledServer) -> None:
    """Store a server, in place of that of the same key."""
    row = _SERVER.to_row(server)
    statement = insert_into(tx.dialect.name, schema.polled_servers).values(row)
    keys = ["app_id", "source", "key_id"]
    rest = {name: value for name, value in row.items() if name not in keys}
    await tx.execute(statement.on_conflict_do_update(index_elements=keys, set_=rest))


async def of_app(tx: AsyncConnection, app_id: str) -> list[PolledServer]:
    rows = await tx.execute(_SERVER.select.where(_C.app_id == app_id).limit(1_000))
    return [_SERVER.from_row(row) for row in rows]


async def due(tx: AsyncConnection, now: EpochMs, limit: int) -> Sequence[PolledServer]:
    """Servers that are to be asked, the longest due first."""
    rows = await tx.execute(
        _SERVER.select.where(_C.due_at <= now).order_by(_C.due_at, _C.app_id).limit(limit)
    )
    return [_SERVER.from_row(row) for row in rows]


async def claim(tx: AsyncConnection, server: PolledServer, until: EpochMs) -> bool:
    """Put a server that is due off until then; `False` if somebody else did."""
    done = await tx.execute(
        update(schema.polled_servers)
        .where(_is(server), _C.due_at == server.due_at)
        .values(due_at=until)
    )
    return bool(done.rowcount)


async def note(tx: AsyncConnection, server: PolledServer, claimed_until: EpochMs) -> bool:
    """Save what came of asking; `False` if the server was removed or changed meanwhile."""
    row = _SERVER.to_row(server)
    values = {name: row[name] for name in _NOTED}
    done = await tx.execute(
        update(schema.polled_servers)
        .where(_is(server), _C.due_at == claimed_until, _C.url == server.url)
        .values(values)
    )
    return bool(done.rowcount)


async def remove(tx: AsyncConnection, app_id: str, source: str, key_id: str) -> None:
    await tx.execute(
        delete(schema.polled_servers).where(
            _C.app_id == app_id, _C.source == source, _C.key_id == key_id
        )
    )


async def sessions_of(
    tx: AsyncConnection, app_id: str, session_ids: Sequence[str]
) -> dict[str, str]:
    """The session of record of each of these ids, which may be another name of it."""
    aliases = schema.session_aliases
    found: dict[str, str] = {}
    for first in range(0, len(session_ids), 500):
        part = session_ids[first : first + 500]
        rows = await tx.execute(
            select(aliases.c.alias, aliases.c.session_id).where(
                aliases.c.app_id == app_id, aliases.c.alias.in_(part)
            )
        )
        found |= {id: id for id in part} | {row.alias: row.session_id for row in rows}
    return found


_NOTED: Final = ("due_at", "failures", "asked_at", "answered_at", "error", "rooms")


def _is(server: PolledServer) -> ColumnElement[bool]:
    return and_(_C.app_id == server.app_id, _C.source == server.source, _C.key_id == server.key_id)
