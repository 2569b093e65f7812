"""Lists of sessions: a page and the count of all, without reading all.

Three plans, by what the query narrows the sessions to:

- a meeting, or words to search for: their index gives the sessions, few enough to count;
- the order of creation: the tallies say how many sessions each day has, so the days before the
  page are skipped unread, and the days that have none that match are never read;
- the order of minutes: the index of minutes, unless so few sessions match that they are quicker
  gathered and sorted.

Sessions that are not ended are not in the tallies; they are counted through an index of their own.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import DAY_MS, day_of
from aftercall.core.records import Page, Phase, Session, SessionOrder, SessionQuery
from aftercall.store import schema
from aftercall.store.sessions import SESSION
from aftercall.store.terms import LAST, words_of

FEW: Final = 2_000
"""Sessions that are quicker gathered and sorted than picked from an ordered index; chosen."""

_S: Final = schema.sessions.c


async def list_sessions(tx: AsyncConnection, query: SessionQuery) -> Page[Session]:
    """The sessions that match. `search` finds the beginnings of the words of the title (each
    word given must be found), of the session's id and of the meeting's id; bounds are
    inclusive; live is what has not ended."""
    search = (query.search or "").strip()
    if query.meeting_id is not None or search:
        return await _list_narrowed(tx, query, search)
    per_day = await _count_per_day(tx, query)
    total = sum(per_day.values())
    if query.offset >= total or query.limit <= 0:
        return Page(items=[], offset=query.offset, total=total)
    if query.order is SessionOrder.MINUTES_CONSUMED:
        items = await _page_by_minutes(tx, query, total)
    else:
        items = await _page_by_creation(tx, query, per_day)
    return Page(items=items, offset=query.offset, total=total)


def _conditions(query: SessionQuery) -> list[ColumnElement[Any]]:
    where: list[ColumnElement[Any]] = [_S.app_id == query.app_id, *_bounds(query)]
    if query.meeting_id is not None:
        where.append(_S.meeting_id == query.meeting_id)
    if query.is_live is not None:
        live = Phase.ENDED.value
        where.append(_S.phase != live if query.is_live else _S.phase == live)
    where.extend(_sizes(query, _S.total_participants))
    return where


def _bounds(query: SessionQuery) -> list[ColumnElement[Any]]:
    where: list[ColumnElement[Any]] = []
    if query.created_from is not None:
        where.append(_S.created_at >= query.created_from)
    if query.created_to is not None:
        where.append(_S.created_at <= query.created_to)
    return where


def _sizes(query: SessionQuery, column: ColumnElement[Any]) -> list[ColumnElement[Any]]:
    where: list[ColumnElement[Any]] = []
    if query.min_participants is not None:
        where.append(column >= query.min_participants)
    if query.max_participants is not None:
        where.append(column <= query.max_participants)
    return where


def _order(query: SessionQuery) -> list[ColumnElement[Any]]:
    by_minutes = query.order is SessionOrder.MINUTES_CONSUMED
    columns = [_S.minutes_consumed if by_minutes else _S.created_at, _S.id]
    return [column.desc() if query.is_descending else column.asc() for column in columns]


async def _fetch(
    tx: AsyncConnection, query: SessionQuery, ids: Select[Any], offset: int
) -> list[Session]:
    """The sessions of the page that `ids` is cut to. Ids first: skipped ones cost no row."""
    cut = ids.order_by(*_order(query)).offset(offset).limit(query.limit).subquery()
    rows = await tx.execute(
        select(*SESSION.columns)
        .where(_S.app_id == query.app_id, _S.id.in_(select(cut.c.id)))
        .order_by(*_order(query))
    )
    return [SESSION.from_row(row) for row in rows]


async def _list_narrowed(tx: AsyncConnection, query: SessionQuery, search: str) -> Page[Session]:
    where = _conditions(query)
    if search:
        where.append(_S.id.in_(select(_found(query, search).c.id)))
    total = (
        await tx.execute(select(func.count()).select_from(schema.sessions).where(*where))
    ).scalar_one()
    items: list[Session] = []
    if query.offset < total and query.limit > 0:
        items = await _fetch(tx, query, select(_S.id).where(*where), query.offset)
    return Page(items=items, offset=query.offset, total=total)


def _found(query: SessionQuery, search: str) -> Any:
    """The ids of the sessions that a search finds."""
    terms = schema.session_terms.c
    by_word = [
        select(terms.session_id.label("id")).where(
            terms.app_id == query.app_id, *_begins(terms.term, word)
        )
        for word in words_of(search)
    ]
    ways = [
        select(_S.id).where(_S.app_id == query.app_id, *_begins(_S.id, search)),
        select(_S.id).where(_S.app_id == query.app_id, *_begins(_S.meeting_id, search)),
    ]
    if by_word:
        first, *others = by_word
        for other in others:
            first = first.where(terms.session_id.in_(other))
        ways.append(first)
    return union(*ways).subquery()


def _begins(column: ColumnElement[Any], prefix: str) -> list[ColumnElement[Any]]:
    return [column >= prefix, column < prefix + LAST]


async def _count_per_day(tx: AsyncConnection, query: SessionQuery) -> dict[int, int]:
    """How many sessions match on each day that has any."""
    days: dict[int, int] = {}
    if query.is_live is not True:
        await _count_ended(tx, query, days)
    if query.is_live is not False:
        for day, sessions in await _live_per_day(tx, query, _bounds(query)):
            days[day] = days.get(day, 0) + sessions
    return {day: sessions for day, sessions in days.items() if sessions}


async def _count_ended(tx: AsyncConnection, query: SessionQuery, days: dict[int, int]) -> None:
    t = schema.session_tallies.c
    edges = _edge_days(query)
    where = [t.app_id == query.app_id, *_sizes(query, t.total_participants)]
    if query.created_from is not None:
        where.append(t.day >= day_of(query.created_from))
    if query.created_to is not None:
        where.append(t.day <= day_of(query.created_to))
    rows = await tx.execute(select(t.day, func.sum(t.sessions)).where(*where).group_by(t.day))
    days.update({day: int(sessions) for day, sessions in rows if day not in edges})
    for day in edges:
        here = [_S.day == day, *_bounds(query)]
        statement = select(func.count()).where(
            _S.app_id == query.app_id, *_sizes(query, _S.total_participants), *here
        )
        every = (await tx.execute(statement)).scalar_one()
        days[day] = every - sum(n for _, n in await _live_per_day(tx, query, here))


def _edge_days(query: SessionQuery) -> set[int]:
    """The days that a bound cuts through, for which the tally says too much."""
    edges = set()
    if query.created_from is not None and query.created_from % DAY_MS != 0:
        edges.add(day_of(query.created_from))
    if query.created_to is not None and query.created_to % DAY_MS != DAY_MS - 1:
        edges.add(day_of(query.created_to))
    return edges


async def _live_per_day(
    tx: AsyncConnection, query: SessionQuery, where: Sequence[ColumnElement[Any]]
) -> list[tuple[int, int]]:
    rows = await tx.execute(
        select(_S.day, func.count())
        .where(
            _S.app_id == query.app_id,
            _S.phase != Phase.ENDED.value,
            *_sizes(query, _S.total_participants),
            *where,
        )
        .group_by(_S.day)
    )
    return [(day, sessions) for day, sessions in rows]


async def _page_by_minutes(tx: AsyncConnection, query: SessionQuery, total: int) -> list[Session]:
    return await _fetch(tx, query, select(_S.id).where(*_conditions(query)), query.offset)


async def _page_by_creation(
    tx: AsyncConnection, query: SessionQuery, per_day: dict[int, int]
) -> list[Session]:
    days, offset = _days_of_page(query, per_day)
    where = _conditions(query)
    has_sizes = query.min_participants is not None or query.max_participants is not None
    if has_sizes and sum(per_day[day] for day in days) <= FEW:
        where.append(_S.day.in_(days))
    else:
        where.append(_S.created_at >= min(days) * DAY_MS)
        where.append(_S.created_at < (max(days) + 1) * DAY_MS)
    return await _fetch(tx, query, select(_S.id).where(*where), offset)


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
