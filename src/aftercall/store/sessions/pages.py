"""Pages of sessions, by offset or after a cursor, each with the count of all that match.

Nothing reads all sessions. What a search, facets or a meeting lead to is counted and cut by
postings (`store.sessions.matching`). Otherwise the count comes from the daily counts, which say how
many sessions ended of each day and size: those that have not ended are few and have an index of
their own, and only the days that a bound cuts through are counted one by one. Then one access path
leads to the page, whichever reads less (`_choose_path`):

- index scan: the index in the order asked for is followed, past what does not match, to the page;
- filter, then sort: all that match are found by another index, and sorted.

What comes before an offset is skipped unread: in the order of creation by the counts of days, in
that of minutes by the counts of about as many minutes.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from msgspec.structs import replace
from sqlalchemy import (
    BigInteger,
    CompoundSelect,
    Double,
    Select,
    Text,
    bindparam,
    cast,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import DAY_MS, day_of
from aftercall.core.list_queries import SessionOrder, SessionQuery
from aftercall.core.records import Session
from aftercall.store.engine.lookup import Lookup
from aftercall.store.engine.lookup import fetch as fetch_rows
from aftercall.store.sessions.day_counts import EVERY_SIZE
from aftercall.store.sessions.matching import find_matching, is_by_postings
from aftercall.store.sessions.matching_pages import PathChooser, cut_page
from aftercall.store.sessions.minute_counts import EVERY_DAY, bucket_of, limits_of
from aftercall.store.sessions.page_rows import (
    SessionsPage,
    days_of_page,
    fetch,
    is_descending,
)
from aftercall.store.sessions.rows import IS_LIVE, SESSION
from aftercall.store.sessions.search import (
    SESSIONS,
    Candidates,
    Conditions,
    bounds,
    conditions,
    edge_days,
    has_sizes,
    liveness,
    of_sessions,
    sizes,
    within_day,
)
from aftercall.store.tables import schema

FEW: Final = 1_000
"""Sessions that are filtered and sorted without asking what an index scan would cost; chosen: it
takes as long as the question."""

SKIPPED: Final = 500
"""Rows that an offset in the order of minutes skips one by one; chosen: it takes as long as to
read the counts."""


async def is_filtered_first(
    tx: AsyncConnection, query: SessionQuery, matching: int, offset: int, /, *, few: int = FEW
) -> bool:
    """The `PathChooser` that compares what both would read. Up to `few` matching sessions are
    filtered without a question."""
    if matching <= few:
        return True
    every = sum((await _count_per_day(tx, SessionQuery(app_id=query.app_id))).values())
    return matching * matching < every * (offset + query.limit)


async def list_sessions(
    tx: AsyncConnection,
    query: SessionQuery,
    *,
    chooser: PathChooser = is_filtered_first,
    skipped: int = SKIPPED,
) -> SessionsPage:
    """The sessions that match. A search finds what `core.records.SearchScope` says; bounds are
    inclusive; live is what has not ended. Facets, quality and a search among participants know
    ended sessions alone."""
    query = replace(query, search=(query.search or "").strip() or None)
    if is_by_postings(query):
        matching = await find_matching(tx, query)
        if query.offset >= matching.total or query.limit <= 0:
            return SessionsPage([], matching.total, False, matching.calls)
        found = await cut_page(tx, query, matching, chooser)
        has_more = len(found) > query.limit
        return SessionsPage(found[: query.limit], matching.total, has_more, matching.calls)
    per_day = await _count_per_day(tx, query)
    total = sum(per_day.values())
    if query.offset >= total or query.limit <= 0:
        return SessionsPage([], total, False)
    candidates, offset = await _choose_path(tx, query, per_day, chooser, skipped)
    found = await fetch(tx, query, candidates, offset)
    return SessionsPage(found[: query.limit], total, len(found) > query.limit)


async def live_sessions(tx: AsyncConnection, app_id: str, limit: int) -> list[Session]:
    """Sessions of an app that have not ended, the newest first."""
    rows = await tx.execute(
        SESSION.select.where(*conditions(SessionQuery(app_id=app_id, is_live=True)))
        .order_by(SESSIONS.created_at.desc(), SESSIONS.id.desc())
        .limit(limit)
    )
    return [SESSION.from_row(row) for row in rows]


async def _choose_path(
    tx: AsyncConnection,
    query: SessionQuery,
    per_day: dict[int, int],
    chooser: PathChooser,
    skipped: int,
) -> tuple[Candidates, int]:
    """The candidates that the page is cut from, and how many of them come before it."""
    days, offset = sorted(per_day), query.offset
    if query.order is SessionOrder.CREATED_AT and query.cursor is None:
        days, offset = days_of_page(query, per_day)
    if query.order is SessionOrder.CREATED_AT and _is_plain(query):
        within = {"start": min(days) * DAY_MS, "end": (max(days) + 1) * DAY_MS}
        given = {"app_id": query.app_id, **within}
        return _PLAIN_PAGES[query.is_live]._replace(parameters=given), offset
    matching = sum(per_day[day] for day in days)
    if not _is_in_order(query) and await chooser(tx, query, matching, offset):
        where = conditions(query)
        if has_sizes(query) or query.order is SessionOrder.CREATED_AT:
            where.append(SESSIONS.day.in_(days))
        return of_sessions(query, where), offset
    where = _index_scan(query, days)
    is_by_minutes = query.order is SessionOrder.MINUTES_CONSUMED
    if is_by_minutes and offset > skipped and not has_sizes(query) and query.is_live is not True:
        bucket, offset = await _bucket_of_page(tx, query, offset)
        least, limit = limits_of(bucket)
        if is_descending(query):
            where += [] if limit is None else [SESSIONS.minutes_consumed < limit]
        else:
            where += [] if least is None else [SESSIONS.minutes_consumed >= least]
    return of_sessions(query, where), offset


def _is_in_order(query: SessionQuery) -> bool:
    """Whether the index in the order asked for leads to nothing, or little, that does not match."""
    by_minutes = query.order is SessionOrder.MINUTES_CONSUMED
    return len(conditions(query)) == 1 if by_minutes else not has_sizes(query)


def _index_scan(query: SessionQuery, days: Sequence[int]) -> Conditions:
    """In the order of creation only the days of the page are read. The bounds are no use to
    another order: hidden in a sum, they do not tempt the engine to another index."""
    where: Conditions = [SESSIONS.app_id == query.app_id]
    where += sizes(query, SESSIONS.total_participants + 0)
    if query.order is SessionOrder.CREATED_AT:
        where += liveness(query)
        where += bounds(query, SESSIONS.created_at)
        where.append(SESSIONS.created_at >= min(days) * DAY_MS)
        where.append(SESSIONS.created_at < (max(days) + 1) * DAY_MS)
    else:
        if query.is_live is not None:
            # What has ended has an ordinal, which is in the index.
            ordinal = SESSIONS.ordinal
            where.append(ordinal.is_(None) if query.is_live else ordinal.is_not(None))
        where += bounds(query, SESSIONS.created_at + 0)
    return where


async def _bucket_of_page(tx: AsyncConnection, query: SessionQuery, offset: int) -> tuple[int, int]:
    """The bucket of minutes that the page begins in, and how many of its sessions come before."""
    per_bucket = await _count_per_bucket(tx, query)
    bucket = 0
    for bucket in sorted(per_bucket, reverse=is_descending(query)):
        if offset < per_bucket[bucket]:
            break
        offset -= per_bucket[bucket]
    return bucket, offset


async def _count_per_bucket(tx: AsyncConnection, query: SessionQuery) -> dict[int, int]:
    """How many sessions match of about as many minutes."""
    t = schema.minute_tallies.c
    where: Conditions = [t.app_id == query.app_id]
    edges = edge_days(query)
    if query.created_from is None and query.created_to is None:
        where.append(t.day == EVERY_DAY)
    else:
        where += [t.day > EVERY_DAY, *_days_within(query, t.day), t.day.not_in(edges)]
    parts: list[Select[Any]] = [
        select(cast(t.bucket, Double), func.sum(t.sessions), literal(True))
        .where(*where)
        .group_by(t.bucket)
    ]
    one_by_one = select(SESSIONS.minutes_consumed, literal(1), literal(False)).where(
        SESSIONS.app_id == query.app_id, *bounds(query, SESSIONS.created_at)
    )
    parts += (one_by_one.where(SESSIONS.ordinal.is_not(None), *within_day(day)) for day in edges)
    if query.is_live is None:
        parts.append(one_by_one.where(IS_LIVE))
    found: dict[int, int] = {}
    for at, sessions, is_bucket in await tx.execute(union_all(*parts)):
        bucket = int(at) if is_bucket else bucket_of(at)
        found[bucket] = found.get(bucket, 0) + int(sessions)
    return found


async def _count_per_day(tx: AsyncConnection, query: SessionQuery) -> dict[int, int]:
    """How many sessions match on each day that has any."""
    rows: Iterable[Sequence[Any]]
    if _is_plain(query):
        rows = await fetch_rows(tx, _PLAIN_COUNTS[query.is_live], app_id=query.app_id)
    else:
        rows = await tx.execute(_counts_per_day(query, query.app_id))
    days: dict[int, int] = {}
    for day, sessions in rows:
        days[day] = days.get(day, 0) + int(sessions)
    return {day: sessions for day, sessions in days.items() if sessions}


def _counts_per_day(query: SessionQuery, app_id: Any) -> CompoundSelect[Any]:
    edges = edge_days(query)
    parts: list[Select[Any]] = []
    if query.is_live is not True:
        parts.append(_whole_days(query, app_id, edges))
        if edges:
            parts.append(_counted(query, app_id, 1, SESSIONS.day.in_(edges)))
    if query.is_live is None:
        # What has not ended of the edge days is counted above already.
        others = [SESSIONS.day.not_in(edges)] if edges else []
        parts.append(_counted(query, app_id, 1, IS_LIVE, *others))
    elif query.is_live:
        parts.append(_counted(query, app_id, 1, IS_LIVE))
    elif edges:
        parts.append(_counted(query, app_id, -1, IS_LIVE, SESSIONS.day.in_(edges)))
    return union_all(*parts)


def _whole_days(query: SessionQuery, app_id: Any, edges: Sequence[int]) -> Select[Any]:
    """The counts of the days that lie within the bounds."""
    t = schema.session_tallies.c
    where: Conditions = [t.app_id == app_id, *_days_within(query, t.day)]
    if has_sizes(query):
        where += [t.total_participants > EVERY_SIZE, *sizes(query, t.total_participants)]
    else:
        where.append(t.total_participants == EVERY_SIZE)
    if edges:
        where.append(t.day.not_in(edges))
    return select(t.day, func.sum(t.sessions)).where(*where).group_by(t.day)


def _counted(query: SessionQuery, app_id: Any, sign: int, *where: Any) -> Select[Any]:
    """The sessions within the bounds and sizes, counted one by one."""
    return (
        select(SESSIONS.day, func.count() * sign)
        .where(
            SESSIONS.app_id == app_id,
            *bounds(query, SESSIONS.created_at),
            *sizes(query, SESSIONS.total_participants),
            *where,
        )
        .group_by(SESSIONS.day)
    )


def _days_within(query: SessionQuery, day: Any) -> Conditions:
    where: Conditions = []
    if query.created_from is not None:
        where.append(day >= day_of(query.created_from))
    if query.created_to is not None:
        where.append(day <= day_of(query.created_to))
    return where


def _is_plain(query: SessionQuery) -> bool:
    """Whether nothing but the app and the state of a session matters."""
    has_bounds = query.created_from is not None or query.created_to is not None
    return not (has_bounds or has_sizes(query) or is_by_postings(query))


_APP: Final = bindparam("app_id", type_=Text)


def _plain_page(is_live: bool | None) -> Candidates:
    query = SessionQuery(app_id="", is_live=is_live)
    start, end = (bindparam(name, type_=BigInteger) for name in ("start", "end"))
    within = (SESSIONS.created_at >= start, SESSIONS.created_at < end)
    where = [SESSIONS.app_id == _APP, *liveness(query), *within]
    return of_sessions(query, where)._replace(lookups={})


def _plain_count(is_live: bool | None) -> Lookup:
    query = SessionQuery(app_id="", is_live=is_live)
    return Lookup(lambda _dialect: _counts_per_day(query, _APP))


_PLAIN_PAGES: Final = {is_live: _plain_page(is_live) for is_live in (None, True, False)}
_PLAIN_COUNTS: Final = {is_live: _plain_count(is_live) for is_live in (None, True, False)}
