"""Instants and durations.

An instant is an integer of milliseconds since 1970-01-01T00:00:00Z, as in `DOMTimeStamp` and the
`timestamp` member of a getStats report. It carries no time zone; readers choose one.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, NewType

EpochMs = NewType("EpochMs", int)

Clock = Callable[[], EpochMs]
"""Returns the current instant; owned by the composition root."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)

SECOND_MS: Final = 1_000
MINUTE_MS: Final = 60_000
QUARTER_MS: Final = 900_000
"""A quarter of an hour: the clocks of all zones differ by whole quarters."""

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000
QUARTERS_OF_DAY: Final = DAY_MS // QUARTER_MS

EARLIEST: Final = EpochMs(946_684_800_000)
"""2000-01-01: earlier than any WebRTC call, so that an earlier claim comes from a broken clock."""

LATEST: Final = EpochMs(4_102_444_800_000)
"""2100-01-01: a later claim comes from a broken clock."""


def minutes_between(start: EpochMs, end: EpochMs) -> float:
    """Minutes from `start` to `end` with four decimals, never negative.

    The rounding is RealtimeKit's own: its samples give 5.8097 for 348,580 ms.
    """
    return round(max(0, end - start) / MINUTE_MS, 4)


def is_plausible(moment: int) -> bool:
    """Whether an instant lies between `EARLIEST` and `LATEST`."""
    return EARLIEST <= moment <= LATEST


def day_of(moment: EpochMs) -> int:
    """The UTC day of an instant, as days since 1970-01-01."""
    return moment // DAY_MS


def quarter_of(moment: EpochMs) -> int:
    """The quarter hour of an instant, counted since 1970-01-01T00:00:00Z."""
    return moment // QUARTER_MS


def format_day(day: int) -> str:
    """A UTC day, counted since 1970-01-01, in ISO 8601: `2019-12-27`."""
    return format_iso(EpochMs(day * DAY_MS))[:10]


@lru_cache(maxsize=8_192)
def format_iso(moment: EpochMs) -> str:
    """ISO 8601 in UTC with milliseconds: `2019-12-27T18:11:19.117Z`."""
    text = (_EPOCH + timedelta(milliseconds=moment)).isoformat(timespec="milliseconds")
    return f"{text[:23]}Z"


def parse_iso(text: str) -> EpochMs:
    """The inverse of `format_iso`; it accepts any offset.

    Raises `ValueError` for other text, `TypeError` if the offset is missing.
    """
    return EpochMs((datetime.fromisoformat(text) - _EPOCH) // _MILLISECOND)
