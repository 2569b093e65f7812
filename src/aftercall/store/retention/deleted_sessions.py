"""Deletes ended sessions: at once out of everything that lists, counts or finds them. The rows that
nobody reads any more are noted for removal (`store.retention.removals`).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.records import Phase, Session
from aftercall.core.retention import ALL_KINDS
from aftercall.store import transcriptions
from aftercall.store.early_facts import key_of_session
from aftercall.store.people import forget_people, people_in_sessions
from aftercall.store.retention.removals import OF_THE_SESSION, Removal, note_removals
from aftercall.store.retention.waiting import NOTHING_WAITS, note_waiting
from aftercall.store.sessions.day_counts import (
    counted_as,
    delete_empty_quarters,
    take_out_of_day_counts,
)
from aftercall.store.sessions.facet_counts import save_tallies
from aftercall.store.sessions.facet_removal import listings_of
from aftercall.store.sessions.minute_counts import take_out_of_minute_counts
from aftercall.store.sessions.postings import Place, take_out_of_postings
from aftercall.store.sessions.rows import SESSION
from aftercall.store.sessions.terms import terms_of_end
from aftercall.store.tables import schema

_KEYS: Final = 500
"""Keys that one statement names."""


async def delete_sessions(
    tx: AsyncConnection,
    app_id: str,
    session_ids: Iterable[str],
    waiting: Mapping[int, int] = NOTHING_WAITS,
) -> list[Session]:
    """Delete those of the sessions of an app that have ended; returns them. From the end of the
    transaction on nobody finds, lists or counts them, nor people who take part in no other session;
    `store.retention.removals` deletes the rows that hold most of their data, but those of kinds
    that, by recorded day, are `waiting` for their partition to be dropped."""
    found = await _lock(tx, app_id, session_ids)
    if not found:
        return []
    sessions = [session for session, _ in found]
    ids = [session.id for session in sessions]
    await _uncount(tx, app_id, found)
    people = await people_in_sessions(tx, app_id, ids)
    peers = await _peers_of(tx, app_id, ids)
    await note_removals(
        tx,
        [
            Removal(app_id, session.id, peer_id, ALL_KINDS, day, waiting.get(day, 0))
            for session in sessions
            for day in (session.recorded_day,)
            for peer_id in (OF_THE_SESSION, *peers.get(session.id, ()))
        ],
    )
    for day in {session.recorded_day for session in sessions}:
        await note_waiting(tx, day, waiting.get(day, 0))
    await transcriptions.drop_of_sessions(tx, app_id, ids)
    await _delete_rows(tx, app_id, ids, [id for each in peers.values() for id in each])
    await forget_people(tx, app_id, people)
    return sessions


async def _lock(
    tx: AsyncConnection, app_id: str, session_ids: Iterable[str]
) -> list[tuple[Session, int | None]]:
    """Those of the sessions that have ended, locked, each with its ordinal."""
    c = schema.sessions.c
    rows = await tx.execute(
        select(*SESSION.columns, c.ordinal)
        .where(
            c.app_id == app_id,
            c.id.in_(sorted(set(session_ids))),
            c.phase == Phase.ENDED.value,
        )
        .order_by(c.id)
        .with_for_update()
    )
    return [(SESSION.from_row(row), row.ordinal) for row in rows]


async def _uncount(
    tx: AsyncConnection, app_id: str, found: Sequence[tuple[Session, int | None]]
) -> None:
    """Let nothing count the sessions, and no term lead to them."""
    counted = [each for session, _ in found if (each := counted_as(session)) is not None]
    listings = await listings_of(tx, app_id, [session.id for session, _ in found])
    places = [
        Place(ordinal, _terms_of(session) | listings.terms.get(session.id, frozenset()))
        for session, ordinal in found
        if ordinal is not None
    ]
    # In the order in which a session that ends, or is folded, locks them.
    await take_out_of_postings(tx, app_id, places)
    await take_out_of_day_counts(tx, app_id, counted)
    await take_out_of_minute_counts(tx, app_id, counted)
    await save_tallies(tx, app_id, listings.tallies)
    await delete_empty_quarters(tx, app_id, [each.quarter for each in counted])


def _terms_of(session: Session) -> frozenset[str]:
    return terms_of_end(
        id=session.id,
        meeting_id=session.meeting_id,
        title=session.title,
        total_participants=session.total_participants,
    )


async def _peers_of(
    tx: AsyncConnection, app_id: str, session_ids: Sequence[str]
) -> Mapping[str, list[str]]:
    """The ids of the sessions' peers, by session."""
    c = schema.peers.c
    rows = await tx.execute(
        select(c.session_id, c.id).where(c.app_id == app_id, c.session_id.in_(session_ids))
    )
    found: dict[str, list[str]] = {}
    for session_id, peer_id in rows:
        found.setdefault(session_id, []).append(peer_id)
    return found


async def _delete_rows(
    tx: AsyncConnection, app_id: str, session_ids: Sequence[str], peer_ids: Sequence[str]
) -> None:
    """The rows that make the sessions known; none of them is large."""
    held = [*peer_ids, *map(key_of_session, session_ids)]
    every: list[tuple[Any, str, Sequence[str]]] = [
        (schema.session_verdicts, "session_id", session_ids),
        (schema.peer_verdicts, "session_id", session_ids),
        (schema.session_watches, "session_id", session_ids),
        (schema.read_links, "session_id", session_ids),
        (schema.alerts, "subject", session_ids),
        (schema.egresses, "session_id", session_ids),
        (schema.early_facts, "peer_id", held),
        (schema.pulses, "peer_id", peer_ids),
        (schema.peers, "session_id", session_ids),
        (schema.participants, "session_id", session_ids),
        (schema.sessions, "id", session_ids),
    ]
    for table, column, keys in every:
        for start in range(0, len(keys), _KEYS):
            some = keys[start : start + _KEYS]
            await tx.execute(
                delete(table).where(table.c.app_id == app_id, table.c[column].in_(some))
            )
    s = schema.sessions.c
    await tx.execute(
        update(schema.sessions)
        .where(s.app_id == app_id, s.parent_session_id.in_(session_ids))
        .values(parent_session_id=None)
    )
    lanes = [f"{kind}:{app_id}:{id}" for id in session_ids for kind in ("session", "summary")]
    j = schema.jobs.c
    # Apart: those that are alive have an index, and those that are dead are few.
    for condition in (j.dead_at.is_(None), j.dead_at.is_not(None)):
        await tx.execute(delete(schema.jobs).where(j.lane.in_(lanes), condition))
