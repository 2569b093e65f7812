"""Doubles as columns of integers.

Browsers add decimals up as doubles: `totalDecodeTime` is 0.48613599999999996 where microseconds add
up to 0.486136. Such a column is split into its decimals, which grow evenly, and the rounding error
of each value, which is a few units in the last place.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

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


def split_doubles(values: Sequence[float]) -> SplitDoubles:
    """Split doubles in the way that is estimated to take the fewest bytes. They must be finite."""
    import numpy as np  # noqa: PLC0415 - numpy

    doubles = np.array(values, dtype=np.float64)
    bits = doubles.view(np.int64)
    best: tuple[float, SplitDoubles] | None = None
    for decimals in _EXACT:
        found = _in_decimals(doubles, bits, decimals)
        if found is not None and not found[1].any():
            return SplitDoubles(decimals, found[0].tolist(), found[1].tolist())
        if found is not None and decimals in _WITH_ERRORS:
            units, ulps = found
            size = _size(np.diff(units)) + _size(ulps)
            if best is None or size < best[0]:
                best = size, SplitDoubles(decimals, units.tolist(), ulps.tolist())
    upper, lower = bits >> _HALF_BITS, bits & _LOWER_HALF
    if best is not None and best[0] <= _size(np.diff(upper)) + _size(np.diff(lower)):
        return best[1]
    return SplitDoubles(None, upper.tolist(), lower.tolist())


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
    doubles: "npt.NDArray[np.float64]", bits: "Integers", decimals: int
) -> "tuple[Integers, Integers] | None":
    """The units and the errors in units in the last place; `None` if a value is too large, or too
    far from a number with so many decimals."""
    import numpy as np  # noqa: PLC0415 - numpy

    with np.errstate(over="ignore"):
        scaled = np.rint(doubles * 10.0**decimals)
    if not np.abs(scaled).max() < _MOST_UNITS:
        return None
    # The bits of a double and of its neighbour differ by one, except across zero.
    ulps = bits - (scaled / 10.0**decimals + 0.0).view(np.int64)
    if ulps.min() < -_MOST_ULPS or ulps.max() > _MOST_ULPS:
        return None
    return scaled.astype(np.int64), ulps


def _size(numbers: "Integers") -> float:
    """About how many bits the numbers have."""
    import numpy as np  # noqa: PLC0415 - numpy

    return float(np.log2(np.abs(numbers) + 1.0).sum())
