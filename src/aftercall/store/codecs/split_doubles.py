"""Doubles as columns of integers.

Browsers add decimals up as doubles: `jitterBufferDelay` is 0.48613599999999996 where microseconds
add up to 0.486136. Such a column is split into its decimals, which grow evenly, and the rounding
error of each value, which is a few units in the last place.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Doubles = npt.NDArray[np.float64]
    Integers = npt.NDArray[np.int64]

_EXACT: Final = range(10)
"""Numbers of decimals that are tried for columns without a rounding error."""

_WITH_ERRORS: Final = (3, 6, 9)
"""Numbers of decimals that are tried for others: milliseconds, microseconds, nanoseconds."""

_MOST_UNITS: Final = float(1 << 53)
"""Integers below this are doubles, so that dividing them rounds correctly."""

_MOST_ULPS: Final = 1 << 40
"""Errors above this are no rounding errors."""

_HALF_BITS: Final = 32
_LOWER_HALF: Final = (1 << _HALF_BITS) - 1


class SplitDoubles(NamedTuple):
    """Doubles as two columns of integers. With `decimals`: units of the last decimal, and by how
    many units in the last place each double differs from its decimals. Without: the upper and the
    lower halves of the doubles' bits."""

    decimals: int | None
    units: list[int]
    rest: list[int]


def split_doubles(columns: Sequence[Sequence[float]]) -> list[SplitDoubles]:
    """Split columns of doubles, each in the way that is estimated to take the fewest bytes. They
    must be finite and not empty. Columns of one length are split together: a short one costs less
    than an operation of numpy."""
    import numpy as np  # noqa: PLC0415 - numpy

    places: dict[int, list[int]] = {}
    for place, column in enumerate(columns):
        places.setdefault(len(column), []).append(place)
    found: dict[int, SplitDoubles] = {}
    for alike in places.values():
        doubles = np.array([columns[place] for place in alike], dtype=np.float64)
        found |= zip(alike, _split_rows(doubles), strict=True)
    return [found[place] for place in range(len(columns))]


def _split_rows(doubles: "Doubles") -> list[SplitDoubles]:
    """The rows of a matrix, split."""
    import numpy as np  # noqa: PLC0415 - numpy

    bits = doubles.view(np.int64)
    upper, lower = bits >> _HALF_BITS, bits & _LOWER_HALF
    least = _size(np.diff(upper)) + _size(np.diff(lower))
    best = [
        SplitDoubles(None, *halves) for halves in zip(upper.tolist(), lower.tolist(), strict=True)
    ]
    rest = np.arange(len(doubles))
    for decimals in _EXACT:
        units, ulps, is_near = _in_decimals(doubles[rest], bits[rest], decimals)
        is_exact = is_near & ~ulps.any(axis=1)
        is_better = is_exact
        if decimals in _WITH_ERRORS:
            size = _size(np.diff(units)) + _size(ulps)
            is_better = is_exact | (is_near & (size <= least[rest]))
            least[rest[is_better]] = size[is_better]
        for row in np.flatnonzero(is_better).tolist():
            best[rest[row]] = SplitDoubles(decimals, units[row].tolist(), ulps[row].tolist())
        rest = rest[~is_exact]
        if not len(rest):
            break
    return best


def join_doubles(split: SplitDoubles) -> list[float]:
    """The inverse of `split_doubles`."""
    import numpy as np  # noqa: PLC0415 - numpy

    units, rest = np.array(split.units, dtype=np.int64), np.array(split.rest, dtype=np.int64)
    if split.decimals is None:
        bits = (units << _HALF_BITS) | rest
    else:
        bits = (units / 10.0**split.decimals).view(np.int64) + rest
    joined: list[float] = bits.view(np.float64).tolist()
    return joined


def _in_decimals(
    doubles: "Doubles", bits: "Integers", decimals: int
) -> "tuple[Integers, Integers, npt.NDArray[np.bool_]]":
    """For each row the units, the errors in units in the last place, and whether all its values are
    near to a number with so many decimals and not too large for it; else the others are zero."""
    import numpy as np  # noqa: PLC0415 - numpy

    with np.errstate(over="ignore", invalid="ignore"):
        scaled = np.rint(doubles * 10.0**decimals)
        is_small = np.abs(scaled).max(axis=1) < _MOST_UNITS
        # The bits of a double and of its neighbour differ by one, except across zero.
        ulps = bits - (scaled / 10.0**decimals + 0.0).view(np.int64)
        units = scaled.astype(np.int64)
    is_near = is_small & (ulps.min(axis=1) >= -_MOST_ULPS) & (ulps.max(axis=1) <= _MOST_ULPS)
    # What is too large has overflowed.
    units[~is_near] = ulps[~is_near] = 0
    return units, ulps, is_near


def _size(numbers: "Integers") -> "Doubles":
    """About how many bits the numbers of each row have."""
    import numpy as np  # noqa: PLC0415 - numpy

    size: Doubles = np.log2(np.abs(numbers) + 1.0).sum(axis=1)
    return size
