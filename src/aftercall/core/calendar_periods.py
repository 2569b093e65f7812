"""Months and weeks as the clocks of a time zone have them."""

import re
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final, NamedTuple

from aftercall.core.instants import DAY_MS, SECOND_MS, EpochMs, day_of

_MONTH: Final = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")
_WEEK_DAYS: Final = 7


class PeriodKind(StrEnum):
    """How long a period is. A week begins on Monday, as in ISO 8601."""

    WEEK = "week"
    MONTH = "month"


class CalendarPeriod(NamedTuple):
    """A week or month from `start` to before `end`; the name is as in ISO 8601: `2026-11`,
    `2026-W48`."""

    name: str
    start: EpochMs
    end: EpochMs


class PartDay(NamedTuple):
    """The part of a UTC day from `start` to before `end`."""

    day: int
    start: EpochMs
    end: EpochMs


class UtcDays(NamedTuple):
    """A span of time as whole UTC days, of which there may be none (`first` is after `last`), and
    the parts of days before and after them."""

    first: int
    last: int
    parts: tuple[PartDay, ...]


def month_named(name: str, zone: tzinfo) -> CalendarPeriod | None:
    """The month of a name as `2026-11`; `None` if it is no such name."""
    found = _MONTH.fullmatch(name)
    return None if found is None else _month(int(found[1]), int(found[2]), zone)


def periods_until(
    kind: PeriodKind, until: EpochMs, count: int, zone: tzinfo
) -> list[CalendarPeriod]:
    """So many periods, the earliest first; `until` is in the last."""
    local = datetime.fromtimestamp(until // SECOND_MS, zone)
    if kind is PeriodKind.MONTH:
        months = local.year * 12 + local.month - 1
        return [
            _month(month // 12, month % 12 + 1, zone)
            for month in range(months - count + 1, months + 1)
        ]
    monday = local.date() - timedelta(days=local.weekday())
    return [
        _week(monday - timedelta(days=_WEEK_DAYS * back), zone) for back in range(count - 1, -1, -1)
    ]


def _month(year: int, month: int, zone: tzinfo) -> CalendarPeriod:
    following = (year + 1, 1) if month == 12 else (year, month + 1)
    return CalendarPeriod(
        f"{year}-{month:02}", _midnight(year, month, 1, zone), _midnight(*following, 1, zone)
    )


def _week(monday: date, zone: tzinfo) -> CalendarPeriod:
    year, week, _ = monday.isocalendar()
    following = monday + timedelta(days=_WEEK_DAYS)
    return CalendarPeriod(
        f"{year}-W{week:02}",
        _midnight(monday.year, monday.month, monday.day, zone),
        _midnight(following.year, following.month, following.day, zone),
    )


def _midnight(year: int, month: int, day: int, zone: tzinfo) -> EpochMs:
    return EpochMs(round(datetime(year, month, day, tzinfo=zone).timestamp()) * SECOND_MS)


def utc_days_of(start: EpochMs, end: EpochMs) -> UtcDays:
    """A span that is not empty, divided at UTC midnights."""
    first, last = -(-start // DAY_MS), end // DAY_MS - 1
    parts = []
    if first > last + 1:  # Within one day.
        parts = [PartDay(day_of(start), start, end)]
    else:
        if start < first * DAY_MS:
            parts.append(PartDay(first - 1, start, EpochMs(first * DAY_MS)))
        if (last + 1) * DAY_MS < end:
            parts.append(PartDay(last + 1, EpochMs((last + 1) * DAY_MS), end))
    return UtcDays(first, last, tuple(parts))
