import pytest

from aftercall.core.errors import Busy
from aftercall.core.instants import EpochMs
from aftercall.web.http.rest_rate_limit import WINDOW_MS, TokenLimits
from tests.manual_clock import ManualClock


def test_remaining_requests_are_counted_down() -> None:
    limits = TokenLimits(per_window=2, clock=ManualClock())
    headers: dict[str, str] = {}
    limits.spend("t", headers)
    assert headers == {
        "x-ratelimit-limit": "2",
        "x-ratelimit-remaining": "1",
        "x-ratelimit-reset": "Sat, 21 Nov 2026 12:05:00 GMT",
        "ratelimit": '"default";r=1;t=300',
        "ratelimit-policy": '"default";q=2;w=300',
    }


def test_a_request_beyond_the_limit_is_refused_with_retry_after() -> None:
    clock = ManualClock()
    limits = TokenLimits(per_window=1, clock=clock)
    limits.spend("t", {})
    clock.now = EpochMs(clock.now + 1_500)
    headers: dict[str, str] = {}
    with pytest.raises(Busy) as busy:
        limits.spend("t", headers)
    assert busy.value.code == "rate_limited"
    assert busy.value.retry_after_s == 299
    assert headers["x-ratelimit-remaining"] == "0"
    limits.spend("other", {})


def test_a_new_window_has_the_full_limit() -> None:
    clock = ManualClock()
    limits = TokenLimits(per_window=1, clock=clock)
    limits.spend("t", {})
    clock.now = EpochMs(clock.now + WINDOW_MS)
    limits.spend("t", {})


def test_without_a_limit_requests_are_not_counted() -> None:
    limits = TokenLimits(per_window=0, clock=ManualClock())
    headers: dict[str, str] = {}
    for _ in range(10):
        limits.spend("t", headers)
    assert headers == {}
