"""Sessions that were created within an hour of the day, by the clock of a zone.

Postings know the quarter hour of the UTC day. Which quarters an hour is depends on the zone's
offset, which may change on any day.
"""

from bisect import bisect_right
from typing import Final

from aftercall.core.instants import QUARTERS_OF_DAY
from aftercall.core.list_queries import DayHours
from aftercall.store.sessions.postings import Bits, Postings, day_of_block
from aftercall.store.sessions.terms import Wanted, quarter_term

QUARTERS_OF_HOUR: Final = 4


def quarters_of(hours: DayHours) -> list[Wanted]:
    """The terms of all quarters that may be in the hour."""
    starts = {(hours.hour * QUARTERS_OF_HOUR - offset) for _, offset in hours.offsets}
    quarters = {
        (start + number) % QUARTERS_OF_DAY for start in starts for number in range(QUARTERS_OF_HOUR)
    }
    return [Wanted(quarter_term(quarter)) for quarter in sorted(quarters)]


def find_of_hours(postings: Postings, hours: DayHours) -> Bits:
    """The sessions that were created within the hour."""
    found: Bits = {}
    for wanted in quarters_of(hours):
        quarter = int(wanted.first.partition(":")[2])
        for block, bits in postings.find(wanted).items():
            if _is_within(hours, day_of_block(block) * QUARTERS_OF_DAY + quarter):
                found[block] = found.get(block, 0) | bits
    return found


def _is_within(hours: DayHours, quarter: int) -> bool:
    place = bisect_right(hours.offsets, (quarter, QUARTERS_OF_DAY)) - 1
    local = quarter + hours.offsets[max(place, 0)][1]
    return local % QUARTERS_OF_DAY // QUARTERS_OF_HOUR == hours.hour
