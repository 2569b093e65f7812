from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.quality.stats.unit_quirks import LATEST_MS, moment_ms, signed_count

MOMENT_MS = 1_795_255_200_123


@pytest.mark.parametrize("unit", [1, 1_000, 1_000_000])
@pytest.mark.parametrize("read", [int, float, str])
def test_a_timestamp_in_a_finer_unit_becomes_milliseconds(unit: int, read: type) -> None:
    assert moment_ms(read(MOMENT_MS * unit)) == pytest.approx(MOMENT_MS, abs=1)


@pytest.mark.parametrize(
    ("stated", "ms"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.250", 250),
        ("1970-01-01T01:00:00+01:00", 0),
        (0, 0),
        (LATEST_MS, LATEST_MS),
    ],
)
def test_a_timestamp_is_parsed_from_text_or_number(stated: Any, ms: float) -> None:
    assert moment_ms(stated) == ms


@pytest.mark.parametrize(
    "stated", ["yesterday", "", None, True, [], {}, -1, -0.5, "-1", nan, inf, "nan", "inf", 2**71]
)
def test_an_invalid_timestamp_is_none(stated: Any) -> None:
    assert moment_ms(stated) is None


@given(st.integers(0, 2**70) | st.floats(0))
def test_no_timestamp_exceeds_the_maximum(stated: float) -> None:
    ms = moment_ms(stated)
    assert ms is None or 0 <= ms <= LATEST_MS


@pytest.mark.parametrize(
    ("stated", "count"),
    [
        (0, 0),
        (-2, -2),
        ("-2", -2),
        ("17", 17),
        (3.0, 3),
        (2**63 - 1, 2**63 - 1),
        (2**63, -(2**63)),
        (2**64 - 1, -1),
        (str(2**64 - 3), -3),
        (float(2**64), 0),
        (2**64 + 1, 2**64 + 1),
    ],
)
def test_a_negative_count_written_as_unsigned_gets_its_sign_back(stated: Any, count: int) -> None:
    assert signed_count(stated) == count


@pytest.mark.parametrize(
    "stated", ["lots", "", "-", "1.5", "1e3", "9" * 41, 1.5, nan, inf, True, None, [], 2**71]
)
def test_an_invalid_count_is_none(stated: Any) -> None:
    assert signed_count(stated) is None


@given(st.integers(-(2**63), 2**63 - 1))
def test_every_signed_64_bit_count_is_recovered(count: int) -> None:
    assert signed_count(count % 2**64) == count
    assert signed_count(str(count % 2**64)) == count
