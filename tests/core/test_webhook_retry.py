"""When a delivery is tried again, and when its receiver is left alone."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.instants import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, EpochMs
from aftercall.core.webhook_retry import (
    DELAYS_MS,
    FAILURES_BEFORE_PAUSE,
    LONGEST_RETRY_AFTER_MS,
    PAUSES_MS,
    AttemptVerdict,
    next_attempt,
    pause_after,
    verdict_of,
)
from aftercall.core.webhooks import KEPT_TRYING_MS

NEVER = EpochMs(2**53)


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (None, AttemptVerdict.FAILED),
        (200, AttemptVerdict.ACCEPTED),
        (204, AttemptVerdict.ACCEPTED),
        (299, AttemptVerdict.ACCEPTED),
        (301, AttemptVerdict.REFUSED),
        (307, AttemptVerdict.REFUSED),
        (400, AttemptVerdict.REFUSED),
        (401, AttemptVerdict.REFUSED),
        (408, AttemptVerdict.FAILED),
        (410, AttemptVerdict.GONE),
        (425, AttemptVerdict.FAILED),
        (429, AttemptVerdict.FAILED),
        (500, AttemptVerdict.FAILED),
        (503, AttemptVerdict.FAILED),
        (599, AttemptVerdict.FAILED),
    ],
)
def test_what_a_status_is(status: int | None, verdict: AttemptVerdict) -> None:
    assert verdict_of(status) is verdict


def test_attempts_are_made_over_a_day_and_then_no_more() -> None:
    last_ms = list(accumulate(DELAYS_MS))[-1]
    assert 23 * HOUR_MS < last_ms < KEPT_TRYING_MS
    failed_at = EpochMs(0)
    for attempts, delay_ms in enumerate(DELAYS_MS, 1):
        assert next_attempt(attempts, failed_at, expires_at=NEVER) == failed_at + delay_ms
    assert next_attempt(len(DELAYS_MS) + 1, failed_at, expires_at=NEVER) is None


def test_what_is_a_day_old_is_not_tried_again() -> None:
    assert next_attempt(1, EpochMs(DAY_MS), expires_at=EpochMs(DAY_MS)) is None


@given(
    attempts=st.integers(1, len(DELAYS_MS)),
    asked_s=st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True)),
)
def test_a_receiver_may_ask_for_a_longer_wait_and_for_none_shorter(
    attempts: int, asked_s: float | None
) -> None:
    due = next_attempt(attempts, EpochMs(0), expires_at=NEVER, retry_after_s=asked_s)
    assert due is not None
    assert DELAYS_MS[attempts - 1] <= due <= max(LONGEST_RETRY_AFTER_MS, *DELAYS_MS)


def test_retry_after_is_obeyed() -> None:
    due = next_attempt(1, EpochMs(0), expires_at=NEVER, retry_after_s=90)
    assert due == 90 * SECOND_MS
    assert pause_after(1, EpochMs(0), retry_after_s=90) == 90 * SECOND_MS


def test_a_receiver_that_fails_on_and_on_is_left_alone_for_longer_and_longer() -> None:
    pauses = [pause_after(failures, EpochMs(0)) for failures in range(1, 12)]
    assert pauses[: FAILURES_BEFORE_PAUSE - 1] == [None] * (FAILURES_BEFORE_PAUSE - 1)
    known = [pause for pause in pauses if pause is not None]
    assert known == sorted(known)
    assert known[0] == PAUSES_MS[0]
    assert known[-1] == 5 * MINUTE_MS
