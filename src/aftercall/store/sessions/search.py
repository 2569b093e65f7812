"""The dashboard's lists of sessions: found by what was said of them, a page after a place.

Where a facet narrows the list, its index is walked in the order of creation and the other
facets are looked up; the rarest leads. Counts come from the tallies where the tallies know.
"""

from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    and_,
    exists,
    func,
    intersect,
    literal_column,
    select,
    tuple_,
    union,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import DAY_MS, day_of
from aftercall.core.overview.session_summary import ALL, BAD, SessionSearch, SessionSearchOrder
from aftercall.core.records import Phase, Session, SessionQuery
from aftercall.store.sessions.pages import list_sessions
from aftercall.store.sessions.rows import SESSION
from aftercall.store.sessions.tokenizer import LAST, words_of
from aftercall.store.tables import schema

MOST_LIVE: Final = 1_000
"""Live sessions of one app that are looked through; chosen: more at once are not one screen's."""

_S: Final = schema.sessions.c
_F: Final = schema.session_facets.c
_IS_LIVE: Final = _S.phase != literal_column("'ended'")
"""Written out, so that the engines see that the index of live sessions serves."""


class Keyed(NamedTuple):
    """A session and the key it is sorted by."""

    session: Session
    key: float


async def search_sessions(tx: AsyncConnection, query: SessionSearch) -> list[Keyed]:
    """One more than `limit` sessions from the query's place on, in the order of reading (so
    backward ones come nearest first). Ended ones only, unless sorted by minutes."""
    base, key, id, where = await _plan(tx, query)
    is_backward = query.place is not None and query.place.is_backward
    is_descending = query.is_descending is not is_backward
    if query.place is not None:
        at, here = tuple_(key, id), (query.place.key, query.place.id)
        where.append(at < here if is_descending else at > here)
    order = [key.desc(), id.desc()] if is_descending else [key.asc(), id.asc()]
    cut = (
        select(id.label("id"), key.label("key"))
        .select_from(base)
        .where(*where)
        .order_by(*order)
        .limit(query.limit + 1)
        .subquery()
    )
    rows = await tx.execute(
        select(*SESSION.columns, cut.c.key)
        .join(cut, and_(_S.app_id == query.app_id, _S.id == cut.c.id))
        .order_by(
            cut.c.key.desc() if is_descending else cut.c.key.asc(),
            cut.c.id.desc() if is_descending else cut.c.id.asc(),
        )
    )
    return [Keyed(SESSION.from_row(row), row[-1]) for row in rows]


async def count_found(tx: AsyncConnection, query: SessionSearch) -> int:
    """How many sessions match, wherever the page is."""
    facets = set(query.facets)
    is_plain = (
        query.meeting_id is None and not query.search and query.order is SessionSearchOrder.STARTED
    )
    if is_plain and not facets:
        page = await list_sessions(tx, _sessions_query(query))
        return page.total
    sizes = (query.min_participants, query.max_participants)
    if is_plain and sizes == (None, None) and len(facets - {BAD}) <= 1 and _is_of_days(query):
        return await _sum_of_tallies(tx, query, facets)
    base, _, _, where = await _plan(tx, query)
    found = await tx.execute(select(func.count()).select_from(base).where(*where))
    return found.scalar_one()


async def live_sessions(
    tx: AsyncConnection, query: SessionSearch, limit: int = MOST_LIVE
) -> list[Session]:
    """The sessions that have not ended and match all but the search, the newest first."""
    rows = await tx.execute(
        select(*SESSION.columns)
        .where(*_conditions(query), _IS_LIVE)
        .order_by(_S.created_at.desc(), _S.id.desc())
        .limit(limit)
    )
    return [SESSION.from_row(row) for row in rows]


async def count_live(tx: AsyncConnection, query: SessionSearch) -> int:
    """How many sessions have not ended and match all but the search."""
    found = await tx.execute(select(func.count()).where(*_conditions(query), _IS_LIVE))
    return found.scalar_one()


async def all_live_sessions(tx: AsyncConnection, app_id: str) -> list[Session]:
    """The sessions of an app that have not ended, the newest first."""
    return await live_sessions(tx, SessionSearch(app_id=app_id))


_Plan = tuple[FromClause, ColumnElement[Any], ColumnElement[Any], list[ColumnElement[Any]]]


async def _plan(tx: AsyncConnection, query: SessionSearch) -> _Plan:
    """What to select from, the key, the id and the conditions."""
    facets = await _rarest_first(tx, query)
    if query.order is SessionSearchOrder.QUALITY and not _needs_sessions(query):
        return _by_quality(query, facets)
    if query.order is SessionSearchOrder.STARTED and query.search and not _needs_sessions(query):
        found = _found(query.app_id, query.search).subquery()
        where = _bounds(query, found.c.created_at)
        where += [_has(query.app_id, name, found.c.created_at, found.c.id) for name in facets]
        return found, found.c.created_at, found.c.id, where
    if query.order is SessionSearchOrder.STARTED and facets and not _needs_sessions(query):
        where = [_F.app_id == query.app_id, _F.facet == facets[0]]
        where += [_has(query.app_id, name, _F.created_at, _F.session_id) for name in facets[1:]]
        where += _bounds(query, _F.created_at)
        return schema.session_facets, _F.created_at, _F.session_id, where
    where = _conditions(query)
    if query.order is not SessionSearchOrder.MINUTES or facets:
        where.append(_S.phase == Phase.ENDED.value)
    elif query.is_live is not None:
        where.append(_IS_LIVE if query.is_live else _S.phase == Phase.ENDED.value)
    if facets:
        rare = select(_F.session_id).where(_F.app_id == query.app_id, _F.facet == facets[0])
        where.append(_S.id.in_(rare))
        where += [_has(query.app_id, name, _S.created_at, _S.id) for name in facets[1:]]
    if query.search:
        where.append(_S.id.in_(_ids(_found(query.app_id, query.search))))
    if query.order is not SessionSearchOrder.QUALITY:
        key = _S.minutes_consumed if query.order is SessionSearchOrder.MINUTES else _S.created_at
        return schema.sessions, key, _S.id, where
    v = schema.session_verdicts
    where += [v.c.app_id == query.app_id, v.c.quality_rank.is_not(None)]
    base = v.join(schema.sessions, and_(_S.app_id == v.c.app_id, _S.id == v.c.session_id))
    return base, v.c.quality_rank, v.c.session_id, where


def _by_quality(query: SessionSearch, facets: list[str]) -> _Plan:
    """In the order of the verdicts' index; only ended sessions have one."""
    v = schema.session_verdicts.c
    where = [v.app_id == query.app_id, v.quality_rank.is_not(None), *_bounds(query, v.created_at)]
    where += [_has(query.app_id, name, v.created_at, v.session_id) for name in facets]
    if query.search:
        where.append(v.session_id.in_(_ids(_found(query.app_id, query.search))))
    return schema.session_verdicts, v.quality_rank, v.session_id, where


def _bounds(query: SessionSearch, created_at: ColumnElement[Any]) -> list[ColumnElement[Any]]:
    where: list[ColumnElement[Any]] = []
    if query.created_from is not None:
        where.append(created_at >= query.created_from)
    if query.created_to is not None:
        where.append(created_at <= query.created_to)
    return where


def _needs_sessions(query: SessionSearch) -> bool:
    return (
        query.meeting_id is not None
        or query.min_participants is not None
        or query.max_participants is not None
    )


def _has(
    app_id: str, name: str, created_at: ColumnElement[Any], id: ColumnElement[Any]
) -> ColumnElement[bool]:
    other = schema.session_facets.alias()
    return exists().where(
        other.c.app_id == app_id,
        other.c.facet == name,
        other.c.created_at == created_at,
        other.c.session_id == id,
    )


async def _rarest_first(tx: AsyncConnection, query: SessionSearch) -> list[str]:
    if len(query.facets) < 2:
        return list(query.facets)
    t = schema.facet_tallies.c
    rows = await tx.execute(
        select(t.facet, func.sum(t.sessions), func.sum(t.bad_sessions))
        .where(t.app_id == query.app_id, t.facet.in_([*query.facets, ALL]))
        .group_by(t.facet)
    )
    counts = {facet: (int(sessions), int(bad)) for facet, sessions, bad in rows}
    sizes = {name: counts.get(name, (0, 0))[0] for name in query.facets}
    if BAD in sizes:
        sizes[BAD] = counts.get(ALL, (0, 0))[1]
    return sorted(query.facets, key=lambda name: sizes[name])


def _conditions(query: SessionSearch) -> list[ColumnElement[Any]]:
    where: list[ColumnElement[Any]] = [_S.app_id == query.app_id]
    if query.meeting_id is not None:
        where.append(_S.meeting_id == query.meeting_id)
    where += _bounds(query, _S.created_at)
    if query.min_participants is not None:
        where.append(_S.total_participants >= query.min_participants)
    if query.max_participants is not None:
        where.append(_S.total_participants <= query.max_participants)
    return where


def _found(app_id: str, search: str) -> Select[Any]:
    """The ended sessions a search finds, by `created_at` and `id`: every word begins one of the
    title's or of a participant's name; or it begins an id, or is a participant's."""

    def by_word(word: str) -> Select[Any]:
        first = f"word:{word}"
        return select(_F.created_at.label("created_at"), _F.session_id.label("id")).where(
            _F.app_id == app_id, _F.facet >= first, _F.facet < first + LAST
        )

    ways = [
        select(_S.created_at.label("created_at"), _S.id.label("id")).where(
            _S.app_id == app_id,
            column >= search,
            column < search + LAST,
            _S.phase == Phase.ENDED.value,
        )
        for column in (_S.id, _S.meeting_id)
    ]
    ways.append(
        select(_F.created_at.label("created_at"), _F.session_id.label("id")).where(
            _F.app_id == app_id, _F.facet == f"id:{search}"
        )
    )
    words = words_of(search)
    if words:
        named = intersect(*(by_word(word) for word in words)).subquery()
        ways.append(select(named.c.created_at, named.c.id))
    every = union(*ways).subquery()
    return select(every.c.created_at, every.c.id)


def _ids(found: Select[Any]) -> Select[Any]:
    return select(found.subquery().c.id)


def _sessions_query(query: SessionSearch) -> SessionQuery:
    return SessionQuery(
        app_id=query.app_id,
        is_live=False,
        created_from=query.created_from,
        created_to=query.created_to,
        min_participants=query.min_participants,
        max_participants=query.max_participants,
        limit=0,
    )


def _is_of_days(query: SessionSearch) -> bool:
    """Whether the bounds fall between days, which is all the tallies can tell apart."""
    return (query.created_from is None or query.created_from % DAY_MS == 0) and (
        query.created_to is None or query.created_to % DAY_MS == DAY_MS - 1
    )


async def _sum_of_tallies(tx: AsyncConnection, query: SessionSearch, facets: set[str]) -> int:
    t = schema.facet_tallies.c
    name = next(iter(facets - {BAD}), ALL)
    where = [t.app_id == query.app_id, t.facet == name]
    if query.created_from is not None:
        where.append(t.day >= day_of(query.created_from))
    if query.created_to is not None:
        where.append(t.day <= day_of(query.created_to))
    counted = t.bad_sessions if BAD in facets else t.sessions
    return int(
        (await tx.execute(select(func.coalesce(func.sum(counted), 0)).where(*where))).scalar_one()
    )
