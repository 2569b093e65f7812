"""Requests erasures and runs their jobs; reads what a database still says of people."""

from typing import Any

from msgspec.structs import replace
from sqlalchemy import text

from aftercall.core.instants import EpochMs
from aftercall.core.privacy_records import Erasure
from aftercall.service.audit import CLI
from aftercall.service.data_check import DataCheck
from aftercall.service.erased_people import PersonIds
from aftercall.service.recording.delivery import Status
from aftercall.service.reports.document import unpack
from aftercall.store import participants, reports
from aftercall.store.engine.database import Database
from aftercall.store.sessions import facets
from aftercall.work.runner import run_due
from aftercall.work.tasks import tasks_of
from tests.service.privacy.personal_call import CUSTOM, SEEDS
from tests.service.privacy.stored_texts import stored_texts
from tests.web.rest_server import ApiClient, RestServer


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
    """The receipt of an erasure whose jobs have run."""
    requested = await request(server, owner, ids)
    await run_jobs(server)
    return await server.services.erasures.find(owner.app_id, requested.id)


async def places_of_seeds(db: Database) -> set[tuple[str, str]]:
    """Where in the database something of the person is."""
    return {
        (place, seed) for place, text in await stored_texts(db) for seed in SEEDS if seed in text
    }


async def broken(db: Database) -> list[Any]:
    """The promises that the database does not keep."""
    return [each async for each in DataCheck(db).broken()]


async def record(server: RestServer, owner: ApiClient, *events: Any) -> list[Status]:
    outcomes = await server.recorder.record(owner.app_id, events, source="events")
    assert all(each.code in (None, "person_erased") for each in outcomes)
    return [each.status for each in outcomes]


async def rows_of(db: Database, statement: str) -> list[Any]:
    async with db.read() as tx:
        return list(await tx.execute(text(statement)))


async def execute(db: Database, statement: str) -> None:
    async with db.write() as tx:
        await tx.execute(text(statement))


async def sentences_of(db: Database, app_id: str) -> list[str]:
    async with db.read() as tx:
        found = await reports.reports_of_session(tx, app_id, "call")
    return [each.sentence for one in found for each in unpack(one.document).verdict.diagnosis]


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
                " FROM facet_tallies WHERE facet NOT LIKE 'person:%'"
                # Derived from the person's address.
                " AND facet NOT LIKE 'provider:%' AND facet NOT LIKE 'region:%'"
                " ORDER BY facet, day",
            )
        ]
    return found
