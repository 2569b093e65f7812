"""When a failed job is tried again."""

from typing import Final

from aftercall.core.instants import DAY_MS, SECOND_MS, EpochMs

MOST_ATTEMPTS: Final = 8
"""A job that failed this often is dead: it stays visible, can be revived, and is not tried
again."""

_FIRST_MS: Final = 2 * SECOND_MS


def next_try(attempts: int, failed_at: EpochMs) -> EpochMs | None:
    """The instant at which a job that failed for the `attempts`-th time (from 1) is due again,
    `None` if it is dead. The delay is 2 s after the first failure, triples with each further one,
    and is a day at most."""
    if attempts >= MOST_ATTEMPTS:
        return None
    return EpochMs(failed_at + min(_FIRST_MS * 3 ** max(0, attempts - 1), DAY_MS))
