"""Lists of calls: every way of narrowing them finds what the plain reading finds, and pages
show each call once, whichever way one turns."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from aftercall.core.instants import DAY_MS, EpochMs
from aftercall.core.overview.session_summary import (
    ALL,
    BAD,
    Counted,
    Place,
    SessionSearch,
    SessionSearchOrder,
    facet,
)
from aftercall.core.records import Phase, Session
from aftercall.store.engine.database import Database
from aftercall.store.sessions.facets import save_verdict, search_terms_of
from aftercall.store.sessions.rows import save_session
from aftercall.store.sessions.search import Keyed, count_found, live_sessions, search_sessions
from tests.store.sessions.test_facets import verdict
from tests.store.sessions.test_rows import T0, session

CHROME, SAFARI = facet("browser", "Chrome"), facet("browser", "Safari")
GERMANY = facet("country", "DE")
DAY = T0 - T0 % DAY_MS


class Written:
    """Forty ended calls over four days, two in each moment, and two that go on."""

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
            facets |= {BAD} if place % 5 == 0 else set()
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
                        is_bad=BAD in facets,
                        facets={name: Counted(1, 0) for name in (facets - {BAD}) | {ALL}},
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
        asked = SessionSearch(app_id="a", limit=100, **query)
        found = await search_sessions(tx, asked)
        assert await count_found(tx, asked) == len(found)
    return [each.session.id for each in found]


@pytest.mark.parametrize(
    ("query", "keep"),
    [
        ({}, lambda one, facets: True),
        ({"facets": (CHROME,)}, lambda one, facets: CHROME in facets),
        ({"facets": (BAD,)}, lambda one, facets: BAD in facets),
        ({"facets": (CHROME, BAD)}, lambda one, facets: {CHROME, BAD} <= facets),
        ({"facets": (CHROME, GERMANY, BAD)}, lambda o, f: {CHROME, GERMANY, BAD} <= f),
        ({"facets": ("issue:none",)}, lambda one, facets: False),
        ({"meeting_id": "m1"}, lambda one, facets: one.meeting_id == "m1"),
        ({"meeting_id": "m1", "facets": (BAD,)}, lambda o, f: o.meeting_id == "m1" and BAD in f),
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
async def test_a_filter_finds_what_plain_reading_finds(
    db: Database, written: Written, query: dict[str, Any], keep: Callable[..., bool]
) -> None:
    assert await _ids(db, **query) == written.expected(keep)


@pytest.mark.parametrize("facets", [(), (CHROME,), (BAD,), (BAD, CHROME)])
@pytest.mark.parametrize("cut", [0, DAY_MS // 3])
async def test_bounds_cut_within_days_and_between_them(
    db: Database, written: Written, facets: tuple[str, ...], cut: int
) -> None:
    first, last = EpochMs(DAY + DAY_MS + cut), EpochMs(DAY + 3 * DAY_MS - 1 - cut)
    found = await _ids(db, facets=facets, created_from=first, created_to=last)
    assert found == written.expected(
        lambda one, has: first <= one.created_at <= last and set(facets) <= has
    )


async def _read_through(db: Database, query: SessionSearch) -> list[list[Keyed]]:
    pages: list[list[Keyed]] = []
    async with db.read() as tx:
        while True:
            found = await search_sessions(tx, query)
            page = found[: query.limit]
            pages.append(page)
            if len(found) <= query.limit:
                return pages
            last = page[-1]
            query = replace(query, place=Place(last.key, last.session.id, False))


@pytest.mark.parametrize("order", list(SessionSearchOrder))
@pytest.mark.parametrize("is_descending", [True, False])
@pytest.mark.parametrize("facets", [(), (CHROME,)])
async def test_pages_show_each_call_once_and_turn_back_the_same(
    db: Database,
    written: Written,
    order: SessionSearchOrder,
    is_descending: bool,
    facets: tuple[str, ...],
) -> None:
    query = SessionSearch(
        app_id="a", order=order, is_descending=is_descending, facets=facets, limit=7
    )
    pages = await _read_through(db, query)
    every = [each for page in pages for each in page]
    keys = [(each.key, each.session.id) for each in every]
    assert keys == sorted(keys, reverse=is_descending)
    assert len(set(keys)) == len(keys)
    async with db.read() as tx:
        assert await count_found(tx, query) == len(keys)
        first = pages[-1][0]
        place = Place(first.key, first.session.id, True)
        back = await search_sessions(tx, replace(query, place=place))
    assert [each.session.id for each in back[:7]][::-1] == [e.session.id for e in pages[-2]]


async def test_by_quality_only_measured_calls_are_there(db: Database, written: Written) -> None:
    found = await _ids(db, order=SessionSearchOrder.QUALITY, is_descending=False)
    measured = [(mos, one.id) for one, _, mos in written.ended if mos is not None]
    assert found == [id for _, id in sorted(measured)]


async def test_what_goes_on_is_found_apart(db: Database, written: Written) -> None:
    async with db.read() as tx:
        found = await live_sessions(tx, SessionSearch(app_id="a"))
        of_meeting = await live_sessions(tx, SessionSearch(app_id="a", meeting_id="m9"))
        nothing = await live_sessions(tx, SessionSearch(app_id="b"))
    assert {one.id for one in found} == {"l1", "l2"}
    assert [one.id for one in of_meeting] == ["l2"]
    assert nothing == []


async def test_nothing_of_another_app_is_found(db: Database, written: Written) -> None:
    async with db.read() as tx:
        for query in ({}, {"facets": (CHROME,)}, {"search": "weekly"}):
            found = await search_sessions(tx, SessionSearch(app_id="b", **query))
            assert {each.session.id for each in found} <= {"other"}
