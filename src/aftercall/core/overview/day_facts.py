"""What is read of sessions by the UTC day."""

from typing import NamedTuple


class DayCount(NamedTuple):
    """The sessions that began on a UTC day, counted since 1970, and the minutes spent in them."""

    day: int
    sessions: int
    minutes: float
