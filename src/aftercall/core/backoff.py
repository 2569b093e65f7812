"""When to try again."""

from typing import Final

from aftercall.core.instants import DAY_MS, SECOND_MS, EpochMs

MOST_ATTEMPTS: Final = 8
"""A job that failed so often is dead: visible, revivable, and no longer in the way."""

_FIRST_MS: Final = 2 * SECOND_MS


def next_try(attempts: int, failed_at: EpochMs) -> EpochMs | None:
    """When a job that failed for the `attempts`-th time (from 1) is due again: after 2 s, then
    three times as long at each failure, a day at most; `None` when it is dead."""
    if attempts >= MOST_ATTEMPTS:
        return None
    return EpochMs(failed_at + min(_FIRST_MS * 3 ** max(0, attempts - 1), DAY_MS))
