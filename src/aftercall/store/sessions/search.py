"""Conditions on the rows of sessions, in SQL: each is written here and nowhere else.

`Candidates` are rows that lead to sessions, of which `store.sessions.page_rows` cuts pages. What a
search or a facet leads to is found by `store.sessions.matching`.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, FromClause, and_

from aftercall.core.instants import DAY_MS, EpochMs, day_of
from aftercall.core.list_queries import SessionOrder, SessionQuery
from aftercall.core.records import Phase
from aftercall.core.search_terms import LAST
from aftercall.store.engine.lookup import Lookup
from aftercall.store.sessions.rows import IS_LIVE
from aftercall.store.tables import schema

Conditions = list[ColumnElement[bool]]
AnyColumn = ColumnElement[Any]

SESSIONS: Final = schema.sessions.c
VERDICTS: Final = schema.session_verdicts.c


class Candidates(NamedTuple):
    """Rows that lead to sessions, each session at most once: their columns, what must hold, and
    the parameters of that."""

    rows: FromClause
    id: AnyColumn
    created_at: AnyColumn
    sort_key: AnyColumn
    where: Conditions
    parameters: Mapping[str, Any] = {}
    lookups: dict[tuple[bool, bool], Lookup] | None = None
    """Of conditions that have only parameters: the statements that cut pages, by direction and by
    whether a cursor is given."""


def of_sessions(
    query: SessionQuery, where: Conditions, parameters: Mapping[str, Any] | None = None
) -> Candidates:
    """Rows of the sessions themselves; in the order of quality those that have one."""
    rows: FromClause = schema.sessions
    sort_key: AnyColumn = SESSIONS.created_at
    if query.order is SessionOrder.MINUTES_CONSUMED:
        sort_key = SESSIONS.minutes_consumed
    elif query.order is SessionOrder.QUALITY:
        rows = rows.join(
            schema.session_verdicts,
            and_(VERDICTS.app_id == SESSIONS.app_id, VERDICTS.session_id == SESSIONS.id),
        )
        sort_key = VERDICTS.quality_rank
    return Candidates(rows, SESSIONS.id, SESSIONS.created_at, sort_key, where, parameters or {})


def conditions(query: SessionQuery) -> Conditions:
    """All but the search and the facets."""
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


def edge_days(query: SessionQuery) -> list[int]:
    """The days that a bound cuts through."""
    edges = set()
    if query.created_from is not None and query.created_from % DAY_MS != 0:
        edges.add(day_of(query.created_from))
    if query.created_to is not None and query.created_to % DAY_MS != DAY_MS - 1:
        edges.add(day_of(query.created_to))
    return sorted(edges)


def within_day(day: int) -> Conditions:
    return [
        SESSIONS.created_at >= EpochMs(day * DAY_MS),
        SESSIONS.created_at < EpochMs((day + 1) * DAY_MS),
    ]


def has_sizes(query: SessionQuery) -> bool:
    return query.min_participants is not None or query.max_participants is not None


def sizes(query: SessionQuery, size: AnyColumn) -> Conditions:
    where: Conditions = []
    if query.min_participants is not None:
        where.append(size >= query.min_participants)
    if query.max_participants is not None:
        where.append(size <= query.max_participants)
    return where


def begins(column: AnyColumn, prefix: str) -> ColumnElement[bool]:
    return (column >= prefix) & (column < prefix + LAST)
