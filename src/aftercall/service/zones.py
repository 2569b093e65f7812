"""Days and hours by the clocks of time zones."""

from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from aftercall.core.errors import Malformed
from aftercall.core.instants import EARLIEST, LATEST, QUARTER_MS, QUARTERS_OF_DAY, quarter_of
from aftercall.core.overview.periods import Clock, QuarterSpan

_MOST_AHEAD: Final = QUARTERS_OF_DAY
"""Quarters by which no zone is ahead of UTC, or behind."""

_STEP: Final = 7 * QUARTERS_OF_DAY
"""Quarters in which no clock is changed twice; chosen: changes for Ramadan are a month apart."""


class Zone:
    """A time zone of the IANA database."""

    def __init__(self, name: str) -> None:
        """Raises `Malformed` unless there is a zone of this name."""
        try:
            self._info = ZoneInfo(name)
        except (ValueError, OSError, KeyError) as error:
            raise Malformed(
                f'"tz" must be the name of a time zone, such as Europe/Berlin, not {name[:64]}',
                code="bad_zone",
                field="tz",
            ) from error
        self.name = name

    def offset_at(self, quarter: int) -> int:
        """How many quarters the zone's clock is ahead of UTC."""
        at = datetime.fromtimestamp(quarter * QUARTER_MS // 1000, UTC).astimezone(self._info)
        ahead = at.utcoffset()
        assert ahead is not None
        return round(ahead.total_seconds() * 1000 / QUARTER_MS)

    def day_of(self, quarter: int) -> int:
        """The date of a quarter by the zone's clock, in days since 1970-01-01."""
        return (quarter + self.offset_at(quarter)) // QUARTERS_OF_DAY

    def clock_of(self, first_day: int, last_day: int) -> list[Clock]:
        """The quarters of days by the zone's clock, in spans of one offset."""
        start = first_day * QUARTERS_OF_DAY - _MOST_AHEAD
        end = (last_day + 1) * QUARTERS_OF_DAY + _MOST_AHEAD
        spans = []
        while start < end:
            offset = self.offset_at(start)
            stop = self._end_of(start, end, offset)
            first = max(start, first_day * QUARTERS_OF_DAY - offset)
            last = min(stop, (last_day + 1) * QUARTERS_OF_DAY - offset)
            if first < last:
                spans.append(Clock(first, last, offset))
            start = stop
        return spans

    @cached_property
    def offsets(self) -> tuple[tuple[int, int], ...]:
        """All offsets, each with the first quarter that it holds for."""
        found = []
        first, end = quarter_of(EARLIEST), quarter_of(LATEST)
        while first < end:
            offset = self.offset_at(first)
            found.append((first, offset))
            first = self._end_of(first, end, offset)
        return tuple(found)

    def _end_of(self, start: int, end: int, offset: int) -> int:
        """The first quarter of another offset, or the end."""
        at = start
        while at < end:
            next_at = min(at + _STEP, end)
            if self.offset_at(next_at) != offset:
                low, high = at, next_at
                while high - low > 1:
                    middle = (low + high) // 2
                    if self.offset_at(middle) == offset:
                        low = middle
                    else:
                        high = middle
                return high
            at = next_at
        return end


@lru_cache(maxsize=64)
def find_zone(name: str) -> Zone:
    """The zone of a name. Raises `Malformed`."""
    return Zone(name)


def period_of(clock: list[Clock]) -> QuarterSpan:
    """The quarters of spans that follow each other."""
    return QuarterSpan(clock[0].first, clock[-1].end)
