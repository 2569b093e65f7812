"""Keeps PostgreSQL's partitions: makes those of the days to come, and drops those of days of which
nothing is kept.

A day's sessions are past their time within hours of each other. Their rows wait for the last of
them, if that is soon for every app that has sessions of the day: then the partition is dropped, and
no row is deleted. Where an app keeps its data for longer, the rows of the others are deleted one by
one.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from aftercall.core.instants import DAY_MS, SECOND_MS, Clock, EpochMs, day_of
from aftercall.core.retention import FOR_EVER, DataKind, RetentionPolicy, effective_s
from aftercall.service.privacy.removals import remove_waiting_rows
from aftercall.store.engine import partitions
from aftercall.store.engine.database import Database
from aftercall.store.retention.waiting import (
    PARTITIONED,
    find_waiting,
    forget_waiting,
    is_kept,
    last_ends,
)

AHEAD: Final = 2
"""Days to come that have a partition. Chosen: a server whose background work pauses for a day finds
its partitions; should it pause for longer, rows go to the default partition."""

LONGEST_WAIT_MS: Final = 2 * DAY_MS
WAIT_SHARE: Final = 5
"""Rows wait for two days at the most, and for a fifth of the time for which they were kept. Chosen:
with a week, all sessions of a day wait for each other; who keeps data for an hour wants it gone."""

SETTLED_DAYS: Final = 2
"""How old a day is, in days, before its partition may be dropped: no process records on it then,
whatever its clock."""

Policies = Mapping[str, RetentionPolicy]


class Partitions:
    """The partitions of the big tables. On SQLite, whose tables are whole, nothing happens."""

    def __init__(self, *, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def make_ahead(self) -> None:
        """Make the partitions of today and of the days to come. What is in the way of one is left
        until the next time."""
        if self._db.is_sqlite:
            return
        today = day_of(self._clock())
        for table in PARTITIONED:
            there = await partitions.days(self._db, table)
            for day in range(today, today + AHEAD + 1):
                if day not in there:
                    await partitions.attach(self._db, table, day)

    async def waiting_kinds(
        self, days: Iterable[int], policies: Policies, kept_s: Mapping[DataKind, int]
    ) -> dict[int, int]:
        """Of each day, the kinds, as a sum of bits, of which rows that were kept for so many
        seconds wait for the partition to be dropped."""
        waiting = dict.fromkeys(days, 0)
        if self._db.is_sqlite or not waiting:
            return {}
        for table, kind in PARTITIONED.items():
            there = await partitions.days(self._db, table)
            longest_ms = min(LONGEST_WAIT_MS, kept_s.get(kind, 0) * SECOND_MS // WAIT_SHARE)
            for day in waiting.keys() & there:
                if await self._is_dropped_within(day, kind, policies, longest_ms):
                    waiting[day] |= kind.bit
        return waiting

    async def _is_dropped_within(
        self, day: int, kind: DataKind, policies: Policies, wait_ms: int
    ) -> bool:
        async with self._db.read() as tx:
            ends = await last_ends(tx, day, kind)
        latest = EpochMs(self._clock() + wait_ms)
        if (day + SETTLED_DAYS) * DAY_MS > latest:
            return False
        for app_id, ended_at in ends:
            policy = policies.get(app_id)
            seconds = FOR_EVER if policy is None else effective_s(policy, kind)
            if seconds == FOR_EVER or ended_at is None or ended_at + seconds * SECOND_MS > latest:
                return False
        return True

    async def drop_past(self) -> Counter[DataKind]:
        """Drop the partitions of days of which nothing is kept; returns how many rows they had. One
        that somebody reads, a backup for instance, is left until the next time."""
        dropped: Counter[DataKind] = Counter()
        if self._db.is_sqlite:
            return dropped
        settled = day_of(self._clock()) - SETTLED_DAYS
        for table, kind in PARTITIONED.items():
            await partitions.drop_detached(self._db, table)
            for day in sorted(await partitions.days(self._db, table)):
                if day > settled:
                    break
                async with self._db.read() as tx:
                    if await is_kept(tx, day, kind):
                        continue
                rows = await partitions.drop(self._db, table, day)
                dropped[kind] += rows or 0
        return dropped

    async def release(self, policies: Policies) -> None:
        """Delete one by one the rows that wait for a partition that is not to be dropped soon any
        more, since an app keeps its data for longer."""
        if self._db.is_sqlite:
            return
        async with self._db.read() as tx:
            waiting = await find_waiting(tx)
        for table, of_table in PARTITIONED.items():
            there = await partitions.days(self._db, table)
            for day, kind in waiting:
                if kind is not of_table:
                    continue
                if day in there and await self._is_dropped_within(
                    day, kind, policies, LONGEST_WAIT_MS
                ):
                    continue
                await remove_waiting_rows(self._db, [(day, kind)])
                async with self._db.write() as tx:
                    await forget_waiting(tx, day, kind)
