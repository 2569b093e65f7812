"""Pages of the sessions that postings lead to.

In the order of creation the counts of the days tell which days a page is cut from. In another
order, and within a day, the page is cut on whichever path reads less: the matching sessions are
looked up by their ordinals and sorted, or the index in the order asked for is followed past what
does not match.
"""

from collections.abc import Awaitable
from typing import Any, Final, Protocol

from sqlalchemy import BigInteger, Select, Text, and_, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import DAY_MS, EpochMs, day_of
from aftercall.core.list_queries import Cursor, SessionOrder, SessionQuery
from aftercall.store.engine.array_params import among, is_among
from aftercall.store.sessions.matching import Matching
from aftercall.store.sessions.page_rows import (
    SortedSession,
    days_of_page,
    fetch,
    is_descending,
)
from aftercall.store.sessions.postings import is_in, ordinals_in
from aftercall.store.sessions.rows import SESSION
from aftercall.store.sessions.search import SESSIONS, VERDICTS, of_sessions

LOOKUPS_PER_ROW: Final = 4
"""Sessions of the page's days that are looked up and sorted for each row that is wanted; chosen:
when more of them match, the index in the order of creation soon reaches the page."""

FIRST_BATCH: Final = 256
LARGEST_BATCH: Final = 16_384


class PathChooser(Protocol):
    """Whether filtering, then sorting what matches reads less than an index scan."""

    def __call__(
        self, tx: AsyncConnection, query: SessionQuery, matching: int, offset: int, /
    ) -> Awaitable[bool]: ...


async def cut_page(
    tx: AsyncConnection, query: SessionQuery, matching: Matching, chooser: PathChooser
) -> list[SortedSession]:
    """The sessions of the page and one more, if there is one."""
    if query.order is SessionOrder.CREATED_AT:
        return await _cut_by_creation(tx, query, matching)
    if await chooser(tx, query, matching.total, query.offset):
        return await _look_up(tx, query, matching, query.offset)
    return await _scan(tx, query, matching)


async def _cut_by_creation(
    tx: AsyncConnection, query: SessionQuery, matching: Matching
) -> list[SortedSession]:
    after_day = None if query.cursor is None else day_of(EpochMs(int(query.cursor.key)))
    days, offset = days_of_page(query, matching.per_day, after_day=after_day)
    if not days:
        return []
    of_days = matching.of_days(days)
    if of_days.total <= LOOKUPS_PER_ROW * (offset + query.limit + 1):
        return await _look_up(tx, query, of_days, offset)
    where, parameters = _membership(tx, of_days, hides_columns=True)
    where += [
        SESSIONS.app_id == query.app_id,
        SESSIONS.created_at >= EpochMs(min(days) * DAY_MS),
        SESSIONS.created_at < EpochMs((max(days) + 1) * DAY_MS),
    ]
    return await fetch(tx, query, of_sessions(query, where, parameters), offset)


async def _look_up(
    tx: AsyncConnection, query: SessionQuery, matching: Matching, offset: int
) -> list[SortedSession]:
    where, parameters = _membership(tx, matching, hides_columns=False)
    where.append(SESSIONS.app_id == query.app_id)
    return await fetch(tx, query, of_sessions(query, where, parameters), offset)


def _membership(
    tx: AsyncConnection, matching: Matching, *, hides_columns: bool
) -> tuple[list[Any], dict[str, Any]]:
    """The condition that a session matches. Hidden in expressions, the columns do not tempt the
    engine to their indexes, so that it keeps to the one in the order asked for."""
    dialect = tx.dialect.name
    ordinals = [
        ordinal for block, bits in matching.ended.items() for ordinal in ordinals_in(block, bits)
    ]
    ordinal, id = (
        (SESSIONS.ordinal + 0, SESSIONS.id + "")
        if hides_columns
        else (SESSIONS.ordinal, SESSIONS.id)
    )
    condition = is_among(dialect, ordinal, "ordinals", BigInteger)
    parameters = among(dialect, "ordinals", ordinals)
    if not matching.live:
        return [condition], parameters
    parameters |= among(dialect, "live_ids", [each.id for each in matching.live])
    return [or_(condition, is_among(dialect, id, "live_ids", Text))], parameters


async def _scan(
    tx: AsyncConnection, query: SessionQuery, matching: Matching
) -> list[SortedSession]:
    """Follow the index of minutes, or of quality, in batches to the end of the page."""
    live = {each.id for each in matching.live}
    found: dict[str, float] = {}
    skipped, size, last = 0, FIRST_BATCH, query.cursor
    while len(found) <= query.limit:
        rows = (await tx.execute(_batch(query, last, size))).all()
        for at, id, ordinal in rows:
            if not (id in live if ordinal is None else is_in(matching.ended, ordinal)):
                continue
            if skipped < query.offset:
                skipped += 1
                continue
            found[id] = at
            if len(found) > query.limit:
                break
        if len(rows) < size:
            break
        last = Cursor(rows[-1][0], rows[-1][1], False)
        size = min(4 * size, LARGEST_BATCH)
    c = SESSIONS
    listed = await tx.execute(SESSION.select.where(c.app_id == query.app_id, c.id.in_(list(found))))
    by_id = {row.id: SESSION.from_row(row) for row in listed}
    return [SortedSession(by_id[id], at) for id, at in found.items()]


def _batch(query: SessionQuery, last: Cursor | None, size: int) -> Select[Any]:
    """Keys, ids and ordinals that follow the last one seen."""
    descends = is_descending(query)
    if query.order is SessionOrder.MINUTES_CONSUMED:
        key, id = SESSIONS.minutes_consumed, SESSIONS.id
        batch = select(key, id, SESSIONS.ordinal).where(SESSIONS.app_id == query.app_id)
    else:
        key, id = VERDICTS.quality_rank, VERDICTS.session_id
        batch = (
            select(key, id, SESSIONS.ordinal)
            .join(SESSIONS.id.table, and_(SESSIONS.app_id == VERDICTS.app_id, SESSIONS.id == id))
            .where(VERDICTS.app_id == query.app_id, key.is_not(None))
        )
    if last is not None:
        at, here = tuple_(key, id), (last.key, last.id)
        batch = batch.where(at < here if descends else at > here)
    order = (key.desc(), id.desc()) if descends else (key.asc(), id.asc())
    return batch.order_by(*order).limit(size)
