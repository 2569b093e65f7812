"""For how much of the time a score is known."""

from typing import Final

import numpy as np

from aftercall.core.instants import SECOND_MS
from aftercall.core.quality.frame.columns import BoolArray, FloatArray
from aftercall.core.quality.frame.interval_table import IntervalTable
from aftercall.core.quality.intervals.liveness import (
    are_empty,
    are_off,
    are_still_screens,
    are_unplayed,
)
from aftercall.core.quality.intervals.scoring import LEAST_PACKETS
from aftercall.core.quality.stats.link import AUDIO, PRODUCERS, SCREENSHARES

REPORT_MS: Final = 15 * SECOND_MS
"""A score speaks for the intervals before it as far as a receiver report does. RTCP's usual
interval for audio is five seconds, and half as much again by chance; twice that, to miss one."""


def are_to_score(table: IntervalTable) -> BoolArray:
    """The intervals in which something flowed that could be judged: not the ones that were off,
    empty, idle or without reports, not silence under discontinuous transmission, not a page that
    stood still."""
    left_out = are_off(table) | are_empty(table) | are_unplayed(table)
    left_out |= table.get("is_gap") == 1
    if table.family in AUDIO:
        ending = "sent" if table.family in PRODUCERS else "received"
        left_out |= table.get(f"packets_{ending}") < LEAST_PACKETS
    elif table.family in SCREENSHARES:
        left_out |= are_still_screens(table)
    is_to_score: BoolArray = ~left_out
    return is_to_score


def mark_covered(table: IntervalTable) -> None:
    """Adds `has_mos` and `has_score`: for which intervals a score is known. Of what a peer sends
    the far end reports now and then: such a report is on all that was sent since the one before."""
    for name in ("mos", "score"):
        is_known = ~np.isnan(table.get(name))
        if table.family in PRODUCERS and is_known.any() and not is_known.all():
            is_known = _have_soon(np.sort(table.at[is_known]), table.at)
        table.set_flag(f"has_{name}", is_known)


def has_score(table: IntervalTable, name: str) -> BoolArray:
    """The intervals for which a score is known, by its name."""
    known: BoolArray = (table.get(f"has_{name}") == 1) | ~np.isnan(table.get(name))
    return known


def _have_soon(ats: FloatArray, moments: FloatArray) -> BoolArray:
    """Which moments have one of the others at or soon after them."""
    following = np.append(ats, np.inf)[np.searchsorted(ats, moments)]
    found: BoolArray = following - moments <= REPORT_MS
    return found
