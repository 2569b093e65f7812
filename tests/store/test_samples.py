"""Samples: kept once, found again, merged or not."""

import json
import random

from aftercall.core.instants import EpochMs
from aftercall.store import samples
from aftercall.store.database import Database
from aftercall.store.samples import SampleRow


def row(sequence: int, peer_id: str = "p", app_id: str = "a", at: int | None = None) -> SampleRow:
    body = json.dumps({"n": sequence, "stats": [{"bytesSent": sequence * 1_000}]})
    moment = sequence if at is None else at
    return SampleRow(
        app_id, peer_id, "s", sequence, EpochMs(moment), EpochMs(moment + 5), body.encode()
    )


async def kept(db: Database, peer_id: str = "p", app_id: str = "a") -> list[int]:
    async with db.read() as tx:
        return [one.sequence for one in await samples.of_peer(tx, app_id, peer_id)]


async def test_reports_come_back_in_order_of_time_and_once(db: Database) -> None:
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


async def test_known_reports_are_told_merged_or_not(db: Database) -> None:
    async with db.write() as tx:
        await samples.append(tx, [row(1), row(2), row(5), row(1, "q")])
        assert await samples.merge(tx, "a", "p") == 3
        await samples.append(tx, [row(6)])
        asked = [("a", peer, sequence) for peer in "pqr" for sequence in range(8)]
        asked.append(("b", "p", 1))
        assert await samples.known(tx, asked) == {
            ("a", "p", 1),
            ("a", "p", 2),
            ("a", "p", 5),
            ("a", "p", 6),
            ("a", "q", 1),
        }
        assert await samples.known(tx, []) == set()


async def test_merging_changes_nothing_that_is_read(db: Database) -> None:
    dice = random.Random(1)
    numbers = dice.sample(range(100), 60)
    async with db.write() as tx:
        await samples.append(tx, [row(n, at=n // 7) for n in numbers[:40]])
        before = await samples.of_peer(tx, "a", "p")
        assert await samples.merge(tx, "a", "p") == 40
        after = await samples.of_peer(tx, "a", "p")
        assert [(s.sequence, s.at, s.received_at, json.loads(s.body)) for s in after] == [
            (s.sequence, s.at, s.received_at, json.loads(s.body)) for s in before
        ]
        assert await samples.merge(tx, "a", "p") == 0
        await samples.append(tx, [row(n, at=n // 7) for n in numbers[30:]])
        assert await samples.merge(tx, "a", "p") == 60
        every = await samples.of_peer(tx, "a", "p")
    assert [s.sequence for s in every] == sorted(numbers, key=lambda n: (n // 7, n))


async def test_a_report_of_another_peer_or_app_is_not_merged(db: Database) -> None:
    async with db.write() as tx:
        await samples.append(tx, [row(1), row(2, "q"), row(3, app_id="b")])
        await samples.merge(tx, "a", "p")
    assert await kept(db) == [1]
    assert await kept(db, "q") == [2]
    assert await kept(db, app_id="b") == [3]
