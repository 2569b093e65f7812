"""Group commit: deliveries that arrive while one transaction runs are recorded in the next.

A delivery is acknowledged only after the commit that holds it. Waiting plain reports
(`service.recording.plain_reports`) share one transaction, some of the other deliveries the next.
If a transaction fails, its deliveries are recorded one by one, so that a faulty one fails alone.

Apps take turns (`service.recording.fair_queue`), and no app can fill the queue for the others.
"""

import asyncio
from collections import Counter as Counts
from collections.abc import Sequence
from typing import Final

import structlog
from msgspec.structs import replace
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from aftercall.core.errors import AftercallError, Bug, Busy, Unavailable
from aftercall.core.events import AnyEvent, PeerEvent, SampleTaken
from aftercall.service.recording.delivery import Delivery, Outcome, Receipt, Status
from aftercall.service.recording.fair_queue import FairQueue
from aftercall.service.recording.recorder import Recorder
from aftercall.service.recording.transaction import turn_of

LARGEST_GROUP: Final = 1_000
"""Events of plain deliveries in one transaction; with more, the first would wait too long."""

LARGEST_LONG_GROUP: Final = 100
"""Of other deliveries in one transaction, by `_long_weight`; each takes as long as some thirty
plain ones, which should not wait for a crowd that joins."""

PART_OF_POST: Final = 25
"""Of a backend's post of a thousand facts at most so many, by `_long_weight`, are one delivery: a
transaction with all of them keeps everybody else waiting for more than a second."""

LARGEST_SHARE: Final = 32
LARGEST_LONG_SHARE: Final = 10
"""So much of a group may be one app's where others send as well: they wait for the group under way
and for their own, some milliseconds each. Chosen: as much as is worth a group."""

RECENT_S: Final = 1.0
"""Others send as well when something of another app came no longer ago than once or twice this."""

GREED: Final = 4
"""How many times the room that is left may be one app's (dynamic thresholds: Choudhury, Hahne,
1998). One app alone may so fill four fifths of the queue, two that flood it four ninths each, and
room for others is always left."""

DEFAULT_CAPACITY_BYTES: Final = 64 * 1024 * 1024
"""Of bodies that may wait. The facts read from a body take some four times its size; chosen: a
flood of the largest bodies then stays below 400 MB."""

PACE_S: Final = 0.01
"""At least so far apart begin small groups of several senders: a group costs as much as some
deliveries, and a quick disk would get one of two or three at a time. Chosen: a third of the work
less at 1,400 a second, for an answer that comes 7 ms later."""

ENOUGH: Final = 32
"""So many deliveries are recorded as a group at once."""

log = structlog.get_logger(__name__)


class _Held:
    """The number and the size of deliveries."""

    __slots__ = ("number", "size_bytes")

    def __init__(self) -> None:
        self.number = 0
        self.size_bytes = 0


class _Waiting:
    __slots__ = ("answer", "delivery", "held")

    def __init__(self, delivery: Delivery, answer: asyncio.Future[Receipt], held: _Held) -> None:
        self.delivery = delivery
        self.answer = answer
        self.held = held
        """What is held of its app, this delivery included."""


NOTHING: Final = _Held()


class WriteQueue:
    """Records deliveries, many in one transaction."""

    def __init__(
        self,
        recorder: Recorder,
        *,
        capacity: int,
        metrics: CollectorRegistry,
        capacity_bytes: int = DEFAULT_CAPACITY_BYTES,
        pace_s: float = PACE_S,
    ) -> None:
        self._recorder = recorder
        self._pace_s = pace_s
        self._capacity = capacity
        self._capacity_bytes = capacity_bytes
        self._held = _Held()
        """All that waits or is being recorded."""
        self._held_of: dict[str, _Held] = {}
        """The same by app."""
        self._queue = FairQueue[_Waiting]()
        self._long = FairQueue[_Waiting]()
        """Those that cannot take the fast path."""
        self._recent: tuple[set[str], set[str]] = (set(), set())
        """The apps that sent in the current period of `RECENT_S`, and those of the one before."""
        self._turns_at = 0.0
        self._has_work = asyncio.Event()
        self._is_closing = False
        self._events = Counter(
            "aftercall_intake_events", "Events taken in, by outcome.", ["status"], registry=metrics
        )
        self._group = Histogram(
            "aftercall_intake_group_deliveries",
            "Deliveries recorded in one transaction.",
            buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000),
            registry=metrics,
        )
        self._commit = Histogram(
            "aftercall_intake_commit_seconds",
            "Time of a transaction that records deliveries, with the wait for its turn.",
            buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10),
            registry=metrics,
        )
        self._refused = Counter(
            "aftercall_intake_refused",
            "Deliveries refused because too much waits for the disk, by reason.",
            ["reason"],
            registry=metrics,
        )
        waiting = Gauge(
            "aftercall_intake_waiting", "Deliveries waiting for the disk.", registry=metrics
        )
        waiting.set_function(self._count_waiting)

    async def submit(self, delivery: Delivery) -> Receipt:
        """Record a delivery; returns its receipt, once it is on disk.

        Raises `Busy` when too many wait already, or when the server is stopping, and `Bug` when
        the delivery itself cannot be recorded.
        """
        app_id = delivery.app_id
        own = self._held_of.get(app_id)
        self._check_room(delivery, own or NOTHING)
        answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._queue.add(app_id, len(delivery.events) or 1, self._hold(delivery, answer, own))
        self._recent[0].add(app_id)
        self._has_work.set()
        return await answer

    async def submit_in_parts(self, delivery: Delivery) -> Sequence[Outcome]:
        """Record a backend's delivery, part after part in the order of time; returns an outcome for
        each event, once all are on disk.

        Raises as `submit` does; parts that were recorded by then stay, and are duplicates when they
        are sent again.
        """
        outcomes: dict[int, Outcome] = {}
        for places in _parts(delivery.events):
            part = replace(delivery, events=[delivery.events[place] for place in places])
            receipt = await self.submit(part)
            outcomes.update(zip(places, receipt.outcomes, strict=True))
        return [outcomes[place] for place in range(len(delivery.events))]

    def _check_room(self, delivery: Delivery, own: _Held) -> None:
        """Raises `Busy` when what waits fills the queue, or the app's `own` part of it, by number
        or by bytes. A single delivery always fits into an empty queue."""
        reason = None
        held = self._held
        left, bytes_left = self._capacity - held.number, self._capacity_bytes - held.size_bytes
        if self._is_closing:
            reason = "closing"
        elif left <= 0:
            reason = "number"
        elif held.size_bytes and delivery.size_bytes > bytes_left:
            reason = "bytes"
        elif own.number >= GREED * left:
            reason = "app_number"
        elif own.size_bytes and own.size_bytes + delivery.size_bytes > GREED * bytes_left:
            reason = "app_bytes"
        if reason is not None:
            self._refused.labels(reason).inc()
            raise Busy("The server cannot take more in just now: send it again later.")

    def _hold(
        self, delivery: Delivery, answer: asyncio.Future[Receipt], own: _Held | None
    ) -> _Waiting:
        """Count a delivery among what is held; `own`: what is held of its app."""
        if own is None:
            own = self._held_of[delivery.app_id] = _Held()
        held, size_bytes = self._held, delivery.size_bytes
        held.number += 1
        held.size_bytes += size_bytes
        own.number += 1
        own.size_bytes += size_bytes
        return _Waiting(delivery, answer, own)

    def _release(self, waiting: _Waiting) -> None:
        """Remove a delivery from what is held."""
        delivery, held, own = waiting.delivery, self._held, waiting.held
        size_bytes = delivery.size_bytes
        held.number -= 1
        held.size_bytes -= size_bytes
        own.number -= 1
        own.size_bytes -= size_bytes
        if not own.number:
            del self._held_of[delivery.app_id]

    def _are_several(self) -> bool:
        """Whether more than one app sends."""
        now = asyncio.get_running_loop().time()
        if now >= self._turns_at:
            self._recent = (set(), self._recent[0])
            self._turns_at = now + RECENT_S
        return len(self._recent[0] | self._recent[1] | self._held_of.keys()) > 1

    async def run(self) -> None:
        """Record what is submitted until `close`, then what still waits, and return."""
        loop = asyncio.get_running_loop()
        were_several, next_at = False, loop.time()
        while True:
            await self._has_work.wait()
            if not self._count_waiting():
                if self._is_closing:
                    return
                self._has_work.clear()
                continue
            if were_several and self._count_waiting() < ENOUGH:
                # A lone sender is never delayed.
                await asyncio.sleep(next_at - loop.time())
            next_at = loop.time() + self._pace_s
            were_several = self._count_waiting() > 1
            await self._record_plain_reports()
            await self._record_in_parts()

    def _count_waiting(self) -> int:
        return len(self._queue) + len(self._long)

    def close(self) -> None:
        """Refuse further deliveries."""
        self._is_closing = True
        self._has_work.set()

    async def _record_plain_reports(self) -> None:
        """Record the deliveries that take the fast path; the others are queued for
        `_record_in_parts`."""
        group = self._queue.take(
            LARGEST_GROUP, LARGEST_SHARE if self._are_several() else LARGEST_GROUP
        )
        try:
            with self._commit.time():
                receipts = await self._recorder.record_plain_reports([w.delivery for w in group])
        except Unavailable as error:
            # They could not be recorded one by one either.
            for waiting in group:
                self._fail(waiting, error)
            return
        except Exception as error:
            log.warning("express failed", action="intake_express_failed", exc_info=error)
            self._put_off(group)
            return
        self._answer(group, receipts)
        rest = [w for w, receipt in zip(group, receipts, strict=True) if receipt is None]
        self._put_off(rest)
        if len(rest) < len(group):
            self._group.observe(len(group) - len(rest))

    def _put_off(self, group: Sequence[_Waiting]) -> None:
        for waiting in group:
            self._long.add(waiting.delivery.app_id, _long_weight(waiting.delivery), waiting)

    async def _record_in_parts(self) -> None:
        """Record a group of the other deliveries, one by one if they fail together."""
        share = LARGEST_LONG_SHARE if self._are_several() else LARGEST_LONG_GROUP
        group = self._long.take(LARGEST_LONG_GROUP, share)
        if group:
            self._group.observe(len(group))
        if len(group) > 1:
            try:
                with self._commit.time():
                    receipts = await self._recorder.record_deliveries([w.delivery for w in group])
            except Unavailable as error:
                for waiting in group:
                    self._fail(waiting, error)
                return
            except Exception:
                log.warning("group failed", action="intake_group_failed", size=len(group))
            else:
                self._answer(group, receipts)
                return
        for waiting in group:
            await self._record_alone(waiting)

    async def _record_alone(self, waiting: _Waiting) -> None:
        try:
            with self._commit.time():
                receipts = await self._recorder.record_deliveries([waiting.delivery])
        except Exception as error:
            self._fail(waiting, error)
        else:
            self._answer([waiting], receipts)

    def _answer(self, group: Sequence[_Waiting], receipts: Sequence[Receipt | None]) -> None:
        outcomes: list[Outcome] = []
        for waiting, receipt in zip(group, receipts, strict=True):
            if receipt is None:
                continue
            self._release(waiting)
            outcomes += receipt.outcomes
            if not waiting.answer.done():
                waiting.answer.set_result(receipt)
        counts = Counts[Status](outcome.status for outcome in outcomes)
        for status, number in counts.items():
            self._events.labels(status.value).inc(number)

    def _fail(self, waiting: _Waiting, error: Exception) -> None:
        self._release(waiting)
        if isinstance(error, Unavailable):
            # One of its own: raising an error adds to its traceback.
            error = Unavailable(error.message, retry_after_s=error.retry_after_s)
        elif not isinstance(error, AftercallError):
            log.error(
                "delivery failed",
                action="intake_failed",
                app_id=waiting.delivery.app_id,
                source=waiting.delivery.source,
                exc_info=error,
            )
            error = Bug("The delivery could not be recorded.", code="not_recorded")
        if not waiting.answer.done():
            waiting.answer.set_exception(error)


def _long_weight(delivery: Delivery) -> int:
    """How many deliveries of one fact take as long. Reports and notes are appended a thousand at a
    time in 15 ms of processor time; any other fact takes 0.5 to 1.4 ms."""
    return max(1, sum(map(_is_slow, delivery.events)))


def _is_slow(event: AnyEvent) -> bool:
    return not isinstance(event, SampleTaken | PeerEvent)


def _parts(events: Sequence[AnyEvent]) -> list[list[int]]:
    """The places of the events, in the order in which they are taken, cut into parts."""
    parts: list[list[int]] = [[]]
    weight = 0
    for place in sorted(range(len(events)), key=lambda place: turn_of(events[place])):
        weight += _is_slow(events[place])
        if weight > PART_OF_POST:
            parts.append([])
            weight = 1
        parts[-1].append(place)
    return parts
