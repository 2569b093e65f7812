"""A person is erased from everywhere, and nothing else is."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import make_url, text

from aftercall.core.instants import EpochMs
from aftercall.core.pseudonyms import is_pseudonym
from aftercall.service.audit import CLI
from aftercall.service.data_check import DataCheck
from aftercall.service.erased_people import PersonIds
from aftercall.service.reports.document import unpack
from aftercall.store import participants, reports
from aftercall.store.engine.database import Database
from aftercall.store.erasures import Erasure, ErasureState
from aftercall.store.sessions import facets
from aftercall.work.runner import run_due
from aftercall.work.tasks import tasks_of
from tests.service.privacy.personal_call import (
    CUSTOM,
    NAME,
    SEEDS,
    peer_id,
    record_call,
)
from tests.service.privacy.stored_texts import stored_texts
from tests.web.rest_server import ApiClient, BuildServer, RestServer


@pytest.fixture
def private_server(build_server: BuildServer, tmp_path: Path) -> RestServer:
    return build_server(data_dir=tmp_path, privacy="full")


async def run_jobs(server: RestServer) -> None:
    """Run the jobs that are due within a minute, and those that follow from them."""
    for _ in range(12):
        server.clock.now = EpochMs(server.clock.now + 5_000)
        while await run_due(server.services.jobs, tasks_of(server.services)):
            pass
    assert await server.services.jobs.list_dead() == []


async def request(server: RestServer, owner: ApiClient, ids: PersonIds | None = None) -> Erasure:
    return await server.services.erasures.request(
        owner.account_id, owner.app_id, ids or PersonIds(CUSTOM), CLI
    )


async def erase(server: RestServer, owner: ApiClient, ids: PersonIds | None = None) -> Erasure:
    requested = await request(server, owner, ids)
    await run_jobs(server)
    return await server.services.erasures.find(owner.app_id, requested.id)


async def places_of_seeds(db: Database) -> set[tuple[str, str]]:
    return {
        (place, seed) for place, text in await stored_texts(db) for seed in SEEDS if seed in text
    }


async def broken(db: Database) -> list[Any]:
    return [each async for each in DataCheck(db).broken()]


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


async def rows_of(db: Database, statement: str) -> list[Any]:
    async with db.read() as tx:
        return list(await tx.execute(text(statement)))


async def figures_of(db: Database, app_id: str) -> dict[str, Any]:
    """Everything of the reports and lists but names, sentences, addresses and devices."""
    found: dict[str, Any] = {}
    async with db.read() as tx:
        for report in await reports.reports_of_session(tx, app_id, "call"):
            opened = unpack(report.document)
            verdict = opened.verdict
            found[report.peer_id] = (
                verdict.cumulative,
                verdict.completeness,
                verdict.issues,
                verdict.experience,
                [replace(each, sentence="", advice="") for each in verdict.diagnosis],
                opened.details,
            )
        for row in await participants.participants_of_session(tx, app_id, "call"):
            found[f"row {row.id}"] = (row.joined_at, row.left_at, row.duration_minutes)
        for id, digest in (await facets.find_digests(tx, app_id, "call")).items():
            found[f"digest {id}"] = (digest.levels, digest.issues, digest.loss_percent)
        summaries = await facets.find_summaries(tx, app_id, ["call"])
        found["quality"] = summaries["call"].quality
        found["tallies"] = [
            tuple(row)
            for row in await rows_of(
                db,
                "SELECT facet, day, sessions, bad_sessions, measured, bad"
                " FROM facet_tallies WHERE facet NOT LIKE 'person:%' ORDER BY facet, day",
            )
        ]
    return found


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


async def sentences_of(db: Database, app_id: str) -> list[str]:
    async with db.read() as tx:
        found = await reports.reports_of_session(tx, app_id, "call")
    return [each.sentence for one in found for each in unpack(one.document).verdict.diagnosis]
