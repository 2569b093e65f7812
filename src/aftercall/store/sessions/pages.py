"""Pages of sessions, by offset or after a cursor, each with the count of all that match.

Nothing reads all sessions. A count comes from the daily counts, which say how many sessions ended
of each day and size: those that have not ended are few and have an index of their own, and only
the days that a bound cuts through are counted one by one. With one facet it comes from the facet's
counts. Then one access path leads to the page, whichever reads less (`_choose_path`):

- the index of a facet, of the verdicts or of a search, where the query has one;
- index scan: the index in the order asked for is followed, past what does not match, to the page;
- filter, then sort: all that match are found by another index, and sorted.

In the order of creation the days before an offset are skipped unread.
"""

from collections.abc import Awaitable, Sequence
from typing import Any, Final, NamedTuple, Protocol

from msgspec.structs import replace
from sqlalchemy import Select, and_, func, select, tuple_, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import DAY_MS, day_of
from aftercall.core.list_queries import SessionOrder, SessionQuery
from aftercall.core.overview.session_summary import FACET_ALL, FACET_BAD
from aftercall.core.records import Session
from aftercall.store.sessions.day_counts import EVERY_SIZE
from aftercall.store.sessions.rows import IS_LIVE, SESSION
from aftercall.store.sessions.search import (
    SESSIONS,
    Candidates,
    Conditions,
    bounds,
    by_facet,
    by_participants,
    by_quality,
    conditions,
    has_sizes,
    is_found_by_title,
    liveness,
    needs_sessions,
    of_sessions,
    searches_participants,
    sizes,
    ways_by_title,
    with_facets,
)
from aftercall.store.tables import schema

FEW: Final = 1_000
"""Sessions that are filtered and sorted without asking what an index scan would cost; chosen: it
takes as long as the question."""


class SortedSession(NamedTuple):
    """A session and the key it is sorted by."""

    session: Session
    key: float


class SessionsPage(NamedTuple):
    """A page in the order of reading (one read backwards comes nearest first), how many sessions
    match in all, and whether more follow in the direction of reading."""

    items: list[SortedSession]
    total: int
    has_more: bool


class _Count(NamedTuple):
    """How many sessions match; by day where the daily counts tell; and the conditions of the ways
    in which a search by title finds them."""

    total: int
    per_day: dict[int, int] | None = None
    ways: Sequence[Conditions] = ()


class PathChooser(Protocol):
    """Whether filtering, then sorting what matches reads less than an index scan."""

    def __call__(
        self, tx: AsyncConnection, query: SessionQuery, matching: int, offset: int, /
    ) -> Awaitable[bool]: ...


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
    tx: AsyncConnection, query: SessionQuery, *, chooser: PathChooser = is_filtered_first
) -> SessionsPage:
    """The sessions that match. A search finds what `core.records.SearchScope` says; bounds are
    inclusive; live is what has not ended. Facets, quality and a search among participants know
    ended sessions alone."""
    query = replace(query, search=(query.search or "").strip() or None)
    count = await _count(tx, query)
    if query.offset >= count.total or query.limit <= 0:
        return SessionsPage([], count.total, False)
    candidates, offset = await _choose_path(tx, query, count, chooser)
    found = await _fetch(tx, query, candidates, offset)
    return SessionsPage(found[: query.limit], count.total, len(found) > query.limit)


async def live_sessions(tx: AsyncConnection, app_id: str, limit: int) -> list[Session]:
    """Sessions of an app that have not ended, the newest first."""
    rows = await tx.execute(
        select(*SESSION.columns)
        .where(*conditions(SessionQuery(app_id=app_id, is_live=True)))
        .order_by(SESSIONS.created_at.desc(), SESSIONS.id.desc())
        .limit(limit)
    )
    return [SESSION.from_row(row) for row in rows]


async def _choose_path(
    tx: AsyncConnection, query: SessionQuery, count: _Count, chooser: PathChooser
) -> tuple[Candidates, int]:
    """The candidates that the page is cut from, and how many of them come before it."""
    if _is_indexed(query):
        return await _indexed_path(tx, query), query.offset
    if count.per_day is None:
        return await _unindexed_path(tx, query, count, chooser), query.offset
    days, offset = sorted(count.per_day), query.offset
    if query.order is SessionOrder.CREATED_AT and query.cursor is None:
        days, offset = _days_of_page(query, count.per_day)
    matching = sum(count.per_day[day] for day in days)
    if not _is_in_order(query) and await chooser(tx, query, matching, offset):
        where = conditions(query)
        if has_sizes(query) or query.order is SessionOrder.CREATED_AT:
            where.append(SESSIONS.day.in_(days))
        return of_sessions(query, where), offset
    return _index_scan(query, days), offset


def _is_indexed(query: SessionQuery) -> bool:
    """Whether an index beside those of the sessions leads to what matches."""
    is_by_quality = query.order is SessionOrder.QUALITY
    return bool(query.facets) or is_by_quality or searches_participants(query)


async def _indexed_path(tx: AsyncConnection, query: SessionQuery) -> Candidates:
    facets = await _rarest_first(tx, query)
    if query.order is SessionOrder.QUALITY:
        return by_quality(query, facets)
    if query.order is SessionOrder.CREATED_AT and not needs_sessions(query):
        if searches_participants(query):
            return by_participants(query, facets)
        if not query.search:
            return by_facet(query, facets)
    return with_facets(query, facets)


async def _unindexed_path(
    tx: AsyncConnection, query: SessionQuery, count: _Count, chooser: PathChooser
) -> Candidates:
    """Of a meeting, or found by title."""
    if not count.ways:
        return of_sessions(query, conditions(query))
    if not await chooser(tx, query, count.total, query.offset):
        return of_sessions(query, [*conditions(query), is_found_by_title(query)])
    keys = (SESSIONS.id, SESSIONS.created_at, SESSIONS.minutes_consumed)
    # No session is found in two ways, so they are sorted together without comparing.
    found = union_all(*(select(*keys).where(*way) for way in count.ways)).subquery()
    is_by_minutes = query.order is SessionOrder.MINUTES_CONSUMED
    sort_key = found.c.minutes_consumed if is_by_minutes else found.c.created_at
    return Candidates(found, found.c.id, found.c.created_at, sort_key, [])


def _is_in_order(query: SessionQuery) -> bool:
    """Whether the index in the order asked for leads to nothing, or little, that does not match."""
    by_minutes = query.order is SessionOrder.MINUTES_CONSUMED
    return len(conditions(query)) == 1 if by_minutes else not has_sizes(query)


def _index_scan(query: SessionQuery, days: Sequence[int]) -> Candidates:
    """In the order of creation only the days of the page are read. The bounds are no use to
    another order: hidden in a sum, they do not tempt the engine to another index."""
    where: Conditions = [SESSIONS.app_id == query.app_id, *liveness(query)]
    where += sizes(query, SESSIONS.total_participants + 0)
    if query.order is SessionOrder.CREATED_AT:
        where += bounds(query, SESSIONS.created_at)
        where.append(SESSIONS.created_at >= min(days) * DAY_MS)
        where.append(SESSIONS.created_at < (max(days) + 1) * DAY_MS)
    else:
        where += bounds(query, SESSIONS.created_at + 0)
    return of_sessions(query, where)


async def _fetch(
    tx: AsyncConnection, query: SessionQuery, candidates: Candidates, offset: int
) -> list[SortedSession]:
    """The sessions of the page and one more, if there is one. Their ids come first: what is
    skipped costs no row."""
    key, id, where = candidates.sort_key, candidates.id, [*candidates.where]
    is_descending = query.is_descending
    if query.cursor is not None:
        is_descending = query.is_descending is not query.cursor.is_backward
        at, here = tuple_(key, id), (query.cursor.key, query.cursor.id)
        where.append(at < here if is_descending else at > here)
    cut = (
        select(id.label("id"), key.label("sort_key"))
        .select_from(candidates.rows)
        .where(*where)
        .order_by(*((key.desc(), id.desc()) if is_descending else (key.asc(), id.asc())))
        .offset(offset or None)
        .limit(query.limit + 1)
        .subquery()
    )
    order = (cut.c.sort_key, cut.c.id)
    rows = await tx.execute(
        select(*SESSION.columns, cut.c.sort_key)
        .join(cut, and_(SESSIONS.app_id == query.app_id, SESSIONS.id == cut.c.id))
        .order_by(*(column.desc() if is_descending else column.asc() for column in order))
    )
    return [SortedSession(SESSION.from_row(row), row[-1]) for row in rows]


def _days_of_page(query: SessionQuery, per_day: dict[int, int]) -> tuple[list[int], int]:
    """The days the page is cut from, and how many sessions of the first come before it."""
    days: list[int] = []
    before, wanted = query.offset, query.limit + 1
    for day in sorted(per_day, reverse=query.is_descending):
        if not days and before >= per_day[day]:
            before -= per_day[day]
            continue
        wanted -= per_day[day] - (0 if days else before)
        days.append(day)
        if wanted <= 0:
            break
    return days, before


async def _count(tx: AsyncConnection, query: SessionQuery) -> _Count:
    if _is_indexed(query):
        if _is_of_facet_counts(query):
            return _Count(await _sum_of_facet_counts(tx, query))
        return _Count(await _count_rows(tx, await _indexed_path(tx, query)))
    if query.search:
        where = conditions(query)
        ways = [[*where, *way] for way in ways_by_title(query)]
        counts = union_all(*(select(func.count()).where(*way) for way in ways))
        return _Count(sum((await tx.execute(counts)).scalars()), None, ways)
    if query.meeting_id is not None:
        return _Count(await _count_rows(tx, of_sessions(query, conditions(query))))
    per_day = await _count_per_day(tx, query)
    return _Count(sum(per_day.values()), per_day)


async def _count_rows(tx: AsyncConnection, candidates: Candidates) -> int:
    statement = select(func.count()).select_from(candidates.rows).where(*candidates.where)
    return int((await tx.execute(statement)).scalar_one())


async def _count_per_day(tx: AsyncConnection, query: SessionQuery) -> dict[int, int]:
    """How many sessions match on each day that has any."""
    edges = _edge_days(query)
    parts: list[Select[Any]] = []
    if query.is_live is not True:
        parts.append(_whole_days(query, edges))
        if edges:
            parts.append(_counted(query, 1, SESSIONS.day.in_(edges)))
    if query.is_live is None:
        # What has not ended of the edge days is counted above already.
        parts.append(_counted(query, 1, IS_LIVE, SESSIONS.day.not_in(edges)))
    elif query.is_live:
        parts.append(_counted(query, 1, IS_LIVE))
    elif edges:
        parts.append(_counted(query, -1, IS_LIVE, SESSIONS.day.in_(edges)))
    days: dict[int, int] = {}
    for day, sessions in await tx.execute(union_all(*parts)):
        days[day] = days.get(day, 0) + int(sessions)
    return {day: sessions for day, sessions in days.items() if sessions}


def _whole_days(query: SessionQuery, edges: Sequence[int]) -> Select[Any]:
    """The counts of the days that lie within the bounds."""
    t = schema.session_tallies.c
    where: Conditions = [t.app_id == query.app_id, *_days_within(query, t.day)]
    if has_sizes(query):
        where += [t.total_participants > EVERY_SIZE, *sizes(query, t.total_participants)]
    else:
        where.append(t.total_participants == EVERY_SIZE)
    if edges:
        where.append(t.day.not_in(edges))
    return select(t.day, func.sum(t.sessions)).where(*where).group_by(t.day)


def _counted(query: SessionQuery, sign: int, *where: Any) -> Select[Any]:
    """The sessions within the bounds and sizes, counted one by one."""
    return (
        select(SESSIONS.day, func.count() * sign)
        .where(
            SESSIONS.app_id == query.app_id,
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


def _edge_days(query: SessionQuery) -> list[int]:
    """The days that a bound cuts through, of which a daily count counts too much."""
    edges = set()
    if query.created_from is not None and query.created_from % DAY_MS != 0:
        edges.add(day_of(query.created_from))
    if query.created_to is not None and query.created_to % DAY_MS != DAY_MS - 1:
        edges.add(day_of(query.created_to))
    return sorted(edges)


def _is_of_facet_counts(query: SessionQuery) -> bool:
    """Whether the facets' daily counts tell: of one facet, of the bad ones among its sessions, or
    of all bad sessions; over whole days."""
    is_plain = not query.search and query.order is not SessionOrder.QUALITY
    is_narrowed = needs_sessions(query) or bool(_edge_days(query))
    return is_plain and not is_narrowed and len(set(query.facets) - {FACET_BAD}) <= 1


async def _sum_of_facet_counts(tx: AsyncConnection, query: SessionQuery) -> int:
    t = schema.facet_tallies.c
    name = next(iter(set(query.facets) - {FACET_BAD}), FACET_ALL)
    counted = t.bad_sessions if FACET_BAD in query.facets else t.sessions
    where = [t.app_id == query.app_id, t.facet == name, *_days_within(query, t.day)]
    statement = select(func.coalesce(func.sum(counted), 0)).where(*where)
    return int((await tx.execute(statement)).scalar_one())


async def _rarest_first(tx: AsyncConnection, query: SessionQuery) -> list[str]:
    if len(query.facets) < 2:
        return list(query.facets)
    t = schema.facet_tallies.c
    rows = await tx.execute(
        select(t.facet, func.sum(t.sessions), func.sum(t.bad_sessions))
        .where(t.app_id == query.app_id, t.facet.in_([*query.facets, FACET_ALL]))
        .group_by(t.facet)
    )
    counts = {facet: (int(sessions), int(bad)) for facet, sessions, bad in rows}
    totals = {name: counts.get(name, (0, 0))[0] for name in query.facets}
    if FACET_BAD in totals:
        totals[FACET_BAD] = counts.get(FACET_ALL, (0, 0))[1]
    return sorted(query.facets, key=lambda name: totals[name])
