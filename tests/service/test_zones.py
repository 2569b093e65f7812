"""Days by the clocks of zones."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.errors import Malformed
from aftercall.core.instants import QUARTER_MS, QUARTERS_OF_DAY
from aftercall.service.zones import find_zone, period_of

ZONES = [
    "UTC",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/Havana",
    "Pacific/Kiritimati",
    "Africa/Casablanca",
]
DAYS = st.dates(date(2015, 1, 1), date(2035, 1, 1)).map(lambda day: (day - date(1970, 1, 1)).days)


def local_date(name: str, quarter: int) -> date:
    at = datetime.fromtimestamp(quarter * QUARTER_MS // 1000, UTC)
    return at.astimezone(ZoneInfo(name)).date()


@given(st.sampled_from(ZONES), DAYS, st.integers(0, 40))
def test_the_quarters_of_days_are_those_on_which_the_zone_has_these_dates(
    name: str, first: int, more: int
) -> None:
    zone = find_zone(name)
    clock = zone.clock_of(first, first + more)
    for one, other in pairwise(clock):
        assert one.end == other.first
    period = period_of(clock)
    begins, ends = (date(1970, 1, 1) + timedelta(days=day) for day in (first, first + more))
    assert local_date(name, period.first) == begins
    assert local_date(name, period.end - 1) == ends
    assert local_date(name, period.first - 1) < begins
    assert local_date(name, period.end) > ends
    for span in clock:
        for quarter in (span.first, span.end - 1):
            assert (quarter + span.offset) // QUARTERS_OF_DAY == zone.day_of(quarter)


def test_a_day_on_which_the_clock_is_changed_is_longer_or_shorter() -> None:
    zone = find_zone("Europe/Berlin")
    spring, autumn = ((date(2026, *day) - date(1970, 1, 1)).days for day in ((3, 29), (10, 25)))
    lengths = [
        period.end - period.first
        for day in (spring - 1, spring, autumn)
        for period in [period_of(zone.clock_of(day, day))]
    ]
    assert lengths == [96, 92, 100]


def test_all_offsets_of_a_zone_are_known() -> None:
    assert find_zone("UTC").offsets[0][1] == 0
    assert len(find_zone("Asia/Kolkata").offsets) == 1
    assert {offset for _, offset in find_zone("Europe/Berlin").offsets} == {4, 8}


@pytest.mark.parametrize(
    "name", ["Nowhere", "Europe", "../etc/passwd", "Europe/Berlin ", "x" * 500]
)
def test_a_zone_that_there_is_not_is_refused(name: str) -> None:
    with pytest.raises(Malformed, match="time zone"):
        find_zone(name)
