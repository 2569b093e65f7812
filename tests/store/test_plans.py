"""No frequent query scans a whole table, according to SQLite's planner."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager
from functools import partial
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import DAY_MS, EpochMs
from aftercall.core.lifecycle.state_machine import Policy, silence_bounds
from aftercall.core.list_queries import (
    DayHours,
    ParticipantQuery,
    SearchScope,
    SessionOrder,
    SessionQuery,
)
from aftercall.core.overview.periods import Clock, QuarterSpan
from aftercall.core.records import Phase, Session
from aftercall.store import (
    apps,
    chat_transcript,
    jobs,
    participant_reports,
    participants,
    peer_events,
    peers,
    reports,
    samples,
)
from aftercall.store.append_reports import SQLITE_STATUSES
from aftercall.store.engine.database import Database
from aftercall.store.engine.lookup import Lookup
from aftercall.store.recorded_days import OfPeer
from aftercall.store.sessions import day_sums, people_counts, period_sums, presence
from aftercall.store.sessions import rows as session_rows
from aftercall.store.sessions.pages import is_filtered_first, list_sessions

Question = Callable[[AsyncConnection], Awaitable[Any]]
NOW = EpochMs(1_795_000_000_000)
PERIOD = QuarterSpan(90, 3_000)
CLOCK = [Clock(90, 3_000, 4)]

QUESTIONS: dict[str, Question] = {
    "current session": lambda tx: session_rows.find_current_session(tx, "a", "m"),
    "covering session": lambda tx: session_rows.find_session_covering(tx, "a", "m", NOW),
    "past deadlines": lambda tx: session_rows.past_deadline(tx, NOW, 9),
    "children": lambda tx: session_rows.children_of(tx, "a", "s"),
    "states": lambda tx: peers.statuses(tx, [("a", "p")]),
    "standings": lambda tx: tx.exec_driver_sql(SQLITE_STATUSES, ('[["a", "p"]]',)),
    "sums of days": lambda tx: day_sums.sums_of_days(tx, "a", 1, 30),
    "totals by day": lambda tx: period_sums.totals_by_day(tx, "a", CLOCK),
    "totals by hour": lambda tx: period_sums.totals_by_hour(tx, "a", CLOCK),
    "live sessions": lambda tx: period_sums.live_sessions_between(tx, "a", PERIOD),
    "sums of facets": lambda tx: period_sums.sums_of_kind(tx, "a", "browser", PERIOD),
    "worst meetings": lambda tx: period_sums.worst_meetings(tx, "a", PERIOD, 9),
    "sums of meetings": lambda tx: period_sums.sums_of_meetings(tx, "a", ["m"], PERIOD),
    "titles": lambda tx: period_sums.titles_of_meetings(tx, "a", ["m"]),
    "people of days": lambda tx: people_counts.people_of_days(tx, "a", 1, 30),
    "names in sessions": lambda tx: presence.names_in_sessions(tx, "a", ["s"]),
    "first names": lambda tx: presence.first_names_in_sessions(tx, "a", ["s"], 8),
    "peers present": lambda tx: presence.peers_of_those_present(tx, "a", ["s"]),
    "minutes of those gone": lambda tx: presence.minutes_of_those_gone(tx, "a", ["s"]),
    "silence": lambda tx: peers.peers_not_heard_since(tx, silence_bounds(NOW, Policy()), 9),
    "peers": lambda tx: peers.peers_of_session(tx, "a", "s"),
    "participants": lambda tx: participants.list_participants(
        tx, ParticipantQuery(app_id="a", session_id="s", search="ana")
    ),
    "participant": lambda tx: participants.find_participant(tx, "a", "s", "p"),
    "known samples": lambda tx: samples.known(tx, [("a", "p", 1)]),
    "samples": lambda tx: samples.of_peer(tx, "a", "p"),
    "notes": lambda tx: peer_events.events_of_peer(tx, "a", "p"),
    "notes of a session": lambda tx: peer_events.events_of_session(tx, "a", "s"),
    "chat": lambda tx: chat_transcript.messages_of_session(tx, "a", "s"),
    "transcript": lambda tx: chat_transcript.lines_of_session(tx, "a", "s"),
    "token": lambda tx: apps.find_token_by_hash(tx, "hash"),
    "claim": lambda tx: jobs.claim(tx, NOW, 1_000, 5),
}

FILTERS: list[dict[str, Any]] = [
    {},
    {"is_live": True},
    {"is_live": False},
    {"created_from": EpochMs(NOW - 9 * DAY_MS), "created_to": NOW},
    {"min_participants": 3, "max_participants": 9},
    {"meeting_id": "m"},
    {"search": "weekly planning"},
    {"search": "w"},
    {"search": "weekly", "scope": SearchScope.PARTICIPANTS, "created_from": NOW},
    {"facets": ("browser:Chrome", "bad")},
    {"hours": DayHours(9, ((0, 4),)), "facets": ("bad",)},
    {"facets": ("browser:Chrome",), "order": SessionOrder.QUALITY},
    {"order": SessionOrder.QUALITY},
    {"search": "weekly", "order": SessionOrder.MINUTES_CONSUMED},
    {"order": SessionOrder.MINUTES_CONSUMED},
    {"order": SessionOrder.MINUTES_CONSUMED, "min_participants": 3},
]


async def scans(db: Database, ask: Question) -> list[str]:
    """The steps by which SQLite would read all rows of a table or of an index."""
    found: list[str] = []
    async with db.write() as tx:
        driver: Any = (await tx.get_raw_connection()).driver_connection
        executed: list[str] = []
        await driver.set_trace_callback(executed.append)
        await ask(tx)
        await driver.set_trace_callback(None)
        asked = [text for text in executed if "SELECT" in text]
        assert asked
        for text in asked:
            plan = await tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")
            steps = [str(step) for step in plan.scalars("detail")]
            found += [step for step in steps if step.startswith("SCAN")]
    # Rows that a statement brings with it or has found before, and the index of those present.
    fine = ("CONSTANT ROW", "VIRTUAL TABLE", "(", "anon_", "chosen", "ix_peers_present")
    return [step for step in found if not any(word in step for word in fine)]


@pytest.fixture
async def sqlite(
    new_database: Callable[[str], AbstractContextManager[str]],
) -> AsyncIterator[Database]:
    """SQLite alone: PostgreSQL plans by the size of its tables, which are small here."""
    with new_database("sqlite") as url:
        db = await Database.open(url)
        async with db.write() as tx:
            for number in range(3):
                await session_rows.save_session(tx, session(number))
        yield db
        await db.close()


def session(number: int) -> Session:
    return Session(
        app_id="a",
        id=f"s{number}",
        meeting_id="m" if number else "n",
        title="Weekly planning",
        phase=Phase.ENDED if number else Phase.LIVE,
        created_at=NOW,
        started_at=NOW,
        updated_at=NOW,
        touched_at=NOW,
        total_participants=5,
    )


@pytest.mark.parametrize("name", QUESTIONS)
async def test_every_frequent_query_uses_an_index(sqlite: Database, name: str) -> None:
    assert await scans(sqlite, QUESTIONS[name]) == []


GIVEN = {
    "app_id": "a",
    "session_id": "s",
    "peer_id": "p",
    "id": "p",
    "participant_ids": '["p"]',
    "limit": 9,
    "offset": 0,
}


@pytest.mark.parametrize("room", [participants, peers, reports, session_rows, participant_reports])
async def test_every_lookup_uses_an_index(sqlite: Database, room: ModuleType) -> None:
    # A page of participants has a lookup for each order.
    known = [*vars(room).values(), *vars(room).get("_PAGES", {}).values()]
    lookups = [each for each in known if isinstance(each, Lookup)]
    lookups += [
        one for each in known if isinstance(each, OfPeer) for one in (each.whole, each.of_day)
    ]
    assert lookups
    async with sqlite.read() as tx:
        for lookup in lookups:
            compiled = lookup.compiled_for(tx.dialect)
            plan = await tx.exec_driver_sql(
                f"EXPLAIN QUERY PLAN {compiled.sql}", tuple(compiled.arguments(GIVEN))
            )
            steps = [str(step) for step in plan.scalars("detail")]
            # The one or two rows of a subquery, and the values of a parameter.
            fine = ("found", "VIRTUAL TABLE")
            scanned = [step for step in steps if step.startswith("SCAN")]
            assert not [step for step in scanned if not any(word in step for word in fine)]


@pytest.mark.parametrize("few", [0, 1_000])
@pytest.mark.parametrize("number", range(len(FILTERS)))
async def test_every_list_of_sessions_uses_an_index(
    sqlite: Database, number: int, few: int
) -> None:
    chooser = partial(is_filtered_first, few=few)
    query = SessionQuery(app_id="a", **FILTERS[number])
    assert await scans(sqlite, lambda tx: list_sessions(tx, query, chooser=chooser)) == []
