"""Which sessions a search, facets, a meeting or the order of quality lead to.

Ended sessions are found by postings: their sets are intersected and united, so that what matches is
known exactly, and on which day, without reading it. Sessions that have not ended are few, and are
read one by one.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from msgspec.structs import replace
from sqlalchemy import select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core import search_terms
from aftercall.core.instants import EpochMs, day_of
from aftercall.core.list_queries import SearchScope, SessionOrder, SessionQuery
from aftercall.store.sessions import terms
from aftercall.store.sessions.call_postings import (
    calls_within,
    count_calls,
    sessions_of,
    wanted_calls,
)
from aftercall.store.sessions.hours import find_of_hours, quarters_of
from aftercall.store.sessions.postings import (
    BLOCK_SIZE,
    Bits,
    Postings,
    bits_of,
    both,
    day_of_block,
    either,
    read_postings,
    without,
)
from aftercall.store.sessions.rows import IS_LIVE
from aftercall.store.sessions.search import (
    SESSIONS,
    begins,
    bounds,
    edge_days,
    has_sizes,
    sizes,
    within_day,
)
from aftercall.store.sessions.terms import Wanted


class LiveSession(NamedTuple):
    """A session that has not ended."""

    id: str
    created_at: EpochMs
    meeting_id: str
    title: str


class Matching:
    """The sessions that match: the ordinals of those that have ended, and those that have not."""

    def __init__(self, ended: Bits, live: Sequence[LiveSession], calls: int | None = None) -> None:
        self.ended = ended
        self.live = live
        self.calls = calls
        """How many of their participants have all facets; `None` unless facets are asked for."""

    @cached_property
    def per_day(self) -> dict[int, int]:
        """How many there are of each day that has any."""
        days: dict[int, int] = {}
        for block, bits in self.ended.items():
            day = day_of_block(block)
            days[day] = days.get(day, 0) + bits.bit_count()
        for each in self.live:
            day = day_of(each.created_at)
            days[day] = days.get(day, 0) + 1
        return days

    @property
    def total(self) -> int:
        return sum(self.per_day.values())

    def of_days(self, days: Sequence[int]) -> "Matching":
        """Those of these days."""
        wanted = set(days)
        return Matching(
            {block: bits for block, bits in self.ended.items() if day_of_block(block) in wanted},
            [each for each in self.live if day_of(each.created_at) in wanted],
        )


def is_by_postings(query: SessionQuery) -> bool:
    """Whether the query has a condition that only postings tell of."""
    is_by_quality = query.order is SessionOrder.QUALITY
    is_narrowed = bool(query.search or query.facets) or query.meeting_id is not None
    is_by_quality = is_by_quality or query.level is not None
    return is_narrowed or is_by_quality or query.hours is not None


def knows_ended_only(query: SessionQuery) -> bool:
    """Whether what is asked for is known of sessions only when they were folded."""
    is_among_participants = bool(query.search) and query.scope is SearchScope.PARTICIPANTS
    is_of_folded = bool(query.facets) or query.hours is not None or query.level is not None
    return is_of_folded or query.order is SessionOrder.QUALITY or is_among_participants


async def find_matching(tx: AsyncConnection, query: SessionQuery) -> Matching:
    """The sessions that match a query that `is_by_postings`."""
    ended: Bits = {}
    live: list[LiveSession] = []
    calls: int | None = 0 if query.facets else None
    if query.is_live is not True:
        ended, found = await _find_ended(tx, query)
        calls = None if found is None else count_calls(found, ended, BLOCK_SIZE)
    if query.is_live is not False and not knows_ended_only(query):
        live = await _find_live(tx, query)
    return Matching(ended, live, calls)


async def find_calls(tx: AsyncConnection, query: SessionQuery) -> Bits:
    """The calls of ended sessions that have all facets of a query with facets, and whose session
    matches the rest of it."""
    matching, calls = await _find_ended(tx, query)
    return calls_within(calls or {}, matching, BLOCK_SIZE)


async def count_matching(tx: AsyncConnection, query: SessionQuery) -> int:
    """The number of sessions that match a query that `is_by_postings`."""
    query = replace(query, search=(query.search or "").strip() or None)
    return (await find_matching(tx, query)).total


async def count_levels(
    tx: AsyncConnection, query: SessionQuery, levels: Sequence[int]
) -> dict[int, int]:
    """The number of ended sessions of each level that match all of the query but its level. What
    the query leads to is read once for all levels."""
    query = replace(query, search=(query.search or "").strip() or None, is_live=False, level=None)
    if not is_by_postings(query):
        return {level: await count_matching(tx, replace(query, level=level)) for level in levels}
    matching, _ = await _find_ended(tx, query)
    wanted = {level: Wanted(terms.level_term(level)) for level in levels}
    first_day, last_day = days_of(query)
    postings = await read_postings(
        tx, query.app_id, list(wanted.values()), first_day=first_day, last_day=last_day
    )
    found = {level: both(matching, postings.find(each)) for level, each in wanted.items()}
    return {
        level: sum(places.bit_count() for places in bits.values()) for level, bits in found.items()
    }


async def _find_ended(tx: AsyncConnection, query: SessionQuery) -> tuple[Bits, Bits | None]:
    """The ended sessions; and if there are facets, the calls with all of them, also in other
    sessions."""
    needed: list[Wanted] = []
    if query.meeting_id is not None:
        needed.append(Wanted(f"{terms.MEETING}:{query.meeting_id}"))
    if query.order is SessionOrder.QUALITY:
        needed.append(Wanted(terms.MEASURED))
    if query.level is not None:
        needed.append(Wanted(terms.level_term(query.level)))
    words = _words(query)
    alternatives = _ids(query)
    digits = [Wanted(terms.size_bit(bit)) for bit in range(terms.SIZE_BITS)]
    first_day, last_day = days_of(query)
    postings = await read_postings(
        tx,
        query.app_id,
        [
            *(wanted_calls(name) for name in query.facets),
            *(quarters_of(query.hours) if query.hours is not None else ()),
            *needed,
            *(word for spellings in words for spelling in spellings for word in spelling),
            *alternatives,
            *(digits if has_sizes(query) else ()),
        ],
        first_day=first_day,
        last_day=last_day,
    )
    sets = [postings.find(each) for each in needed]
    calls = _all_of([postings.calls(name) for name in query.facets]) if query.facets else None
    if calls is not None:
        sets.append(sessions_of(calls, BLOCK_SIZE))
    if query.hours is not None:
        sets.append(find_of_hours(postings, query.hours))
    if query.search:
        by_id = await _find_by_longer_id(tx, query)
        found = [postings.find(each) for each in alternatives]
        if words:
            found.append(_all_of([_any_of(postings, spellings) for spellings in words]))
        sets.append(either([by_id, *found]))
    matching = _all_of(sets)
    if has_sizes(query):
        matching = _of_sizes(query, matching, postings, digits)
    return await _within_bounds(tx, query, matching), calls


def days_of(query: SessionQuery) -> tuple[int | None, int | None]:
    """The first and the last day within the bounds, where there are bounds."""
    first, last = query.created_from, query.created_to
    return None if first is None else day_of(first), None if last is None else day_of(last)


Spellings = list[list[Wanted]]
"""The spellings of a word of which one leads to a session, by all of its words."""


def _words(query: SessionQuery) -> list[Spellings]:
    is_of_titles = query.scope is SearchScope.TITLES
    kind = terms.TITLE if is_of_titles else terms.WORD
    return [
        [[terms.wanted_word(kind, word) for word in spelling] for spelling in spellings]
        for spellings in search_terms.wanted_of(query.search or "")
    ]


def _any_of(postings: Postings, spellings: Spellings) -> Bits:
    return either(_all_of([postings.find(word) for word in spelling]) for spelling in spellings)


def _ids(query: SessionQuery) -> list[Wanted]:
    """The terms of ids that the search begins, or is."""
    found = []
    if query.search and len(query.search) <= terms.BEGINNING:
        found += [Wanted(f"{kind}~{query.search}") for kind in (terms.SESSION, terms.MEETING)]
    if query.search and query.scope is SearchScope.PARTICIPANTS:
        found.append(Wanted(f"id:{query.search}"))
    return found


async def _find_by_longer_id(tx: AsyncConnection, query: SessionQuery) -> Bits:
    """The sessions whose id, or whose meeting's, begins with more than a term holds."""
    search = query.search or ""
    if len(search) <= terms.BEGINNING:
        return {}
    ended = (SESSIONS.app_id == query.app_id, SESSIONS.ordinal.is_not(None))
    ways = [
        select(SESSIONS.ordinal).where(*ended, begins(column, search))
        for column in (SESSIONS.id, SESSIONS.meeting_id)
    ]
    first, last = days_of(query)
    found = bits_of((await tx.execute(union_all(*ways))).scalars())
    return {
        block: bits
        for block, bits in found.items()
        if (first is None or first <= day_of_block(block))
        and (last is None or day_of_block(block) <= last)
    }


def _all_of(sets: Sequence[Bits]) -> Bits:
    fewest_first = sorted(sets, key=len)
    matching = fewest_first[0]
    for other in fewest_first[1:]:
        matching = both(matching, other)
    return matching


def _of_sizes(
    query: SessionQuery, matching: Bits, postings: Postings, digits: Sequence[Wanted]
) -> Bits:
    by_digit = [postings.find(each) for each in digits]
    if query.min_participants is not None:
        matching = _at_least(query.min_participants, matching, by_digit)
    if query.max_participants is not None:
        more = _at_least(query.max_participants + 1, matching, by_digit)
        matching = without(matching, more)
    return matching


def _at_least(least: int, matching: Bits, by_digit: Sequence[Bits]) -> Bits:
    """Those of a number of participants of at least so many: numbers are compared digit by digit,
    as O'Neil and Quass compare bit-sliced indexes (SIGMOD 1997)."""
    if least <= 0:
        return matching
    if least >> len(by_digit):
        return {}
    more: list[Bits] = []
    same = matching
    for bit in reversed(range(len(by_digit))):
        if least >> bit & 1:
            same = both(same, by_digit[bit])
        else:
            more.append(both(same, by_digit[bit]))
            same = without(same, by_digit[bit])
    return either([*more, same])


async def _within_bounds(tx: AsyncConnection, query: SessionQuery, matching: Bits) -> Bits:
    """Without the sessions of a day that a bound cuts off."""
    edges = [day for day in edge_days(query) if any(day_of_block(b) == day for b in matching)]
    if not edges:
        return matching
    statements = [
        select(SESSIONS.ordinal).where(
            SESSIONS.app_id == query.app_id,
            SESSIONS.ordinal.is_not(None),
            *within_day(day),
            *bounds(query, SESSIONS.created_at),
        )
        for day in edges
    ]
    inside = bits_of((await tx.execute(union_all(*statements))).scalars())
    at_edges = {block: bits for block, bits in matching.items() if day_of_block(block) in edges}
    whole = {block: bits for block, bits in matching.items() if block not in at_edges}
    return {**whole, **both(at_edges, inside)}


async def _find_live(tx: AsyncConnection, query: SessionQuery) -> list[LiveSession]:
    return [
        each
        for each in await list_live(tx, query)
        if not query.search or _is_found(query.search, each)
    ]


async def list_live(
    tx: AsyncConnection, query: SessionQuery, *, limit: int | None = None
) -> list[LiveSession]:
    """The newest sessions that go on and match all but the search."""
    columns = (SESSIONS.id, SESSIONS.created_at, SESSIONS.meeting_id, SESSIONS.title)
    where = [SESSIONS.app_id == query.app_id, IS_LIVE]
    where += bounds(query, SESSIONS.created_at)
    where += sizes(query, SESSIONS.total_participants)
    if query.meeting_id is not None:
        where.append(SESSIONS.meeting_id == query.meeting_id)
    order = (SESSIONS.created_at.desc(), SESSIONS.id.desc())
    rows = await tx.execute(select(*columns).where(*where).order_by(*order).limit(limit))
    return [LiveSession(*row) for row in rows]


def _is_found(search: str, one: LiveSession) -> bool:
    if one.id.startswith(search) or one.meeting_id.startswith(search):
        return True
    return search_terms.is_found(search, search_terms.spaced_words_of(one.title))
