"""Over which time a node could hear its senders, and how long somebody has been silent in it.

A sender is silent only while the node could have heard and recorded a word from it. Time in which
the database refused writes, the process was suspended, the event loop stood still or the wall
clock jumped is deaf time; it counts for nobody's silence and runs down no deadline.
"""

from typing import Final

import msgspec
from msgspec.structs import replace

from aftercall.core.instants import DAY_MS, SECOND_MS, EpochMs

REMEMBERED_MS: Final = DAY_MS
"""Deaf time that ended longer ago is forgotten; chosen: six times the longest silence allowed."""

SKEW_MS: Final = 60 * SECOND_MS
"""How far the clocks of two nodes may be apart; chosen."""

STEP_MS: Final = 2 * SECOND_MS
"""A wall clock that disagrees so much with the one that never jumps was set."""

DownSpan = tuple[EpochMs, EpochMs]


class Downtime(msgspec.Struct, frozen=True, kw_only=True):
    """Since when a node listens, and when it was deaf since then."""

    listening_since: EpochMs = EpochMs(0)
    deaf: tuple[DownSpan, ...] = ()
    """Disjoint spans in order of time."""
    known_until: EpochMs | None = None
    """When the node last looked whether it could hear; `None` for one that always can."""

    def down_ms(self, start_at: EpochMs, end_at: EpochMs) -> int:
        """How much of that time was deaf, in ms."""
        return sum(max(0, min(end, end_at) - max(start, start_at)) for start, end in self.deaf)

    def silent_ms(self, last_received_at: EpochMs, now: EpochMs) -> int:
        """For how much audible time nothing was received, in ms.

        A last sign that lies far in the future was stamped by a clock that was set back since: it
        says nothing about when it came.
        """
        since = self.listening_since
        if last_received_at <= now + SKEW_MS:
            since = EpochMs(max(since, last_received_at))
        return max(0, now - since - self.down_ms(since, now))

    def postponed(self, deadline_at: EpochMs, *, since: EpochMs, now: EpochMs) -> EpochMs:
        """A deadline that runs from `since`, later by the deaf time that has passed by `now`."""
        return EpochMs(deadline_at + self.down_ms(since, now))

    def as_of(self, now: EpochMs) -> "Downtime":
        """The same with what is known at `now`.

        The time since the last look counts for nobody's silence: the process may have been
        suspended in it, or the clock set. With a clock that is behind that look, nothing is known.
        """
        if self.known_until is None:
            return self
        if now < self.known_until - STEP_MS:
            return Downtime(listening_since=now, known_until=now)
        return self.with_span(self.known_until, now)

    def with_span(self, start_at: EpochMs, end_at: EpochMs) -> "Downtime":
        """The same with one more deaf span; spans long past are dropped."""
        first_at = EpochMs(max(start_at, self.listening_since))
        if end_at <= first_at:
            return self
        apart = [s for s in self.deaf if s[1] < first_at or s[0] > end_at]
        touching = [s for s in self.deaf if not (s[1] < first_at or s[0] > end_at)]
        merged = (
            EpochMs(min([first_at, *(start for start, _ in touching)])),
            EpochMs(max([end_at, *(end for _, end in touching)])),
        )
        kept = (s for s in sorted([*apart, merged]) if s[1] > end_at - REMEMBERED_MS)
        return replace(self, deaf=tuple(kept))
