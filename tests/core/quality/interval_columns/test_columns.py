from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from aftercall.core.quality.interval_columns.columns import (
    are_all,
    floats,
    is_any,
    numbers,
    rounded,
    whole_numbers,
)

_values = st.none() | st.floats(-1e15, 1e15)


@given(st.lists(_values), st.integers(0, 6))
@example([0.00625, 2.675, 1.005, 0.5, 1.5, 2.5, -0.125, 1e15 + 0.5], 2)
@example([0.00625, 100 * 1 / 16_000, 1e-300], 4)
def test_columns_are_rounded_as_single_values_are(
    values: list[float | None], decimals: int
) -> None:
    expected = [None if value is None else round(value, decimals) for value in values]
    assert floats(rounded(numbers(values), decimals)) == expected


@given(st.floats(-1e6, 1e6), st.integers(0, 6))
def test_rounding_uses_the_exact_value(value: float, decimals: int) -> None:
    exact = Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_EVEN)
    assert floats(rounded(numbers([value]), decimals)) == [float(exact)]


@given(st.lists(st.none() | st.integers(-(2**53), 2**53)))
def test_integers_are_not_changed(values: list[int | None]) -> None:
    found = whole_numbers(numbers(values))
    assert found == values
    assert all(value is None or type(value) is int for value in found)


@given(st.lists(st.booleans(), max_size=5), st.booleans())
def test_whether_any_or_all_flags_are_set(flags: list[bool], is_view: bool) -> None:
    column = np.array([*flags, *flags], dtype=np.bool_)[:: 2 if is_view else 1]
    assert is_any(column) is any(column.tolist())
    assert are_all(column) is all(column.tolist())
