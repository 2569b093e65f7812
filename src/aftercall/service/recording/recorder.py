"""The one place that writes session facts."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Final, TypeVar

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.errors import SerializationConflict
from aftercall.core.events import AnyEvent
from aftercall.core.ids import NewId
from aftercall.core.instants import MINUTE_MS, Clock, EpochMs
from aftercall.core.lifecycle.downtime import Downtime
from aftercall.core.lifecycle.state_machine import Policy, is_silent, silence_bounds
from aftercall.core.records import Peer, Session
from aftercall.service.erased_people import ErasedPeople
from aftercall.service.recording.delivery import Delivery, Outcome, Receipt
from aftercall.service.recording.plain_reports import FastPath
from aftercall.service.recording.transaction import RecordTransaction
from aftercall.service.retention_rule import RetentionRule
from aftercall.service.webhooks.announcer import Announcer
from aftercall.store import early_facts, peers
from aftercall.store.append_reports import Overtaken, append
from aftercall.store.engine.database import Database
from aftercall.store.sessions import rows as session_rows

OVERTAKEN_MS: Final = 10 * MINUTE_MS
"""How old held facts may be to be recorded by a sweep. Chosen: the transaction that overtook them
takes seconds at the most, and a node that takes over has the rest."""


MOST_CONFLICTS: Final = 3
"""How often a transaction is tried again that another one got in the way of."""

T = TypeVar("T")


class Recorder:
    """Writes session facts; nothing else does."""

    def __init__(
        self,
        db: Database,
        *,
        clock: Clock,
        new_id: NewId,
        policy: Policy,
        most_talk: int = 0,
        erased_people: ErasedPeople | None = None,
        retention: RetentionRule | None = None,
        announcer: Announcer | None = None,
    ) -> None:
        """`most_talk`: characters of chat and transcript that a session may have; 0: no limit.
        Without `retention` facts of any age are recorded; without `announcer` nobody hears of
        them."""
        self._announcer = announcer
        self._erased_people = erased_people or ErasedPeople()
        self._retention = retention
        self._db = db
        self._clock = clock
        self._new_id = new_id
        self._policy = policy
        self._most_talk = most_talk

    def set_downtime(self, downtime: Downtime) -> None:
        """Count only time in which senders could be heard as silence, from here on."""
        self._policy = replace(self._policy, downtime=downtime)

    async def record(
        self, app_id: str, events: Sequence[AnyEvent], *, source: str
    ) -> Sequence[Outcome]:
        """Record events of one app; returns an outcome for each, once they are on disk."""
        delivery = Delivery(app_id=app_id, source=source, received_at=self._clock(), events=events)
        return (await self.record_deliveries([delivery]))[0].outcomes

    async def record_deliveries(self, deliveries: Sequence[Delivery]) -> list[Receipt]:
        """Record deliveries in one transaction: all of them are on disk, or none is."""
        return await self._write(
            lambda tx: self._recording(tx, most_talk=self._most_talk).record(deliveries)
        )

    async def record_plain_reports(self, deliveries: Sequence[Delivery]) -> list[Receipt | None]:
        """Record those deliveries that take the fast path, in one transaction; returns `None` for
        each of the others, which are not recorded."""
        fast_path = FastPath(deliveries)
        if fast_path.keys:
            try:
                await append(self._db, fast_path.keys, fast_path.select)
            except (Overtaken, SerializationConflict):
                return [None] * len(deliveries)
        return fast_path.receipts

    async def apply_rules(self, app_id: str, session_id: str) -> Session | None:
        """Apply the rules to a session as of now; returns it, or `None` if there is none."""
        return await self._write(
            lambda tx: self._recording(tx).apply_rules_to_session(app_id, session_id)
        )

    async def end_emptied(self, app_id: str, session_id: str) -> Session | None:
        """End a session of the past at once, whose facts are all there: it does not wait for
        others as one does whose facts arrive late. Returns it, or `None` if there is none."""
        return await self._write(lambda tx: self._recording(tx).end_emptied(app_id, session_id))

    async def record_overtaken(self, limit: int = 200) -> int:
        """Record the facts that are held although their peer or session exists, because another
        transaction created it at the same time; returns of how many peers and sessions."""
        since = EpochMs(self._clock() - OVERTAKEN_MS)
        async with self._db.read() as tx:
            keys = await early_facts.overtaken(tx, since=since, limit=limit)
        for app_id, key in keys:
            await self._write(partial(self._record_early, app_id, key))
        return len(keys)

    async def _record_early(self, app_id: str, key: str, tx: AsyncConnection) -> None:
        await self._recording(tx).record_early(app_id, key)

    async def _write(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """What `work` returns in a transaction. On PostgreSQL, transactions of two processes that
        lock the same sessions in another order are undone by the database: they are tried again."""
        for _ in range(MOST_CONFLICTS):
            with suppress(SerializationConflict):
                async with self._db.write() as tx:
                    return await work(tx)
        async with self._db.write() as tx:
            return await work(tx)

    async def overdue(self, limit: int = 200) -> set[tuple[str, str]]:
        """Sessions (app, id) whose deadline has passed, or one of whose peers fell silent."""
        now: EpochMs = self._clock()
        policy = self._policy_at(now)
        async with self._db.read() as tx:
            late = await session_rows.past_deadline(tx, now, limit)
            silent = await _silent_peers(tx, now, policy, limit)
        return {(s.app_id, s.id) for s in late} | {(p.app_id, p.session_id) for p in silent}

    def _recording(self, tx: AsyncConnection, *, most_talk: int = 0) -> RecordTransaction:
        now = self._clock()
        return RecordTransaction(
            tx,
            now=now,
            new_id=self._new_id,
            policy=self._policy_at(now),
            erased_people=self._erased_people,
            most_talk=most_talk,
            retention=self._retention,
            announcer=self._announcer,
        )

    def _policy_at(self, now: EpochMs) -> Policy:
        return replace(self._policy, downtime=self._policy.downtime.as_of(now))


async def _silent_peers(
    tx: AsyncConnection, now: EpochMs, policy: Policy, limit: int
) -> list[Peer]:
    """Up to `limit` present peers that fell silent, the longest silent first. Those who may be
    silent by the database's bounds are many when intervals are long: they are read in pages."""
    bounds, silent = silence_bounds(now, policy), list[Peer]()
    after: peers.SilentPlace | None = None
    while len(silent) < limit:
        page = await peers.peers_not_heard_since(tx, bounds, limit, after=after)
        silent += [peer for peer in page if is_silent(peer, now, policy)]
        if len(page) < limit:
            break
        after = peers.silent_place(page[-1])
    return silent[:limit]
