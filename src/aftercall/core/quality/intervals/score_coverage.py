"""For how much of the time a score is known."""

from typing import Final

import numpy as np

from aftercall.core.instants import SECOND_MS
from aftercall.core.quality.interval_columns.columns import BoolArray, FloatArray
from aftercall.core.quality.interval_columns.interval_table import IntervalTable
from aftercall.core.quality.intervals.liveness import (
    are_empty,
    are_off,
    are_still_screens,
    are_unplayed,
)
from aftercall.core.quality.intervals.scoring import LEAST_PACKETS
from aftercall.core.quality.stats.report_linker import AUDIO, PRODUCERS, SCREENSHARES

REPORT_MS: Final = 15 * SECOND_MS
"""The time before a score for which it holds, as a receiver report does. RTCP's usual interval
for audio is five seconds and, by chance, up to half as much again; doubled, so that one may be
missed."""


def are_to_score(table: IntervalTable) -> BoolArray:
    """The intervals in which something flowed that can be judged: not the ones that were off,
    empty, idle or gaps, no silence under discontinuous transmission, no still page."""
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
    """Add the flags `has_mos` and `has_score`: the intervals for which a score is known. The remote
    end reports on sent streams now and then, and each report covers everything sent since the one
    before."""
    for name in ("mos", "score"):
        is_known = ~np.isnan(table.get(name))
        if table.family in PRODUCERS and is_known.any() and not is_known.all():
            is_known = _have_soon(np.sort(table.at[is_known]), table.at)
        table.set_flag(f"has_{name}", is_known)


def has_score(table: IntervalTable, name: str) -> BoolArray:
    """The intervals for which the score of that name is known."""
    known: BoolArray = (table.get(f"has_{name}") == 1) | ~np.isnan(table.get(name))
    return known


def _have_soon(ats: FloatArray, moments: FloatArray) -> BoolArray:
    """Which instants are followed by one of `ats` within `REPORT_MS`."""
    following = np.append(ats, np.inf)[np.searchsorted(ats, moments)]
    found: BoolArray = following - moments <= REPORT_MS
    return found
