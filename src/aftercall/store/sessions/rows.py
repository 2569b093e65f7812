"""Sessions: written one by one, found in every way the services need."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import BigInteger, Select, Text, bindparam, case, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import SECOND_MS, EpochMs, day_of
from aftercall.core.records import EndReason, Phase, Session
from aftercall.store.engine.array_params import among, is_among
from aftercall.store.engine.database import Database
from aftercall.store.engine.lookup import Lookup, fetch, key_lookup
from aftercall.store.engine.record_mapping import Shape, insert_into, upsert_rows
from aftercall.store.sessions.day_counts import counted_as, counted_by, update_day_counts
from aftercall.store.sessions.facets import find_verdict_terms
from aftercall.store.sessions.minute_counts import update_minute_counts
from aftercall.store.sessions.postings import (
    Place,
    change_postings,
    day_of_ordinal,
    give_ordinal,
    lock_day,
)
from aftercall.store.sessions.terms import terms_of_end
from aftercall.store.tables import schema

SESSION = Shape(Session, schema.sessions, lambda session: {"day": day_of(session.created_at)})

IS_LIVE = schema.sessions.c.phase != literal_column("'ended'")
"""Not ended, as a literal and without a parameter, so that the partial indexes are used."""


async def insert_session(tx: AsyncConnection, session: Session) -> bool:
    """Insert a new session. False, and nothing is written, when its meeting has one already
    that is not ended (or its id is taken)."""
    statement = insert_into(tx.dialect.name, schema.sessions).on_conflict_do_nothing()
    done = await tx.execute(statement.values({**SESSION.to_row(session), "ordinal": None}))
    if done.rowcount != 1:
        return False
    if session.phase is Phase.ENDED:
        await save_session(tx, session)
    return True


async def save_session(tx: AsyncConnection, session: Session) -> None:
    """Write a session, new or changed, with its counts and search terms.

    Raises the driver's integrity error when it is not ended and its meeting has another
    that is not ended either.
    """
    c = schema.sessions.c
    app_id = session.app_id
    old = (
        await tx.execute(
            select(
                c.ordinal,
                c.phase,
                c.created_at,
                c.total_participants,
                c.minutes_consumed,
                c.meeting_id,
                c.title,
            ).where(c.app_id == app_id, c.id == session.id)
        )
    ).first()
    ordinal = None
    if session.phase is Phase.ENDED:
        ordinal = None if old is None else old.ordinal
        if ordinal is None or day_of_ordinal(ordinal) != day_of(session.created_at):
            ordinal = await give_ordinal(tx, app_id, session.created_at)
    await upsert_rows(tx, schema.sessions, [{**SESSION.to_row(session), "ordinal": ordinal}])
    await _update_postings(tx, session, old, ordinal)
    # What is counted for a session is counted with its ordinal.
    before = None if old is None or old.ordinal is None else counted_by(*old[1:5])
    after = counted_as(session)
    if before != after:
        await update_day_counts(tx, app_id, before, after)
        await update_minute_counts(tx, app_id, before, after)


async def _update_postings(
    tx: AsyncConnection, session: Session, old: Any, ordinal: int | None
) -> None:
    before = after = None
    was_at = None if old is None else old.ordinal
    if old is not None and was_at is not None:
        before = Place(was_at, _terms_of(session.id, old))
    if ordinal is not None:
        after = Place(ordinal, _terms_of(session.id, session))
    if before == after:
        return
    if before is not None and was_at != ordinal:
        # What is known of it since it was folded, which no session is before its end, moves too.
        more = await find_verdict_terms(tx, session.app_id, session.id)
        before, after = (
            each and Place(each.ordinal, each.terms | more) for each in (before, after)
        )
    if before is not None:
        await lock_day(tx, session.app_id, day_of_ordinal(before.ordinal))
    await change_postings(tx, session.app_id, before, after)


def _terms_of(id: str, row: Any) -> frozenset[str]:
    return terms_of_end(
        id=id,
        meeting_id=row.meeting_id,
        title=row.title,
        total_participants=row.total_participants,
    )


async def find_session(tx: AsyncConnection, app_id: str, session_id: str) -> Session | None:
    rows = await fetch(tx, _BY_ID, app_id=app_id, id=session_id)
    return SESSION.from_row(rows[0]) if rows else None


async def fetch_session(db: Database, app_id: str, session_id: str) -> Session | None:
    """`find_session` where nothing else is read in the same transaction."""
    rows = await db.fetch(_BY_ID, app_id=app_id, id=session_id)
    return SESSION.from_row(rows[0]) if rows else None


_BY_ID: Final = key_lookup(SESSION.columns, schema.sessions.c.app_id, schema.sessions.c.id)


async def find_with_keys(
    tx: AsyncConnection, app_id: str, session_id: str
) -> tuple[Session, int, int | None] | None:
    """A session with its day and its ordinal."""
    c = schema.sessions.c
    row = (
        await tx.execute(
            select(*SESSION.columns, c.day, c.ordinal).where(c.app_id == app_id, c.id == session_id)
        )
    ).first()
    return None if row is None else (SESSION.from_row(row), row.day, row.ordinal)


async def lock_session(tx: AsyncConnection, app_id: str, session_id: str) -> Session | None:
    """A session that nobody else can change until this transaction ends."""
    c = schema.sessions.c
    row = (
        await tx.execute(
            SESSION.select.where(c.app_id == app_id, c.id == session_id).with_for_update()
        )
    ).first()
    return None if row is None else SESSION.from_row(row)


async def find_sessions(
    tx: AsyncConnection, app_id: str, session_ids: Sequence[str]
) -> dict[str, Session]:
    """Those of the sessions that exist, by id."""
    rows = await fetch(
        tx, _BY_IDS, app_id=app_id, **among(tx.dialect.name, "ids", list(session_ids))
    )
    return {session.id: session for session in map(SESSION.from_row, rows)}


def _by_ids(dialect: str) -> Select[Any]:
    c = schema.sessions.c
    return SESSION.select.where(
        c.app_id == bindparam("app_id", type_=Text), is_among(dialect, c.id, "ids", Text)
    )


_BY_IDS: Final = Lookup(_by_ids)


async def find_current_session(tx: AsyncConnection, app_id: str, meeting_id: str) -> Session | None:
    """The one session of the meeting that is not ended."""
    c = schema.sessions.c
    row = (
        await tx.execute(
            SESSION.select.where(c.app_id == app_id, c.meeting_id == meeting_id, IS_LIVE)
        )
    ).first()
    return None if row is None else SESSION.from_row(row)


async def find_session_covering(
    tx: AsyncConnection, app_id: str, meeting_id: str, at: EpochMs
) -> Session | None:
    """The ended session of the meeting that covers this time, the latest if more
    than one was. One that emptied would have taken a newcomer for as long as it was kept alive."""
    c = schema.sessions.c
    grace_ms = case(
        (c.end_reason == EndReason.EMPTIED.value, c.keep_alive_s.cast(BigInteger) * SECOND_MS),
        else_=0,
    )
    row = (
        await tx.execute(
            SESSION.select.where(
                c.app_id == app_id,
                c.meeting_id == meeting_id,
                c.phase == Phase.ENDED.value,
                c.started_at <= at,
                c.ended_at + grace_ms >= at,
            )
            .order_by(c.started_at.desc(), c.id.desc())
            .limit(1)
        )
    ).first()
    return None if row is None else SESSION.from_row(row)


async def children_of(tx: AsyncConnection, app_id: str, session_id: str) -> list[Session]:
    """The sessions of this one's breakout rooms, oldest first."""
    c = schema.sessions.c
    rows = await tx.execute(
        SESSION.select.where(c.app_id == app_id, c.parent_session_id == session_id).order_by(
            c.created_at, c.id
        )
    )
    return [SESSION.from_row(row) for row in rows]


async def past_deadline(tx: AsyncConnection, now: EpochMs, limit: int) -> list[Session]:
    """Sessions of any app whose deadline is at or before `now`, the longest past first."""
    c = schema.sessions.c
    rows = await tx.execute(
        SESSION.select.where(c.deadline_at <= now).order_by(c.deadline_at).limit(limit)
    )
    return [SESSION.from_row(row) for row in rows]
