"""Recording facts: sessions are born, found, settled and saved, on both engines."""

import asyncio
import random
from collections.abc import Sequence

import pytest
from msgspec.structs import replace
from sqlalchemy import text

from aftercall.core.events import (
    AnyEvent,
    ChatSent,
    Identity,
    LineSpoken,
    PeerEvent,
    PeerKicked,
    SessionClosed,
    SessionOpened,
)
from aftercall.core.records import EndReason, LeaveReason, Phase
from aftercall.service.recording.delivery import Status
from aftercall.store import (
    chat_transcript,
    jobs,
    meetings,
    participants,
    peer_events,
    peers,
    samples,
)
from aftercall.store.early_facts import EarlyFact, HeldFact, hold
from aftercall.store.engine.database import Database, migrate
from aftercall.store.sessions import rows as session_rows
from tests.recorder_harness import APP, RecorderHarness, at, join, leave, sample


@pytest.fixture
def harness(db: Database) -> RecorderHarness:
    return RecorderHarness(db)


async def test_a_first_join_creates_a_session_and_its_meeting(harness: RecorderHarness) -> None:
    assert await harness.record(join("ada", 0), join("bob", 3)) == [Status.ACCEPTED] * 2
    session = await harness.session()
    assert session.phase is Phase.LIVE
    assert (session.live_participants, session.max_concurrent_participants) == (2, 2)
    async with harness.db.read() as tx:
        rows = await participants.participants_of_session(tx, APP, "session-0")
        meeting = await meetings.find_meeting(tx, APP, "weekly")
    assert {row.display_name for row in rows} == {"Ada", "Bob"}
    assert meeting is not None


async def test_a_session_ends_at_the_last_leave_after_the_keep_alive_time(
    harness: RecorderHarness,
) -> None:
    await harness.record(join("ada", 0), leave("ada", 30))
    harness.now = at(95)
    assert await harness.recorder.overdue() == {(APP, "session-0")}
    ended = await harness.recorder.apply_rules(APP, "session-0")
    assert ended is not None
    assert (ended.phase, ended.ended_at, ended.minutes_consumed) == (Phase.ENDED, at(30), 0.5)
    assert await harness.recorder.overdue() == set()
    async with harness.db.read() as tx:
        assert [job.task for job in await jobs.list_jobs(tx)] == ["finalise"]


async def test_late_facts_add_a_single_job(harness: RecorderHarness) -> None:
    await harness.record(join("ada", 0), leave("ada", 30))
    harness.now = at(95)
    await harness.recorder.apply_rules(APP, "session-0")
    for number in range(12):
        harness.now = at(100 + 7 * number)
        await harness.record(leave("ada", 31 + number))
    async with harness.db.write() as tx:
        [first] = await jobs.list_jobs(tx)
        assert first.due_at <= at(100)
        assert await jobs.claim(tx, harness.now, 60_000, 4) != []
    for number in range(12):
        harness.now = at(200 + 7 * number)
        await harness.record(leave("ada", 61 + number))
    async with harness.db.read() as tx:
        assert [each.lease_until is None for each in await jobs.list_jobs(tx)] == [False, True]


async def test_a_later_join_is_another_session_of_the_same_meeting(
    harness: RecorderHarness,
) -> None:
    await harness.record(join("ada", 0), leave("ada", 30))
    harness.now = at(100)
    await harness.record(join("ada2", 100))
    assert (await harness.session("session-0")).phase is Phase.ENDED
    assert (await harness.session("session-1")).phase is Phase.LIVE


async def test_a_late_join_enters_the_session_of_its_time(harness: RecorderHarness) -> None:
    await harness.record(join("ada", 0), leave("ada", 300))
    harness.now = at(400)
    await harness.recorder.apply_rules(APP, "session-0")
    await harness.record(join("carl", 390))
    await harness.record(join("bob", 100), leave("bob", 200))
    first = await harness.session("session-0")
    assert (first.phase, first.total_participants) == (Phase.ENDED, 2)
    assert (await harness.session("session-1")).total_participants == 1


async def test_a_silent_peer_has_left_until_its_next_report(harness: RecorderHarness) -> None:
    await harness.record(join("ada", 0), join("bob", 0))
    harness.now = at(31)
    await harness.record(sample("bob", 1, 31))
    await harness.recorder.apply_rules(APP, "session-0")
    async with harness.db.read() as tx:
        ada = await peers.find_peer(tx, APP, "ada")
    assert ada is not None and ada.left_reason is LeaveReason.SILENCE
    assert (await harness.session()).live_participants == 1
    await harness.record(sample("ada", 1, 31))
    assert (await harness.session()).live_participants == 2


async def test_what_happens_to_a_peer_shows_that_it_was_there(harness: RecorderHarness) -> None:
    await harness.record(join("ada", 0))
    harness.now = at(12)
    await harness.record(PeerEvent(id="n1", at=at(10), peer_id="ada", name="audio_off", data={}))
    harness.now = at(120)
    await harness.recorder.apply_rules(APP, "session-0")
    async with harness.db.read() as tx:
        ada = await peers.find_peer(tx, APP, "ada")
    assert ada is not None
    assert (ada.left_reason, ada.left_at) == (LeaveReason.SILENCE, at(10))


async def test_a_silent_peer_is_found_behind_many_with_longer_intervals(
    harness: RecorderHarness,
) -> None:
    slow = [join(f"slow {n}", n, meeting_id="slow", interval_ms=60_000) for n in range(6)]
    await harness.record(*slow, join("ada", 10))
    harness.now = at(45)
    assert await harness.recorder.overdue(limit=2) == {(APP, "session-1")}
    harness.now = at(200)
    assert await harness.recorder.overdue(limit=9) == {(APP, "session-0"), (APP, "session-1")}


async def test_a_close_ends_every_stay_and_is_final(harness: RecorderHarness) -> None:
    await harness.record(join("ada", 0), join("bob", 5))
    harness.now = at(20)
    await harness.record(SessionClosed(id="c", at=at(20), meeting_id="weekly"))
    closed = await harness.session()
    assert (closed.phase, closed.end_reason) == (Phase.ENDED, EndReason.CLOSED)
    await harness.record(join("eve", 25))
    assert (await harness.session("session-1")).total_participants == 1


async def test_a_close_of_an_unknown_session_creates_none_and_is_held(
    harness: RecorderHarness,
) -> None:
    close = SessionClosed(id="c", at=at(20), meeting_id="weekly", session_id="call")
    assert await harness.record(close) == [Status.ACCEPTED]
    assert await harness.record(close) == [Status.DUPLICATE]
    async with harness.db.read() as tx:
        assert await session_rows.find_session(tx, APP, "call") is None
    harness.now = at(30)
    await harness.record(join("ada", 0, session_id="call"))
    closed = await harness.session("call")
    assert (closed.phase, closed.end_reason, closed.ended_at) == (
        Phase.ENDED,
        EndReason.CLOSED,
        at(20),
    )
    assert await harness.record(close) == [Status.DUPLICATE]


async def test_facts_held_while_their_session_was_created_are_recorded_later(
    harness: RecorderHarness,
) -> None:
    await harness.record(join("ada", 0, session_id="call"), join("bob", 0, session_id="call"))
    held: list[HeldFact] = [
        sample("ada", 1, 1),
        PeerEvent(id="n1", at=at(2), peer_id="ada", name="audio_off", data={}),
        leave("ada", 3),
    ]
    close = SessionClosed(id="c", at=at(20), meeting_id="weekly", session_id="call")
    # As on PostgreSQL, where the transaction that keeps them need not see the one with the joins.
    async with harness.db.write() as tx:
        for event in held:
            assert await hold(tx, APP, EarlyFact(source="events", received_at=at(4), event=event))
    assert await harness.recorder.record_overtaken() == 1
    assert await harness.recorder.record_overtaken() == 0
    async with harness.db.read() as tx:
        ada = await peers.find_peer(tx, APP, "ada")
        assert len(await samples.of_peer(tx, APP, "ada")) == 1
        assert len(await peer_events.events_of_peer(tx, APP, "ada")) == 1
    assert ada is not None and ada.left_at == at(3)
    assert (await harness.session("call")).live_participants == 1
    async with harness.db.write() as tx:
        assert await hold(tx, APP, EarlyFact(source="events", received_at=at(20), event=close))
    harness.now = at(30)
    assert await harness.recorder.record_overtaken() == 1
    closed = await harness.session("call")
    assert (closed.phase, closed.ended_at) == (Phase.ENDED, at(20))


async def test_samples_peer_events_and_chat_are_new_once(harness: RecorderHarness) -> None:
    stated: list[AnyEvent] = [
        join("ada", 0),
        sample("ada", 1, 1),
        PeerEvent(id="n1", at=at(2), peer_id="ada", name="audio_off", data={}),
        ChatSent(id="m1", at=at(3), peer_id="ada", payload="hello", revised_at=at(3)),
        LineSpoken(id="t1", at=at(4), end_at=at(5), peer_id="ada", text="good morning"),
    ]
    assert await harness.record(*stated) == [Status.ACCEPTED] * 5
    assert await harness.record(*stated) == [Status.DUPLICATE] * 5
    async with harness.db.read() as tx:
        assert len(await samples.of_peer(tx, APP, "ada")) == 1
        assert len(await peer_events.events_of_peer(tx, APP, "ada")) == 1
        [message] = await chat_transcript.messages_of_session(tx, APP, "session-0")
        [line] = await chat_transcript.lines_of_session(tx, APP, "session-0")
    assert (message.display_name, message.user_id) == ("Ada", "user ada")
    assert line.display_name == "Ada"


async def test_a_breakout_session_points_to_its_parents_session(harness: RecorderHarness) -> None:
    await harness.record(join("ada", 0))
    await harness.record(
        SessionOpened(id="o", at=at(5), meeting_id="room-1", parent_meeting_id="weekly"),
        join("ada-in-room", 6, meeting_id="room-1"),
    )
    breakout = await harness.session("session-1")
    assert breakout.parent_session_id == "session-0"


async def test_a_source_with_session_ids_never_has_two_live_sessions(
    harness: RecorderHarness,
) -> None:
    await harness.record(join("ada", 0, session_id="one"))
    await harness.record(join("bob", 50, session_id="two"))
    one, two = await harness.session("one"), await harness.session("two")
    assert (one.phase, one.ended_at) == (Phase.ENDED, at(50))
    assert two.phase is Phase.LIVE
    await harness.record(join("old", -100, session_id="zero"), leave("old", -90))
    zero = await harness.session("zero")
    assert (zero.phase, zero.total_participants) == (Phase.ENDED, 1)


async def test_an_event_without_a_session_is_rejected_alone(harness: RecorderHarness) -> None:
    outcomes = await harness.recorder.record(
        APP, [leave("nobody", 1), join("ada", 0)], source="events"
    )
    assert [outcome.status for outcome in outcomes] == [Status.REJECTED, Status.ACCEPTED]
    assert outcomes[0].code == "unknown_session"


async def test_equal_facts_in_two_apps_are_two_records(harness: RecorderHarness) -> None:
    await harness.record(join("ada", 0))
    await harness.record(join("ada", 10), app_id="other")
    assert (await harness.session("session-0")).started_at == at(0)
    assert (await harness.session("session-1", app_id="other")).started_at == at(10)


def call() -> list[AnyEvent]:
    """A call of three with a reconnect, a rejoin, a kick, chat and peer events."""
    events: list[AnyEvent] = [
        SessionOpened(id="open", at=at(0), meeting_id="weekly", session_id="s", title="Weekly"),
        join("ada", 1, session_id="s"),
        join("bob", 4, session_id="s"),
        leave("bob", 60),
        join(
            "bob-again",
            63,
            session_id="s",
            previous_peer_id="bob",
            identity=Identity(user_id="user bob", display_name="Bob"),
        ),
        join("eve", 10, session_id="s"),
        PeerKicked(id="k", at=at(33), peer_id="eve"),
        leave("ada", 200),
        leave("bob-again", 180),
        ChatSent(
            id="m", at=at(20), session_id="s", display_name="A", payload="x", revised_at=at(20)
        ),
        ChatSent(
            id="m",
            at=at(20),
            session_id="s",
            display_name="A",
            payload="y",
            is_edited=True,
            revised_at=at(25),
        ),
        LineSpoken(id="t", at=at(21), end_at=at(22), session_id="s", display_name="A", text="z"),
    ]
    events += [sample("ada", n, 7 * n + 1) for n in range(1, 20)]
    events += [
        PeerEvent(id=f"n{n}", at=at(5 + n), peer_id="bob", name="video_off", data={"n": n})
        for n in range(4)
    ]
    return [e if e.session_id else replace(e, session_id="s", meeting_id="weekly") for e in events]


async def everything(db: Database) -> tuple[object, ...]:
    async with db.read() as tx:
        session = await session_rows.find_session(tx, APP, "s")
        assert session is not None
        every = await peers.peers_of_session(tx, APP, "s")
        return (
            session,
            {peer.id: peer for peer in every},
            {row.id: row for row in await participants.participants_of_session(tx, APP, "s")},
            [[s.sequence for s in await samples.of_peer(tx, APP, peer.id)] for peer in every],
            [sorted(n.id for n in await peer_events.events_of_peer(tx, APP, p.id)) for p in every],
            await chat_transcript.messages_of_session(tx, APP, "s"),
            await chat_transcript.lines_of_session(tx, APP, "s"),
        )


async def record_in_parts(harness: RecorderHarness, events: Sequence[AnyEvent], parts: int) -> None:
    harness.now = at(300)
    size = max(1, len(events) // parts)
    for start in range(0, len(events), size):
        await harness.record(*events[start : start + size])
    harness.now = at(500)
    await harness.recorder.apply_rules(APP, "s")


@pytest.mark.parametrize("seed", range(6))
async def test_shuffled_split_and_repeated_events_give_the_same_record(
    db: Database, seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    harness = RecorderHarness(db)
    dice = random.Random(seed)
    events = [*call(), *dice.sample(call(), 12)]
    dice.shuffle(events)
    await record_in_parts(harness, events, parts=dice.randint(1, 12))

    url = f"sqlite:///{tmp_path_factory.mktemp('straight') / 'straight.db'}"
    await migrate(url)
    straight = await Database.open(url)
    try:
        await record_in_parts(RecorderHarness(straight), call(), parts=1)
        assert await everything(db) == await everything(straight)
    finally:
        await straight.close()


async def test_a_transaction_that_the_database_undoes_for_a_deadlock_is_tried_again(
    harness: RecorderHarness,
) -> None:
    db = harness.db
    if db.is_sqlite:
        pytest.skip("SQLite has one writer, whom nobody can stop")
    await harness.record(join("ada", 0, meeting_id="one"))
    await harness.record(join("bob", 0, meeting_id="two"))
    harness.now = at(40)
    async with db.write() as other:
        # The other transaction never looks for a deadlock, so this one is undone.
        await other.execute(text("SET LOCAL deadlock_timeout = '1h'"))
        await session_rows.lock_session(other, APP, "session-1")
        recording = asyncio.create_task(harness.record(leave("ada", 30), leave("bob", 31)))
        while not await _waits_for_a_lock(db):
            assert not recording.done()
        await session_rows.lock_session(other, APP, "session-0")
    assert await recording == [Status.ACCEPTED] * 2
    assert (await harness.session("session-1")).live_participants == 0


async def _waits_for_a_lock(db: Database) -> bool:
    async with db.read() as tx:
        found = await tx.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted"))
        return bool(found.scalar_one())
