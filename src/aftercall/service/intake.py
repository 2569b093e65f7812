"""Group commit: what waits while one transaction runs goes into the next.

A delivery is acknowledged only after the commit that holds it. Of what waits, plain reports have
one transaction (`service.express`), some of the others the next. Should one fail, its deliveries
are recorded one by one, so that one that cannot be recorded takes no other down.
"""

import asyncio
from collections import Counter as Counts
from collections.abc import Sequence
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from aftercall.core.errors import AftercallError, Bug, Busy, Unavailable
from aftercall.service.deliveries import Delivery, Receipt, Status
from aftercall.service.record import Recorder

LARGEST_GROUP: Final = 1_000
"""Plain deliveries in one transaction; more would make the first of them wait too long."""

LARGEST_LONG_GROUP: Final = 100
"""Other deliveries in one transaction; each takes as long as some thirty plain ones, which should
not wait for a crowd that joins."""

DEFAULT_CAPACITY_BYTES: Final = 64 * 1024 * 1024
"""Of bodies that may wait. The facts read from a body take some four times its size; chosen: a
flood of the largest bodies then stays below 400 MB."""

PACE_S: Final = 0.01
"""At least so far apart begin small groups of several senders: a group costs as much as some
deliveries, and a quick disk would get one of two or three at a time. Chosen: a third of the work
less at 1,400 a second, for an answer that comes 7 ms later."""

ENOUGH: Final = 32
"""So many deliveries are worth a group at once."""

log = structlog.get_logger(__name__)


class _Waiting:
    __slots__ = ("answer", "delivery")

    def __init__(self, delivery: Delivery, answer: asyncio.Future[Receipt]) -> None:
        self.delivery = delivery
        self.answer = answer


class Intake:
    """Takes deliveries in, many at a time."""

    def __init__(
        self,
        recorder: Recorder,
        *,
        capacity: int,
        metrics: CollectorRegistry,
        capacity_bytes: int = DEFAULT_CAPACITY_BYTES,
    ) -> None:
        self._recorder = recorder
        self._capacity = capacity
        self._capacity_bytes = capacity_bytes
        self._bytes = 0
        """Of the bodies whose deliveries wait."""
        self._queue: list[_Waiting] = []
        self._long: list[_Waiting] = []
        """Those that cannot go the express way."""
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

    async def take(self, delivery: Delivery) -> Receipt:
        """Record a delivery; its receipt, once it is on disk.

        Raises `Busy` when too many wait already, or when the server is stopping, and `Bug` when
        the delivery itself cannot be recorded.
        """
        self._check_room(delivery)
        waiting = _Waiting(delivery, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._bytes += delivery.size_bytes
        self._has_work.set()
        try:
            return await waiting.answer
        finally:
            self._bytes -= delivery.size_bytes

    def _check_room(self, delivery: Delivery) -> None:
        """Raises `Busy` when what waits already fills the queue, by number or by bytes. A single
        delivery always fits into an empty queue."""
        is_full = self._count_waiting() >= self._capacity
        is_heavy = self._bytes > 0 and self._bytes + delivery.size_bytes > self._capacity_bytes
        if self._is_closing or is_full or is_heavy:
            reason = "closing" if self._is_closing else "number" if is_full else "bytes"
            self._refused.labels(reason).inc()
            raise Busy("The server cannot take more in just now: send it again later.")

    async def run(self) -> None:
        """Record what arrives until `close`; then what still waits, and return."""
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
                # Who is alone, as a client that waits for each answer, is not made to wait.
                await asyncio.sleep(next_at - loop.time())
            next_at = loop.time() + PACE_S
            were_several = self._count_waiting() > 1
            await self._record_express()
            await self._record_long()

    def _count_waiting(self) -> int:
        return len(self._queue) + len(self._long)

    def close(self) -> None:
        """Take nothing more in."""
        self._is_closing = True
        self._has_work.set()

    async def _record_express(self) -> None:
        """Record what needs no session; what does goes with those that take longer."""
        group, self._queue = self._queue[:LARGEST_GROUP], self._queue[LARGEST_GROUP:]
        try:
            receipts = await self._recorder.record_express([w.delivery for w in group])
        except Unavailable as error:
            # Nor could they be recorded one by one.
            for waiting in group:
                self._fail(waiting, error)
            return
        except Exception as error:
            log.warning("express failed", action="intake_express_failed", exc_info=error)
            self._long += group
            return
        self._answer(group, receipts)
        rest = [w for w, receipt in zip(group, receipts, strict=True) if receipt is None]
        self._long += rest
        if len(rest) < len(group):
            self._group.observe(len(group) - len(rest))

    async def _record_long(self) -> None:
        """Record the first of those that take longer, one by one should they fail together."""
        group, self._long = self._long[:LARGEST_LONG_GROUP], self._long[LARGEST_LONG_GROUP:]
        if group:
            self._group.observe(len(group))
        if len(group) > 1:
            try:
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
            receipts = await self._recorder.record_deliveries([waiting.delivery])
        except Exception as error:
            self._fail(waiting, error)
        else:
            self._answer([waiting], receipts)

    def _answer(self, group: Sequence[_Waiting], receipts: Sequence[Receipt | None]) -> None:
        counts = Counts[Status]()
        for waiting, receipt in zip(group, receipts, strict=True):
            if receipt is None:
                continue
            counts.update([outcome.status for outcome in receipt.outcomes])
            if not waiting.answer.done():
                waiting.answer.set_result(receipt)
        for status, number in counts.items():
            self._events.labels(status.value).inc(number)

    def _fail(self, waiting: _Waiting, error: Exception) -> None:
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
