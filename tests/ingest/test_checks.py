"""Checks of open formats: names, free objects of limited size, times in any unit."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.errors import Malformed
from aftercall.core.instants import EARLIEST, LATEST
from aftercall.ingest.checks import (
    DEEPEST,
    LARGEST_INTEGER,
    LONGEST_LIST,
    LONGEST_TEXT,
    MOST_MEMBERS,
    as_double,
    checked_moment,
    checked_name,
    checked_object,
    moment_of,
)

NOW = 1_795_000_000_123


@pytest.mark.parametrize("name", ["a", "audio_off", "0", "x" * 64])
def test_a_short_lower_case_name_is_accepted(name: str) -> None:
    assert checked_name(name) == name


@pytest.mark.parametrize("name", ["", "Audio", "audio-off", "a b", "x" * 65, "ä", "a\n"])
def test_an_invalid_name_is_refused(name: str) -> None:
    with pytest.raises(Malformed) as refused:
        checked_name(name)
    assert refused.value.code == "bad_name"


def nested(depth: int) -> Any:
    return {"in": nested(depth - 1)} if depth else 1


@pytest.mark.parametrize(
    "value",
    [
        {},
        {str(n): n for n in range(MOST_MEMBERS)},
        {"text": "x" * LONGEST_TEXT},
        {"list": [0] * LONGEST_LIST},
        {"scalars": [None, True, 1.5, "x"]},
        nested(DEEPEST),
        {"edges": [LARGEST_INTEGER, -LARGEST_INTEGER]},
    ],
)
def test_an_object_within_the_limits_is_not_changed(value: dict[str, Any]) -> None:
    assert checked_object(value) == value


@pytest.mark.parametrize(
    "value",
    [
        {str(n): n for n in range(MOST_MEMBERS + 1)},
        {"in": {str(n): n for n in range(MOST_MEMBERS + 1)}},
        {"text": "x" * (LONGEST_TEXT + 1)},
        {"in": ["x" * (LONGEST_TEXT + 1)]},
        {"list": [0] * (LONGEST_LIST + 1)},
        nested(DEEPEST + 1),
        {"a": [[[]]]},
    ],
)
def test_an_object_beyond_a_limit_is_refused(value: dict[str, Any]) -> None:
    with pytest.raises(Malformed) as refused:
        checked_object(value)
    assert refused.value.code == "too_large"


@pytest.mark.parametrize(
    ("number", "kept"),
    [
        (LARGEST_INTEGER + 1, float(2**63)),
        (-LARGEST_INTEGER - 1, -float(2**63)),
        (10**400, None),
    ],
)
def test_an_integer_beyond_64_bits_becomes_the_nearest_double(
    number: int, kept: float | None
) -> None:
    assert checked_object({"n": number}) == {"n": kept}
    assert as_double(number) == kept


def test_a_long_member_name_is_truncated() -> None:
    assert checked_object({"x" * 200: 1}) == {"x" * 128: 1}


@given(st.integers(EARLIEST, LATEST))
def test_a_time_is_parsed_in_any_usual_unit(moment: int) -> None:
    assert moment_of(moment) == moment
    assert moment_of(moment * 1_000) == moment
    assert moment_of(moment * 1_000_000) == moment
    assert moment_of(moment // 1_000) == moment // 1_000 * 1_000
    assert moment_of(str(moment)) == moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-18T11:06:40.123Z", NOW - NOW % 1_000 + 123),
        ("2026-11-18T13:06:40.123+02:00", NOW - NOW % 1_000 + 123),
        ("2026-11-18T11:06:40.123", NOW - NOW % 1_000 + 123),
        ("2026-11-18", NOW - NOW % 86_400_000),
    ],
)
def test_an_iso_time_without_a_zone_is_parsed_as_utc(text: str, moment: int) -> None:
    assert moment_of(text) == moment


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        [],
        "",
        "noon",
        "nan",
        "inf",
        "1e400",
        float("nan"),
        float("inf"),
        0,
        -NOW,
        10**30,
        "1999-12-31T23:59:59Z",
        "2100-01-01T00:00:01Z",
        "9999-12-31T23:59:59-23:59",
    ],
)
def test_an_implausible_time_is_none_and_refused_if_required(value: Any) -> None:
    assert moment_of(value) is None
    with pytest.raises(Malformed, match='"sent_at" must be ms since 1970') as refused:
        checked_moment(value, "sent_at")
    assert refused.value.code == "bad_time"
