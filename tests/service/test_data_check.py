"""Whoever breaks what the database promises is found, on both engines."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.service.data_check import LOOKS, DataCheck
from aftercall.service.services import Services
from aftercall.store.checks.invariants import PROMISES, find_broken
from aftercall.store.engine.database import Database
from tests.web.ended_and_live_calls import record_calls
from tests.web.intake_harness import open_intake
from tests.web.rest_server import RestServer

BREACHES = {
    "one_live_session": (
        "DROP INDEX uq_sessions_current",
        """INSERT INTO sessions SELECT app_id, 'second', meeting_id, title, kind, phase,
           parent_session_id, created_at, started_at, opened_at, closed_at, ended_at, end_reason,
           updated_at, touched_at, deadline_at, keep_alive_s, live_participants,
           total_participants, max_concurrent_participants, minutes_consumed, minutes_by_view, day,
           ordinal, kept_kinds, recorded_day FROM sessions WHERE phase = 'live'""",
    ),
    "ended_means_ended": ("UPDATE sessions SET end_reason = NULL WHERE phase = 'ended'",),
    "deadlines": ("UPDATE sessions SET deadline_at = 1 WHERE phase = 'live'",),
    "live_means_somebody": ("UPDATE sessions SET live_participants = 0 WHERE phase = 'live'",),
    "nobody_stays_after_the_end": (
        """UPDATE peers SET left_at = NULL WHERE session_id IN
           (SELECT id FROM sessions WHERE phase = 'ended')""",
    ),
    "peers_have_a_participant": ("UPDATE peers SET participant_id = 'nobody'",),
    "participants_have_a_peer": ("UPDATE peers SET participant_id = 'nobody'",),
    "peers_are_in_their_sessions_meeting": ("UPDATE peers SET meeting_id = 'elsewhere'",),
    "samples_are_counted_once": ("UPDATE pulses SET samples = samples + 1",),
    "samples_have_a_pulse": ("DELETE FROM pulses",),
    "samples_of_ended_sessions_are_merged": ("UPDATE sessions SET phase = 'ended'",),
    "ended_sessions_are_folded": ("DELETE FROM reports",),
    "reports_are_of_participants": ("DELETE FROM participants",),
    "verdicts_are_of_participants": ("DELETE FROM participants",),
    "verdicts_have_a_session_verdict": ("DELETE FROM session_verdicts",),
    "no_job_was_given_up": (
        "INSERT INTO jobs (id, task, lane, payload, created_at, due_at, attempts, dead_at)"
        " VALUES ('j', 'finalise', 'x', '{{}}', 1, 1, 8, 2)",
    ),
    "tallies_agree_with_the_sessions": ("UPDATE session_tallies SET sessions = sessions + 1",),
    "quarters_agree_with_the_sessions": ("UPDATE session_quarters SET sessions = sessions + 1",),
    **{
        f"{table}_are_on_the_day_of_their_session": (
            f"UPDATE {table} SET recorded_day = recorded_day + 1",
        )
        for table in ("reports", "segments")
    },
    "ended_sessions_have_an_ordinal": ("UPDATE session_days SET given_ordinals = 0",),
    "people_are_known": ("DELETE FROM people",),
    "terms_lead_to_people": ("DELETE FROM people",),
    "arrivals_release_early_facts": (
        "UPDATE early_facts SET peer_id = (SELECT min(id) FROM peers)",
    ),
    "egresses_have_a_session": (
        """INSERT INTO egresses (app_id, kind, id, session_id, meeting_id, status, status_at,
           invoked_at, texts, created_at, updated_at)
           SELECT app_id, 'recording', 'r', 'gone', meeting_id, 'uploaded', 1, 1, '{{}}', 1, 1
           FROM sessions WHERE phase = 'live'""",
    ),
    "sessions_have_an_app": ("DELETE FROM apps",),
    "apps_have_an_account": ("DELETE FROM accounts",),
    "tokens_are_of_an_account": ("UPDATE tokens SET app_id = 'gone'",),
    "members_have_a_meeting": ("DELETE FROM meetings",),
    "breakout_rooms_have_a_parent": ("UPDATE sessions SET parent_session_id = 'gone'",),
    **{
        f"{table}_have_a_session": (f"UPDATE {table} SET session_id = {new}",)
        for table, new in (
            ("participants", "'gone'"),
            ("peers", "'gone'"),
            ("reports", "'gone'"),
            ("chat_messages", "'gone'"),
            ("transcript_lines", "'gone'"),
            ("summaries", "'gone'"),
            ("session_verdicts", "'gone'"),
            ("peer_verdicts", "'gone'"),
        )
    },
    **{
        f"{table}_have_a_peer": ("DELETE FROM peers",)
        for table in ("pulses", "samples", "segments", "notes")
    },
    **{
        f"{table}_are_where_their_peer_is": (f"UPDATE {table} SET session_id = 'elsewhere'",)
        for table in ("samples", "segments", "notes")
    },
}
"""What breaks each promise, by its name."""

UNSEEN = {
    "numbers_follow_from_the_peers": (
        "UPDATE sessions SET minutes_consumed = minutes_consumed + 1 WHERE phase = 'ended'",
        "UPDATE sessions SET max_concurrent_participants = 9",
        "UPDATE sessions SET total_participants = 9",
        "UPDATE sessions SET day = day + 1",
        "UPDATE participants SET joined_at = joined_at - 1",
        "UPDATE participants SET duration_minutes = duration_minutes + 0.1",
        "UPDATE peers SET joined_at = joined_at - 60000",
        "UPDATE sessions SET minutes_by_view = 'none'",
        "UPDATE peers SET view_type = 'none'",
        "DELETE FROM participants",
    ),
    "samples_are_readable": ("UPDATE samples SET body = {bytes}",),
    "segments_are_readable": (
        "UPDATE segments SET body = {bytes}",
        "UPDATE segments SET samples = samples - 1",
        "UPDATE segments SET sequences = '[[0,1]]'",
        "UPDATE segments SET sequences = 'none'",
    ),
    "reports_are_readable": ("UPDATE reports SET document = {document}",),
    "verdicts_are_readable": (
        "UPDATE session_verdicts SET summary = '{{'",
        "UPDATE session_verdicts SET counted = 'none'",
        "UPDATE peer_verdicts SET summary = '{{'",
        "UPDATE peer_verdicts SET digest = {bytes}",
    ),
    "texts_are_readable": (
        "UPDATE notes SET data = 'none'",
        "UPDATE meetings SET settings = 'none'",
        "UPDATE early_facts SET fact = 'none'",
        "UPDATE sessions SET minutes_by_view = 'none'",
        "UPDATE chat_messages SET payload = {frame}",
        "UPDATE transcript_lines SET text = {frame}",
    ),
    "facets_agree_with_the_verdicts": (
        "DELETE FROM session_postings WHERE term IN (SELECT min(term) FROM session_postings)",
        "DELETE FROM session_postings WHERE term = 'measured'",
        "UPDATE session_postings SET block = block + 1 WHERE term = 'title~ove'",
        "UPDATE session_postings SET sessions = {bytes} WHERE term = 'title~ove'",
        "UPDATE sessions SET title = 'Under' WHERE phase = 'ended'",
        "UPDATE sessions SET total_participants = 9 WHERE phase = 'ended'",
        "UPDATE session_verdicts SET counted = 'none'",
    ),
    "minutes_are_tallied": (
        "UPDATE minute_tallies SET sessions = sessions + 1 WHERE day = -1",
        "DELETE FROM minute_tallies WHERE day <> -1",
        "UPDATE sessions SET minutes_consumed = 2 * minutes_consumed + 1 WHERE phase = 'ended'",
    ),
    "facets_are_tallied": (
        "UPDATE facet_tallies SET bad = bad + 1",
        "UPDATE session_verdicts SET counted = 'none'",
        "DELETE FROM facet_tallies WHERE facet IN (SELECT min(facet) FROM facet_tallies)",
    ),
    "people_are_tallied": (
        "UPDATE people_tallies SET people = people + 1",
        "UPDATE people_tallies SET previous_day = day - 1",
        "DELETE FROM people_tallies",
        "UPDATE facet_tallies SET sessions = 0 WHERE facet LIKE 'person:%'",
    ),
}
"""What breaks each promise that no query alone sees."""

LITERALS = {
    "sqlite": {
        "bytes": "X'0102030405'",
        "document": "X'02000000030102'",
        "frame": "X'28B52FFD01'",
    },
    "postgresql": {
        "bytes": "decode('0102030405', 'hex')",
        "document": "decode('02000000030102', 'hex')",
        "frame": "decode('28B52FFD01', 'hex')",
    },
}


@pytest.fixture
async def services(own_db: Database, server: RestServer) -> AsyncIterator[Services]:
    """Services over a database with an ended and folded call, a live one, and a fact that waits for
    its peer."""
    async with open_intake(server) as intake:
        await record_calls(intake)
        yield server.services


@pytest.fixture
def db(own_db: Database) -> Database:
    return own_db


async def _break(tx: AsyncConnection, *statements: str) -> None:
    for statement in statements:
        done = await tx.execute(text(statement.format(**LITERALS[tx.dialect.name])))
        assert done.rowcount != 0, f"nothing to break: {statement}"


class _Undone(Exception):
    pass


async def test_every_query_finds_only_rows_that_break_its_promise(
    own_db: Database, services: Services
) -> None:
    assert [broken async for broken in services.data_check.broken()] == []
    assert {promise.name for promise in PROMISES} == BREACHES.keys()
    for promise in PROMISES:
        with pytest.raises(_Undone):
            async with own_db.write() as tx:
                assert await find_broken(tx, promise) is None
                await _break(tx, *BREACHES[promise.name])
                broken = await find_broken(tx, promise)
                assert broken is not None, promise.name
                assert broken.count >= 1
                raise _Undone
    assert [broken async for broken in services.data_check.broken()] == []


class _Within(Database):
    """The database as a transaction sees it that is never committed."""

    def __init__(self, tx: AsyncConnection) -> None:
        self._tx = tx

    def read(self) -> Any:
        return _Lent(self._tx)


class _Lent:
    def __init__(self, tx: AsyncConnection) -> None:
        self._tx = tx

    async def __aenter__(self) -> AsyncConnection:
        return self._tx

    async def __aexit__(self, *error: object) -> None:
        """The transaction goes on."""


async def test_violations_that_no_query_can_find_are_found(
    own_db: Database, services: Services
) -> None:
    assert LOOKS.keys() == UNSEEN.keys()
    for name, breaches in UNSEEN.items():
        for breach in breaches:
            with pytest.raises(_Undone):
                async with own_db.write() as tx:
                    await _break(tx, breach)
                    found = [each async for each in LOOKS[name][1](DataCheck(_Within(tx)))]
                    assert found, breach
                    raise _Undone
