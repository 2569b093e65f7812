"""Sums over a period of those calls alone that a filter leaves.

Kept counts know one facet each; what several conditions leave is in no count. It is found in the
postings, as the list behind a number is: sets of calls are cut by days, hours or values, and their
members counted. Of the sessions' rows only those of bad ones are read, for the worst meetings.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from msgspec.structs import replace
from sqlalchemy import BigInteger, Integer, Select, Text, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import QUARTERS_OF_DAY
from aftercall.core.list_queries import SessionQuery
from aftercall.core.overview.call_facets import FACET_MEASURED
from aftercall.core.overview.periods import Clock, Sum
from aftercall.core.overview.session_summary import FACET_BAD
from aftercall.core.search_terms import LAST
from aftercall.store.codecs import bitset
from aftercall.store.engine.array_params import among, is_among
from aftercall.store.engine.lookup import Lookup, fetch
from aftercall.store.sessions import terms
from aftercall.store.sessions.call_postings import (
    GROUPS,
    by_block,
    count_calls,
    facet_of,
    sessions_of,
    wanted_calls,
)
from aftercall.store.sessions.hours import QUARTERS_OF_HOUR
from aftercall.store.sessions.matching import days_of, find_calls
from aftercall.store.sessions.postings import (
    BLOCK_SIZE,
    Bits,
    blocks_of,
    both,
    day_of_block,
    ordinals_in,
    read_postings,
)
from aftercall.store.sessions.terms import Wanted
from aftercall.store.tables import schema

_APP: Final = bindparam("app_id", type_=Text)


class FilteredCalls:
    """The measured and the bad calls that a query leaves, of ended sessions."""

    def __init__(self, measured: Bits, bad: Bits) -> None:
        self.measured = measured
        self.bad = bad
        self.sessions = sessions_of(measured, BLOCK_SIZE)
        self.bad_sessions = sessions_of(bad, BLOCK_SIZE)
        self._measured = by_block(measured)
        self._bad = by_block(bad)

    def sum_of(self, sessions: Bits) -> Sum:
        """What the calls in some sessions come to; sessions without a measured one do not count."""
        return Sum(
            _count(both(self.sessions, sessions)),
            _count(both(self.bad_sessions, sessions)),
            _count_calls(self._measured, sessions),
            _count_calls(self._bad, sessions),
        )


def _count(bits: Bits) -> int:
    return sum(places.bit_count() for places in bits.values())


def _count_calls(calls: Mapping[int, Bits], sessions: Bits) -> int:
    return sum(count_calls(calls.get(block, {}), sessions, BLOCK_SIZE) for block in sessions)


async def find_filtered(tx: AsyncConnection, query: SessionQuery) -> FilteredCalls:
    """The calls that a query leaves, besides its being measured or bad."""
    measured = await find_calls(tx, replace(query, facets=(*query.facets, FACET_MEASURED)))
    first_day, last_day = days_of(query)
    # Every bad call was measured, so what the query leaves is read once for both.
    postings = await read_postings(
        tx, query.app_id, [wanted_calls(FACET_BAD)], first_day=first_day, last_day=last_day
    )
    return FilteredCalls(measured, both(measured, postings.calls(FACET_BAD)))


async def sums_by_day(
    tx: AsyncConnection, query: SessionQuery, clock: Sequence[Clock], calls: FilteredCalls
) -> dict[int, Sum]:
    """Each day, by the clock of a zone, that has any call."""
    # A session is on its UTC day but in the quarters that the zone has on the day beside it.
    moved = {quarter for each in clock for quarter in _moved(each.offset)}

    def day_at(quarter: int) -> int:
        return (quarter + _offset_at(clock, quarter)) // QUARTERS_OF_DAY

    days, rest = await _grouped(tx, query, calls.sessions, sorted(moved), day_at)
    for block, places in rest.items():
        of_day = days.setdefault(day_of_block(block), {})
        of_day[block] = of_day.get(block, 0) | places
    return {day: calls.sum_of(sessions) for day, sessions in days.items()}


async def sums_by_hour(
    tx: AsyncConnection, query: SessionQuery, clock: Sequence[Clock], calls: FilteredCalls
) -> dict[str, Sum]:
    """The hours of the day by the clock of a zone, of all days together."""

    def hour_at(quarter: int) -> int:
        local = (quarter + _offset_at(clock, quarter)) % QUARTERS_OF_DAY
        return local // QUARTERS_OF_HOUR

    hours, _ = await _grouped(tx, query, calls.sessions, range(QUARTERS_OF_DAY), hour_at)
    return {str(hour): calls.sum_of(sessions) for hour, sessions in hours.items()}


def _moved(offset: int) -> Iterable[int]:
    """The quarters of a UTC day that are on another day where clocks are so far ahead."""
    return range(QUARTERS_OF_DAY - offset, QUARTERS_OF_DAY) if offset > 0 else range(-offset)


def _offset_at(clock: Sequence[Clock], quarter: int) -> int:
    return clock[bisect_right(clock, quarter, key=lambda each: each.first) - 1].offset


async def _grouped(
    tx: AsyncConnection,
    query: SessionQuery,
    sessions: Bits,
    quarters: Sequence[int],
    group_at: Callable[[int], int],
) -> tuple[dict[int, Bits], Bits]:
    """The sessions created in these quarters of any UTC day, by the group of a quarter since 1970;
    and the other sessions."""
    wanted = {quarter: Wanted(terms.quarter_term(quarter)) for quarter in quarters}
    first_day, last_day = days_of(query)
    postings = await read_postings(
        tx, query.app_id, list(wanted.values()), first_day=first_day, last_day=last_day
    )
    rest = dict(sessions)
    groups: dict[int, Bits] = {}
    for quarter, term in wanted.items():
        for block, places in postings.find(term).items():
            here = rest.get(block, 0) & places
            if here:
                group = groups.setdefault(
                    group_at(day_of_block(block) * QUARTERS_OF_DAY + quarter), {}
                )
                group[block] = group.get(block, 0) | here
                rest[block] &= ~here
    return groups, rest


async def sums_of_kind(
    tx: AsyncConnection, query: SessionQuery, kind: str, calls: FilteredCalls
) -> dict[str, Sum]:
    """The calls with each value of a kind of facet. Their sessions are not counted, since no
    breakdown shows them."""
    first_day, last_day = days_of(query)
    start = f"{terms.CALL}~{kind}:"
    rows = await fetch(
        tx,
        _OF_KIND,
        app_id=query.app_id,
        first=start,
        end=f"{start}{LAST}",
        **blocks_of(first_day, last_day),
    )
    measured, bad = (
        {key: bitset.Compared(bits) for key, bits in each.items()}
        for each in (calls.measured, calls.bad)
    )
    found: dict[str, list[int]] = {}
    facets: dict[str, tuple[str, int]] = {}
    for term, block, stored in rows:
        facet = facets.get(term)
        if facet is None:
            facet = facets[term] = facet_of(term)
        name, group = facet
        key = block * GROUPS + group
        number = measured[key].count_shared(stored) if key in measured else 0
        if number:
            counts = found.setdefault(name, [0, 0])
            counts[0] += number
            if key in bad:
                counts[1] += bad[key].count_shared(stored)
    return {name.partition(":")[2]: Sum(0, 0, *counts) for name, counts in found.items()}


def _of_kind(_dialect: str) -> Select[Any]:
    c = schema.session_postings.c
    first, end = (bindparam(name, type_=Text) for name in ("first", "end"))
    from_block, end_block = (bindparam(name, type_=Integer) for name in ("from_block", "end_block"))
    return select(c.term, c.block, c.sessions).where(
        c.app_id == _APP,
        c.term >= first,
        c.term < end,
        c.block >= from_block,
        c.block < end_block,
    )


_OF_KIND: Final = Lookup(_of_kind)


async def worst_meetings(
    tx: AsyncConnection, app_id: str, calls: FilteredCalls, limit: int
) -> list[str]:
    """The meetings with the most bad sessions."""
    ordinals = [
        ordinal
        for block, places in calls.bad_sessions.items()
        for ordinal in ordinals_in(block, places)
    ]
    given = {"app_id": app_id, "limit": limit, **among(tx.dialect.name, "ordinals", ordinals)}
    return [meeting_id for meeting_id, _ in await fetch(tx, _MOST_BAD, **given)]


def _most_bad(dialect: str) -> Select[Any]:
    s = schema.sessions.c
    number = func.count()
    return (
        select(s.meeting_id, number)
        .where(s.app_id == _APP, is_among(dialect, s.ordinal, "ordinals", BigInteger))
        .group_by(s.meeting_id)
        .order_by(number.desc(), s.meeting_id)
        .limit(bindparam("limit", type_=Integer))
    )


_MOST_BAD: Final = Lookup(_most_bad)


async def sums_of_meetings(
    tx: AsyncConnection, query: SessionQuery, meeting_ids: Sequence[str], calls: FilteredCalls
) -> dict[str, Sum]:
    """The calls of some meetings, and their sessions."""
    wanted = {id: Wanted(f"{terms.MEETING}:{id}") for id in meeting_ids}
    first_day, last_day = days_of(query)
    postings = await read_postings(
        tx, query.app_id, list(wanted.values()), first_day=first_day, last_day=last_day
    )
    return {id: calls.sum_of(postings.find(each)) for id, each in wanted.items()}
