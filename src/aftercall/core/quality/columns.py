"""Arithmetic on columns: the values of one member of a stream over time.

A column is an array of floats, counters among them: they stay below 2^53, so that nothing is
lost. NaN is "not known" and so is everything made of it. A column in which nothing is known is
no column: `None`.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]
Places = NDArray[np.intp]


def numbers(values: Sequence[float | None]) -> Numbers:
    """A column of values; `None` is not known."""
    return np.array(values, dtype=np.float64)


def nothing(length: int) -> Numbers:
    return np.full(length, np.nan)


def known(column: Numbers) -> Numbers | None:
    return None if np.isnan(column).all() else column


def or_zero(column: Numbers) -> Numbers:
    """What is not known taken for zero."""
    return np.where(np.isnan(column), 0.0, column)


def first_known(column: Numbers, other: Numbers) -> Numbers:
    return np.where(np.isnan(column), other, column)


def two_decimals(column: Numbers) -> Numbers:
    """Rounded half up, as scores are kept."""
    return np.floor(column * 100 + 0.5) / 100


def never_negative(column: Numbers) -> Numbers:
    """Negative values held at zero."""
    return np.maximum(column, 0.0)


def minus(column: Numbers | None, other: Numbers | None) -> Numbers | None:
    """One less the other, where the other is known, at least zero."""
    if column is None or other is None:
        return column
    return never_negative(column - or_zero(other))


def ratio(
    parts: Numbers | None, wholes: Numbers | None, scale: float = 1.0, *, limit: float | None = None
) -> Numbers | None:
    """`scale` · part / whole, where the whole is not zero; held at `limit`."""
    if parts is None or wholes is None:
        return None
    made = np.divide(scale * parts, wholes, out=nothing(len(parts)), where=wholes != 0)
    return made if limit is None else np.minimum(made, limit)
