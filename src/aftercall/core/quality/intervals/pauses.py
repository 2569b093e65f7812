"""Received pictures that a server paused, because nobody looked or others spoke.

The intervals at the edges of a pause have pictures for a part of their time only: their frame rate
has no meaning, and a browser counts the pause as a freeze.
"""

from typing import Final

import numpy as np

from aftercall.core.quality.interval_columns.columns import BoolArray, IndexArray, is_any
from aftercall.core.quality.interval_columns.interval_table import IntervalTable
from aftercall.core.quality.intervals.liveness import are_empty
from aftercall.core.quality.stats.report_linker import AUDIO, PRODUCERS

LEAST_PAUSE_S: Final = 5.0
"""The least length of a pause. A network that lets nothing through for that long is an outage,
which has an issue of its own. Chosen."""

LOST_PERCENT: Final = 3.0
"""A server that pauses a stream loses no packets of it; what the network lost meanwhile shows when
packets arrive again. The clear value of loss issues."""

_MEASURES: Final = ("fps", "freeze_share", "freeze_s", "freeze_count")


def leave_out_pauses(table: IntervalTable) -> None:
    """Make the frame metrics unknown in the intervals at both ends of a pause."""
    if table.family in AUDIO or table.family in PRODUCERS:
        return
    is_edge = are_edges(table)
    if is_any(is_edge):
        for name in _MEASURES:
            if name in table.numbers:
                table.numbers[name] = np.where(is_edge, np.nan, table.numbers[name])


def are_edges(table: IntervalTable) -> BoolArray:
    """The intervals just before and just after a time in which no received picture arrived and
    nothing was lost."""
    nowhere: BoolArray = np.zeros(len(table.at), dtype=np.bool_)
    is_empty = are_empty(table)
    if not is_any(is_empty):
        return nowhere
    order = np.lexsort((table.at, table.ranks))
    empty, ranks = is_empty[order], table.ranks[order]
    is_new = (np.diff(empty, prepend=~empty[0]) != 0) | (np.diff(ranks, prepend=ranks[0]) != 0)
    runs: IndexArray = np.cumsum(is_new) - 1
    lengths_s = np.bincount(runs, np.nan_to_num(table.get("dt_s")[order]))
    firsts = np.flatnonzero(is_new)
    is_pause = empty[firsts] & (lengths_s >= LEAST_PAUSE_S)
    lasts = np.append(firsts[1:], len(runs)) - 1
    is_alike = np.append(ranks[lasts[:-1]] == ranks[firsts[1:]], False)
    lost = np.append(table.get("loss_percent")[order][firsts[1:]], np.nan)
    is_pause &= ~(is_alike & (lost >= LOST_PERCENT))
    is_edge = nowhere.copy()
    after = firsts[1:][is_pause[:-1] & is_alike[:-1]]
    before = lasts[:-1][is_pause[1:] & is_alike[:-1]]
    is_edge[order[after]] = True
    is_edge[order[before]] = True
    return is_edge
