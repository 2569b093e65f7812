"""The rows of one page of sessions."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Integer, Select, Text, and_, bindparam, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.list_queries import SessionQuery
from aftercall.core.records import Session
from aftercall.store.engine.lookup import Lookup
from aftercall.store.engine.lookup import fetch as fetch_rows
from aftercall.store.sessions.rows import SESSION
from aftercall.store.sessions.search import SESSIONS, Candidates


class SortedSession(NamedTuple):
    """A session and the key it is sorted by."""

    session: Session
    key: float


class SessionsPage(NamedTuple):
    """A page in the order of reading (one read backwards comes nearest first), how many sessions
    match in all, whether more follow in the direction of reading, and how many calls have the
    facets that are asked for."""

    items: list[SortedSession]
    total: int
    has_more: bool
    calls: int | None = None


def is_descending(query: SessionQuery) -> bool:
    """Whether the page is read from greater keys to lesser ones."""
    return query.is_descending is not (query.cursor is not None and query.cursor.is_backward)


async def fetch(
    tx: AsyncConnection, query: SessionQuery, candidates: Candidates, offset: int
) -> list[SortedSession]:
    """The sessions of the page and one more, if there is one. Their ids come first: what is
    skipped costs no row."""
    given = {
        **candidates.parameters,
        "page_app_id": query.app_id,
        "page_offset": offset,
        "page_limit": query.limit + 1,
    }
    if query.cursor is not None:
        given |= {"page_key": query.cursor.key, "page_id": query.cursor.id}
    shape = (is_descending(query), query.cursor is not None)
    rows: Sequence[Sequence[Any]]
    if candidates.lookups is None:
        rows = (await tx.execute(_page(candidates, *shape), given)).all()
    else:
        lookup = candidates.lookups.get(shape)
        if lookup is None:
            lookup = Lookup(lambda _dialect: _page(candidates, *shape))
            candidates.lookups[shape] = lookup
        rows = await fetch_rows(tx, lookup, **given)
    return [SortedSession(SESSION.from_row(row), row[-1]) for row in rows]


def _page(candidates: Candidates, descends: bool, is_after: bool) -> Select[Any]:
    key, id, where = candidates.sort_key, candidates.id, [*candidates.where]
    if is_after:
        here = tuple_(bindparam("page_key", type_=key.type), bindparam("page_id", type_=Text))
        at = tuple_(key, id)
        where.append(at < here if descends else at > here)
    cut = (
        select(id.label("id"), key.label("sort_key"))
        .select_from(candidates.rows)
        .where(*where)
        .order_by(*((key.desc(), id.desc()) if descends else (key.asc(), id.asc())))
        .offset(bindparam("page_offset", type_=Integer))
        .limit(bindparam("page_limit", type_=Integer))
        .subquery()
    )
    order = (cut.c.sort_key, cut.c.id)
    app_id = bindparam("page_app_id", type_=Text)
    return (
        select(*SESSION.columns, cut.c.sort_key)
        .join(cut, and_(SESSIONS.app_id == app_id, SESSIONS.id == cut.c.id))
        .order_by(*(column.desc() if descends else column.asc() for column in order))
    )


def days_of_page(
    query: SessionQuery, per_day: Mapping[int, int], *, after_day: int | None = None
) -> tuple[list[int], int]:
    """The days the page is cut from, and how many sessions of the first come before it.
    `after_day` is the day of the cursor, of whose sessions any number may come before it."""
    days: list[int] = []
    descends = is_descending(query)
    before, wanted = query.offset, query.limit + 1
    for day in sorted(per_day, reverse=descends):
        if after_day is not None:
            if (day > after_day) if descends else (day < after_day):
                continue
            if day == after_day:
                days.append(day)
                continue
        if not days and before >= per_day[day]:
            before -= per_day[day]
            continue
        wanted -= per_day[day] - (0 if days else before)
        days.append(day)
        if wanted <= 0:
            break
    return days, before
