"""Watches in which time this process could receive and record what its senders sent."""

from collections.abc import Callable
from typing import Final

import structlog
from msgspec.structs import replace

from aftercall.core.errors import Unavailable
from aftercall.core.instants import SECOND_MS, Clock, EpochMs
from aftercall.core.lifecycle.downtime import SKEW_MS, STEP_MS, Downtime
from aftercall.store.checks.clock_repair import pull_back
from aftercall.store.engine.database import Database

STALL_MS: Final = 5 * SECOND_MS
"""A look that comes so much later than the one before was held up: the process was suspended, or
its event loop stood still. Looks are taken every second."""

STRAGGLERS_S: Final = 30.0
"""How long after a clock was set back something may be recorded that came before; chosen: nothing
waits for its turn as long."""

log = structlog.get_logger(__name__)


class DowntimeWatch:
    """Keeps the `Downtime` of one process up to date; `look` is to be called every second."""

    def __init__(self, db: Database, *, clock: Clock, seconds: Callable[[], float]) -> None:
        self._db = db
        self._clock = clock
        self._seconds = seconds
        self._at, self._second = clock(), seconds()
        self._hearing = Downtime(listening_since=self._at)
        self._stragglers_until_s = self._second

    async def begin(self) -> None:
        """Put right what a clock wrote that was set back while nothing ran here."""
        async with self._db.write() as tx:
            await pull_back(tx, self._clock(), tolerance_ms=SKEW_MS)

    async def look(self) -> Downtime:
        """The hearing as of now.

        Raises `Unavailable` when the clock was set back and the database cannot be written to;
        the next call tries again.
        """
        at, second = self._clock(), self._seconds()
        passed_ms = round((second - self._second) * SECOND_MS)
        step_ms = at - self._at - passed_ms
        if step_ms < -STEP_MS:
            await self._put_right(at, -step_ms)
            self._hearing = Downtime(listening_since=at)
            self._stragglers_until_s = second + STRAGGLERS_S
        elif step_ms > STEP_MS or passed_ms > SECOND_MS + STALL_MS:
            self._log_gap(step_ms, passed_ms)
            self._hearing = self._hearing.with_span(self._at, at)
        elif second < self._stragglers_until_s:
            async with self._db.write() as tx:
                await pull_back(tx, at, tolerance_ms=SKEW_MS)
        self._at, self._second = at, second
        for since, until in await self._outages(second):
            self._hearing = self._hearing.with_span(self._wall(since), self._wall(until))
        self._hearing = replace(self._hearing, known_until=at)
        return self._hearing

    async def _put_right(self, now: EpochMs, step_ms: int) -> None:
        log.warning("clock set back", action="clock_set_back", step_s=step_ms // SECOND_MS)
        async with self._db.write() as tx:
            await pull_back(tx, now, step_ms=step_ms)

    def _log_gap(self, step_ms: int, passed_ms: int) -> None:
        if step_ms > STEP_MS:
            log.warning(
                "clock set forward", action="clock_set_forward", step_s=step_ms // SECOND_MS
            )
        else:
            log.warning("held up", action="process_held_up", for_s=passed_ms // SECOND_MS)

    async def _outages(self, second: float) -> list[tuple[float, float]]:
        """The outages that ended since the last look, and the part so far of one that goes on."""
        availability = self._db.availability
        if availability.away_since is not None:
            await self._probe()
        ended = availability.take_ended()
        if availability.away_since is None:
            return ended
        return [*ended, (availability.away_since, second)]

    async def _probe(self) -> None:
        """Try whether the database takes writes again, in case nobody else does."""
        try:
            await self._db.is_current()
        except Unavailable:
            return

    def _wall(self, second: float) -> EpochMs:
        """The wall clock's time at a moment of the clock that never jumps."""
        return EpochMs(self._at - round((self._second - second) * SECOND_MS))
