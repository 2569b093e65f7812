"""Links with which one session can be read."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import delete, insert, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import EpochMs
from aftercall.core.records import Record
from aftercall.store.engine.record_mapping import Shape
from aftercall.store.tables import schema


class ReadLink(Record, frozen=True, kw_only=True):
    """A link to one session; `hash` is that of its code."""

    app_id: str
    id: str
    session_id: str
    hash: str
    with_talk: bool
    """Whether chat, transcript and summary may be read with it."""
    created_at: EpochMs
    created_by: str
    """The id of a token or of a sign-in, or `cli`."""
    expires_at: EpochMs
    revoked_at: EpochMs | None = None
    last_opened_at: EpochMs | None = None
    times_opened: int = 0


_LINK: Final = Shape(ReadLink, schema.read_links)
_C: Final = schema.read_links.c


async def add(tx: AsyncConnection, link: ReadLink, now: EpochMs) -> None:
    """Store a link, and delete the app's expired ones."""
    await tx.execute(
        delete(schema.read_links).where(_C.app_id == link.app_id, _C.expires_at <= now)
    )
    await tx.execute(insert(schema.read_links).values(_LINK.to_row(link)))


async def find_by_hash(tx: AsyncConnection, hash: str) -> ReadLink | None:
    row = (await tx.execute(_LINK.select.where(_C.hash == hash))).first()
    return None if row is None else _LINK.from_row(row)


async def note_opened(tx: AsyncConnection, app_id: str, link_id: str, at: EpochMs) -> None:
    """Count an opening."""
    await tx.execute(
        update(schema.read_links)
        .where(_C.app_id == app_id, _C.id == link_id)
        .values(last_opened_at=at, times_opened=_C.times_opened + 1)
    )


async def list_links(
    tx: AsyncConnection,
    app_id: str,
    *,
    session_id: str | None,
    now: EpochMs,
    before: tuple[EpochMs, str] | None,
    limit: int,
) -> list[ReadLink]:
    """The links of an app, or of one of its sessions, that have not expired, the latest first;
    `before` the `(created_at, id)` of the last one seen."""
    statement = _LINK.select.where(_C.app_id == app_id, _C.expires_at > now)
    if session_id is not None:
        statement = statement.where(_C.session_id == session_id)
    if before is not None:
        statement = statement.where(tuple_(_C.created_at, _C.id) < before)
    rows = await tx.execute(statement.order_by(_C.created_at.desc(), _C.id.desc()).limit(limit))
    return [_LINK.from_row(row) for row in rows]


async def revoke(tx: AsyncConnection, app_id: str, link_id: str, at: EpochMs) -> str | None:
    """Revoke a link; returns its session, or `None` if there is no such link or it was
    revoked."""
    row = (
        await tx.execute(
            update(schema.read_links)
            .where(_C.app_id == app_id, _C.id == link_id, _C.revoked_at.is_(None))
            .values(revoked_at=at)
            .returning(_C.session_id)
        )
    ).first()
    return None if row is None else str(row.session_id)


async def delete_of_sessions(tx: AsyncConnection, app_id: str, session_ids: Sequence[str]) -> None:
    """Delete the links of some sessions."""
    await tx.execute(
        delete(schema.read_links).where(_C.app_id == app_id, _C.session_id.in_(session_ids))
    )
