"""Arithmetic on columns: the values of one member of a stream over time.

A column is an array of floats, counters among them: they stay below 2^53, so that nothing is
lost. NaN is "not known" and so is everything made of it. A column in which nothing is known is
no column: `None`.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IndexArray = NDArray[np.intp]


def numbers(values: Sequence[float | None]) -> FloatArray:
    """A column of values; `None` is not known."""
    return np.array(values, dtype=np.float64)


def all_nan(length: int) -> FloatArray:
    return np.full(length, np.nan)


def drop_if_all_nan(column: FloatArray) -> FloatArray | None:
    return None if np.isnan(column).all() else column


def fill_zero(column: FloatArray) -> FloatArray:
    """What is not known taken for zero."""
    return np.where(np.isnan(column), 0.0, column)


def coalesce(column: FloatArray, other: FloatArray) -> FloatArray:
    return np.where(np.isnan(column), other, column)


def two_decimals(column: FloatArray) -> FloatArray:
    """Rounded half up, as scores are kept."""
    return np.floor(column * 100 + 0.5) / 100


def never_negative(column: FloatArray) -> FloatArray:
    """Negative values held at zero."""
    return np.maximum(column, 0.0)


def rounded(column: FloatArray, decimals: int) -> FloatArray:
    """As `round` does it: by the exact value, halves to the even side."""
    scale = 10.0**decimals
    scaled = column * scale
    whole = np.rint(scaled)
    made = whole / scale
    # So near a half, what the multiplication lost may have decided.
    is_close = np.abs(np.abs(scaled - whole) - 0.5) <= np.abs(scaled) * 2.0**-50
    if is_close.any():
        made[is_close] = [round(value, decimals) for value in column[is_close].tolist()]
    return made


def floats(column: FloatArray) -> list[float | None]:
    """The values one by one; what is not known is `None`."""
    values: list[float | None] = column.tolist()
    if np.isnan(column).any():
        return [None if value != value else value for value in values]
    return values


def whole_numbers(column: FloatArray) -> list[int | None]:
    """The values one by one, rounded; what is not known is `None`."""
    if np.isnan(column).any():
        return [None if value is None else round(value) for value in floats(column)]
    values: list[int | None] = np.rint(column).astype(np.int64).tolist()
    return values


def minus(column: FloatArray | None, other: FloatArray | None) -> FloatArray | None:
    """One less the other, where the other is known, at least zero."""
    if column is None or other is None:
        return column
    return never_negative(column - fill_zero(other))


def quotients(parts: FloatArray, wholes: FloatArray, scale: float = 1.0) -> FloatArray:
    """`scale` · part / whole, where the whole is not zero."""
    made: FloatArray = np.divide(scale * parts, wholes, out=all_nan(len(parts)), where=wholes != 0)
    return made


def ratio(
    parts: FloatArray | None,
    wholes: FloatArray | None,
    scale: float = 1.0,
    *,
    limit: float | None = None,
) -> FloatArray | None:
    """`quotients` held at `limit`, of columns that may not be there."""
    if parts is None or wholes is None:
        return None
    made = quotients(parts, wholes, scale)
    return made if limit is None else np.minimum(made, limit)
