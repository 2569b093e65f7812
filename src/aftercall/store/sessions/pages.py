"""Lists of sessions: a page and the count of all, without reading all.

A count by day comes first: the tallies say how many sessions ended of each day and size, those
that have not ended are few and have an index of their own, and only the days that a bound cuts
through are counted one by one. Then the page is cut in one of two ways, whichever reads less:

- picked: the index in the order asked for is followed, past what does not match, up to the page;
- gathered: all that match are found by another index, and sorted.

In the order of creation the days before the page are skipped unread. A meeting or a search
narrows the sessions so much that they are counted themselves.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, false, func, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import DAY_MS, day_of
from aftercall.core.records import Page, Phase, Session, SessionOrder, SessionQuery
from aftercall.store.sessions.day_counts import EVERY_SIZE
from aftercall.store.sessions.rows import IS_LIVE, SESSION
from aftercall.store.sessions.tokenizer import LAST, words_of
from aftercall.store.tables import schema

FEW: Final = 1_000
"""Sessions that are gathered without asking what picking them would cost; chosen: it takes as
long as the question."""

Conditions = list[ColumnElement[bool]]

_S = schema.sessions.c

_KEYS = (_S.id, _S.created_at, _S.minutes_consumed)
"""What a page is cut by."""


async def list_sessions(tx: AsyncConnection, query: SessionQuery) -> Page[Session]:
    """The sessions that match. `search` finds the beginnings of the words of the title (each
    word given must be found), of the session's id and of the meeting's id; bounds are
    inclusive; live is what has not ended."""
    search = (query.search or "").strip()
    if search:
        total, items = await _list_found(tx, query, search)
    elif query.meeting_id is not None:
        total, items = await _list_of_meeting(tx, query)
    else:
        total, items = await _list_all(tx, query)
    return Page(items=items, offset=query.offset, total=total)


async def _list_all(tx: AsyncConnection, query: SessionQuery) -> tuple[int, list[Session]]:
    per_day = await _count_per_day(tx, query)
    total = sum(per_day.values())
    if query.offset >= total or query.limit <= 0:
        return total, []
    if query.order is SessionOrder.CREATED_AT:
        days, offset = _days_of_page(query, per_day)
    else:
        days, offset = sorted(per_day), query.offset
    matching = sum(per_day[day] for day in days)
    if not _is_in_order(query) and await _is_filtered_first(tx, query, matching, offset):
        return total, await _fetch(tx, query, [_filter_then_sort(query, days)], offset)
    return total, await _fetch(tx, query, [_index_scan(query, days)], offset)


async def _is_filtered_first(
    tx: AsyncConnection, query: SessionQuery, matching: int, offset: int
) -> bool:
    """Whether gathering what matches reads less than picking it from the index in order."""
    if matching <= FEW:
        return True
    every = sum((await _count_per_day(tx, SessionQuery(app_id=query.app_id))).values())
    return matching * matching < every * (offset + query.limit)


def _is_in_order(query: SessionQuery) -> bool:
    """Whether the index in the order asked for leads to nothing, or little, that does not match."""
    by_minutes = query.order is SessionOrder.MINUTES_CONSUMED
    return len(_conditions(query)) == 1 if by_minutes else not _has_sizes(query)


def _filter_then_sort(query: SessionQuery, days: Sequence[int]) -> Select[Any]:
    where = _conditions(query)
    if _has_sizes(query) or query.order is SessionOrder.CREATED_AT:
        where.append(_S.day.in_(days))
    return select(*_KEYS).where(*where)


def _index_scan(query: SessionQuery, days: Sequence[int]) -> Select[Any]:
    """In the order of creation only the days of the page are read. The bounds are no use to
    another order: hidden in a sum, they do not tempt the engine to another index."""
    where: Conditions = [_S.app_id == query.app_id, *_liveness(query)]
    where += _sizes(query, _S.total_participants + 0)
    if query.order is SessionOrder.CREATED_AT:
        where += _bounds(query, _S.created_at)
        where.append(_S.created_at >= min(days) * DAY_MS)
        where.append(_S.created_at < (max(days) + 1) * DAY_MS)
    else:
        where += _bounds(query, _S.created_at + 0)
    return select(*_KEYS).where(*where)


async def _fetch(
    tx: AsyncConnection, query: SessionQuery, ways: Sequence[Select[Any]], offset: int
) -> list[Session]:
    """The sessions of the page, cut from those the ways lead to, of which no two lead to the
    same. Their ids come first: what is skipped costs no row."""
    if len(ways) == 1:
        cut = ways[0].order_by(*_order(query, _S))
    else:
        every = union_all(*ways).subquery()
        cut = select(every.c.id).order_by(*_order(query, every.c))
    ids = cut.with_only_columns(cut.selected_columns.id).offset(offset).limit(query.limit)
    rows = await tx.execute(
        select(*SESSION.columns)
        .where(_S.app_id == query.app_id, _S.id.in_(select(ids.subquery().c.id)))
        .order_by(*_order(query, _S))
    )
    return [SESSION.from_row(row) for row in rows]


def _order(query: SessionQuery, columns: Any) -> list[ColumnElement[Any]]:
    by_minutes = query.order is SessionOrder.MINUTES_CONSUMED
    order = [columns.minutes_consumed if by_minutes else columns.created_at, columns.id]
    return [column.desc() if query.is_descending else column.asc() for column in order]


def _conditions(query: SessionQuery) -> Conditions:
    where: Conditions = [_S.app_id == query.app_id, *_bounds(query, _S.created_at)]
    where += _liveness(query)
    where += _sizes(query, _S.total_participants)
    if query.meeting_id is not None:
        where.append(_S.meeting_id == query.meeting_id)
    return where


def _bounds(query: SessionQuery, created_at: ColumnElement[int]) -> Conditions:
    where: Conditions = []
    if query.created_from is not None:
        where.append(created_at >= query.created_from)
    if query.created_to is not None:
        where.append(created_at <= query.created_to)
    return where


def _liveness(query: SessionQuery) -> Conditions:
    if query.is_live is None:
        return []
    return [IS_LIVE if query.is_live else _S.phase == Phase.ENDED.value]


def _has_sizes(query: SessionQuery) -> bool:
    return query.min_participants is not None or query.max_participants is not None


def _sizes(query: SessionQuery, size: ColumnElement[int]) -> Conditions:
    where: Conditions = []
    if query.min_participants is not None:
        where.append(size >= query.min_participants)
    if query.max_participants is not None:
        where.append(size <= query.max_participants)
    return where


async def _count_per_day(tx: AsyncConnection, query: SessionQuery) -> dict[int, int]:
    """How many sessions match on each day that has any."""
    edges = _edge_days(query)
    parts: list[Select[Any]] = []
    if query.is_live is not True:
        parts.append(_whole_days(query, edges))
        if edges:
            parts.append(_counted(query, 1, _S.day.in_(edges)))
    if query.is_live is None:
        # What has not ended of the edge days is counted above already.
        parts.append(_counted(query, 1, IS_LIVE, _S.day.not_in(edges)))
    elif query.is_live:
        parts.append(_counted(query, 1, IS_LIVE))
    elif edges:
        parts.append(_counted(query, -1, IS_LIVE, _S.day.in_(edges)))
    days: dict[int, int] = {}
    for day, sessions in await tx.execute(union_all(*parts)):
        days[day] = days.get(day, 0) + int(sessions)
    return {day: sessions for day, sessions in days.items() if sessions}


def _whole_days(query: SessionQuery, edges: Sequence[int]) -> Select[Any]:
    """The tallies of the days that lie within the bounds."""
    t = schema.session_tallies.c
    where: Conditions = [t.app_id == query.app_id]
    if _has_sizes(query):
        where += [t.total_participants > EVERY_SIZE, *_sizes(query, t.total_participants)]
    else:
        where.append(t.total_participants == EVERY_SIZE)
    if query.created_from is not None:
        where.append(t.day >= day_of(query.created_from))
    if query.created_to is not None:
        where.append(t.day <= day_of(query.created_to))
    if edges:
        where.append(t.day.not_in(edges))
    return select(t.day, func.sum(t.sessions)).where(*where).group_by(t.day)


def _counted(query: SessionQuery, sign: int, *where: ColumnElement[bool]) -> Select[Any]:
    """The sessions within the bounds and sizes, counted one by one."""
    return (
        select(_S.day, func.count() * sign)
        .where(
            _S.app_id == query.app_id,
            *_bounds(query, _S.created_at),
            *_sizes(query, _S.total_participants),
            *where,
        )
        .group_by(_S.day)
    )


def _edge_days(query: SessionQuery) -> list[int]:
    """The days that a bound cuts through, for which the tally says too much."""
    edges = set()
    if query.created_from is not None and query.created_from % DAY_MS != 0:
        edges.add(day_of(query.created_from))
    if query.created_to is not None and query.created_to % DAY_MS != DAY_MS - 1:
        edges.add(day_of(query.created_to))
    return sorted(edges)


def _days_of_page(query: SessionQuery, per_day: dict[int, int]) -> tuple[list[int], int]:
    """The days the page is cut from, and how many sessions of the first come before it."""
    days: list[int] = []
    before, wanted = query.offset, query.limit
    for day in sorted(per_day, reverse=query.is_descending):
        if not days and before >= per_day[day]:
            before -= per_day[day]
            continue
        wanted -= per_day[day] - (0 if days else before)
        days.append(day)
        if wanted <= 0:
            break
    return days, before


async def _list_of_meeting(tx: AsyncConnection, query: SessionQuery) -> tuple[int, list[Session]]:
    way = select(*_KEYS).where(*_conditions(query))
    total = (await tx.execute(way.with_only_columns(func.count()))).scalar_one()
    if query.offset >= total or query.limit <= 0:
        return total, []
    return total, await _fetch(tx, query, [way], query.offset)


async def _list_found(
    tx: AsyncConnection, query: SessionQuery, search: str
) -> tuple[int, list[Session]]:
    titles = _titles(query.app_id, search)
    by_title, by_id = _S.title_key.in_(titles), _begins(_S.id, search)
    rows = select(*_KEYS).where(*_conditions(query))
    # No two lead to the same session, so they can be counted and sorted without comparing.
    ways = [
        rows.where(by_title),
        rows.where(by_id, ~by_title),
        rows.where(_begins(_S.meeting_id, search), ~by_id, ~by_title),
    ]
    counts = union_all(*(way.with_only_columns(func.count()) for way in ways))
    total = sum((await tx.execute(counts)).scalars())
    if query.offset >= total or query.limit <= 0:
        return total, []
    if not await _is_filtered_first(tx, query, total, query.offset):
        # Hidden in an expression, what is searched for does not tempt the engine to its index.
        is_found = or_(
            (_S.title_key + 0).in_(titles),
            _begins(_S.id + "", search),
            _begins(_S.meeting_id + "", search),
        )
        ways = [rows.where(is_found)]
    return total, await _fetch(tx, query, ways, query.offset)


def _titles(app_id: str, search: str) -> Select[Any]:
    """The keys of the titles that have a word beginning with each word searched for."""
    t = schema.title_terms.c
    titles = select(t.title_key).where(t.app_id == app_id)
    words = words_of(search)
    if not words:
        return titles.where(false())
    first, *others = (titles.where(_begins(t.term, word)) for word in words)
    for other in others:
        first = first.where(t.title_key.in_(other))
    return first


def _begins(column: ColumnElement[str], prefix: str) -> ColumnElement[bool]:
    return (column >= prefix) & (column < prefix + LAST)
