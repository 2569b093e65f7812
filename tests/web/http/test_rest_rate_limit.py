import pytest

from aftercall.core.errors import Busy
from aftercall.core.instants import EpochMs
from aftercall.web.http.rest_rate_limit import WINDOW_MS, TokenLimits


class HandClock:
    now = EpochMs(1_795_262_400_000)

    def __call__(self) -> EpochMs:
        return self.now


def test_requests_within_the_limit_are_counted_down() -> None:
    limits = TokenLimits(per_window=2, clock=HandClock())
    headers: dict[str, str] = {}
    limits.spend("t", headers)
    assert headers == {
        "x-ratelimit-limit": "2",
        "x-ratelimit-remaining": "1",
        "x-ratelimit-reset": "Sat, 21 Nov 2026 12:05:00 GMT",
        "ratelimit": '"default";r=1;t=300',
        "ratelimit-policy": '"default";q=2;w=300',
    }


def test_one_request_too_many_is_told_when_to_come_back() -> None:
    clock = HandClock()
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


def test_a_new_window_begins_with_a_full_purse() -> None:
    clock = HandClock()
    limits = TokenLimits(per_window=1, clock=clock)
    limits.spend("t", {})
    clock.now = EpochMs(clock.now + WINDOW_MS)
    limits.spend("t", {})


def test_without_a_limit_nothing_is_counted() -> None:
    limits = TokenLimits(per_window=0, clock=HandClock())
    headers: dict[str, str] = {}
    for _ in range(10):
        limits.spend("t", headers)
    assert headers == {}
