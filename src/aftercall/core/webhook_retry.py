"""What follows from an attempt to post a delivery, and when it is tried again."""

from enum import StrEnum
from typing import Final

from aftercall.core.instants import HOUR_MS, MINUTE_MS, SECOND_MS, EpochMs

DELAYS_MS: Final = (
    5 * SECOND_MS,
    30 * SECOND_MS,
    2 * MINUTE_MS,
    10 * MINUTE_MS,
    30 * MINUTE_MS,
    HOUR_MS,
    2 * HOUR_MS,
    4 * HOUR_MS,
    8 * HOUR_MS,
    8 * HOUR_MS,
)
"""The waits between attempts: the eleventh and last is 23 h 42 min after the first."""

FAILURES_BEFORE_PAUSE: Final = 3
PAUSES_MS: Final = (10 * SECOND_MS, 30 * SECOND_MS, MINUTE_MS, 2 * MINUTE_MS, 5 * MINUTE_MS)
"""How long nothing is posted to a receiver after its third failure in a row, and after each one
that follows; the last for all further ones. One delivery is tried after each pause, whichever has
waited longest, so that a dead receiver costs a request in five minutes however much it is owed."""

LONGEST_RETRY_AFTER_MS: Final = 12 * HOUR_MS
"""The longest wait that a receiver may ask for: what it is owed must not be dead by then."""

_GONE: Final = 410
_RETRIED: Final = frozenset({408, 425, 429})


class AttemptVerdict(StrEnum):
    """What an attempt was."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    GONE = "gone"
    """The receiver wants nothing more."""
    FAILED = "failed"
    """It may succeed later."""


def verdict_of(status: int | None) -> AttemptVerdict:
    """The verdict on an HTTP status; `None` is no answer."""
    if status is None or status in _RETRIED or status >= 500:
        return AttemptVerdict.FAILED
    if 200 <= status < 300:
        return AttemptVerdict.ACCEPTED
    return AttemptVerdict.GONE if status == _GONE else AttemptVerdict.REFUSED


def next_attempt(
    attempts: int, failed_at: EpochMs, *, expires_at: EpochMs, retry_after_s: float | None = None
) -> EpochMs | None:
    """When a delivery that failed for the `attempts`-th time (from 1) is tried again; `None` if it
    is dead."""
    if attempts > len(DELAYS_MS) or failed_at >= expires_at:
        return None
    return EpochMs(failed_at + max(DELAYS_MS[attempts - 1], _asked_ms(retry_after_s)))


def pause_after(
    failures: int, failed_at: EpochMs, *, retry_after_s: float | None = None
) -> EpochMs | None:
    """Until when nothing is posted to a receiver that failed so often in a row; `None`: it may be
    tried at once, with another session's news."""
    asked_ms = _asked_ms(retry_after_s)
    further = failures - FAILURES_BEFORE_PAUSE
    pause_ms = PAUSES_MS[min(further, len(PAUSES_MS) - 1)] if further >= 0 else 0
    longest = max(asked_ms, pause_ms)
    return EpochMs(failed_at + longest) if longest else None


def _asked_ms(retry_after_s: float | None) -> int:
    if retry_after_s is None or not retry_after_s > 0:
        return 0
    return int(min(retry_after_s * SECOND_MS, LONGEST_RETRY_AFTER_MS))
