"""Months and weeks follow each other without a gap, whatever the clocks of a zone do."""

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.calendar_periods import (
    PeriodKind,
    month_named,
    periods_until,
    utc_days_of,
)
from aftercall.core.instants import DAY_MS, HOUR_MS, EpochMs

ZONES = [
    ZoneInfo(name)
    for name in ("UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns", "America/Santiago",
                 "Pacific/Apia", "Asia/Beirut", "Australia/Lord_Howe")
]  # fmt: skip
moments = st.integers(1_262_304_000_000, 1_900_000_000_000).map(EpochMs)


def at(*parts: int) -> EpochMs:
    return EpochMs(round(datetime(*parts, tzinfo=UTC).timestamp() * 1_000))  # type: ignore[arg-type,misc]


@given(moments, st.sampled_from(PeriodKind), st.sampled_from(ZONES), st.integers(1, 30))
def test_periods_have_no_gap_and_the_last_has_the_moment(
    until: EpochMs, kind: PeriodKind, zone: ZoneInfo, count: int
) -> None:
    found = periods_until(kind, until, count, zone)
    assert len(found) == count
    assert all(one.end == other.start for one, other in pairwise(found))
    assert found[-1].start <= until < found[-1].end
    assert len({each.name for each in found}) == count


@given(moments, st.sampled_from(ZONES))
def test_a_month_is_found_by_its_name(until: EpochMs, zone: ZoneInfo) -> None:
    [month] = periods_until(PeriodKind.MONTH, until, 1, zone)
    assert month_named(month.name, zone) == month


def test_a_month_begins_at_midnight_of_the_zone() -> None:
    month = month_named("2026-11", ZoneInfo("Europe/Berlin"))
    assert month is not None
    assert (month.start, month.end) == (at(2026, 10, 31, 23), at(2026, 11, 30, 23))
    longer = month_named("2026-10", ZoneInfo("Europe/Berlin"))
    assert longer is not None
    assert longer.end - longer.start == 31 * DAY_MS + HOUR_MS


def test_weeks_are_those_of_iso_8601() -> None:
    found = periods_until(PeriodKind.WEEK, at(2027, 1, 3), 2, UTC)
    assert [each.name for each in found] == ["2026-W52", "2026-W53"]
    assert found[-1].start == at(2026, 12, 28)


@pytest.mark.parametrize("name", ["2026-13", "2026-00", "26-11", "2026-11-01", "", "1926-11"])
def test_other_names_name_no_month(name: str) -> None:
    assert month_named(name, UTC) is None


@given(moments, st.integers(1, 3 * DAY_MS))
def test_days_and_parts_of_days_are_the_whole_span(start: EpochMs, length: int) -> None:
    end = EpochMs(start + length)
    days = utc_days_of(start, end)
    spans = [(part.start, part.end) for part in days.parts]
    if days.first <= days.last:
        spans.append((EpochMs(days.first * DAY_MS), EpochMs((days.last + 1) * DAY_MS)))
    spans.sort()
    assert (spans[0][0], spans[-1][1]) == (start, end)
    assert all(one[1] == other[0] for one, other in pairwise(spans))
    assert all(part.day == part.start // DAY_MS == (part.end - 1) // DAY_MS for part in days.parts)
