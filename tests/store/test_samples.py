"""Samples: stored once, and read before and after a merge."""

import asyncio
import json
import random
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import func, select

from aftercall.core.instants import EpochMs
from aftercall.core.records import Peer
from aftercall.store import peers, samples
from aftercall.store.engine.database import Database
from aftercall.store.samples import SampleRow
from aftercall.store.tables import schema
from tests.store.merging import merge


def row(sequence: int, peer_id: str = "p", app_id: str = "a", at: int | None = None) -> SampleRow:
    body = json.dumps({"n": sequence, "stats": [{"bytesSent": sequence * 1_000}]})
    moment = sequence if at is None else at
    return SampleRow(
        app_id, peer_id, "s", sequence, EpochMs(moment), EpochMs(moment + 5), body.encode()
    )


async def kept(db: Database, peer_id: str = "p", app_id: str = "a") -> list[int]:
    async with db.read() as tx:
        return [one.sequence for one in await samples.of_peer(tx, app_id, peer_id)]


async def test_samples_are_read_once_and_in_order_of_time(db: Database) -> None:
    async with db.write() as tx:
        await samples.append(tx, [])
        await samples.append(tx, [row(3), row(1), row(2, at=1), row(1, "q"), row(9, app_id="b")])
        await samples.append(tx, [row(1, at=77), row(4, at=0)])
    assert await kept(db) == [4, 1, 2, 3]
    assert await kept(db, app_id="b") == [9]
    async with db.read() as tx:
        found = (await samples.of_peer(tx, "a", "p"))[1]
    assert (found.at, found.received_at) == (1, 6)
    assert json.loads(found.body) == {"n": 1, "stats": [{"bytesSent": 1_000}]}


async def append(db: Database, *rows: SampleRow) -> None:
    async with db.write() as tx:
        await samples.append(tx, rows)


async def contents(db: Database, peer_id: str = "p") -> list[tuple[Any, ...]]:
    async with db.read() as tx:
        return [
            (one.sequence, one.at, one.received_at, json.loads(one.body))
            for one in await samples.of_peer(tx, "a", peer_id)
        ]


async def loose(db: Database) -> int:
    async with db.read() as tx:
        return (await tx.execute(select(func.count()).select_from(schema.samples))).scalar_one()


async def test_known_samples_are_recognised_before_and_after_a_merge(db: Database) -> None:
    await append(db, row(1), row(2), row(5), row(1, "q"))
    assert await merge(db, "a", "p") == 3
    await append(db, row(6))
    asked = [("a", peer, sequence) for peer in "pqr" for sequence in range(8)]
    async with db.read() as tx:
        assert await samples.known(tx, [*asked, ("b", "p", 1)]) == {
            ("a", "p", 1),
            ("a", "p", 2),
            ("a", "p", 5),
            ("a", "p", 6),
            ("a", "q", 1),
        }
        assert await samples.known(tx, []) == set()


async def test_samples_received_together_share_a_row_as_far_as_their_numbers_follow(
    db: Database,
) -> None:
    numbers = [1, 2, 3, 5, 8, 7, 9]
    together = [row(n)._replace(received_at=EpochMs(50)) for n in numbers]
    alone = [row(4), row(10), row(11)._replace(received_at=EpochMs(60))]
    await append(db, *together[:4], *alone, *together[4:])
    async with db.read() as tx:
        found = await tx.execute(
            select(schema.samples.c.sequence, schema.samples.c.samples).order_by("sequence")
        )
        assert [tuple(each) for each in found] == [
            (1, 3), (4, 1), (5, 1), (7, 1), (8, 1), (9, 1), (10, 1), (11, 1),
        ]  # fmt: skip
        moments = {s.sequence: s.received_at for s in await samples.of_peer(tx, "a", "p")}
    assert await kept(db) == sorted([*numbers, 4, 10, 11])
    assert moments[2] == 50
    assert moments[4] == 9
    assert (await contents(db))[1] == (2, 2, 50, {"n": 2, "stats": [{"bytesSent": 2_000}]})


async def test_samples_that_share_a_row_are_known_counted_and_merged_one_by_one(
    db: Database,
) -> None:
    async with db.write() as tx:
        await peers.save_peers(tx, [peer_of("p")])
    together = [row(n)._replace(received_at=EpochMs(90)) for n in (*range(40), *range(50, 53))]
    await append(db, *together)
    before = await contents(db)
    asked = [("a", "p", sequence) for sequence in range(60)]
    async with db.read() as tx:
        assert await samples.known(tx, asked) == {each.key for each in together}
        assert await samples.counts_of_session(tx, "a", "s") == {"p": 43}
    assert await merge(db, "a", "p") == 43
    assert await contents(db) == before
    assert await loose(db) == 0


async def test_samples_of_which_the_first_was_kept_meanwhile_are_all_kept(db: Database) -> None:
    if db.is_sqlite:
        pytest.skip("SQLite has one writer, who looks and writes in one transaction")
    await append(db, row(4), row(6))
    together = [row(n)._replace(received_at=EpochMs(90)) for n in range(4, 9)]
    async with db.write() as tx:
        new = await samples.append(tx, together)
    assert {sequence for _, _, sequence in new} == {5, 7, 8}
    assert await kept(db) == [4, 5, 6, 7, 8]


async def test_a_merge_does_not_change_what_is_read(db: Database) -> None:
    numbers = random.Random(1).sample(range(100), 60)
    await append(db, *(row(n, at=n // 7) for n in numbers[:40]))
    before = await contents(db)
    assert await merge(db, "a", "p") == 40
    assert await contents(db) == before
    assert await loose(db) == 0
    assert await merge(db, "a", "p") == 0
    await append(db, *(row(n, at=n // 7) for n in numbers[30:]))
    assert await merge(db, "a", "p") == 60
    assert await kept(db) == sorted(numbers, key=lambda n: (n // 7, n))
    assert await loose(db) == 0


async def test_concurrent_merges_and_appends_lose_no_sample(db: Database) -> None:
    await append(db, *(row(n) for n in range(0, 40, 2)))

    async def arrive(number: int) -> None:
        await append(db, row(number))
        await merge(db, "a", "p")

    await asyncio.gather(*(arrive(number) for number in range(1, 40, 2)))
    assert await kept(db) == list(range(40))
    await merge(db, "a", "p")
    assert await kept(db) == list(range(40))
    assert await loose(db) == 0


async def test_a_sample_of_another_peer_or_app_is_not_merged(db: Database) -> None:
    await append(db, row(1), row(2, "q"), row(3, app_id="b"))
    assert await merge(db, "a", "p") == 1
    assert await kept(db) == [1]
    assert await kept(db, "q") == [2]
    assert await kept(db, app_id="b") == [3]
    assert await loose(db) == 2


async def test_the_samples_of_a_session_are_counted_before_and_after_a_merge(db: Database) -> None:
    people = [peer_of("p"), peer_of("q"), peer_of("z")]
    async with db.write() as tx:
        await peers.save_peers(tx, [*people, replace(peer_of("r"), session_id="other")])
    await append(db, *(row(n) for n in range(5)), row(1, "q"), row(1, "r"), row(2, app_id="b"))
    await merge(db, "a", "p")
    await append(db, row(7), row(8))
    async with db.read() as tx:
        assert await samples.counts_of_session(tx, "a", "s") == {"p": 7, "q": 1}
        assert await samples.unmerged_peers(tx, "a", "s") == {"p", "q"}
    await merge(db, "a", "p")
    async with db.read() as tx:
        assert await samples.unmerged_peers(tx, "a", "s") == {"q"}


def peer_of(id: str) -> Peer:
    moment = EpochMs(0)
    return Peer(
        app_id="a",
        session_id="s",
        meeting_id="m",
        id=id,
        participant_id=id,
        source="collector",
        interval_ms=7_000,
        first_heard_at=moment,
        last_heard_at=moment,
        last_received_at=moment,
        created_at=moment,
        updated_at=moment,
    )
