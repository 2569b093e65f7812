"""Moments and lengths of time.

A moment is an integer of milliseconds since 1970-01-01T00:00:00Z, as in `DOMTimeStamp`
and the `timestamp` member of a getStats report. It carries no zone; zones belong to readers.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, NewType

EpochMs = NewType("EpochMs", int)

Clock = Callable[[], EpochMs]
"""Says what time it is; owned by the composition root."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)

SECOND_MS: Final = 1_000
MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000

EARLIEST: Final = EpochMs(946_684_800_000)
"""2000-01-01: earlier than any WebRTC call, so an older claim is a broken clock."""

LATEST: Final = EpochMs(4_102_444_800_000)
"""2100-01-01: a later claim is a broken clock."""


def minutes_between(start: EpochMs, end: EpochMs) -> float:
    """Minutes from `start` to `end` with four decimals, never negative.

    The rounding is RealtimeKit's own: its samples give 5.8097 for 348,580 ms.
    """
    return round(max(0, end - start) / MINUTE_MS, 4)


def is_plausible(moment: int) -> bool:
    """Whether a clock that says `moment` can be believed at all."""
    return EARLIEST <= moment <= LATEST


def day_of(moment: EpochMs) -> int:
    """The UTC day of a moment, as days since 1970-01-01."""
    return moment // DAY_MS


@lru_cache(maxsize=8_192)
def format_iso(moment: EpochMs) -> str:
    """ISO 8601 in UTC with milliseconds: `2019-12-27T18:11:19.117Z`."""
    text = (_EPOCH + timedelta(milliseconds=moment)).isoformat(timespec="milliseconds")
    return f"{text[:23]}Z"


def parse_iso(text: str) -> EpochMs:
    """The inverse of `format_iso`; any offset is understood.

    Raises `ValueError` for other text, `TypeError` where the offset is missing.
    """
    return EpochMs((datetime.fromisoformat(text) - _EPOCH) // _MILLISECOND)
