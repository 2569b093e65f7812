"""Arithmetic on columns: the values of one member of a stream over time.

A column is an array of floats, also for counters, which stay below 2^53 and therefore exact. NaN
means "not known", and any result computed from it is NaN. A column without a known value is
represented by `None`.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IndexArray = NDArray[np.intp]


def numbers(values: Sequence[float | None]) -> FloatArray:
    """A column of values; `None` becomes NaN."""
    return np.array(values, dtype=np.float64)


def all_nan(length: int) -> FloatArray:
    """A column of unknown values."""
    column = np.empty(length)
    column.fill(np.nan)
    return column


def is_any(flags: BoolArray) -> bool:
    """Whether any flag is set, as `flags.any()`, which takes five times as long to begin: a fold
    asks some three hundred times."""
    return flags.size > 0 and flags.item(flags.argmax()) is True


def are_all(flags: BoolArray) -> bool:
    """Whether all flags are set, as `flags.all()`."""
    return flags.size == 0 or flags.item(flags.argmin()) is True


def drop_if_all_nan(column: FloatArray) -> FloatArray | None:
    """The column, or `None` if no value of it is known."""
    if len(column) and column[-1] == column[-1]:
        # The usual case, at a twentieth of the price.
        return column
    return None if are_all(np.isnan(column)) else column


def fill_zero(column: FloatArray) -> FloatArray:
    """The column with zero for unknown values."""
    return np.where(np.isnan(column), 0.0, column)


def coalesce(column: FloatArray, other: FloatArray) -> FloatArray:
    """The column with the other's values where its own are unknown."""
    return np.where(np.isnan(column), other, column)


def two_decimals(column: FloatArray) -> FloatArray:
    """The values rounded half up, as scores are stored."""
    return np.floor(column * 100 + 0.5) / 100


def never_negative(column: FloatArray) -> FloatArray:
    """The values, at least zero."""
    return np.maximum(column, 0.0)


def rounded(column: FloatArray, decimals: int) -> FloatArray:
    """The values rounded as `round` does it: by the exact value, halves to even."""
    scale = 10.0**decimals
    scaled = column * scale
    whole = np.rint(scaled)
    made = whole / scale
    # Near a half, the rounding error of the multiplication may have decided.
    is_close = np.abs(np.abs(scaled - whole) - 0.5) <= np.abs(scaled) * 2.0**-50
    if is_any(is_close):
        made[is_close] = [round(value, decimals) for value in column[is_close].tolist()]
    return made


def floats(column: FloatArray) -> list[float | None]:
    """The values as a list; unknown ones are `None`."""
    values: list[float | None] = column.tolist()
    if is_any(np.isnan(column)):
        return [None if value != value else value for value in values]
    return values


def whole_numbers(column: FloatArray) -> list[int | None]:
    """The rounded values as a list; unknown ones are `None`."""
    if is_any(np.isnan(column)):
        return [None if value is None else round(value) for value in floats(column)]
    values: list[int | None] = np.rint(column).astype(np.int64).tolist()
    return values


def edges_of_runs(values: IndexArray) -> list[int]:
    """Where each run of equal values begins."""
    if not len(values):
        return []
    return [0, *((values[1:] != values[:-1]).nonzero()[0] + 1).tolist()]


def minus(column: FloatArray | None, other: FloatArray | None) -> FloatArray | None:
    """The difference of two columns, at least zero; an unknown subtrahend counts as zero."""
    if column is None or other is None:
        return column
    return never_negative(column - fill_zero(other))


def quotients(parts: FloatArray, wholes: FloatArray, scale: float = 1.0) -> FloatArray:
    """`scale` · part / whole; NaN where the whole is zero."""
    made: FloatArray = np.divide(scale * parts, wholes, out=all_nan(len(parts)), where=wholes != 0)
    return made


def ratio(
    parts: FloatArray | None,
    wholes: FloatArray | None,
    scale: float = 1.0,
    *,
    limit: float | None = None,
) -> FloatArray | None:
    """`quotients` of columns that may be absent, capped at `limit`."""
    if parts is None or wholes is None:
        return None
    made = quotients(parts, wholes, scale)
    return made if limit is None else np.minimum(made, limit)
