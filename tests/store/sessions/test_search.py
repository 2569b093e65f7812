"""Lists of sessions: every filter finds what a filter in Python finds, and pages contain each
session once in either direction."""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from msgspec.structs import replace

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
from aftercall.store.engine.database import Database
from aftercall.store.sessions.facets import save_verdict, search_terms_of
from aftercall.store.sessions.matching import count_levels
from aftercall.store.sessions.page_rows import SortedSession
from aftercall.store.sessions.pages import list_sessions, live_sessions
from aftercall.store.sessions.rows import save_session
from tests.store.record_builder import T0, session, verdict

CHROME, SAFARI = facet("browser", "Chrome"), facet("browser", "Safari")
GERMANY = facet("country", "DE")
DAY = T0 - T0 % DAY_MS


class Written:
    """Forty ended sessions over four days, two at each time, and two live ones."""

    def __init__(self) -> None:
        self.ended: list[tuple[Session, set[str], float | None]] = []
        for place in range(40):
            one = session(
                f"s{place:02}",
                f"m{place % 3}",
                title="Weekly" if place % 2 else "Café planning",
                phase=Phase.ENDED,
                total_participants=place % 5,
                minutes_consumed=float(place * 7 % 11),
            )
            at = EpochMs(DAY + (place // 2) * (DAY_MS // 5))
            facets = {CHROME} if place % 3 else {SAFARI}
            facets |= {GERMANY} if place % 4 == 0 else set()
            facets |= {FACET_BAD} if place % 5 == 0 else set()
            mos = None if place % 6 == 0 else 1 + (place * 13 % 40) / 10
            self.ended.append((replace(one, created_at=at, started_at=at), facets, mos))
        self.live = [session("l1", "m8"), session("l2", "m9", title="Weekly live")]

    async def save(self, db: Database) -> None:
        async with db.write() as tx:
            for one, facets, mos in self.ended:
                await save_session(tx, one)
                names = [f"Guest {one.id}", "Zoë" if one.id.endswith("7") else "Max"]
                await save_verdict(
                    tx,
                    verdict(
                        one.id,
                        created_at=one.created_at,
                        rank=mos,
                        is_bad=FACET_BAD in facets,
                        calls=[
                            CallFacets(frozenset(facets - {FACET_BAD}), True, FACET_BAD in facets)
                        ],
                        facets={
                            name: FacetCount(1, 0) for name in (facets - {FACET_BAD}) | {FACET_ALL}
                        },
                        marks=search_terms_of([one.title, *names], [f"user-{one.id}"]),
                    ),
                    [],
                )
            for one in self.live:
                await save_session(tx, one)
            await save_session(tx, session("other", app_id="b", phase=Phase.ENDED))

    def expected(self, keep: Callable[[Session, set[str]], bool]) -> list[str]:
        kept = [one for one, facets, _ in self.ended if keep(one, facets)]
        return [one.id for one in sorted(kept, key=lambda o: (o.created_at, o.id), reverse=True)]


@pytest.fixture
async def written(db: Database) -> Written:
    one = Written()
    await one.save(db)
    return one


async def _ids(db: Database, **query: Any) -> list[str]:
    async with db.read() as tx:
        page = await list_sessions(tx, ended(limit=100, **query))
        assert page.total == len(page.items)
    return [each.session.id for each in page.items]


def ended(**query: Any) -> SessionQuery:
    scope = SearchScope.PARTICIPANTS
    members: dict[str, Any] = {"app_id": "a", "is_live": False, "scope": scope}
    return SessionQuery(**members | query)


@pytest.mark.parametrize(
    ("query", "keep"),
    [
        ({}, lambda one, facets: True),
        ({"facets": (CHROME,)}, lambda one, facets: CHROME in facets),
        ({"facets": (FACET_BAD,)}, lambda one, facets: FACET_BAD in facets),
        ({"facets": (CHROME, FACET_BAD)}, lambda one, facets: {CHROME, FACET_BAD} <= facets),
        ({"facets": (CHROME, GERMANY, FACET_BAD)}, lambda o, f: {CHROME, GERMANY, FACET_BAD} <= f),
        ({"facets": ("issue:none",)}, lambda one, facets: False),
        ({"meeting_id": "m1"}, lambda one, facets: one.meeting_id == "m1"),
        (
            {"meeting_id": "m1", "facets": (FACET_BAD,)},
            lambda o, f: o.meeting_id == "m1" and FACET_BAD in f,
        ),
        ({"min_participants": 3}, lambda one, facets: one.total_participants >= 3),
        (
            {"max_participants": 1, "facets": (CHROME,)},
            lambda o, f: o.total_participants <= 1 and CHROME in f,
        ),
        ({"search": "caf"}, lambda one, facets: one.title == "Café planning"),
        ({"search": "WEEKLY zoe"}, lambda o, f: o.title == "Weekly" and o.id.endswith("7")),
        ({"search": "s07"}, lambda one, facets: one.id == "s07"),
        ({"search": "m1"}, lambda one, facets: one.meeting_id == "m1"),
        ({"search": "user-s12"}, lambda one, facets: one.id == "s12"),
        ({"search": "zoe", "facets": (CHROME,)}, lambda o, f: o.id.endswith("7") and CHROME in f),
        ({"search": "nobody"}, lambda one, facets: False),
        ({"search": "%_"}, lambda one, facets: False),
    ],
)
async def test_a_filter_finds_the_sessions_of_a_filter_in_python(
    db: Database, written: Written, query: dict[str, Any], keep: Callable[..., bool]
) -> None:
    assert await _ids(db, **query) == written.expected(keep)


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"facets": (CHROME,)},
        {"search": " weekly "},
        {"meeting_id": "m1", "created_from": EpochMs(DAY + DAY_MS // 2)},
        {"created_to": EpochMs(DAY + DAY_MS + DAY_MS // 3)},
        {"search": "nobody"},
    ],
)
async def test_the_counts_of_levels_are_those_of_lists_of_one_level(
    db: Database, written: Written, query: dict[str, Any]
) -> None:
    listed = {level: len(await _ids(db, level=level, **query)) for level in (1, 2, 3)}
    async with db.read() as tx:
        assert await count_levels(tx, ended(level=2, **query), (1, 2, 3)) == listed
    assert "search" in query or sum(listed.values()) > 5


@pytest.mark.parametrize("facets", [(), (CHROME,), (FACET_BAD,), (FACET_BAD, CHROME)])
@pytest.mark.parametrize("cut", [0, DAY_MS // 3])
async def test_time_bounds_apply_within_days_and_between_them(
    db: Database, written: Written, facets: tuple[str, ...], cut: int
) -> None:
    first, last = EpochMs(DAY + DAY_MS + cut), EpochMs(DAY + 3 * DAY_MS - 1 - cut)
    found = await _ids(db, facets=facets, created_from=first, created_to=last)
    assert found == written.expected(
        lambda one, has: first <= one.created_at <= last and set(facets) <= has
    )


async def test_time_bounds_may_lie_hundreds_of_thousands_of_days_away(
    db: Database, written: Written
) -> None:
    far = 600_000 * DAY_MS
    query: dict[str, Any] = {"search": "weekly", "facets": (CHROME,)}
    found = await _ids(db, created_from=EpochMs(-far), created_to=EpochMs(far), **query)
    assert found == written.expected(lambda o, has: o.title == "Weekly" and CHROME in has)
    assert await _ids(db, created_from=EpochMs(far), **query) == []


async def _read_through(db: Database, query: SessionQuery) -> list[list[SortedSession]]:
    pages: list[list[SortedSession]] = []
    async with db.read() as tx:
        while True:
            page = await list_sessions(tx, query)
            pages.append(page.items)
            if not page.has_more:
                return pages
            last = page.items[-1]
            query = replace(query, cursor=Cursor(last.key, last.session.id, False))


@pytest.mark.parametrize("order", list(SessionOrder))
@pytest.mark.parametrize("is_descending", [True, False])
@pytest.mark.parametrize("facets", [(), (CHROME,)])
async def test_pages_contain_each_session_once_in_both_directions(
    db: Database,
    written: Written,
    order: SessionOrder,
    is_descending: bool,
    facets: tuple[str, ...],
) -> None:
    query = ended(order=order, is_descending=is_descending, facets=facets, limit=7)
    pages = await _read_through(db, query)
    every = [each for page in pages for each in page]
    keys = [(each.key, each.session.id) for each in every]
    assert keys == sorted(keys, reverse=is_descending)
    assert len(set(keys)) == len(keys)
    async with db.read() as tx:
        assert (await list_sessions(tx, query)).total == len(keys)
        first = pages[-1][0]
        cursor = Cursor(first.key, first.session.id, True)
        back = (await list_sessions(tx, replace(query, cursor=cursor))).items
    assert [each.session.id for each in back][::-1] == [e.session.id for e in pages[-2]]


async def test_ordering_by_quality_lists_only_measured_sessions(
    db: Database, written: Written
) -> None:
    found = await _ids(db, order=SessionOrder.QUALITY, is_descending=False)
    measured = [(mos, one.id) for one, _, mos in written.ended if mos is not None]
    assert found == [id for _, id in sorted(measured)]


async def test_live_sessions_are_listed_newest_first(db: Database, written: Written) -> None:
    async with db.read() as tx:
        found = await live_sessions(tx, "a", 9)
        listed = await list_sessions(tx, SessionQuery(app_id="a", is_live=True))
        of_meeting = await list_sessions(
            tx, SessionQuery(app_id="a", is_live=True, meeting_id="m9")
        )
        nothing = await live_sessions(tx, "b", 9)
    assert [one.id for one in found] == ["l2", "l1"]
    assert [each.session.id for each in listed.items] == ["l2", "l1"]
    assert [each.session.id for each in of_meeting.items] == ["l2"]
    assert nothing == []


@pytest.mark.parametrize("facets", [(CHROME,), (FACET_BAD,), (CHROME, FACET_BAD)])
async def test_no_live_session_has_a_facet(
    db: Database, written: Written, facets: tuple[str, ...]
) -> None:
    async with db.read() as tx:
        page = await list_sessions(tx, ended(is_live=True, facets=facets))
    assert (page.items, page.total) == ([], 0)


async def test_an_offset_and_a_cursor_give_the_same_page(db: Database, written: Written) -> None:
    every = product(
        SessionOrder, [None, "weekly", "s0"], SearchScope, [(), (CHROME,), (FACET_BAD, GERMANY)]
    )
    async with db.read() as tx:
        for order, search, scope, facets in every:
            query = ended(order=order, search=search, scope=scope, facets=facets, limit=3)
            first = await list_sessions(tx, query)
            by_offset = await list_sessions(tx, replace(query, offset=3))
            assert first.has_more == bool(by_offset.items)
            if first.items:
                last = first.items[-1]
                cursor = Cursor(last.key, last.session.id, False)
                assert await list_sessions(tx, replace(query, cursor=cursor)) == by_offset


async def test_no_session_of_another_app_is_found(db: Database, written: Written) -> None:
    async with db.read() as tx:
        for query in ({}, {"facets": (CHROME,)}, {"search": "weekly"}):
            found = await list_sessions(tx, ended(app_id="b", **query))
            assert {each.session.id for each in found.items} <= {"other"}
