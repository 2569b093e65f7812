"""Watches: which sessions somebody looks at while they last."""

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import EpochMs
from aftercall.store.engine.record_mapping import insert_into
from aftercall.store.tables import schema


async def find_watch(tx: AsyncConnection, app_id: str, session_id: str) -> EpochMs | None:
    """Until when a session is watched; `None` if it is not."""
    c = schema.session_watches.c
    found = await tx.execute(
        select(c.watched_until).where(c.app_id == app_id, c.session_id == session_id)
    )
    until = found.scalar_one_or_none()
    return None if until is None else EpochMs(until)


async def save_watch(
    tx: AsyncConnection, app_id: str, session_id: str, *, until: EpochMs, now: EpochMs
) -> None:
    """Note until when a session is watched, and delete what is past."""
    table, c = schema.session_watches, schema.session_watches.c
    await tx.execute(delete(table).where(c.watched_until < now))
    added = insert_into(tx.dialect.name, table).values(
        app_id=app_id, session_id=session_id, watched_until=until
    )
    await tx.execute(
        added.on_conflict_do_update(
            index_elements=[c.app_id, c.session_id],
            set_={"watched_until": added.excluded.watched_until},
        )
    )
