"""Marks kinds of a session's data as deleted: nobody reads them from then on, and their rows are
noted for removal (`store.retention.removals`)."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.records import Phase, Session
from aftercall.core.retention import DataKind
from aftercall.store import transcriptions
from aftercall.store.retention.removals import OF_THE_SESSION, Removal, note_removals
from aftercall.store.retention.waiting import NOTHING_WAITS, note_waiting
from aftercall.store.sessions.rows import SESSION
from aftercall.store.tables import schema

_OF_PEERS: Final = frozenset({DataKind.SAMPLES, DataKind.REPORTS, DataKind.ADDRESSES})


async def mark_deleted(
    tx: AsyncConnection,
    app_id: str,
    session_ids: Iterable[str],
    kinds_of: Callable[[Session], Collection[DataKind]],
    waiting: Mapping[int, int] = NOTHING_WAITS,
) -> int:
    """Mark those of the sessions that have ended; `kinds_of` says which kinds of each, and
    `waiting` by recorded day of which kinds rows wait for their partition to be dropped. Returns
    how many were marked. A session that another process has locked is left to it."""
    c = schema.sessions.c
    rows = await tx.execute(
        SESSION.select.where(
            c.app_id == app_id,
            c.id.in_(sorted(set(session_ids))),
            c.phase == Phase.ENDED.value,
        )
        .order_by(c.id)
        .with_for_update(skip_locked=True)
    )
    marked = 0
    for session in [SESSION.from_row(row) for row in rows.all()]:
        kinds = [kind for kind in kinds_of(session) if session.kept_kinds & kind.bit]
        if kinds:
            await _mark(tx, session, kinds, waiting.get(session.recorded_day, 0))
            marked += 1
    return marked


async def _mark(
    tx: AsyncConnection, session: Session, kinds: Sequence[DataKind], may_wait: int
) -> None:
    app_id, session_id, day = session.app_id, session.id, session.recorded_day
    bits = sum(kind.bit for kind in kinds)
    waiting = bits & may_wait
    await note_waiting(tx, day, waiting)
    c, peer, verdict = schema.sessions.c, schema.peers.c, schema.peer_verdicts.c
    await tx.execute(
        update(schema.sessions)
        .where(c.app_id == app_id, c.id == session_id)
        .values(kept_kinds=session.kept_kinds & ~bits)
    )
    peer_ids: Sequence[str] = ()
    if not _OF_PEERS.isdisjoint(kinds):
        found = await tx.execute(
            select(peer.id).where(peer.app_id == app_id, peer.session_id == session_id)
        )
        peer_ids = found.scalars().all()
    if DataKind.REPORTS in kinds:
        await tx.execute(
            update(schema.peer_verdicts)
            .where(verdict.app_id == app_id, verdict.session_id == session_id)
            .values(digest=b"")
        )
    if DataKind.TRANSCRIPTS in kinds:
        await transcriptions.drop_of_sessions(tx, app_id, [session_id])
    await note_removals(
        tx,
        [Removal(app_id, session_id, id, bits, day, waiting) for id in (OF_THE_SESSION, *peer_ids)],
    )
