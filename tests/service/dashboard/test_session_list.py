"""The list of sessions: live ones beside the first page, and paging in both directions."""

import gc

from msgspec.structs import replace

from aftercall.core.instants import EpochMs
from aftercall.core.list_queries import SearchScope, SessionOrder, SessionQuery
from aftercall.core.overview.session_facts import LevelTotals
from aftercall.core.overview.session_summary import FACET_BAD
from aftercall.core.records import Phase
from aftercall.store.engine.database import Database
from aftercall.store.sessions import rows as session_rows
from tests.core.quality.synthetic_call import CALL_START, FINE, Call, PeerConditions, always
from tests.stored_calls import session_of, store_call
from tests.web.rest_server import RestServer

ALL = SessionQuery(app_id="app", scope=SearchScope.PARTICIPANTS, limit=3)


async def fill(db: Database, *, ended: int, live: int) -> None:
    call = Call(["ada"], minutes=1)
    async with db.write() as tx:
        for number in range(ended + live):
            session = session_of(call, "app", is_live=number >= ended, title=f"Call {number}")
            at = EpochMs(CALL_START + number * 1_000)
            await session_rows.save_session(
                tx,
                replace(
                    session,
                    id=f"s{number}",
                    meeting_id=f"m{number}",
                    created_at=at,
                    started_at=at,
                ),
            )


async def test_live_sessions_are_beside_the_first_page_and_counted(
    db: Database, server: RestServer
) -> None:
    await fill(db, ended=4, live=2)
    lists = server.services.session_lists
    first = await lists.list_sessions(ALL)
    assert {row.session.id for row in first.live} == {"s4", "s5"}
    assert [row.session.id for row in first.items] == ["s3", "s2", "s1"]
    assert first.total == 6 and first.previous_cursor is None
    second = await lists.list_sessions(replace(ALL, cursor=first.next_cursor))
    assert (second.live, [row.session.id for row in second.items]) == ([], ["s0"])
    assert second.next_cursor is None
    back = await lists.list_sessions(replace(ALL, cursor=second.previous_cursor))
    assert [row.session.id for row in back.items] == ["s3", "s2", "s1"]


async def test_live_sessions_found_by_a_search_are_paged_in_both_directions(
    db: Database, server: RestServer
) -> None:
    await fill(db, ended=1, live=5)
    lists = server.services.session_lists
    query = replace(ALL, is_live=True, search="call")
    first = await lists.list_sessions(query)
    assert [row.session.id for row in first.items] == ["s5", "s4", "s3"]
    assert (first.total, first.live) == (5, [])
    second = await lists.list_sessions(replace(query, cursor=first.next_cursor))
    assert [row.session.id for row in second.items] == ["s2", "s1"]
    back = await lists.list_sessions(replace(query, cursor=second.previous_cursor))
    assert [row.session.id for row in back.items] == ["s5", "s4", "s3"]
    upward = await lists.list_sessions(replace(query, is_descending=False))
    assert [row.session.id for row in upward.items] == ["s1", "s2", "s3"]


async def test_a_page_by_its_number_is_the_one_that_cursors_lead_to(
    db: Database, server: RestServer
) -> None:
    await fill(db, ended=8, live=5)
    lists = server.services.session_lists
    for query in (ALL, replace(ALL, is_live=True, search="call")):
        page = await lists.list_sessions(query)
        for number in (1, 2):
            if page.next_cursor is None:
                break
            page = await lists.list_sessions(replace(query, cursor=page.next_cursor))
            numbered = await lists.list_sessions(replace(query, offset=3 * number))
            assert numbered._replace(now=page.now) == page
    beyond = await lists.list_sessions(replace(ALL, offset=300))
    assert (beyond.items, beyond.total) == ([], 13)


async def test_bad_sessions_that_go_on_are_beside_the_bad_ones_that_ended(
    db: Database, server: RestServer
) -> None:
    others = {"bob": always(FINE), "cyd": always(FINE)}
    lossy = Call({"ada": always(PeerConditions(up_loss=0.3)), **others}, minutes=4)
    await store_call(db, lossy, "app", is_live=True)
    async with db.write() as tx:
        fine = session_of(lossy, "app", title="Fine")
        await session_rows.save_session(tx, replace(fine, id="fine", meeting_id="fine"))
    lists = server.services.session_lists
    (row,) = (await lists.list_sessions(ALL)).live
    assert row.summary.quality is not None and row.summary.quality.is_bad
    for is_live in (None, True):
        found = await lists.list_sessions(replace(ALL, facets=(FACET_BAD,), is_live=is_live))
        assert [each.session.id for each in found.live] == ["session"]
        assert (found.items, found.total) == ([], 1)
    bad = await lists.list_sessions(replace(ALL, level=1))
    assert [each.session.id for each in bad.live] == ["session"]
    assert bad.levels == LevelTotals(every=2, bad=1, poor=0, fair=0)
    of_bad_calls = await lists.list_sessions(replace(ALL, facets=(FACET_BAD,)))
    assert of_bad_calls.levels == LevelTotals(every=1, bad=1, poor=0, fair=0)
    for level, is_live in ((2, None), (2, True)):
        poor_and_bad = replace(ALL, facets=(FACET_BAD,), level=level, is_live=is_live)
        neither = await lists.list_sessions(poor_and_bad)
        assert (neither.live, neither.total) == ([], 0)
    good = await lists.list_sessions(replace(ALL, level=4))
    assert (good.live, good.total, good.levels) == ([], 0, bad.levels)
    ended = await lists.list_sessions(replace(ALL, facets=(FACET_BAD,), is_live=False))
    assert (ended.live, ended.total) == ([], 0)
    other = await lists.list_sessions(replace(ALL, facets=(FACET_BAD,), meeting_id="other"))
    assert (other.live, other.total) == ([], 0)


async def test_only_ended_sessions_can_be_ordered_by_quality(
    db: Database, server: RestServer
) -> None:
    await fill(db, ended=1, live=2)
    query = replace(ALL, is_live=True, order=SessionOrder.QUALITY)
    page = await server.services.session_lists.list_sessions(query)
    assert (page.items, page.live, page.total) == ([], [], 0)


async def test_an_export_contains_every_session_once(db: Database, server: RestServer) -> None:
    await fill(db, ended=7, live=2)
    pages = [page async for page in server.services.session_lists.export(ALL)]
    found = [row.listed.session.id for page in pages for row in page]
    assert sorted(found) == [f"s{number}" for number in range(9)]
    assert {row.listed.session.phase for row in pages[0][:2]} == {Phase.LIVE}


async def test_a_session_is_found_in_the_app_that_has_it(db: Database, server: RestServer) -> None:
    await fill(db, ended=1, live=0)
    assert await server.services.session_lists.find_app_of(["other", "app"], "s0") == "app"


async def test_a_plain_page_leaves_nothing_to_the_search_for_cycles(
    db: Database, server: RestServer
) -> None:
    await fill(db, ended=4, live=0)
    lists = server.services.session_lists
    query = replace(ALL, is_live=False)
    await lists.list_sessions(query)
    gc.collect()
    gc.disable()
    try:
        for _ in range(20):
            await lists.list_sessions(query)
        # Statements of SQLAlchemy would be some ninety objects for each page.
        assert gc.collect() < 20 * 10
    finally:
        gc.enable()
