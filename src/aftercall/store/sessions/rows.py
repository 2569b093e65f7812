"""Sessions: written one by one, found in every way the services need."""

from collections.abc import Sequence
from functools import cache

from sqlalchemy import BigInteger, case, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import SECOND_MS, EpochMs, day_of
from aftercall.core.records import EndReason, Phase, Session
from aftercall.store.engine.record_mapping import Insert, Shape, insert_into, upsert
from aftercall.store.sessions.day_counts import counted_as, counted_by, update_day_counts
from aftercall.store.sessions.tokenizer import key_of_title, words_of
from aftercall.store.tables import schema

SESSION = Shape(
    Session,
    schema.sessions,
    lambda session: {
        "day": day_of(session.created_at),
        "title_key": key_of_title(session.title),
    },
)

IS_LIVE = schema.sessions.c.phase != literal_column("'ended'")
"""Not ended, as a literal and without a parameter, so that the partial indexes are used."""


async def insert_session(tx: AsyncConnection, session: Session) -> bool:
    """Insert a new session. False, and nothing is written, when its meeting has one already
    that is not ended (or its id is taken)."""
    statement = insert_into(tx.dialect.name, schema.sessions).on_conflict_do_nothing()
    done = await tx.execute(statement.values(SESSION.to_row(session)))
    if done.rowcount != 1:
        return False
    await _save_terms(tx, session)
    await update_day_counts(tx, session.app_id, None, counted_as(session))
    return True


async def save_session(tx: AsyncConnection, session: Session) -> None:
    """Write a session, new or changed, with its daily counts and search terms.

    Raises the driver's integrity error when it is not ended and its meeting has another
    that is not ended either.
    """
    c = schema.sessions.c
    old = (
        await tx.execute(
            select(c.title, c.phase, c.created_at, c.total_participants, c.minutes_consumed).where(
                c.app_id == session.app_id, c.id == session.id
            )
        )
    ).first()
    await upsert(tx, SESSION, [session])
    if old is None or old.title != session.title:
        await _save_terms(tx, session)
    before = None if old is None else counted_by(*old[1:])
    await update_day_counts(tx, session.app_id, before, counted_as(session))


async def _save_terms(tx: AsyncConnection, session: Session) -> None:
    key = key_of_title(session.title)
    rows = [
        {"app_id": session.app_id, "term": word, "title_key": key}
        for word in words_of(session.title)
    ]
    if rows:
        await tx.execute(_insert_terms(tx.dialect.name), rows)


@cache
def _insert_terms(dialect: str) -> Insert:
    return insert_into(dialect, schema.title_terms).on_conflict_do_nothing()


async def find_session(tx: AsyncConnection, app_id: str, session_id: str) -> Session | None:
    c = schema.sessions.c
    row = (
        await tx.execute(select(*SESSION.columns).where(c.app_id == app_id, c.id == session_id))
    ).first()
    return None if row is None else SESSION.from_row(row)


async def find_with_keys(
    tx: AsyncConnection, app_id: str, session_id: str
) -> tuple[Session, int, int] | None:
    """A session with the day and the key of its title that it is found by."""
    c = schema.sessions.c
    row = (
        await tx.execute(
            select(*SESSION.columns, c.day, c.title_key).where(
                c.app_id == app_id, c.id == session_id
            )
        )
    ).first()
    return None if row is None else (SESSION.from_row(row), row.day, row.title_key)


async def lock_session(tx: AsyncConnection, app_id: str, session_id: str) -> Session | None:
    """A session that nobody else can change until this transaction ends."""
    c = schema.sessions.c
    row = (
        await tx.execute(
            select(*SESSION.columns).where(c.app_id == app_id, c.id == session_id).with_for_update()
        )
    ).first()
    return None if row is None else SESSION.from_row(row)


async def find_sessions(
    tx: AsyncConnection, app_id: str, session_ids: Sequence[str]
) -> dict[str, Session]:
    """Those of the sessions that exist, by id."""
    c = schema.sessions.c
    rows = await tx.execute(
        select(*SESSION.columns).where(c.app_id == app_id, c.id.in_(list(session_ids)))
    )
    return {session.id: session for session in map(SESSION.from_row, rows)}


async def find_current_session(tx: AsyncConnection, app_id: str, meeting_id: str) -> Session | None:
    """The one session of the meeting that is not ended."""
    c = schema.sessions.c
    row = (
        await tx.execute(
            select(*SESSION.columns).where(c.app_id == app_id, c.meeting_id == meeting_id, IS_LIVE)
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
            select(*SESSION.columns)
            .where(
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
        select(*SESSION.columns)
        .where(c.app_id == app_id, c.parent_session_id == session_id)
        .order_by(c.created_at, c.id)
    )
    return [SESSION.from_row(row) for row in rows]


async def past_deadline(tx: AsyncConnection, now: EpochMs, limit: int) -> list[Session]:
    """Sessions of any app whose deadline is at or before `now`, the longest past first."""
    c = schema.sessions.c
    rows = await tx.execute(
        select(*SESSION.columns).where(c.deadline_at <= now).order_by(c.deadline_at).limit(limit)
    )
    return [SESSION.from_row(row) for row in rows]
