"""The fast path: plain reports only are recorded without loading the session."""

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from aftercall.core.events import AnyEvent, Identity, PeerEvent, PeerKicked, SessionClosed
from aftercall.core.records import LeaveReason
from aftercall.service.recording.delivery import Credentials, Delivery, Next, Receipt, Status
from aftercall.service.recording.group_commit import WriteQueue
from aftercall.store import participants, peer_events, peers, samples, watches
from aftercall.store.engine.database import Database, migrate
from aftercall.store.sessions import rows as session_rows
from tests.recorder_harness import APP, RecorderHarness, at, join, leave, sample, save_members

MEMBERS = ("user ada", "user bob", "user eve")


@pytest.fixture
async def harness(db: Database) -> RecorderHarness:
    await save_members(db, *MEMBERS)
    return RecorderHarness(db)


def client(peer: str, *events: AnyEvent, seconds: float = 20, member: str = "") -> Delivery:
    """A delivery of a client, sent at a given time."""
    member = member or f"user {peer}"
    return Delivery(
        app_id=APP,
        source="collector",
        received_at=at(seconds + 1),
        events=events,
        peer_id=peer,
        heard_at=at(seconds),
        credentials=Credentials(
            meeting_id="weekly", member_id=member, identity=Identity(user_id=member), generation=0
        ),
    )


async def sequences(db: Database, peer: str) -> list[int]:
    async with db.read() as tx:
        return [one.sequence for one in await samples.of_peer(tx, APP, peer)]


async def last_heartbeat(db: Database, peer: str) -> int:
    async with db.read() as tx:
        every = await peers.peers_of_session(tx, APP, "session-0")
    return next(each.last_heard_at for each in every if each.id == peer)


async def test_reports_of_present_peers_take_the_fast_path(harness: RecorderHarness) -> None:
    await harness.record(join("ada", 0), join("bob", 0))
    group = [
        client("ada", sample("ada", 1, 7), sample("ada", 2, 14)),
        client("bob", sample("bob", 1, 9), seconds=30),
        client("ada", sample("ada", 3, 21), seconds=25),
        client("bob", seconds=40),
    ]
    receipts = await harness.recorder.record_plain_reports(group)
    for receipt, delivery in zip(receipts, group, strict=True):
        assert receipt is not None
        assert [o.status for o in receipt.outcomes] == [Status.ACCEPTED] * len(delivery.events)
        assert (receipt.session_id, receipt.next) == ("session-0", Next.CONTINUE)
    assert await sequences(harness.db, "ada") == [1, 2, 3]
    assert await sequences(harness.db, "bob") == [1]
    assert await last_heartbeat(harness.db, "ada") == at(25)
    assert await last_heartbeat(harness.db, "bob") == at(40)
    async with harness.db.read() as tx:
        assert await peers.count_samples(tx, APP, "ada") == 3


async def test_possibly_repeated_reports_take_the_slow_path(harness: RecorderHarness) -> None:
    await harness.record(join("ada", 0))
    first, late = sample("ada", 5, 35), sample("ada", 4, 28)
    taken, again = await harness.recorder.record_plain_reports(
        [client("ada", first), client("ada", first)]
    )
    assert taken is not None
    assert again is None
    assert await harness.recorder.record_plain_reports([client("ada", late)]) == [None]
    [receipt] = await harness.recorder.record_deliveries([client("ada", late, first)])
    assert [o.status for o in receipt.outcomes] == [Status.ACCEPTED, Status.DUPLICATE]
    assert await sequences(harness.db, "ada") == [4, 5]


async def test_deliveries_with_other_facts_take_the_slow_path(harness: RecorderHarness) -> None:
    await harness.record(join("ada", 0), join("bob", 0))
    note = PeerEvent(id="n", at=at(5), peer_id="ada", name="audio_off", data={})
    group = [
        client("ada", sample("ada", 1, 7), note),
        client("ada", sample("bob", 1, 7)),
        client("bob", leave("bob", 7)),
        client("eve", sample("eve", 1, 7)),
        client("ada", sample("ada", 1, 7), member="thief"),
    ]
    assert await harness.recorder.record_plain_reports(group) == [None] * len(group)
    assert await sequences(harness.db, "ada") == []


async def test_a_report_of_a_silent_peer_takes_the_slow_path(harness: RecorderHarness) -> None:
    await harness.record(join("ada", 0), join("bob", 0))
    harness.now = at(200)
    await harness.recorder.record_plain_reports([client("bob", seconds=199)])
    await harness.recorder.apply_rules(APP, "session-0")
    async with harness.db.read() as tx:
        ada = await peers.find_peer(tx, APP, "ada")
    assert ada is not None and ada.left_reason is LeaveReason.SILENCE
    back = client("ada", sample("ada", 1, 201), seconds=201)
    assert await harness.recorder.record_plain_reports([back]) == [None]
    [receipt] = await harness.recorder.record_deliveries([back])
    assert receipt.outcomes[0].status is Status.ACCEPTED


async def test_a_report_for_an_ended_session_takes_the_slow_path(harness: RecorderHarness) -> None:
    await harness.record(join("ada", 0))
    await harness.record(SessionClosed(id="c", at=at(5), meeting_id="weekly"))
    assert await harness.recorder.record_plain_reports([client("ada", sample("ada", 1, 4))]) == [
        None
    ]


async def test_a_report_of_a_kicked_peer_takes_the_slow_path(harness: RecorderHarness) -> None:
    await harness.record(join("ada", 0), PeerKicked(id="k", at=at(12), peer_id="ada"))
    assert await harness.recorder.record_plain_reports([client("ada", sample("ada", 1, 13))]) == [
        None
    ]


@pytest.mark.parametrize("change", [{"removed_at": at(5)}, {"token_generation": 1}])
async def test_a_report_with_a_revoked_token_takes_the_slow_path(
    harness: RecorderHarness, change: dict[str, Any]
) -> None:
    await harness.record(join("ada", 0))
    await save_members(harness.db, "user ada", **change)
    assert await harness.recorder.record_plain_reports([client("ada", sample("ada", 1, 7))]) == [
        None
    ]


async def test_a_report_that_cannot_be_written_does_not_affect_others(
    harness: RecorderHarness,
) -> None:
    await harness.record(join("ada", 0), join("bob", 0))
    odd = sample("ada", 1, 7)
    odd = type(odd)(id="x", at=odd.at, peer_id="ada", sequence=1, body=None)  # type: ignore[arg-type]  # what no translator makes
    intake = WriteQueue(harness.recorder, capacity=10, metrics=CollectorRegistry())
    group = [client("ada", odd), client("bob", sample("bob", 1, 7))]
    waiting = [asyncio.create_task(intake.submit(delivery)) for delivery in group]
    await asyncio.sleep(0)
    intake.close()
    await intake.run()
    failed, taken = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(failed, Exception)
    assert isinstance(taken, Receipt)
    assert await sequences(harness.db, "bob") == [1]


def client_deliveries() -> list[Delivery]:
    """A call of two participants as their clients report it: joins, samples, peer events, a
    leave."""
    reported = [client("ada", join("ada", 0), seconds=0), client("bob", join("bob", 3), seconds=3)]
    for number in range(1, 16):
        for peer in ("ada", "bob"):
            reported.append(client(peer, sample(peer, number, 7 * number), seconds=7 * number))
    note = PeerEvent(id="n", at=at(30), peer_id="ada", name="audio_off", data={})
    reported.append(client("ada", note, sample("ada", 16, 110), seconds=110))
    reported.append(client("bob", leave("bob", 112), seconds=112))
    return reported


async def record(
    harness: RecorderHarness, reported: Sequence[Delivery], *, is_fast_path: bool
) -> tuple[object, ...]:
    """The record of a call, its deliveries taken in groups of seven."""
    harness.now = at(115)
    for start in range(0, len(reported), 7):
        group = list(reported[start : start + 7])
        if is_fast_path:
            receipts = await harness.recorder.record_plain_reports(group)
            group = [d for d, receipt in zip(group, receipts, strict=True) if receipt is None]
        if group:
            await harness.recorder.record_deliveries(group)
    harness.now = at(400)
    await harness.recorder.apply_rules(APP, "session-0")
    async with harness.db.read() as tx:
        return (
            await session_rows.find_session(tx, APP, "session-0"),
            {each.id: each for each in await peers.peers_of_session(tx, APP, "session-0")},
            await participants.participants_of_session(tx, APP, "session-0"),
            [await samples.of_peer(tx, APP, peer) for peer in ("ada", "bob")],
            [await peers.count_samples(tx, APP, peer) for peer in ("ada", "bob")],
            await peer_events.events_of_peer(tx, APP, "ada"),
        )


@pytest.mark.parametrize("seed", range(4))
async def test_both_paths_give_the_same_record(
    db: Database, seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    dice = random.Random(seed)
    reported = client_deliveries()
    later = [*reported[2:], *dice.sample(reported, 10)]
    dice.shuffle(later)
    reported = [*reported[:2], *later]

    url = f"sqlite:///{tmp_path_factory.mktemp('long') / 'long.db'}"
    await migrate(url)
    slow_path = await Database.open(url)
    try:
        for each in (slow_path, db):
            await save_members(each, *MEMBERS)
        expected = await record(RecorderHarness(slow_path), reported, is_fast_path=False)
        assert await record(RecorderHarness(db), reported, is_fast_path=True) == expected
    finally:
        await slow_path.close()


async def test_a_receipt_says_whether_somebody_looks_at_the_session(
    harness: RecorderHarness,
) -> None:
    await harness.record(join("ada", 0), join("bob", 0))
    async with harness.db.write() as tx:
        await watches.save_watch(tx, APP, "session-0", until=at(60), now=at(0))
    group = [
        client("ada", sample("ada", 1, 7), seconds=8),
        client("bob", sample("bob", 1, 58), seconds=58),
        client("bob", sample("bob", 2, 60), seconds=60),
    ]
    fast = await harness.recorder.record_plain_reports(group)
    assert [receipt and receipt.is_watched for receipt in fast] == [True, True, False]
    harness.now = at(90)
    note = PeerEvent(id="n", at=at(61), peer_id="ada", name="audio_off", data={})
    slow = await harness.recorder.record_deliveries(
        [client("ada", note, seconds=50), client("bob", note, seconds=70)]
    )
    assert [receipt.is_watched for receipt in slow] == [True, False]


async def test_of_a_peer_that_joins_each_sample_is_wanted(harness: RecorderHarness) -> None:
    (receipt,) = await harness.recorder.record_deliveries([client("ada", join("ada", 0))])
    assert receipt.is_watched
