"""Hours of the week follow the clock of their zone."""

from zoneinfo import ZoneInfo

import pytest

from aftercall.core.alerts.hours import is_within
from aftercall.core.alerts.rules import Day, WeeklyHours
from aftercall.core.instants import parse_iso

WORK: list[Day] = ["mon", "tue", "wed", "thu", "fri"]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-27T07:29:00Z", False),  # Friday 08:29 in Berlin
        ("2026-11-27T07:30:00Z", True),
        ("2026-11-27T16:59:59Z", True),
        ("2026-11-27T17:00:00Z", False),
        ("2026-11-28T10:00:00Z", False),  # Saturday
        ("2026-07-03T06:30:00Z", True),  # the same clock in summer
    ],
)
def test_hours_of_a_day(at: str, expected: bool) -> None:
    hours = WeeklyHours(days=WORK, start="08:30", end="18:00", zone="Europe/Berlin")
    assert is_within([hours], parse_iso(at), ZoneInfo) is expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-27T21:59:00Z", False),
        ("2026-11-27T22:00:00Z", True),
        ("2026-11-28T05:59:00Z", True),  # the night that began on Friday
        ("2026-11-28T06:00:00Z", False),
        ("2026-11-28T23:00:00Z", False),
        ("2026-11-27T05:00:00Z", False),  # that of Thursday
    ],
)
def test_hours_over_midnight_belong_to_the_day_on_which_they_begin(at: str, expected: bool) -> None:
    hours = WeeklyHours(days=["fri"], start="22:00", end="06:00")
    assert is_within([hours], parse_iso(at), ZoneInfo) is expected


def test_whole_days_and_no_hours() -> None:
    at = parse_iso("2026-11-27T23:59:59Z")
    assert is_within([WeeklyHours(days=["fri"])], at, ZoneInfo)
    assert not is_within([], at, ZoneInfo)
