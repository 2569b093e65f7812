"""Verdicts in short: whatever was written before, what is found and counted is the last."""

from msgspec.structs import replace
from sqlalchemy import select

from aftercall.core.instants import QUARTERS_OF_DAY, EpochMs, day_of, quarter_of
from aftercall.core.overview.digest import Digest
from aftercall.core.overview.session_summary import (
    FACET_ALL,
    CallFacets,
    FacetCount,
    PeerSummary,
    PeerVerdict,
    SessionSummary,
    facet,
)
from aftercall.core.quality.experience.time_scale import scale_of
from aftercall.core.quality.report.fold import Completeness
from aftercall.core.records import Phase
from aftercall.store.codecs import bitset
from aftercall.store.engine.database import Database
from aftercall.store.sessions.call_postings import planes_of
from aftercall.store.sessions.facets import (
    find_digests,
    find_summaries,
    save_verdict,
    search_terms_of,
    sessions_of_person,
)
from aftercall.store.sessions.peer_verdicts import pack_peer_verdict
from aftercall.store.sessions.postings import BLOCK_SIZE, block_and_bit
from aftercall.store.sessions.rows import save_session
from aftercall.store.sessions.terms import quarter_term, terms_of_end
from aftercall.store.tables import schema
from tests.store.record_builder import T0, session, verdict


def peer(id: str, session_id: str = "s", app_id: str = "a", at: int = 0) -> PeerVerdict:
    joined_at = EpochMs(T0 + at)
    return PeerVerdict(
        app_id=app_id,
        session_id=session_id,
        participant_id=id,
        person=f"person-{id}",
        joined_at=joined_at,
        summary=PeerSummary(
            session_id=session_id,
            meeting_id="m",
            title="Weekly",
            participant_id=id,
            joined_at=joined_at,
            left_at=None,
            minutes=1.0,
            mos_audio=4.0,
            mos_video=None,
            level=4,
            is_bad=False,
            is_measured=True,
            worst_issue=None,
            browser="Chrome",
            os=None,
            country=None,
            network=None,
            relay=None,
        ),
        digest=Digest(
            scale=scale_of(joined_at, EpochMs(joined_at + 60_000)),
            completeness=Completeness(
                expected_samples=1,
                arrived_samples=1,
                share=1.0,
                gaps=[],
                unreadable_samples=0,
                dropped_entries=0,
                end_is_inferred=False,
                end_reason=None,
            ),
        ),
    )


async def _tallies(db: Database) -> dict[tuple[str, str, int], tuple[int, ...]]:
    async with db.read() as tx:
        rows = await tx.execute(select(schema.facet_tallies))
        return {
            (row.app_id, row.facet, row.day): tuple(row)[3:] for row in rows if any(tuple(row)[3:])
        }


async def _facets(db: Database, session_id: str = "s") -> set[str]:
    """What leads to a session since it was folded."""
    c, p = schema.sessions.c, schema.session_postings.c
    async with db.read() as tx:
        ordinal = await tx.execute(select(c.ordinal).where(c.app_id == "a", c.id == session_id))
        block, bit = block_and_bit(ordinal.scalar_one())
        rows = await tx.execute(select(p.term, p.sessions).where(p.block == block))
        found = {
            term
            for stored_term, stored in rows
            for term, places in planes_of(stored_term, bitset.decode(stored), BLOCK_SIZE)
            if places & bit
        }
    return found - terms_of_end(id=session_id, meeting_id="m", title="Weekly", total_participants=3)


async def _end(db: Database, *ids: str) -> None:
    async with db.write() as tx:
        for id in ids:
            one = session(id, "m", phase=Phase.ENDED, total_participants=3)
            await save_session(tx, replace(one, created_at=T0))


async def test_a_verdict_is_loaded_as_saved(db: Database) -> None:
    async with db.write() as tx:
        await save_verdict(
            tx, verdict(), [pack_peer_verdict(peer("p")), pack_peer_verdict(peer("q"))]
        )
    async with db.read() as tx:
        assert await find_summaries(tx, "a", ["s", "t"]) == {"s": SessionSummary()}
        found = await find_digests(tx, "a", "s")
    assert found == {"p": peer("p").digest, "q": peer("q").digest}


async def test_a_second_verdict_replaces_the_first(db: Database) -> None:
    chrome, safari = facet("browser", "Chrome"), facet("browser", "Safari")
    first = verdict(
        facets={FACET_ALL: FacetCount(3, 1), chrome: FacetCount(3, 1)},
        calls=[CallFacets(frozenset([chrome]), True, bad) for bad in (False, True, False)],
        is_bad=True,
        marks=["id:x"],
    )
    second = verdict(
        facets={FACET_ALL: FacetCount(2, 0), safari: FacetCount(1, 0)},
        calls=[
            CallFacets(frozenset([safari]), True, False),
            CallFacets(frozenset(), True, False),
        ],
        marks=["id:y"],
    )
    await _end(db, "s")
    async with db.write() as tx:
        await save_verdict(tx, first, [pack_peer_verdict(peer("p")), pack_peer_verdict(peer("q"))])
    quarter = quarter_term(quarter_of(T0) % QUARTERS_OF_DAY)
    each = {f"call:{place}:{name}" for place in range(3) for name in (chrome, "measured")}
    assert await _facets(db) == {*each, "call:1:bad", quarter, "id:x", "measured", "level:3"}
    async with db.write() as tx:
        await save_verdict(tx, second, [pack_peer_verdict(peer("q"))])
    assert await _facets(db) == {
        f"call:0:{safari}", "call:0:measured", "call:1:measured", quarter, "id:y", "measured",
        "level:3",
    }  # fmt: skip
    day = day_of(T0)
    assert await _tallies(db) == {
        ("a", FACET_ALL, day): (1, 0, 2, 0),
        ("a", safari, day): (1, 0, 1, 0),
    }
    async with db.read() as tx:
        assert set(await find_digests(tx, "a", "s")) == {"q"}


async def test_facet_counts_are_sums_over_sessions(db: Database) -> None:
    await _end(db, "s", "t")
    async with db.write() as tx:
        await save_verdict(tx, verdict("s", facets={FACET_ALL: FacetCount(3, 1)}, is_bad=True), [])
        await save_verdict(tx, verdict("t", facets={FACET_ALL: FacetCount(4, 0)}), [])
        await save_verdict(tx, verdict("u", app_id="b", facets={FACET_ALL: FacetCount(9, 9)}), [])
    day = day_of(T0)
    assert (await _tallies(db))["a", FACET_ALL, day] == (2, 1, 7, 1)


async def test_the_same_verdict_twice_counts_once(db: Database) -> None:
    async with db.write() as tx:
        await save_verdict(tx, verdict(), [pack_peer_verdict(peer("p"))])
    before = await _tallies(db)
    async with db.write() as tx:
        await save_verdict(tx, verdict(), [pack_peer_verdict(peer("p"))])
    assert await _tallies(db) == before


async def test_the_sessions_of_a_person_are_paged_latest_first(db: Database) -> None:
    async with db.write() as tx:
        for place in range(5):
            each = peer("p", f"s{place}", at=1_000 * (place // 2))
            await save_verdict(tx, verdict(f"s{place}"), [pack_peer_verdict(each)])
    async with db.read() as tx:
        first = await sessions_of_person(tx, "a", "person-p", before=None, limit=3)
        last = (first[-1].joined_at, first[-1].session_id)
        rest = await sessions_of_person(tx, "a", "person-p", before=last, limit=3)
        assert await sessions_of_person(tx, "b", "person-p", before=None, limit=3) == []
    assert [call.session_id for call in first + rest] == ["s4", "s3", "s2", "s1", "s0"]


def test_search_terms_are_words_without_accents_and_unchanged_ids() -> None:
    assert search_terms_of(["Ana Núñez", None, "ana"], ["U-1", None, "U-1"]) == [
        "word:ana",
        "word:nunez",
        "id:U-1",
    ]
