"""Instants: their text in UTC, days, and which a clock may claim."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.instants import (
    DAY_MS,
    EARLIEST,
    LATEST,
    EpochMs,
    day_of,
    format_day,
    format_iso,
    is_plausible,
    minutes_between,
    parse_iso,
)

instants = st.integers(-DAY_MS, LATEST).map(EpochMs)


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_577_470_279_117, "2019-12-27T18:11:19.117Z"),
        (1_582_934_400_000, "2020-02-29T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
    ],
)
def test_text_is_utc_with_milliseconds(instant: int, text: str) -> None:
    assert format_iso(EpochMs(instant)) == text


@given(instants)
def test_an_instant_is_parsed_from_its_own_text(instant: EpochMs) -> None:
    assert parse_iso(format_iso(instant)) == instant


@given(instants, instants)
def test_texts_sort_as_their_instants(one: EpochMs, other: EpochMs) -> None:
    assert (format_iso(one) < format_iso(other)) == (one < other)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("1970-01-01T02:00:00+02:00", 0),
        ("1969-12-31T19:30:00.5-04:30", 500),
        ("1970-01-01T00:00:00.0019Z", 1),
        ("1970-01-01 00:00:01Z", 1_000),
    ],
)
def test_any_offset_and_fraction_is_parsed(text: str, instant: int) -> None:
    assert parse_iso(text) == instant


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("1970-01-01T00:00:00", TypeError),
        ("yesterday", ValueError),
        ("2021-02-29T00:00:00Z", ValueError),
        ("", ValueError),
    ],
)
def test_text_without_a_zone_or_a_date_is_refused(text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        parse_iso(text)


@pytest.mark.parametrize(
    ("span_ms", "minutes"),
    [(0, 0.0), (348_580, 5.8097), (1, 0.0), (3, 0.0001), (60_000, 1.0), (-5_000, 0.0)],
)
def test_minutes_have_four_decimals_and_are_never_negative(span_ms: int, minutes: float) -> None:
    assert minutes_between(EpochMs(1_000), EpochMs(1_000 + span_ms)) == minutes


@pytest.mark.parametrize(
    ("instant", "is_believed"),
    [
        (EARLIEST - 1, False),
        (EARLIEST, True),
        (LATEST, True),
        (LATEST + 1, False),
        (0, False),
        (EARLIEST * 1_000, False),
    ],
)
def test_times_before_2000_and_after_2100_are_not_plausible(
    instant: int, is_believed: bool
) -> None:
    assert is_plausible(instant) is is_believed


@pytest.mark.parametrize(
    ("instant", "day"),
    [(0, 0), (DAY_MS - 1, 0), (DAY_MS, 1), (-1, -1), (1_582_934_399_999, 18_320)],
)
def test_a_day_begins_at_midnight_in_utc(instant: int, day: int) -> None:
    assert day_of(EpochMs(instant)) == day


def test_a_day_is_written_by_its_date() -> None:
    days = [format_day(day) for day in (0, 59, 20_777)]
    assert days == ["1970-01-01", "1970-03-01", "2026-11-20"]
