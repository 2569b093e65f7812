"""Finds the session that a request names."""

from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.errors import NotFound
from aftercall.core.records import Session
from aftercall.store.sessions import rows as session_rows


async def find_existing_session(tx: AsyncConnection, app_id: str, session_id: str) -> Session:
    """The session with this id. Raises `NotFound`."""
    session = await session_rows.find_session(tx, app_id, session_id)
    if session is None:
        raise NotFound.of("session", session_id)
    return session
