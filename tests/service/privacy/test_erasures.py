"""A person is erased from everywhere, and nothing else is."""

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import make_url

from aftercall.core.errors import Malformed
from aftercall.core.instants import EpochMs
from aftercall.core.list_queries import SearchScope, SessionQuery
from aftercall.core.privacy_records import ErasureState
from aftercall.core.pseudonyms import is_pseudonym
from aftercall.service.erased_people import PersonIds
from aftercall.service.privacy.receipts import ReceiptFile
from aftercall.store import chat_transcript, participants, reports
from aftercall.store.engine.database import Database
from aftercall.store.sessions import pages
from tests.service.privacy.erasure_harness import (
    broken,
    erase,
    execute,
    figures_of,
    places_of_seeds,
    request,
    run_jobs,
    sentences_of,
)
from tests.service.privacy.personal_call import CUSTOM, NAME, SEEDS, USER, peer_id, record_call
from tests.web.rest_server import BuildServer, RestServer


async def test_nothing_of_an_erased_person_is_left(
    db: Database, private_server: RestServer
) -> None:
    owner = await private_server.new_client()
    await record_call(private_server, owner)
    await run_jobs(private_server)
    before = await places_of_seeds(db)
    assert {place for place, _ in before} >= {
        "chat_messages.payload",
        "meetings.title",
        "notes.data",
        "participants.display_name",
        "peer_verdicts.digest",
        "peers.custom_participant_id",
        "people.name",
        "people_terms.term",
        "reports.document",
        "segments.body",
        "session_postings.term",
        "session_verdicts.counted",
        "sessions.title",
        "summaries.text",
        "transcript_lines.text",
    }
    receipt = await erase(private_server, owner)
    assert receipt.state is ErasureState.DONE
    assert await places_of_seeds(db) == set()
    assert await broken(db) == []
    assert receipt.counts == {
        "sessions": 1,
        "participants": 1,
        "peers": 1,
        "messages": 1,
        "transcript_lines": 1,
        "mentions": 2,
        "summaries": 1,
        "events": 6,
        "samples": receipt.counts["samples"],
        "reports": 3,
        "egresses": 1,
    }


async def test_the_files_of_sqlite_hold_nothing_of_an_erased_person(
    db: Database, private_server: RestServer, tmp_path: Path
) -> None:
    if not db.is_sqlite:
        pytest.skip("PostgreSQL's files are used again as its vacuum allows")
    owner = await private_server.new_client()
    for number in range(6):
        await record_call(private_server, owner, session_id=f"call-{number}")
        await run_jobs(private_server)
    path = Path(make_url(str(db._url)).database or "")
    await erase(private_server, owner)
    held = await asyncio.to_thread(bytes_beside, path)
    held += await asyncio.to_thread(bytes_beside, tmp_path / "erasures.jsonl")
    assert [seed for seed in SEEDS if seed.encode() in held] == []


def bytes_beside(path: Path) -> bytes:
    """A file, and those whose names begin like its."""
    return b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))


async def test_figures_stay_as_they_were_for_everybody(
    db: Database, private_server: RestServer
) -> None:
    owner = await private_server.new_client()
    await record_call(private_server, owner)
    await run_jobs(private_server)
    before = await figures_of(db, owner.app_id)
    assert any(before[peer_id("call", "ada")][4])
    await erase(private_server, owner)
    assert await figures_of(db, owner.app_id) == before


async def test_sentences_about_an_erased_person_name_the_pseudonym(
    db: Database, private_server: RestServer
) -> None:
    owner = await private_server.new_client()
    await record_call(private_server, owner)
    await run_jobs(private_server)
    old = await sentences_of(db, owner.app_id)
    await erase(private_server, owner)
    new = await sentences_of(db, owner.app_id)
    async with db.read() as tx:
        row = await participants.find_participant(tx, owner.app_id, "call", peer_id("call", "ada"))
    assert row is not None and row.display_name is not None and is_pseudonym(row.user_id)
    assert row.custom_participant_id is row.picture is None
    assert any(NAME in each for each in old)
    assert sum(row.display_name in each for each in new) == sum(NAME in each for each in old)


async def test_an_erasure_that_is_cut_off_anywhere_goes_on_to_the_same_end(
    db: Database, private_server: RestServer
) -> None:
    owner = await private_server.new_client()
    await record_call(private_server, owner)
    await record_call(private_server, owner, session_id="call-2")
    await run_jobs(private_server)
    before = await figures_of(db, owner.app_id)
    requested = await request(private_server, owner)
    for turns in range(0, 400, 7):
        carrying = asyncio.create_task(
            private_server.services.erasures.carry_out(owner.app_id, requested.id)
        )
        for _ in range(turns):
            await asyncio.sleep(0.0005)
            if carrying.done():
                break
        carrying.cancel()
        await asyncio.gather(carrying, return_exceptions=True)
        private_server.clock.now = EpochMs(private_server.clock.now + 1)
    await run_jobs(private_server)
    receipt = await private_server.services.erasures.find(owner.app_id, requested.id)
    assert receipt.state is ErasureState.DONE
    assert receipt.counts["sessions"] == 2 and receipt.counts["messages"] == 2
    assert await places_of_seeds(db) == set()
    assert await figures_of(db, owner.app_id) == before
    assert await broken(db) == []


async def test_lists_and_searches_are_right_after_an_erasure(
    db: Database, private_server: RestServer
) -> None:
    owner = await private_server.new_client()
    await record_call(private_server, owner)
    await record_call(
        private_server, owner, session_id="other", meeting_id="m2", custom="custom dan"
    )
    await run_jobs(private_server)

    async def found(search: str) -> list[str]:
        query = SessionQuery(app_id=owner.app_id, search=search, scope=SearchScope.PARTICIPANTS)
        async with db.read() as tx:
            return [each.session.id for each in (await pages.list_sessions(tx, query)).items]

    people = private_server.services.people
    assert sorted(await found("zebulon")) == ["call", "other"]
    await erase(private_server, owner)
    assert await found("zebulon") == await found("quux") == ["other"]
    assert await found(CUSTOM) == []
    assert sorted(await found("mertens")) == ["call", "other"]
    names = (await people.list_people(owner.app_id, search=None, cursor=None, limit=10)).items
    assert sorted(person.name or "" for person in names) == ["Bea Mertens", "Cyd Ohm", NAME]


async def test_a_person_is_erased_by_user_id_too(db: Database, private_server: RestServer) -> None:
    owner = await private_server.new_client()
    await record_call(private_server, owner, custom=None)
    await run_jobs(private_server)
    receipt = await erase(private_server, owner, PersonIds(None, USER))
    assert receipt.counts["participants"] == 1
    assert await places_of_seeds(db) == set()


async def test_other_apps_keep_their_person(db: Database, private_server: RestServer) -> None:
    owner, stranger = [await private_server.new_client() for _ in range(2)]
    await record_call(private_server, owner)
    await record_call(private_server, stranger, session_id="theirs")
    await run_jobs(private_server)
    await erase(private_server, owner)
    async with db.read() as tx:
        rows = await participants.participants_of_session(tx, stranger.app_id, "theirs")
        assert NAME in {row.display_name for row in rows}
        assert await chat_transcript.count_messages(tx, stranger.app_id, "theirs") == 3


@pytest.mark.parametrize("has_samples", [True, False])
async def test_a_report_that_an_older_program_wrote_does_not_keep_the_person(
    db: Database, private_server: RestServer, has_samples: bool
) -> None:
    owner = await private_server.new_client()
    await record_call(private_server, owner)
    await run_jobs(private_server)
    async with db.write() as tx:
        for each in await reports.reports_of_session(tx, owner.app_id, "call"):
            older = replace(each, document=f"an older form, of {NAME}".encode(), fold_version=1)
            await reports.save_reports(tx, [older])
    if not has_samples:
        await execute(db, "UPDATE sessions SET kept_kinds = kept_kinds & ~1")
        await execute(db, "DELETE FROM segments")
    receipt = await erase(private_server, owner)
    assert receipt.state is ErasureState.DONE
    assert await places_of_seeds(db) == set()
    async with db.read() as tx:
        left = await reports.reports_of_session(tx, owner.app_id, "call")
    assert len(left) == (3 if has_samples else 0)


async def test_receipts_are_carried_out_again_in_an_older_database(
    db: Database, private_server: RestServer, build_server: BuildServer, tmp_path: Path
) -> None:
    owner = await private_server.new_client()
    await record_call(private_server, owner)
    await run_jobs(private_server)
    await erase(private_server, owner)
    for table in ("erasures", "erased_people", "keys"):
        await execute(db, f"DELETE FROM {table}")
    restored = build_server(data_dir=tmp_path, privacy="full")
    await record_call(restored, owner, session_id="restored")
    await run_jobs(restored)
    assert await places_of_seeds(db)
    assert len(await restored.services.erasures.apply_receipts()) == 1
    await run_jobs(restored)
    assert await places_of_seeds(db) == set()
    [line] = await asyncio.to_thread(ReceiptFile(tmp_path).read)
    assert line.receipt.state is ErasureState.DONE


async def test_a_request_that_names_nobody_is_refused(private_server: RestServer) -> None:
    owner = await private_server.new_client()
    with pytest.raises(Malformed):
        await request(private_server, owner, PersonIds("", None))
