"""Whether the database takes writes, and the one log line at each end of an outage."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final

import structlog

from aftercall.core.errors import SerializationConflict, Unavailable
from aftercall.store.engine.failures import PassingFailure

RETRY_AFTER_S: Final = 2
"""Seconds after which a refused client should retry. Chosen: PostgreSQL takes about as long to
restart."""

log = structlog.get_logger(__name__)


def unavailable() -> Unavailable:
    """The error while the database is unavailable."""
    return Unavailable(
        "The database cannot be reached or written to just now: send it again later.",
        retry_after_s=RETRY_AFTER_S,
    )


class Availability:
    """Learns from every transaction of one process how the database is.

    An outage begins with the start of the first transaction that failed, and ends with the first
    one after it that committed a write, or, where only reads had failed, that read.
    """

    def __init__(self, *, seconds: Callable[[], float] = monotonic) -> None:
        self.seconds = seconds
        """A clock that never jumps."""
        self._since: float | None = None
        self._refuses_writes = False
        self._refused = 0
        self._is_trying = False
        self._ended: list[tuple[float, float]] = []

    @property
    def away_since(self) -> float | None:
        """The start of the current outage, by `seconds`; `None` without one."""
        return self._since

    def take_ended(self) -> list[tuple[float, float]]:
        """The outages that ended since the last call, begin and end by `seconds`."""
        ended, self._ended = self._ended, []
        return ended

    def failed(self, failure: PassingFailure, *, began_at: float, is_write: bool) -> Unavailable:
        """Note a transaction that failed for now; the error to raise in its place."""
        if failure.is_outage:
            self._refused += 1
            self._refuses_writes |= is_write
            if self._since is None:
                self._since = began_at
                log.warning("database unavailable", action="database_away", reason=failure.reason)
            return unavailable()
        return SerializationConflict(
            "The database is busy with conflicting requests: send it again later.",
            retry_after_s=1,
        )

    @contextmanager
    def one_try(self) -> Iterator[None]:
        """During an outage, lets one write at a time find out whether it is over.

        Raises `Unavailable` for the others, which would only queue up behind it.
        """
        if self._since is None:
            yield
            return
        if self._is_trying:
            self._refused += 1
            raise unavailable()
        self._is_trying = True
        try:
            yield
        finally:
            self._is_trying = False

    def worked(self, *, is_write: bool) -> None:
        """Note a transaction that came to its end."""
        if self._since is None or (self._refuses_writes and not is_write):
            return
        since, now = self._since, self.seconds()
        log.warning(
            "database back",
            action="database_back",
            away_s=round(now - since, 1),
            refused_transactions=self._refused,
        )
        self._ended.append((since, now))
        self._since, self._refuses_writes, self._refused = None, False, 0
