"""The fast path: statuses are read and samples appended in one transaction."""

from collections.abc import Mapping

import pytest

from aftercall.core.instants import EpochMs
from aftercall.core.records import Phase
from aftercall.store import peers, samples
from aftercall.store.append_reports import Appended, FastPathStatus, Overtaken, append
from aftercall.store.engine.database import Database
from aftercall.store.peers import Heartbeat, Key
from aftercall.store.samples import SampleRow
from tests.recorder_harness import APP, RecorderHarness, join

KEYS = [(APP, "ada"), (APP, "nobody"), ("other", "ada")]


def report(sequence: int) -> SampleRow:
    return SampleRow(
        APP, "ada", "session-0", sequence, EpochMs(sequence), EpochMs(9), b'{"n":%d}' % sequence
    )


def heartbeat(sequence: int) -> Heartbeat:
    return Heartbeat(APP, "ada", EpochMs(7), EpochMs(8), sequence, 1)


async def test_statuses_are_given_for_peers_that_exist(db: Database) -> None:
    await RecorderHarness(db).record(join("ada", 0))
    seen: list[Mapping[Key, FastPathStatus]] = []

    def judge(statuses: Mapping[Key, FastPathStatus]) -> Appended:
        seen.append(statuses)
        return Appended([report(4), report(5)], [heartbeat(5)._replace(samples_added=2)])

    await append(db, KEYS, judge)
    async with db.read() as tx:
        assert await peers.count_samples(tx, APP, "ada") == 2
    await append(db, KEYS, lambda statuses: judge(statuses)._replace(samples=[], heartbeats=[]))
    assert [list(statuses) for statuses in seen] == [[(APP, "ada")]] * 2
    before, after = (statuses[APP, "ada"] for statuses in seen)
    assert (before.session_id, before.meeting_id) == ("session-0", "weekly")
    assert (before.phase, before.user_id, before.kicked_at) == (Phase.LIVE, "user ada", None)
    assert (before.last_sequence, after.last_sequence) == (None, 5)
    async with db.read() as tx:
        kept = await samples.of_peer(tx, APP, "ada")
        assert await peers.count_samples(tx, APP, "ada") == 2
    assert [(one.sequence, one.at, one.body) for one in kept] == [
        (4, 4, b'{"n":4}'),
        (5, 5, b'{"n":5}'),
    ]


async def test_an_append_that_raises_writes_nothing_and_does_not_affect_others(
    db: Database,
) -> None:
    await RecorderHarness(db).record(join("ada", 0))

    def judge_wrongly(statuses: Mapping[Key, FastPathStatus]) -> Appended:
        raise RuntimeError("no")

    def write_wrongly(statuses: Mapping[Key, FastPathStatus]) -> Appended:
        unknown: SampleRow = report(3)._replace(session_id=None)  # type: ignore[arg-type]  # it must fail
        return Appended([report(1), unknown], [])

    with pytest.raises(RuntimeError, match="no"):
        await append(db, KEYS, judge_wrongly)
    with pytest.raises(Exception, match=r"(?i)null"):
        await append(db, KEYS, write_wrongly)
    async with db.read() as tx:
        assert await samples.of_peer(tx, APP, "ada") == []
    await append(db, KEYS, lambda statuses: Appended([report(1)], [heartbeat(1)]))
    async with db.read() as tx:
        assert await peers.count_samples(tx, APP, "ada") == 1


async def test_a_sample_appended_by_two_processes_counts_once(db: Database) -> None:
    if db.is_sqlite:
        pytest.skip("SQLite has one writer, who looks and writes in one transaction")
    await RecorderHarness(db).record(join("ada", 0))
    for _ in range(2):
        # Both had read before either wrote.
        await append(db, KEYS, lambda statuses: Appended([report(4)], [heartbeat(4)]))
    async with db.write() as tx:
        assert await samples.append(tx, [report(4), report(5)]) == {(APP, "ada", 5)}
    async with db.read() as tx:
        assert [one.sequence for one in await samples.of_peer(tx, APP, "ada")] == [4, 5]
        assert await peers.count_samples(tx, APP, "ada") == 1


async def test_samples_that_another_process_kept_in_part_are_left_to_the_slow_path(
    db: Database,
) -> None:
    if db.is_sqlite:
        pytest.skip("SQLite has one writer, who looks and writes in one transaction")
    await RecorderHarness(db).record(join("ada", 0))
    together = [report(4), report(5)]
    await append(db, KEYS, lambda statuses: Appended([report(4)], [heartbeat(4)]))
    with pytest.raises(Overtaken):
        await append(db, KEYS, lambda statuses: Appended(together, [heartbeat(5)]))
    async with db.read() as tx:
        assert [one.sequence for one in await samples.of_peer(tx, APP, "ada")] == [4]
