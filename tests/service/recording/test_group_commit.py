"""Group commit: all waiting deliveries are in the next transaction, and are answered after it."""

import asyncio
from collections.abc import Sequence
from itertools import count

import pytest
from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from aftercall.core.errors import Bug, Busy
from aftercall.core.events import Identity, PeerJoined, SampleTaken
from aftercall.core.instants import EpochMs
from aftercall.core.lifecycle.state_machine import Policy
from aftercall.service.recording.delivery import Credentials, Delivery, Receipt, Status
from aftercall.service.recording.group_commit import WriteQueue
from aftercall.service.recording.recorder import Recorder
from aftercall.store import samples
from aftercall.store.engine.database import Database
from tests.recorder_harness import at, save_members

T0 = at(0)


class CountingRecorder(Recorder):
    """The recorder, which also remembers how large its groups were."""

    groups: list[int]

    async def record_deliveries(self, deliveries: Sequence[Delivery]) -> list[Receipt]:
        self.groups.append(len(deliveries))
        return await super().record_deliveries(deliveries)


def recorder_on(db: Database) -> CountingRecorder:
    ids = count()
    recorder = CountingRecorder(
        db, clock=lambda: T0, new_id=lambda: f"s{next(ids)}", policy=Policy()
    )
    recorder.groups = []
    return recorder


def delivery(number: int, *, body: bytes = b"{}") -> Delivery:
    join = PeerJoined(
        id="j", at=T0, peer_id=f"p{number}", meeting_id="weekly", identity=Identity(user_id="u")
    )
    sample = SampleTaken(id="s", at=T0, peer_id=f"p{number}", sequence=1, body=body)
    return Delivery(app_id="app", source="test", received_at=T0, events=[join, sample])


async def test_deliveries_that_wait_together_share_a_transaction(db: Database) -> None:
    recorder = recorder_on(db)
    queue = WriteQueue(recorder, capacity=1_000, metrics=CollectorRegistry())
    waiting = [asyncio.create_task(queue.submit(delivery(n))) for n in range(50)]
    await asyncio.sleep(0)
    running = asyncio.create_task(queue.run())
    receipts = await asyncio.gather(*waiting)
    queue.close()
    await running
    assert recorder.groups == [50]
    assert all(o.status is Status.ACCEPTED for receipt in receipts for o in receipt.outcomes)
    async with db.read() as tx:
        assert len(await samples.of_peer(tx, "app", "p49")) == 1


async def test_a_delivery_that_cannot_be_recorded_fails_alone(db: Database) -> None:
    recorder = recorder_on(db)
    queue = WriteQueue(recorder, capacity=1_000, metrics=CollectorRegistry())
    poison = delivery(1, body=None)  # type: ignore[arg-type]  # what no translator makes
    waiting = [asyncio.create_task(queue.submit(d)) for d in (delivery(0), poison, delivery(2))]
    await asyncio.sleep(0)
    running = asyncio.create_task(queue.run())
    first, second, third = await asyncio.gather(*waiting, return_exceptions=True)
    queue.close()
    await running
    assert isinstance(first, Receipt) and isinstance(third, Receipt)
    assert isinstance(second, Bug)


async def test_a_queue_beyond_its_capacity_is_busy(db: Database) -> None:
    queue = WriteQueue(recorder_on(db), capacity=2, metrics=CollectorRegistry())
    waiting = [asyncio.create_task(queue.submit(delivery(n))) for n in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await queue.submit(delivery(3))
    running = asyncio.create_task(queue.run())
    await asyncio.gather(*waiting)
    queue.close()
    await running


async def test_waiting_deliveries_are_recorded_before_the_queue_stops(db: Database) -> None:
    queue = WriteQueue(recorder_on(db), capacity=10, metrics=CollectorRegistry())
    waiting = asyncio.create_task(queue.submit(delivery(1)))
    await asyncio.sleep(0)
    queue.close()
    await queue.run()
    assert (await waiting).session_id is None
    with pytest.raises(Busy):
        await queue.submit(delivery(2))


async def test_several_senders_are_grouped_into_paced_transactions(db: Database) -> None:
    recorder = recorder_on(db)
    queue = WriteQueue(recorder, capacity=10, metrics=CollectorRegistry(), pace_s=2.0)
    running = asyncio.create_task(queue.run())
    await asyncio.gather(queue.submit(delivery(0)), queue.submit(delivery(1)))
    early = asyncio.create_task(queue.submit(delivery(2)))
    for _ in range(10):
        await asyncio.sleep(0)
    await asyncio.gather(early, queue.submit(delivery(3)))
    queue.close()
    await running
    assert recorder.groups == [2, 2]


async def test_a_lone_sender_is_not_delayed(db: Database) -> None:
    queue = WriteQueue(recorder_on(db), capacity=10, metrics=CollectorRegistry(), pace_s=3_600)
    running = asyncio.create_task(queue.run())
    async with asyncio.timeout(20):
        for number in range(3):
            await queue.submit(delivery(number))
    queue.close()
    await running


async def test_plain_reports_do_not_wait_for_many_joins(db: Database) -> None:
    await save_members(db, "u")
    recorder = recorder_on(db)
    queue = WriteQueue(recorder, capacity=1_000, metrics=CollectorRegistry())
    await recorder.record_deliveries([delivery(0)])
    who = Credentials(meeting_id="weekly", member_id="u", identity=Identity(), generation=0)
    report = SampleTaken(id="s", at=T0, peer_id="p0", sequence=2, body=b"{}")
    plain = replace(delivery(0), events=[report], credentials=who, peer_id="p0", heard_at=T0)
    waiting = [asyncio.create_task(queue.submit(delivery(n))) for n in range(1, 251)]
    waiting.append(asyncio.create_task(queue.submit(plain)))
    answered: list[asyncio.Task[Receipt]] = []
    for task in waiting:
        task.add_done_callback(answered.append)
    await asyncio.sleep(0)
    running = asyncio.create_task(queue.run())
    await asyncio.gather(*waiting)
    queue.close()
    await running
    assert answered[0] is waiting[-1]
    assert recorder.groups == [1, 100, 100, 50]


async def test_bytes_beyond_the_capacity_are_refused_and_a_lone_large_delivery_is_accepted(
    db: Database,
) -> None:
    metrics = CollectorRegistry()
    queue = WriteQueue(recorder_on(db), capacity=1_000, capacity_bytes=1_000, metrics=metrics)
    large = asyncio.create_task(queue.submit(replace(delivery(0), size_bytes=5_000)))
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await queue.submit(replace(delivery(1), size_bytes=1))
    counted = metrics.get_sample_value("aftercall_intake_refused_total", {"reason": "bytes"})
    assert counted == 1
    running = asyncio.create_task(queue.run())
    await large
    small = [queue.submit(replace(delivery(n), size_bytes=400)) for n in (2, 3)]
    assert len(await asyncio.gather(*small)) == 2
    queue.close()
    await running


def of_app(app_id: str, number: int, *, size_bytes: int = 0) -> Delivery:
    return replace(delivery(number), app_id=app_id, size_bytes=size_bytes)


async def start_taking(
    queue: WriteQueue, deliveries: Sequence[Delivery]
) -> list[asyncio.Task[Receipt]]:
    tasks = [asyncio.create_task(queue.submit(each)) for each in deliveries]
    await asyncio.sleep(0)
    return tasks


async def test_an_app_that_floods_the_queue_leaves_capacity_for_others(db: Database) -> None:
    metrics = CollectorRegistry()
    queue = WriteQueue(recorder_on(db), capacity=100, metrics=metrics)
    flood = await start_taking(queue, [of_app("flood", n) for n in range(200)])
    quiet = await start_taking(queue, [of_app("quiet", n) for n in range(10)])
    running = asyncio.create_task(queue.run())
    outcomes = await asyncio.gather(*flood, return_exceptions=True)
    assert sum(isinstance(each, Receipt) for each in outcomes) == 80
    assert len(await asyncio.gather(*quiet)) == 10
    refused = metrics.get_sample_value("aftercall_intake_refused_total", {"reason": "app_number"})
    assert refused == 120
    # Answered deliveries no longer count.
    again = await start_taking(queue, [of_app("flood", n) for n in range(80)])
    assert len(await asyncio.gather(*again)) == 80
    queue.close()
    await running


async def test_an_app_that_floods_the_queue_with_bytes_leaves_capacity_for_others(
    db: Database,
) -> None:
    queue = WriteQueue(
        recorder_on(db), capacity=1_000, capacity_bytes=10_000, metrics=CollectorRegistry()
    )
    large = [of_app("flood", n, size_bytes=1_000) for n in range(20)]
    flood = await start_taking(queue, large)
    quiet = await start_taking(queue, [of_app("quiet", 0, size_bytes=1_000)])
    running = asyncio.create_task(queue.run())
    outcomes = await asyncio.gather(*flood, return_exceptions=True)
    assert sum(isinstance(each, Receipt) for each in outcomes) == 8
    assert len(await asyncio.gather(*quiet)) == 1
    queue.close()
    await running


async def test_the_delivery_of_a_disconnected_client_counts_until_it_is_recorded(
    db: Database,
) -> None:
    queue = WriteQueue(recorder_on(db), capacity=2, metrics=CollectorRegistry())
    gone = await start_taking(queue, [delivery(0), delivery(1)])
    for task in gone:
        task.cancel()
    await asyncio.wait(gone)
    with pytest.raises(Busy):
        await queue.submit(delivery(2))
    running = asyncio.create_task(queue.run())
    queue.close()
    await running
    async with db.read() as tx:
        assert len(await samples.of_peer(tx, "app", "p0")) == 1


async def test_a_quiet_app_enters_the_next_group_despite_the_backlog_of_another(
    db: Database,
) -> None:
    recorder = recorder_on(db)
    queue = WriteQueue(recorder, capacity=1_000, metrics=CollectorRegistry())
    waiting = await start_taking(queue, [of_app("flood", n) for n in range(300)])
    quiet = await start_taking(queue, [of_app("quiet", 0)])
    answered: list[asyncio.Task[Receipt]] = []
    for task in waiting + quiet:
        task.add_done_callback(answered.append)
    running = asyncio.create_task(queue.run())
    await asyncio.gather(*waiting, *quiet)
    queue.close()
    await running
    assert answered.index(quiet[0]) <= 10
    assert recorder.groups[0] == 11
    assert sum(recorder.groups) == 301


async def test_a_large_post_of_a_backend_is_split_so_that_others_proceed(db: Database) -> None:
    recorder = recorder_on(db)
    queue = WriteQueue(recorder, capacity=1_000, metrics=CollectorRegistry())
    joins = [event for n in range(100) for event in delivery(n).events]
    post = Delivery(app_id="flood", source="test", received_at=T0, events=joins[::-1])
    large = asyncio.create_task(queue.submit_in_parts(post))
    await asyncio.sleep(0)
    quiet = await start_taking(queue, [of_app("quiet", 0)])
    running = asyncio.create_task(queue.run())
    await quiet[0]
    assert not large.done()
    outcomes = await large
    queue.close()
    await running
    assert [outcome.status for outcome in outcomes] == [Status.ACCEPTED] * 200
    assert len(recorder.groups) == 4
    async with db.read() as tx:
        assert len(await samples.of_peer(tx, "flood", "p99")) == 1


async def test_outcomes_of_a_large_post_are_in_the_order_of_its_events(db: Database) -> None:
    recorder = recorder_on(db)
    queue = WriteQueue(recorder, capacity=1_000, metrics=CollectorRegistry())
    running = asyncio.create_task(queue.run())
    firsts = [delivery(n).events[0] for n in range(80)]
    joins = [replace(join, at=EpochMs(T0 - n)) for n, join in enumerate(firsts)]
    known = Delivery(app_id="app", source="test", received_at=T0, events=joins[::2])
    await queue.submit_in_parts(known)
    outcomes = await queue.submit_in_parts(replace(known, events=joins))
    queue.close()
    await running
    expected = [Status.DUPLICATE, Status.ACCEPTED] * 40
    assert [outcome.status for outcome in outcomes] == expected
