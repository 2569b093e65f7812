"""Lists of sessions, against a filter in plain Python."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aftercall.core.instants import DAY_MS, EpochMs
from aftercall.core.list_queries import SessionOrder, SessionQuery
from aftercall.core.records import Phase, Session
from aftercall.store.engine.database import Database
from aftercall.store.sessions import rows as session_rows
from aftercall.store.sessions.pages import is_filtered_first, list_sessions
from aftercall.store.sessions.tokenizer import words_of

DAY0 = 20_000
TITLES = ["Weekly planning", "Café planning", "weekend", "Interview: Ann", ""]
MEETINGS = ["m-1", "m-2", "n-1"]


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


SESSIONS = [session(number) for number in range(300)]


def is_found(one: Session, search: str) -> bool:
    search = search.strip()
    if one.id.startswith(search) or one.meeting_id.startswith(search):
        return True
    words, titles = words_of(search), words_of(one.title)
    return bool(words) and all(any(t.startswith(word) for t in titles) for word in words)


def matches(one: Session, query: SessionQuery) -> bool:
    return (
        one.app_id == query.app_id
        and query.meeting_id in (None, one.meeting_id)
        and query.is_live in (None, one.phase is not Phase.ENDED)
        and (query.created_from is None or query.created_from <= one.created_at)
        and (query.created_to is None or one.created_at <= query.created_to)
        and (query.min_participants is None or query.min_participants <= one.total_participants)
        and (query.max_participants is None or one.total_participants <= query.max_participants)
        and (not (query.search or "").strip() or is_found(one, query.search or ""))
    )


def expected(query: SessionQuery) -> tuple[list[Session], int]:
    def key(one: Session) -> tuple[float, str]:
        by_minutes = query.order is SessionOrder.MINUTES_CONSUMED
        return (one.minutes_consumed if by_minutes else one.created_at), one.id

    every = sorted((s for s in SESSIONS if matches(s, query)), key=key, reverse=query.is_descending)
    return every[query.offset : query.offset + query.limit], len(every)


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
        ["week", "PLAN caf", "planning weekly", "ann", "3-", "live-", "m-", " ", "%", "-"]
    ),
    order=st.sampled_from([SessionOrder.CREATED_AT, SessionOrder.MINUTES_CONSUMED]),
    is_descending=st.booleans(),
    offset=st.integers(0, 40) | st.integers(0, 320),
    limit=st.integers(0, 30),
)


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
    async with db.write() as tx:
        for one in SESSIONS:
            await session_rows.save_session(tx, one)


@pytest.mark.parametrize("few", [0, 1_000])
@settings(
    deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(query=QUERIES)
def test_every_query_gives_the_sessions_of_a_filter_in_python(
    filled: tuple[asyncio.Runner, Database],
    few: int,
    query: SessionQuery,
) -> None:
    chooser = partial(is_filtered_first, few=few)
    runner, db = filled

    async def ask() -> tuple[list[Session], int]:
        async with db.read() as tx:
            page = await list_sessions(tx, query, chooser=chooser)
        return [each.session for each in page.items], page.total

    assert runner.run(ask()) == expected(query)


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
    ):
        whole = SessionQuery(app_id="a", limit=1_000, **query)
        assert runner.run(all_pages(**query)) == expected(whole)[0]
