"""The limit of REST requests that a token may make in five minutes, and its headers.

Requests are counted in fixed windows, per process: with several processes the limit is that of
each. The headers are those of Cloudflare's API, older (`x-ratelimit-*`) and newer
(draft-ietf-httpapi-ratelimit-headers, whose values are structured fields of RFC 9651).
"""

from dataclasses import dataclass
from typing import Final

from cachetools import TTLCache

from aftercall.core.errors import Busy
from aftercall.core.instants import MINUTE_MS, SECOND_MS, Clock, EpochMs
from aftercall.web.http.errors import RATE_LIMITED, limit_headers

WINDOW_MS: Final = 5 * MINUTE_MS
MOST_TOKENS: Final = 100_000
"""Tokens whose requests are counted at a time."""


@dataclass(slots=True)
class _Window:
    ends_at: EpochMs
    spent: int = 0


class TokenLimits:
    """Counts the requests of each token; a limit of 0 means none."""

    def __init__(self, *, per_window: int, clock: Clock) -> None:
        self._per_window = per_window
        self._clock = clock
        self._windows: TTLCache[str, _Window] = TTLCache(MOST_TOKENS, WINDOW_MS, timer=clock)

    def spend(self, token_id: str, headers: dict[str, str]) -> None:
        """Counts one request and writes its `x-ratelimit-*` into `headers`.

        Raises `Busy` (`rate_limited`) when the window's requests are spent.
        """
        if not self._per_window:
            return
        now = self._clock()
        window = self._window(token_id, now)
        window.spent += 1
        remaining = max(0, self._per_window - window.spent)
        resets_s = -((now - window.ends_at) // SECOND_MS)
        headers |= limit_headers(
            "default",
            limit=self._per_window,
            remaining=remaining,
            window_s=WINDOW_MS // SECOND_MS,
            resets_s=resets_s,
            resets_at=window.ends_at,
        )
        if window.spent > self._per_window:
            raise Busy(
                f"More than {self._per_window} requests in five minutes",
                code=RATE_LIMITED,
                retry_after_s=resets_s,
            )

    def _window(self, token_id: str, now: EpochMs) -> _Window:
        window = self._windows.get(token_id)
        if window is None or window.ends_at <= now:
            window = self._windows[token_id] = _Window(ends_at=EpochMs(now + WINDOW_MS))
        return window
