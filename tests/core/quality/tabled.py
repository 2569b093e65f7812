"""Intervals made up for tests as the tables the program works on."""

from collections.abc import Sequence

import numpy as np

from aftercall.core.quality.columns import numbers
from aftercall.core.quality.counters import Interval
from aftercall.core.quality.rollup import Rollup, roll_up
from aftercall.core.quality.streams import Family
from aftercall.core.quality.tables import LISTED, Table

WORDS = ("mid", "producer_id", "consumer_id", "peer_id", "codec", "quality_limitation_reason")


def tabled(intervals: Sequence[Interval]) -> list[Table]:
    """A table for each, so that they may be of any stream."""
    return [_table(interval) for interval in intervals]


def _table(i: Interval) -> Table:
    return Table(
        family=i.family,
        at=numbers([i.at]),
        keys=[i.key],
        ssrcs=[i.ssrc],
        ranks=np.zeros(1, dtype=np.intp),
        codecs=[None],
        which=np.zeros(1, dtype=np.intp),
        numbers={name: numbers([getattr(i, name)]) for name in LISTED},
        words={name: [getattr(i, name)] for name in WORDS},
    )


def roll_up_intervals(family: Family, intervals: Sequence[Interval]) -> Rollup:
    return roll_up(family, tabled(intervals))
