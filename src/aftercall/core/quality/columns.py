"""Arithmetic on columns: the values of one member of a stream over time.

A value that is not known is `None` and so is everything made of it. A column in which nothing
is known is no column: `None` itself.
"""

from collections.abc import Sequence
from operator import sub
from typing import Any

Column = Sequence[Any]
Table = dict[str, Column]
"""Columns of equal length by the names of an interval's members."""


def known(column: Column) -> Column | None:
    return None if column.count(None) == len(column) else column


def differences(column: Column) -> Column | None:
    """What each value added to the one before: one fewer than there are values."""
    try:
        return list(map(sub, column[1:], column))
    except TypeError:
        return known(
            [
                None if now is None or before is None else now - before
                for now, before in zip(column[1:], column, strict=False)
            ]
        )


def falls(column: Column | None) -> list[int]:
    """Where the differences are negative."""
    if column is None:
        return []
    try:
        if min(column) >= 0:
            return []
    except TypeError:
        pass
    return [place for place, value in enumerate(column) if value is not None and value < 0]


def never_negative(column: Column | None) -> Column | None:
    """Negative values held at zero."""
    if column is None or not falls(column):
        return column
    return [None if value is None else max(0, value) for value in column]


def minus(column: Column | None, other: Column | None) -> Column | None:
    """One less the other, where the other is known, at least zero."""
    if column is None or other is None:
        return column
    try:
        left: Column = list(map(sub, column, other))
    except TypeError:
        left = [
            None if one is None else one - (two or 0)
            for one, two in zip(column, other, strict=True)
        ]
    return never_negative(left)


def ratio(
    parts: Column | None, wholes: Column | None, scale: float = 1.0, *, limit: float | None = None
) -> Column | None:
    """`scale` · part / whole, where the whole is not zero; held at `limit`."""
    if parts is None or wholes is None:
        return None
    made = [
        None if part is None or not whole else scale * part / whole
        for part, whole in zip(parts, wholes, strict=True)
    ]
    if limit is not None:
        made = [limit if value is not None and value > limit else value for value in made]
    return made
