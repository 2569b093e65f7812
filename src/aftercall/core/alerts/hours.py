"""Whether an instant lies within hours of the week."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo

from aftercall.core.alerts.rules import DAYS, WeeklyHours
from aftercall.core.instants import EpochMs

FindZone = Callable[[str], tzinfo]
"""The time zone of a name."""


def is_within(hours: Sequence[WeeklyHours], at: EpochMs, find_zone: FindZone) -> bool:
    """Whether any of the hours contain the instant."""
    return any(_contains(each, at, find_zone(each.zone)) for each in hours)


def _contains(hours: WeeklyHours, at: EpochMs, zone: tzinfo) -> bool:
    local = datetime.fromtimestamp(at / 1_000, UTC).astimezone(zone)
    minute = local.hour * 60 + local.minute
    start, end = _minute(hours.start), _minute(hours.end)
    today, before = DAYS[local.weekday()], DAYS[local.weekday() - 1]
    if start < end:
        return today in hours.days and start <= minute < end
    return (today in hours.days and minute >= start) or (before in hours.days and minute < end)


def _minute(clock: str) -> int:
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)
