"""Shares of calls, and differences between shares, with their intervals.

Intervals are Wilson's score interval (1927) and, for the difference of two independent shares,
Newcombe's hybrid score interval without continuity correction (Statistics in Medicine 17, 1998,
873-890, method 10). Both stay within their bounds and keep their coverage for few calls.
"""

from math import sqrt
from typing import Final, NamedTuple

Z_95: Final = 1.959963984540054
"""The standard normal deviate of an interval of 95 %."""

Z_99: Final = 2.5758293035489004
"""The standard normal deviate of an interval of 99 %."""

FEWEST: Final = 20
"""Calls from which on a share is shown; chosen: of fewer, one call moves it by over 5 points."""


class ConfidenceInterval(NamedTuple):
    """A value and the bounds of its interval, as fractions."""

    value: float
    low: float
    high: float


def wilson(part: int, whole: int, z: float = Z_95) -> ConfidenceInterval:
    """The share `part` of `whole`, which is not 0."""
    share = part / whole
    weight = 1 + z * z / whole
    centre = (share + z * z / (2 * whole)) / weight
    half = z / weight * sqrt(share * (1 - share) / whole + z * z / (4 * whole * whole))
    # Rounding must not put a share of none or of all outside its interval.
    return ConfidenceInterval(
        share, min(share, max(0.0, centre - half)), max(share, min(1.0, centre + half))
    )


def newcombe(
    part: int, whole: int, other_part: int, other_whole: int, z: float = Z_95
) -> ConfidenceInterval:
    """The first share less the other; neither is a share of nothing."""
    one, other = wilson(part, whole, z), wilson(other_part, other_whole, z)
    difference = one.value - other.value
    below = sqrt((one.value - one.low) ** 2 + (other.high - other.value) ** 2)
    above = sqrt((one.high - one.value) ** 2 + (other.value - other.low) ** 2)
    return ConfidenceInterval(difference, difference - below, difference + above)


def is_certain(difference: ConfidenceInterval) -> bool:
    """Whether the interval of a difference leaves out 0."""
    return difference.low > 0 or difference.high < 0


def is_higher_than_the_rest(part: int, whole: int, all_part: int, all_whole: int) -> bool:
    """Whether the share of some of all calls is above that of the others, 99 % sure. Few calls
    are not judged."""
    others = all_whole - whole
    if whole < FEWEST or others <= 0:
        return False
    return newcombe(part, whole, all_part - part, others, Z_99).low > 0
