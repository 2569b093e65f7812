"""Deletes the data that are past their time, a little at a time.

First the sessions are marked: from then on nobody finds their data, whatever the policy may become.
Then the rows are deleted that were noted for removal. Both happen in short transactions, with
pauses in which the intake writes; what one process has locked the others leave to it; and a process
that is killed leaves marks and notes, with which the next one goes on.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from time import monotonic
from typing import Final, NamedTuple

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client import Counter as MetricCounter
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.errors import SerializationConflict
from aftercall.core.instants import SECOND_MS, Clock, EpochMs
from aftercall.core.retention import FOR_EVER, DataKind, RetentionPolicy, effective_s, past_kinds
from aftercall.service.privacy.removals import remove_some
from aftercall.service.retention.partitions import Partitions
from aftercall.service.retention_rule import RetentionRule
from aftercall.store import apps
from aftercall.store.engine.database import Database
from aftercall.store.retention import due
from aftercall.store.retention.deleted_sessions import delete_sessions
from aftercall.store.retention.past_data import mark_deleted

LONGEST_S: Final = 0.02
"""How long a transaction goes on before it ends with what it has done. Chosen: the step under way
is ended first, and nobody may wait for 50 ms. One that somebody waits for ends after its step."""

PAUSE: Final = 3
"""How many times as long as a transaction took nothing is written before the next one begins."""

SHORT_S: Final = 0.002
BUSY_PAUSE: Final = 100
LONGEST_PAUSE_S: Final = 0.3
"""The pause after a transaction that somebody waited for, and that was not short. Chosen: so few of
those who write meet one that their p99 is hardly made of it, and a session of three people is
deleted in some 1.2 seconds at the worst."""

SHORTEST_PAUSE_S: Final = 0.005
AT_ONCE: Final = 8
MOST_PARTICIPANTS: Final = 64
"""Sessions that one transaction marks, and participants of all of them together. Measured: eight
sessions of three people take 11 ms, and one takes 10, since each statement is for all of them."""

FOUND_AT_ONCE: Final = 64

PAGES: Final = 256
"""Pages of SQLite's file that one step gives back."""

_ORDER: Final = (DataKind.SESSIONS, *(kind for kind in DataKind if kind is not DataKind.SESSIONS))


class DueCount(NamedTuple):
    """How much of a kind of an app's data is past its time."""

    app_id: str
    kind: DataKind
    kept_s: int
    sessions: int
    rows: int


class Deletion:
    """Deletes what is past its time."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        retention: RetentionRule,
        metrics: CollectorRegistry | None = None,
        seconds: Callable[[], float] = monotonic,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._db = db
        self._clock = clock
        self._retention = retention
        self._seconds = seconds
        self._pause = pause
        self._partitions = Partitions(db=db, clock=clock)
        self._lag = Gauge(
            "aftercall_retention_lag_seconds",
            "How long past its time the oldest data is that has not been deleted",
            registry=metrics,
        )
        self._deleted = MetricCounter(
            "aftercall_retention_deleted_rows",
            "Rows that retention has deleted, by the kind of data",
            ["kind"],
            registry=metrics,
        )
        for kind in DataKind:
            self._deleted.labels(kind.value)

    async def count_due(self, app_id: str | None = None) -> list[DueCount]:
        """How much of each kind is past its time, of one app or of all."""
        found: list[DueCount] = []
        for each, policy in (await self._policies()).items():
            if app_id is not None and each != app_id:
                continue
            for kind in DataKind:
                if (ended_by := self._ended_by(policy, kind)) is None:
                    continue
                async with self._db.read() as tx:
                    sessions, rows = await due.count_due(tx, each, kind, ended_by)
                found.append(DueCount(each, kind, effective_s(policy, kind), sessions, rows))
        return found

    async def run(self, stop: asyncio.Event | None = None) -> Mapping[DataKind, int]:
        """Delete everything that is past its time, until `stop`; returns how many rows of each kind
        were deleted."""
        deleted: Counter[DataKind] = Counter()
        policies = await self._policies()
        await self._partitions.make_ahead()
        deleted += await self._remove_noted(stop)
        for app_id in policies:
            for kind in _ORDER:
                while not _is_set(stop) and await self._mark(app_id, policies, kind, deleted):
                    deleted += await self._remove_noted(stop)
        for kind, rows in (await self._partitions.drop_past()).items():
            self._count(deleted, kind, rows)
        await self._partitions.release(policies)
        if deleted and self._db.is_sqlite:
            await self._give_back(stop)
        await self._measure_lag(policies)
        return deleted

    async def _policies(self) -> dict[str, RetentionPolicy]:
        async with self._db.read() as tx:
            found = await apps.ids_of_apps(tx)
            return {app_id: await self._retention.policy_of(app_id, tx) for app_id in found}

    def _ended_by(self, policy: RetentionPolicy, kind: DataKind) -> EpochMs | None:
        """By when a session must have ended for the kind to be past its time."""
        seconds = effective_s(policy, kind)
        return None if seconds == FOR_EVER else EpochMs(self._clock() - seconds * SECOND_MS)

    async def _mark(
        self,
        app_id: str,
        policies: Mapping[str, RetentionPolicy],
        kind: DataKind,
        deleted: Counter[DataKind],
    ) -> bool:
        """Mark some sessions of which the kind is past its time; whether there were any."""
        policy = policies[app_id]
        if (ended_by := self._ended_by(policy, kind)) is None:
            return False
        async with self._db.read() as tx:
            found = await due.find_due(tx, app_id, kind, ended_by, FOUND_AT_ONCE)
        waiting = await self._partitions.waiting_kinds(
            {each.recorded_day for each in found},
            policies,
            {each: effective_s(policy, each) for each in DataKind},
        )
        done = 0
        for some in _together(found):
            began, was_waited_for = self._seconds(), False
            with suppress(SerializationConflict):
                async with self._db.write() as tx:
                    began = self._seconds()
                    marked = await self._db.in_one_turn(
                        tx, self._mark_some(tx, app_id, policy, kind, some, waiting)
                    )
                    was_waited_for = self._db.is_waited_for
                done += marked
                if kind is DataKind.SESSIONS:
                    self._count(deleted, kind, marked)
            await self._pause(_pause_s(self._seconds() - began, was_waited_for=was_waited_for))
        return done > 0

    async def _mark_some(
        self,
        tx: AsyncConnection,
        app_id: str,
        policy: RetentionPolicy,
        kind: DataKind,
        ids: list[str],
        waiting: Mapping[int, int],
    ) -> int:
        if kind is DataKind.SESSIONS:
            return len(await delete_sessions(tx, app_id, ids, waiting))
        now = self._clock()
        return await mark_deleted(
            tx, app_id, ids, lambda session: past_kinds(policy, session, now), waiting
        )

    async def _remove_noted(self, stop: asyncio.Event | None) -> Counter[DataKind]:
        """Delete the rows that are noted for removal."""
        deleted: Counter[DataKind] = Counter()
        while not _is_set(stop):
            some: Counter[DataKind] = Counter()
            has_more, was_waited_for, began = True, False, self._seconds()
            with suppress(SerializationConflict):
                async with self._db.write() as tx:
                    # Others may have written for long before this transaction could begin.
                    began = self._seconds()
                    has_more = await self._remove_some(tx, some)
                    while (
                        has_more
                        and not self._db.is_waited_for
                        and self._seconds() - began < LONGEST_S
                    ):
                        has_more = await self._remove_some(tx, some)
                    was_waited_for = self._db.is_waited_for
            for kind, rows in some.items():
                self._count(deleted, kind, rows)
            if not has_more:
                break
            await self._pause(_pause_s(self._seconds() - began, was_waited_for=was_waited_for))
        return deleted

    async def _remove_some(self, tx: AsyncConnection, deleted: Counter[DataKind]) -> bool:
        """Delete some rows of one removal; whether there was one."""
        removed = await self._db.in_one_turn(tx, remove_some(tx))
        for each in removed or ():
            deleted[each.kind] += each.rows
        return removed is not None

    def _count(self, deleted: Counter[DataKind], kind: DataKind, rows: int) -> None:
        deleted[kind] += rows
        self._deleted.labels(kind.value).inc(rows)

    async def _give_back(self, stop: asyncio.Event | None) -> None:
        """Give SQLite's free pages back, and leave no old content in its journal."""
        while not _is_set(stop):
            began = self._seconds()
            if not await self._db.give_back_pages(PAGES):
                break
            await self._pause(_pause_s(self._seconds() - began, was_waited_for=False))
        await self._db.forget_deleted(())

    async def _measure_lag(self, policies: Mapping[str, RetentionPolicy]) -> None:
        lag_ms = 0
        for app_id, policy in policies.items():
            for kind in DataKind:
                if (ended_by := self._ended_by(policy, kind)) is None:
                    continue
                async with self._db.read() as tx:
                    earliest = await due.earliest_end(tx, app_id, kind)
                if earliest is not None:
                    lag_ms = max(lag_ms, ended_by - earliest)
        self._lag.set(lag_ms / SECOND_MS)


def _pause_s(took_s: float, *, was_waited_for: bool) -> float:
    """How long nothing is written after a transaction that took so long."""
    if was_waited_for and took_s > SHORT_S:
        return min(LONGEST_PAUSE_S, BUSY_PAUSE * took_s)
    return max(SHORTEST_PAUSE_S, PAUSE * took_s)


def _together(found: Sequence[due.DueSession]) -> list[list[str]]:
    """The ids of sessions by the transaction that marks them."""
    together: list[list[str]] = []
    participants = 0
    for each in found:
        is_full = not together or len(together[-1]) >= AT_ONCE
        if is_full or participants + each.participants > MOST_PARTICIPANTS:
            together.append([])
            participants = 0
        together[-1].append(each.id)
        participants += each.participants
    return together


def _is_set(stop: asyncio.Event | None) -> bool:
    return stop is not None and stop.is_set()
