"""Lists of sessions, against a filter in plain Python."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import DAY_MS, EpochMs
from aftercall.core.list_queries import Cursor, SearchScope, SessionOrder, SessionQuery
from aftercall.core.overview.session_summary import (
    FACET_ALL,
    FACET_BAD,
    CallFacets,
    FacetCount,
    facet,
)
from aftercall.core.records import Phase, Session
from aftercall.core.search_terms import words_of
from aftercall.service.data_check import DataCheck
from aftercall.store.engine.database import Database
from aftercall.store.sessions import rows as session_rows
from aftercall.store.sessions.facets import save_verdict, search_terms_of
from aftercall.store.sessions.pages import is_filtered_first, list_sessions
from tests.store.record_builder import verdict

DAY0 = 20_000
TITLES = ["Weekly planning", "Café planning", "weekend", "Interview: Ann", ""]
MEETINGS = ["m-1", "m-2", "n-1"]
NAMES = ["Ada Zoë", "Adam", "Max", "Bruno Planer", "Zoë", "Maxine Adamson", "李"]


def session(number: int, **rest: Any) -> Session:
    """The number decides everything, so that a few hundred cover every combination."""
    created_at = EpochMs(DAY0 * DAY_MS + (number * 7_919 % 40) * (DAY_MS // 8))
    is_live = number % 11 == 0
    return Session(
        app_id="a" if number % 7 else "b",
        id=f"{number % 13:x}-{number}",
        meeting_id=f"live-{number}" if is_live else MEETINGS[number % 3],
        title=TITLES[number % 5],
        phase=Phase.LIVE if is_live else Phase.ENDED,
        created_at=created_at,
        started_at=created_at,
        updated_at=created_at,
        touched_at=created_at,
        total_participants=number * 31 % 6,
        minutes_consumed=float(number * 17 % 9) / 2,
        **rest,
    )


class Folded(NamedTuple):
    """What is known of a session since it was folded."""

    names: list[str]
    user_id: str
    facets: set[str]
    rank: float | None


def folded(number: int) -> Folded | None:
    """Some ended sessions are not folded yet."""
    if number % 11 == 0 or number % 9 == 0:
        return None
    return Folded(
        names=[NAMES[number % 4], NAMES[number * 3 % 7]],
        user_id=f"user-{number % 50}",
        facets={
            facet("browser", "Chrome" if number % 3 else "Safari"),
            *([facet("country", "DE")] if number % 4 == 0 else []),
            *([FACET_BAD] if number % 5 == 0 else []),
        },
        rank=None if number % 6 == 0 else (number * 13 % 8) / 2,
    )


SESSIONS = [session(number) for number in range(300)]
FOLDED = {one.id: each for number, one in enumerate(SESSIONS) if (each := folded(number))}


def is_found(one: Session, query: SessionQuery) -> bool:
    search = (query.search or "").strip()
    if not search or one.id.startswith(search) or one.meeting_id.startswith(search):
        return True
    there = words_of(one.title)
    if query.scope is SearchScope.PARTICIPANTS:
        known = FOLDED.get(one.id)
        if known is None:
            return False
        there += [word for name in known.names for word in words_of(name)]
        if search == known.user_id:
            return True
    words = words_of(search)
    return bool(words) and all(any(each.startswith(word) for each in there) for word in words)


def is_of_kind(one: Session, query: SessionQuery) -> bool:
    """What facets, quality and a search among participants lead to are ended sessions."""
    known = FOLDED.get(one.id)
    is_by_quality = query.order is SessionOrder.QUALITY
    if query.facets or is_by_quality:
        if known is None or (is_by_quality and known.rank is None):
            return False
        return set(query.facets) <= known.facets
    is_among_participants = query.scope is SearchScope.PARTICIPANTS and (query.search or "").strip()
    return not is_among_participants or one.phase is Phase.ENDED


def matches(one: Session, query: SessionQuery) -> bool:
    return (
        one.app_id == query.app_id
        and query.meeting_id in (None, one.meeting_id)
        and query.is_live in (None, one.phase is not Phase.ENDED)
        and (query.created_from is None or query.created_from <= one.created_at)
        and (query.created_to is None or one.created_at <= query.created_to)
        and (query.min_participants is None or query.min_participants <= one.total_participants)
        and (query.max_participants is None or one.total_participants <= query.max_participants)
        and is_found(one, query)
        and is_of_kind(one, query)
    )


def key_of(one: Session, query: SessionQuery) -> tuple[float, str]:
    if query.order is SessionOrder.QUALITY:
        return FOLDED[one.id].rank or 0.0, one.id
    by_minutes = query.order is SessionOrder.MINUTES_CONSUMED
    return (one.minutes_consumed if by_minutes else one.created_at), one.id


def expected(query: SessionQuery) -> tuple[list[Session], int, bool]:
    """The page, how many match, and whether more follow it."""
    found = [one for one in SESSIONS if matches(one, query)]
    total = len(found)
    is_descending = query.is_descending
    if query.cursor is not None:
        is_descending = query.is_descending is not query.cursor.is_backward
        here = (query.cursor.key, query.cursor.id)
        found = [
            one
            for one in found
            if (key_of(one, query) < here if is_descending else key_of(one, query) > here)
        ]
    found.sort(key=lambda one: key_of(one, query), reverse=is_descending)
    end = query.offset + query.limit
    return found[query.offset : end], total, query.limit > 0 and len(found) > end


MOMENTS = st.none() | st.builds(
    lambda eighth, off: EpochMs(DAY0 * DAY_MS + eighth * (DAY_MS // 8) + off),
    st.integers(-2, 42),
    st.sampled_from([-1, 0, 1]),
)
QUERIES = st.builds(
    SessionQuery,
    app_id=st.sampled_from(["a", "a", "b", "c"]),
    meeting_id=st.none() | st.none() | st.sampled_from([*MEETINGS, "live-11", "none"]),
    is_live=st.sampled_from([None, None, True, False]),
    created_from=MOMENTS,
    created_to=MOMENTS,
    min_participants=st.none() | st.integers(0, 6),
    max_participants=st.none() | st.integers(0, 6),
    search=st.none()
    | st.none()
    | st.sampled_from(
        [
            "week", "PLAN caf", "planning weekly", "ann", "3-", "live-", "m-", " ", "%", "-",
            "p", "pl", "ad zo", "planni", "max", "user-7", "user", "12-", "1", "adam week",
        ]
    ),
    scope=st.sampled_from(SearchScope),
    facets=st.just(())
    | st.lists(
        st.sampled_from(["browser:Chrome", "country:DE", "bad", "issue:none"]),
        unique=True,
        max_size=3,
    ).map(tuple),
    order=st.sampled_from(
        [SessionOrder.CREATED_AT, SessionOrder.MINUTES_CONSUMED, SessionOrder.QUALITY]
    ),
    is_descending=st.booleans(),
    offset=st.integers(0, 40) | st.integers(0, 320),
    limit=st.integers(0, 30),
)  # fmt: skip


@st.composite
def queries(draw: st.DrawFn) -> SessionQuery:
    """A query by offset, or after one of the sessions that match it."""
    query = draw(QUERIES)
    found = [one for one in SESSIONS if matches(one, query)]
    if not found or draw(st.booleans()):
        return query
    key, id = key_of(draw(st.sampled_from(found)), query)
    return replace(query, offset=0, cursor=Cursor(key, id, draw(st.booleans())))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(
    request: pytest.FixtureRequest, new_database: Callable[[str], AbstractContextManager[str]]
) -> Iterator[tuple[asyncio.Runner, Database]]:
    """A database with all of `SESSIONS`, and the loop it is open in."""
    with new_database(request.param) as url, asyncio.Runner() as runner:
        db = runner.run(Database.open(url))
        runner.run(fill(db))
        yield runner, db
        runner.run(db.close())


async def fill(db: Database) -> None:
    """Every session as it is; before, most were something else: shorter, of another title, of
    another day, folded otherwise."""
    async with db.write() as tx:
        for number, one in enumerate(SESSIONS):
            if number % 4 and one.phase is Phase.ENDED:
                other = replace(
                    one,
                    title=TITLES[(number + number % 4) % 5],
                    created_at=EpochMs(one.created_at - number % 2 * DAY_MS),
                    total_participants=number % 8,
                    minutes_consumed=one.minutes_consumed + number % 3,
                )
                await session_rows.save_session(tx, other)
                if number % 3 and one.id in FOLDED:
                    await save(tx, other, FOLDED[one.id], marks=["word:other"])
            if number % 4 < 2 and one.id in FOLDED:
                await session_rows.save_session(tx, one)
                await save(tx, one, FOLDED[one.id])
            elif one.id in FOLDED:
                await save(tx, one, FOLDED[one.id])
                await session_rows.save_session(tx, one)
            else:
                await session_rows.save_session(tx, one)


async def save(tx: AsyncConnection, one: Session, known: Folded, marks: Sequence[str] = ()) -> None:
    found_by = search_terms_of([one.title, *known.names], [known.user_id])
    named = {FACET_ALL, facet("meeting", one.meeting_id), *known.facets} - {FACET_BAD}
    await save_verdict(
        tx,
        verdict(
            one.id,
            one.app_id,
            created_at=one.created_at,
            rank=known.rank,
            is_bad=FACET_BAD in known.facets,
            facets={name: FacetCount(1, 0) for name in named},
            calls=[
                CallFacets(frozenset(known.facets - {FACET_BAD}), True, FACET_BAD in known.facets)
            ],
            marks=[*found_by, *marks],
        ),
        [],
    )


@pytest.mark.parametrize(("few", "skipped"), [(0, 0), (1_000, 500)])
@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(query=queries())
def test_every_query_gives_the_sessions_of_a_filter_in_python(
    filled: tuple[asyncio.Runner, Database],
    few: int,
    skipped: int,
    query: SessionQuery,
) -> None:
    chooser = partial(is_filtered_first, few=few)
    runner, db = filled

    async def ask() -> tuple[list[Session], int, bool]:
        async with db.read() as tx:
            page = await list_sessions(tx, query, chooser=chooser, skipped=skipped)
        return [each.session for each in page.items], page.total, page.has_more

    assert runner.run(ask()) == expected(query)


def test_the_counts_follow_from_sessions_and_verdicts_alone(
    filled: tuple[asyncio.Runner, Database],
) -> None:
    """However they came to be what they are."""
    runner, db = filled

    async def broken() -> list[str]:
        check = DataCheck(db)
        looks = (check.postings, check.minutes, check.tallies)
        return [example for look in looks async for example in look()]

    assert runner.run(broken()) == []


@pytest.mark.parametrize("filters_first", [False, True])
def test_pages_join_up_to_the_whole_list(
    filled: tuple[asyncio.Runner, Database],
    filters_first: bool,
) -> None:
    """Both access paths of a page."""

    async def chosen(*_: Any) -> bool:
        return filters_first

    runner, db = filled

    async def all_pages(**query: Any) -> list[Session]:
        found: list[Session] = []
        async with db.read() as tx:
            while True:
                page = await list_sessions(
                    tx,
                    SessionQuery(app_id="a", offset=len(found), limit=7, **query),
                    chooser=chosen,
                )
                found.extend(each.session for each in page.items)
                if not page.items:
                    return found

    for query in (
        {},
        {"min_participants": 5},
        {"max_participants": 1, "is_live": False, "is_descending": False},
        {"order": SessionOrder.MINUTES_CONSUMED, "is_live": False},
        {"search": "plan", "max_participants": 4},
        {"search": "week", "order": SessionOrder.MINUTES_CONSUMED},
        {"facets": ("browser:Chrome", "country:DE")},
        {"facets": ("browser:Chrome",), "order": SessionOrder.QUALITY},
        {"search": "ad", "scope": SearchScope.PARTICIPANTS, "is_descending": False},
    ):
        whole = SessionQuery(app_id="a", limit=1_000, **query)
        assert runner.run(all_pages(**query)) == expected(whole)[0]
