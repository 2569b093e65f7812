"""The ids that sources give to sessions which began before the source was heard of."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.store.engine.record_mapping import insert_into
from aftercall.store.tables import schema

_C = schema.session_aliases.c


async def find(tx: AsyncConnection, app_id: str, alias: str) -> str | None:
    """The id of the session that a source calls `alias`; `None` if that is its own id."""
    found = await tx.execute(select(_C.session_id).where(_C.app_id == app_id, _C.alias == alias))
    session_id: str | None = found.scalar_one_or_none()
    return session_id


async def has_alias(tx: AsyncConnection, app_id: str, session_id: str) -> bool:
    """Whether a source has given the session an id of its own."""
    found = await tx.execute(
        select(_C.alias).where(_C.app_id == app_id, _C.session_id == session_id).limit(1)
    )
    return found.first() is not None


async def add(tx: AsyncConnection, app_id: str, alias: str, session_id: str) -> None:
    """Let a source's id mean a session, unless it has a meaning."""
    await tx.execute(
        insert_into(tx.dialect.name, schema.session_aliases)
        .values(app_id=app_id, alias=alias, session_id=session_id)
        .on_conflict_do_nothing()
    )
