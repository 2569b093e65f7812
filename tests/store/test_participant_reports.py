"""A participant, its peers and its report in one statement, on both engines."""

from typing import Any

from msgspec.structs import replace

from aftercall.core.instants import EpochMs
from aftercall.core.records import EVERY_KIND, Participant, Phase
from aftercall.store import participants, peers, reports
from aftercall.store.engine.database import Database
from aftercall.store.participant_reports import (
    ReportDocument,
    SessionEnd,
    find_by_any_id,
    find_by_peer,
)
from aftercall.store.sessions import rows as session_rows
from tests.store.record_builder import T0, peer, session
from tests.store.test_reports import report


def participant(id: str, user_id: str | None = None, **rest: Any) -> Participant:
    return replace(
        Participant(
            app_id="a",
            session_id="s",
            id=id,
            user_id=user_id,
            joined_at=T0,
            duration_minutes=1.5,
            created_at=T0,
            updated_at=T0,
        ),
        **rest,
    )


ADA = participant("ada", "u-ada", is_hidden=True)
BEN = participant("ben", "u-both", left_at=T0, left_is_inferred=True)
CYD = participant("cyd", "u-both")
DAN = participant("dan", "u-dan")
SECOND = peer("p-2", participant_id="ada", first_heard_at=EpochMs(T0 + 9))
FIRST = peer("p-9", participant_id="ada")
BENS = peer("p-3", participant_id="ben")


LIVE = SessionEnd(Phase.LIVE, None, EVERY_KIND)


async def _fill(db: Database) -> None:
    async with db.write() as tx:
        assert await session_rows.insert_session(tx, session("s"))
        assert await session_rows.insert_session(tx, session("empty", meeting_id="n"))
        await participants.save_participants(tx, [ADA, BEN, CYD, DAN])
        await peers.save_peers(tx, [SECOND, FIRST, BENS])
        every = [report("ada", 7), report("ben", 0), report("dan"), report("ada", app_id="b")]
        documents = {each.app_id + each.peer_id: each for each in every}
        await reports.save_reports(
            tx, [replace(each, document=key.encode()) for key, each in documents.items()]
        )


async def test_a_peer_leads_to_its_participant_with_all_peers_and_the_report(
    db: Database,
) -> None:
    await _fill(db)
    for peer_id in ("p-2", "p-9"):
        found = await find_by_peer(db, "a", peer_id)
        assert found == (ADA, [FIRST, SECOND], ReportDocument(7, b"aada"), LIVE)
    found = await find_by_peer(db, "a", "p-3")
    assert found == (BEN, [BENS], ReportDocument(0, b"aben"), LIVE)
    for nobody in (("b", "p-2"), ("a", "ada"), ("a", "")):
        assert await find_by_peer(db, *nobody) is None


async def test_any_id_finds_what_the_lookup_of_participants_finds(db: Database) -> None:
    await _fill(db)
    # The id of one participant that is also the user's id of another, and of a peer of a third.
    odd = [participant("u-dan"), participant("p-3", "ada")]
    async with db.write() as tx:
        await participants.save_participants(tx, odd)
    for any_id in ("ada", "ben", "cyd", "dan", "p-2", "p-3", "p-9", "u-ada", "u-both", "u-dan", ""):
        async with db.read() as tx:
            expected = await participants.find_participant(tx, "a", "s", any_id)
            stored = expected and await reports.find_report(tx, "a", expected.id)
            own = expected and await peers.peers_of_participants(tx, "a", "s", [expected.id])
        exists, found = await find_by_any_id(db, "a", "s", any_id)
        assert exists
        assert (found and found.participant) == expected
        if found is not None:
            assert found.peers == own
            assert found.report == (stored and ReportDocument(stored.fold_version, stored.document))


async def test_an_unknown_session_is_distinct_from_one_without_the_participant(
    db: Database,
) -> None:
    await _fill(db)
    assert await find_by_any_id(db, "a", "empty", "ada") == (True, None)
    assert await find_by_any_id(db, "a", "nowhere", "ada") == (False, None)
    assert await find_by_any_id(db, "b", "s", "ada") == (False, None)
