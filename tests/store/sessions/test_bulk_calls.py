"""A database of the revision before calls were counted becomes one that has always counted them."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from aftercall import store
from aftercall.core.instants import MINUTE_MS, EpochMs
from aftercall.core.overview.digest import Digest, Environment
from aftercall.core.quality.experience.time_scale import scale_of
from aftercall.core.quality.report.fold import Completeness
from aftercall.core.records import Participant, Phase
from aftercall.service.data_check import DataCheck
from aftercall.service.reports.session_verdict import peer_verdict_of, session_verdict_of
from aftercall.store import participants
from aftercall.store.engine.database import Database
from aftercall.store.sessions.facets import save_verdict
from aftercall.store.sessions.peer_verdicts import pack_peer_verdict
from aftercall.store.sessions.rows import save_session
from tests.store.record_builder import T0, session

BEFORE = "0013"
SCALE = scale_of(T0, EpochMs(T0 + MINUTE_MS))
COUNTS = ("facet_tallies", "quarter_tallies", "session_quarters", "session_postings")
BROWSERS = ("Edge", "Chrome", None)


def participant(id: str, session_id: str, *, is_hidden: bool) -> Participant:
    return Participant(
        app_id="a", session_id=session_id, id=f"{session_id}-{id}", user_id=f"user-{id}",
        display_name=id.title(), joined_at=T0, left_at=EpochMs(T0 + MINUTE_MS), created_at=T0,
        updated_at=T0, is_hidden=is_hidden,
    )  # fmt: skip


def digest(place: int) -> Digest:
    browser = BROWSERS[place % 3]
    return Digest(
        scale=SCALE,
        fold_version=9,
        level=(1, 4, 0)[place % 3],
        where=Environment(
            browser=browser,
            browser_version=browser and f"{browser} {150 + place % 2}",
            country="DE" if place % 2 else None,
            relay="none",
        ),
        browser_version=browser and f"{150 + place % 2}.0.1",
        completeness=Completeness(
            expected_samples=1, arrived_samples=1, share=1.0, gaps=[], unreadable_samples=0,
            dropped_entries=0, end_is_inferred=False, end_reason=None,
        ),
    )  # fmt: skip


async def fill(db: Database) -> None:
    for number in range(5):
        at = number * 7 * 3_600_000
        one = session(f"s{number}", f"m{number % 2}", at, phase=Phase.ENDED, total_participants=11)
        people = [participant(f"p{place:02}", one.id, is_hidden=place == 10) for place in range(11)]
        digested = [(each, digest(place + number)) for place, each in enumerate(people)]
        async with db.write() as tx:
            await save_session(tx, one)
            await participants.save_participants(tx, people)
            await save_verdict(
                tx,
                session_verdict_of(one, SCALE, digested),
                [pack_peer_verdict(peer_verdict_of(one, *each)) for each in digested],
            )


async def counts(db: Database) -> dict[str, Any]:
    async with db.read() as tx:
        return {
            table: [tuple(row) for row in await tx.execute(text(f"SELECT * FROM {table}"))]
            for table in COUNTS
        }


async def test_what_was_folded_before_is_counted_and_found_as_if_it_were_folded_again(
    own_db: Database,
) -> None:
    await fill(own_db)
    before = {table: sorted(rows) for table, rows in (await counts(own_db)).items()}
    assert all(before.values())
    async with own_db.write() as tx:
        await tx.run_sync(lambda connection: _move(connection, BEFORE))
        terms = set((await tx.execute(text("SELECT term FROM session_postings"))).scalars())
        assert {"bad", "browser:Edge"} <= terms
        assert not any(term.startswith(("call~", "quarter:", "browser_version:")) for term in terms)
    async with own_db.write() as tx:
        await tx.run_sync(lambda connection: _move(connection, "head"))
    after = {table: sorted(rows) for table, rows in (await counts(own_db)).items()}
    assert after == before
    broken = [each.name async for each in DataCheck(own_db).broken()]
    assert not {"facets_are_tallied", "facets_agree_with_the_verdicts"} & set(broken)
    assert "quarters_agree_with_the_sessions" not in broken


def _move(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(str(store.__file__)).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    if revision == "head":
        command.upgrade(config, revision)
    else:
        command.downgrade(config, revision)
