"""When to try again."""

from aftercall.core.instants import DAY_MS, EpochMs
from aftercall.core.job_retry import MOST_ATTEMPTS, next_try

T0 = EpochMs(1_795_000_000_000)


def test_retry_delays_grow_to_a_day_at_most_until_retries_end() -> None:
    waits = [next_try(attempt, T0) for attempt in range(1, MOST_ATTEMPTS)]
    gaps = [due - T0 for due in waits if due is not None]
    assert gaps[:3] == [2_000, 6_000, 18_000]
    assert gaps == sorted(gaps)
    assert max(gaps) <= DAY_MS
    assert next_try(MOST_ATTEMPTS, T0) is None
