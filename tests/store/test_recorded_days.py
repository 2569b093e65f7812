"""Statements that know the recorded day touch one partition only."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import EpochMs
from aftercall.core.records import StoredReport, StoredSample
from aftercall.store import participant_reports, peers, reports, samples, segments
from aftercall.store.engine import partitions
from aftercall.store.engine.database import Database
from aftercall.store.recorded_days import day_of_peer, day_of_session, days_of_peers
from tests.store.record_builder import open_session, peer

DAYS = (20_800, 20_801, 20_802)


async def _fill(db: Database) -> None:
    """A session of each day, with a peer that has a segment and a report."""
    for day in DAYS:
        if not db.is_sqlite:
            for table in ("reports", "segments"):
                await partitions.attach(db, table, day)
        await open_session(db, f"s{day}", recorded_day=day)
        async with db.write() as tx:
            await peers.save_peers(tx, [peer(f"p{day}", session_id=f"s{day}")])
            one = StoredSample(
                peer_id=f"p{day}", sequence=1, at=EpochMs(1), received_at=EpochMs(1), body=b"{}"
            )
            nothing = samples.PeerSamples("a", f"p{day}", [], None)
            await segments.save(tx, segments.rewritten(nothing, [one], f"s{day}", day))
            report = StoredReport(
                app_id="a",
                session_id=f"s{day}",
                peer_id=f"p{day}",
                fold_version=1,
                folded_at=EpochMs(1),
                document=b"d",
                recorded_day=day,
            )
            await reports.save_reports(tx, [report])


async def test_the_day_of_a_session_is_known_where_tables_have_partitions(own_db: Database) -> None:
    await _fill(own_db)
    known = None if own_db.is_sqlite else DAYS[1]
    async with own_db.read() as tx:
        assert await day_of_session(tx, "a", f"s{DAYS[1]}") == known
        assert await day_of_peer(tx, "a", f"p{DAYS[1]}") == known
        assert await day_of_peer(tx, "b", f"p{DAYS[1]}") is None
        every = await days_of_peers(tx, [("a", f"p{day}") for day in DAYS])
        assert every is None if own_db.is_sqlite else sorted(every or ()) == list(DAYS)


P, S = f"p{DAYS[1]}", f"s{DAYS[1]}"
READS: dict[str, Callable[[AsyncConnection], Awaitable[Any]]] = {
    "a peer's samples": lambda tx: samples.of_peer(tx, "a", P),
    "which are known": lambda tx: samples.known(tx, [("a", P, 1)]),
    "later ones": lambda tx: samples.read_later(tx, [("a", P, 0)]),
    "how many": lambda tx: samples.counts_of_session(tx, "a", S),
    "a report": lambda tx: reports.find_report(tx, "a", P),
    "a session's reports": lambda tx: reports.reports_of_session(tx, "a", S),
    "their versions": lambda tx: reports.versions_of_session(tx, "a", S),
}


@pytest.mark.parametrize("name", READS)
async def test_a_read_locks_the_partition_of_its_day_alone(own_db: Database, name: str) -> None:
    await _fill(own_db)
    async with own_db.read() as tx:
        assert await READS[name](tx)
        if own_db.is_sqlite:
            return
        locked = await tx.execute(
            text(
                "SELECT DISTINCT c.relname FROM pg_locks l JOIN pg_class c ON c.oid = l.relation"
                " WHERE l.pid = pg_backend_pid() AND c.relispartition AND c.relkind = 'r'"
            )
        )
        assert len(locked.all()) == 1


async def test_a_participant_is_found_with_the_report_of_its_day(own_db: Database) -> None:
    await _fill(own_db)
    async with own_db.write() as tx:
        await tx.execute(
            text(
                "INSERT INTO participants (app_id, session_id, id, view_type, is_hidden, joined_at,"
                " left_is_inferred, duration_minutes, created_at, updated_at)"
                " VALUES ('a', :s, :p, 'GROUP_CALL', false, 1, false, 0, 1, 1)"
            ),
            {"s": S, "p": P},
        )
    found = await participant_reports.find_by_peer(own_db, "a", P)
    assert found is not None and found.report is not None
    assert found.report.document == b"d"
    _, same = await participant_reports.find_by_any_id(own_db, "a", S, P)
    assert same == found
