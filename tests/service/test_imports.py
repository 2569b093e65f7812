"""Imported sessions beside those that were recorded here."""

import pytest
from msgspec.structs import replace

from aftercall.core.egresses import Egress, EgressKind, EgressStatus
from aftercall.core.imported_session import IMPORTED_SOURCE, ImportedSession
from aftercall.core.instants import EpochMs
from aftercall.core.records import Phase
from aftercall.service.erased_people import ErasedPeople
from aftercall.service.imports import Imports, Saved
from aftercall.service.retention_rule import RetentionRule
from aftercall.settings import Settings
from aftercall.store import egresses, participants, peers
from aftercall.store.engine.database import Database
from aftercall.store.sessions import rows as session_rows
from aftercall.wire.realtimekit_import.read import FetchedSession, read_fetched
from tests.recorder_harness import APP, NOON, RecorderHarness, join_session

DETAILS = (
    b'{"data":{"id":"%s","associated_id":"m","status":"ENDED","meeting_display_name":"Weekly",'
    b'"minutes_consumed":10,"started_at":"2026-11-21T12:00:00.000Z",'
    b'"ended_at":"2026-11-21T12:10:00.000Z","updated_at":"2026-11-21T12:10:00.000Z"}}'
)
ROWS = (
    b'{"data":{"participants":[{"id":"%s","user_id":"ada","display_name":"Ada",'
    b'"joined_at":"2026-11-21T12:00:00.000Z","left_at":"2026-11-21T12:10:00.000Z"}]}}'
)


def fetched(session_id: str = "s", participant_id: str = "p") -> ImportedSession:
    answers = FetchedSession(
        details=DETAILS % session_id.encode(),
        pages=[ROWS % participant_id.encode()],
        participants={},
        reports={},
    )
    return read_fetched(answers, APP, NOON)


@pytest.fixture
def imports(db: Database) -> Imports:
    def clock() -> EpochMs:
        return EpochMs(NOON + 3_600_000)

    retention = RetentionRule(db=db, clock=clock, settings=Settings())
    return Imports(db=db, clock=clock, erased_people=ErasedPeople(), retention=retention)


async def test_a_session_that_was_imported_is_known_with_its_last_change(imports: Imports) -> None:
    assert await imports.save(fetched()) is Saved.NEW
    known = await imports.updated_at(APP, ["s", "other"])
    assert known == {"s": NOON + 600_000}


async def test_an_import_is_replaced_by_what_the_vendor_has_later(
    db: Database, imports: Imports
) -> None:
    await imports.save(fetched(participant_id="old"))
    assert await imports.save(fetched(participant_id="new")) is Saved.REPLACED
    async with db.read() as tx:
        rows = await participants.participants_of_session(tx, APP, "s")
        stored = await peers.peers_of_session(tx, APP, "s")
    assert [row.id for row in rows] == ["new"]
    assert [(peer.id, peer.source) for peer in stored] == [("new", IMPORTED_SOURCE)]


def recording(session_id: str, status: EgressStatus) -> Egress:
    return Egress(
        app_id=APP,
        kind=EgressKind.RECORDING,
        id="r",
        session_id=session_id,
        meeting_id="m",
        status=status,
        status_at=NOON,
        invoked_at=NOON,
        created_at=NOON,
        updated_at=NOON,
    )


async def test_a_recording_is_joined_to_what_is_known_of_it(db: Database, imports: Imports) -> None:
    for status in (EgressStatus.COMPLETE, EgressStatus.ACTIVE):
        found = fetched()
        found.egresses = [recording("s", status)]
        await imports.save(found)
    other = fetched("t", "q")
    other.egresses = [recording("t", EgressStatus.ACTIVE)]
    await imports.save(other)
    async with db.read() as tx:
        (mine,) = await egresses.egresses_of_sessions(tx, APP, ["s"])
        (theirs,) = await egresses.egresses_of_sessions(tx, APP, ["t"])
    assert (mine.id, mine.status) == ("r", EgressStatus.COMPLETE)
    assert theirs.id != "r" and theirs.status is EgressStatus.ACTIVE


async def test_a_session_that_was_recorded_here_stays(db: Database, imports: Imports) -> None:
    harness = RecorderHarness(db)
    await harness.record_call(session_id="s")
    assert await imports.save(fetched()) is Saved.RECORDED_HERE
    async with db.read() as tx:
        session = await session_rows.find_session(tx, APP, "s")
    assert session is not None and session.title == "Weekly review"
    assert await imports.updated_at(APP, ["s"]) == {}


async def test_a_peer_id_that_another_session_has_is_replaced_by_the_same_id_each_time(
    db: Database, imports: Imports
) -> None:
    harness = RecorderHarness(db)
    await harness.record_accepted(join_session("p", 0, session_id="mine", user="ben"))
    for _ in range(2):
        await imports.save(fetched())
    async with db.read() as tx:
        (row,) = await participants.participants_of_session(tx, APP, "s")
        (peer,) = await peers.peers_of_session(tx, APP, "s")
        mine = await peers.find_peer(tx, APP, "p")
    assert row.id == peer.id == peer.participant_id != "p"
    assert mine is not None and mine.session_id == "mine"


async def test_the_same_session_of_another_app_is_another_session(
    db: Database, imports: Imports
) -> None:
    await imports.save(fetched())
    other = fetched()
    other.session = replace(other.session, app_id="other")
    other.participants = [replace(each, app_id="other") for each in other.participants]
    other.peers = [replace(each, app_id="other") for each in other.peers]
    assert await imports.save(other) is Saved.NEW
    async with db.read() as tx:
        found = await session_rows.find_session(tx, APP, "s")
    assert found is not None and found.phase is Phase.ENDED
