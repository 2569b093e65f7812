"""Which sessions a query means, in SQL: each condition is written here and nowhere else.

`Candidates` are rows that lead to sessions: of the sessions themselves, of the facets (whose index
is in the order of creation), of the verdicts (whose index is in the order of quality), or of a
search. `store.sessions.pages` chooses among them and cuts pages.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    and_,
    exists,
    false,
    intersect,
    or_,
    select,
    union,
)

from aftercall.core.list_queries import SearchScope, SessionOrder, SessionQuery
from aftercall.core.records import Phase
from aftercall.store.sessions.rows import IS_LIVE
from aftercall.store.sessions.tokenizer import LAST, words_of
from aftercall.store.tables import schema

Conditions = list[ColumnElement[bool]]
AnyColumn = ColumnElement[Any]

SESSIONS: Final = schema.sessions.c
FACETS: Final = schema.session_facets.c


class Candidates(NamedTuple):
    """Rows that lead to sessions, each session at most once: their columns, and what must hold."""

    rows: FromClause
    id: AnyColumn
    created_at: AnyColumn
    sort_key: AnyColumn
    where: Conditions


def of_sessions(query: SessionQuery, where: Conditions) -> Candidates:
    """Rows of the sessions themselves."""
    is_by_minutes = query.order is SessionOrder.MINUTES_CONSUMED
    sort_key = SESSIONS.minutes_consumed if is_by_minutes else SESSIONS.created_at
    return Candidates(schema.sessions, SESSIONS.id, SESSIONS.created_at, sort_key, where)


def conditions(query: SessionQuery) -> Conditions:
    """All but the search and the facets, on the sessions themselves."""
    where: Conditions = [SESSIONS.app_id == query.app_id, *bounds(query, SESSIONS.created_at)]
    where += liveness(query)
    where += sizes(query, SESSIONS.total_participants)
    if query.meeting_id is not None:
        where.append(SESSIONS.meeting_id == query.meeting_id)
    return where


def bounds(query: SessionQuery, created_at: AnyColumn) -> Conditions:
    where: Conditions = []
    if query.created_from is not None:
        where.append(created_at >= query.created_from)
    if query.created_to is not None:
        where.append(created_at <= query.created_to)
    return where


def liveness(query: SessionQuery) -> Conditions:
    if query.is_live is None:
        return []
    return [IS_LIVE if query.is_live else SESSIONS.phase == Phase.ENDED.value]


def has_sizes(query: SessionQuery) -> bool:
    return query.min_participants is not None or query.max_participants is not None


def sizes(query: SessionQuery, size: AnyColumn) -> Conditions:
    where: Conditions = []
    if query.min_participants is not None:
        where.append(size >= query.min_participants)
    if query.max_participants is not None:
        where.append(size <= query.max_participants)
    return where


def needs_sessions(query: SessionQuery) -> bool:
    """Whether a condition is on what only the sessions' rows say. The rows of facets, verdicts
    and searches know the moment of creation, and are of ended sessions."""
    return query.meeting_id is not None or has_sizes(query) or query.is_live is True


def searches_participants(query: SessionQuery) -> bool:
    return bool(query.search) and query.scope is SearchScope.PARTICIPANTS


def by_quality(query: SessionQuery, facets: Sequence[str]) -> Candidates:
    """The verdicts, whose index is in the order of quality; sessions without one are not there."""
    v = schema.session_verdicts.c
    rows: FromClause = schema.session_verdicts
    where: Conditions = [v.app_id == query.app_id, v.quality_rank.is_not(None)]
    if needs_sessions(query):
        rows = rows.join(
            schema.sessions, and_(SESSIONS.app_id == v.app_id, SESSIONS.id == v.session_id)
        )
        where += conditions(query)
    else:
        where += bounds(query, v.created_at)
    where += [has_facet(query, name, v.created_at, v.session_id) for name in facets]
    if query.search:
        where.append(v.session_id.in_(found_ids(query)))
    return Candidates(rows, v.session_id, v.created_at, v.quality_rank, where)


def by_facet(query: SessionQuery, facets: Sequence[str]) -> Candidates:
    """The sessions with all the facets in the order of creation: the index of the first is read,
    the others are looked up in it."""
    where: Conditions = [FACETS.app_id == query.app_id, FACETS.facet == facets[0]]
    where += [has_facet(query, name, FACETS.created_at, FACETS.session_id) for name in facets[1:]]
    where += bounds(query, FACETS.created_at)
    rows = schema.session_facets
    return Candidates(rows, FACETS.session_id, FACETS.created_at, FACETS.created_at, where)


def by_participants(query: SessionQuery, facets: Sequence[str]) -> Candidates:
    """The ended sessions that a search in titles and among participants finds."""
    found = found_by_participants(query).subquery()
    where = bounds(query, found.c.created_at)
    where += [has_facet(query, name, found.c.created_at, found.c.id) for name in facets]
    return Candidates(found, found.c.id, found.c.created_at, found.c.created_at, where)


def with_facets(query: SessionQuery, facets: Sequence[str]) -> Candidates:
    """The sessions' own rows, narrowed by ids that the facets and the search lead to."""
    where = conditions(query)
    if facets:
        rarest = select(FACETS.session_id).where(
            FACETS.app_id == query.app_id, FACETS.facet == facets[0]
        )
        where.append(SESSIONS.id.in_(rarest))
        where += [has_facet(query, name, SESSIONS.created_at, SESSIONS.id) for name in facets[1:]]
    if query.search:
        where.append(SESSIONS.id.in_(found_ids(query)))
    return of_sessions(query, where)


def has_facet(
    query: SessionQuery, name: str, created_at: AnyColumn, id: AnyColumn
) -> ColumnElement[bool]:
    other = schema.session_facets.alias()
    return exists().where(
        other.c.app_id == query.app_id,
        other.c.facet == name,
        other.c.created_at == created_at,
        other.c.session_id == id,
    )


def found_ids(query: SessionQuery) -> Select[Any]:
    """The ids that the search leads to."""
    if query.scope is SearchScope.PARTICIPANTS:
        return select(found_by_participants(query).subquery().c.id)
    return select(SESSIONS.id).where(SESSIONS.app_id == query.app_id, is_found_by_title(query))


def found_by_participants(query: SessionQuery) -> Select[Any]:
    """The ended sessions, by `created_at` and `id`, in which every word searched for begins a word
    of the title or of a participant's name; or whose id, or whose meeting's, the search begins;
    or of which it is a participant's whole id."""
    search = query.search or ""

    def of_facets(*condition: ColumnElement[bool]) -> Select[Any]:
        return select(FACETS.created_at.label("created_at"), FACETS.session_id.label("id")).where(
            FACETS.app_id == query.app_id, *condition
        )

    ways = [
        select(SESSIONS.created_at.label("created_at"), SESSIONS.id.label("id")).where(
            SESSIONS.app_id == query.app_id,
            begins(column, search),
            SESSIONS.phase == Phase.ENDED.value,
        )
        for column in (SESSIONS.id, SESSIONS.meeting_id)
    ]
    ways.append(of_facets(FACETS.facet == f"id:{search}"))
    words = words_of(search)
    if words:
        by_word = (of_facets(begins(FACETS.facet, f"word:{word}")) for word in words)
        named = intersect(*by_word).subquery()
        ways.append(select(named.c.created_at, named.c.id))
    every = union(*ways).subquery()
    return select(every.c.created_at, every.c.id)


def ways_by_title(query: SessionQuery) -> list[Conditions]:
    """The conditions of the three ways in which a search in titles finds a session: by its title,
    its id, its meeting's id. No session is found in two of them."""
    search = query.search or ""
    by_title, by_id = SESSIONS.title_key.in_(titles(query)), begins(SESSIONS.id, search)
    return [
        [by_title],
        [by_id, ~by_title],
        [begins(SESSIONS.meeting_id, search), ~by_id, ~by_title],
    ]


def is_found_by_title(query: SessionQuery) -> ColumnElement[bool]:
    """The three ways in one. Hidden in expressions, the columns do not tempt the engine to their
    indexes, so that it keeps to the one in the order asked for."""
    search = query.search or ""
    return or_(
        (SESSIONS.title_key + 0).in_(titles(query)),
        begins(SESSIONS.id + "", search),
        begins(SESSIONS.meeting_id + "", search),
    )


def titles(query: SessionQuery) -> Select[Any]:
    """The keys of the titles that have a word beginning with each word searched for."""
    t = schema.title_terms.c
    keys = select(t.title_key).where(t.app_id == query.app_id)
    words = words_of(query.search or "")
    if not words:
        return keys.where(false())
    first, *others = (keys.where(begins(t.term, word)) for word in words)
    for other in others:
        first = first.where(t.title_key.in_(other))
    return first


def begins(column: AnyColumn, prefix: str) -> ColumnElement[bool]:
    return (column >= prefix) & (column < prefix + LAST)
