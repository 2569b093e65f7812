"""The time scale of a session: equal buckets for sparklines, timelines and levels."""

from collections.abc import Sequence
from typing import Final

import msgspec

from aftercall.core.instants import HOUR_MS, MINUTE_MS, SECOND_MS, EpochMs
from aftercall.core.records import Participant, Session

MOST_BUCKETS: Final = 360

_STEPS: Final = tuple(
    EpochMs(step)
    for step in (
        10 * SECOND_MS,
        15 * SECOND_MS,
        30 * SECOND_MS,
        MINUTE_MS,
        2 * MINUTE_MS,
        5 * MINUTE_MS,
        10 * MINUTE_MS,
        30 * MINUTE_MS,
        HOUR_MS,
    )
)


class TimeScale(msgspec.Struct, frozen=True, kw_only=True):
    """Time in buckets: bucket `i` begins at `from_at + i * bucket_ms`."""

    from_at: EpochMs
    bucket_ms: int
    buckets: int

    @property
    def to_at(self) -> EpochMs:
        """The end of the last bucket."""
        return EpochMs(self.from_at + self.buckets * self.bucket_ms)


def scale_of(from_at: EpochMs, to_at: EpochMs) -> TimeScale:
    """A scale of at most 360 buckets, none shorter than the usual distance of two reports."""
    span_ms = max(1, to_at - from_at)
    needed_ms = -(-span_ms // MOST_BUCKETS)
    bucket_ms: int = next((step for step in _STEPS if step >= needed_ms), 0)
    if not bucket_ms:
        bucket_ms = -(-needed_ms // HOUR_MS) * HOUR_MS
    return TimeScale(from_at=from_at, bucket_ms=bucket_ms, buckets=-(-span_ms // bucket_ms))


def scale_of_session(session: Session, rows: Sequence[Participant], now: EpochMs) -> TimeScale:
    """The scale of a session, from its first participant to its end, or to `now`."""
    from_at = min([session.started_at, *(row.joined_at for row in rows)])
    ends = [session.ended_at or now, *(row.left_at for row in rows if row.left_at is not None)]
    return scale_of(from_at, EpochMs(max(from_at + 1, *ends)))
