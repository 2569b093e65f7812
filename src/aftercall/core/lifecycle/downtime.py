"""When a node could receive from its senders, and for how long a sender was silent.

A sender is silent only while the node could have received and recorded something from it. The
database may have refused writes, the process may have been suspended, the event loop may have
stalled or the wall clock may have jumped: such downtime counts for no sender's silence and delays
every deadline.
"""

from typing import Final

import msgspec
from msgspec.structs import replace

from aftercall.core.instants import DAY_MS, SECOND_MS, EpochMs

REMEMBERED_MS: Final = DAY_MS
"""Downtime that ended longer ago is forgotten. Chosen: six times the longest silence allowed."""

SKEW_MS: Final = 60 * SECOND_MS
"""The largest difference between the clocks of two nodes. Chosen."""

STEP_MS: Final = 2 * SECOND_MS
"""A wall clock that differs by this much from the monotonic clock was set."""

DownSpan = tuple[EpochMs, EpochMs]


class Downtime(msgspec.Struct, frozen=True, kw_only=True):
    """Since when a node receives, and when it was down since then."""

    listening_since: EpochMs = EpochMs(0)
    down_spans: tuple[DownSpan, ...] = ()
    """Disjoint spans, ascending."""
    known_until: EpochMs | None = None
    """The last instant at which the node checked whether it could receive; `None` for a node that
    always can."""

    def down_ms(self, start_at: EpochMs, end_at: EpochMs) -> int:
        """Downtime between two instants, in ms."""
        return sum(
            max(0, min(end, end_at) - max(start, start_at)) for start, end in self.down_spans
        )

    def silent_ms(self, last_received_at: EpochMs, now: EpochMs) -> int:
        """How long nothing was received, in ms, downtime excluded.

        If the last receipt lies far in the future, the clock that stamped it was set back since,
        and the stamp is ignored.
        """
        since = self.listening_since
        if last_received_at <= now + SKEW_MS:
            since = EpochMs(max(since, last_received_at))
        return max(0, now - since - self.down_ms(since, now))

    def postponed(self, deadline_at: EpochMs, *, since: EpochMs, now: EpochMs) -> EpochMs:
        """A deadline that counts from `since`, delayed by the downtime that has passed by `now`."""
        return EpochMs(deadline_at + self.down_ms(since, now))

    def as_of(self, now: EpochMs) -> "Downtime":
        """The downtime as known at `now`.

        The time since the last check counts for no sender's silence: the process may have been
        suspended in it, or the clock set. With a clock behind the last check, nothing is known.
        """
        if self.known_until is None:
            return self
        if now < self.known_until - STEP_MS:
            return Downtime(listening_since=now, known_until=now)
        return self.with_span(self.known_until, now)

    def with_span(self, start_at: EpochMs, end_at: EpochMs) -> "Downtime":
        """A copy with one more down span; spans older than `REMEMBERED_MS` are dropped."""
        first_at = EpochMs(max(start_at, self.listening_since))
        if end_at <= first_at:
            return self
        apart = [s for s in self.down_spans if s[1] < first_at or s[0] > end_at]
        touching = [s for s in self.down_spans if not (s[1] < first_at or s[0] > end_at)]
        merged = (
            EpochMs(min([first_at, *(start for start, _ in touching)])),
            EpochMs(max([end_at, *(end for _, end in touching)])),
        )
        kept = (s for s in sorted([*apart, merged]) if s[1] > end_at - REMEMBERED_MS)
        return replace(self, down_spans=tuple(kept))
