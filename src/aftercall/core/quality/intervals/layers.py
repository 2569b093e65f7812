"""Of the layers of a simulcast, the one to judge by."""

from collections.abc import Hashable, Mapping, Sequence

import msgspec
import numpy as np

from aftercall.core.quality.intervals.columns import Places, or_zero
from aftercall.core.quality.intervals.streams import StreamKey
from aftercall.core.quality.intervals.tables import Table, stacked


def best_layers(tables: Sequence[Table]) -> list[Table]:
    """Of the layers of one sender at one moment, the largest that moved. All of them take the
    rank of the first."""
    layered = _layered(tables)
    if not layered:
        return list(tables)
    senders = np.concatenate([_senders(table, layered) for table in tables])
    ranks = np.concatenate([table.ranks for table in tables])
    rows = np.flatnonzero(senders >= 0)
    at = np.concatenate([table.at for table in tables])[rows]
    width, height, frames = (
        or_zero(stacked(tables, name)[rows]) for name in ("frame_width", "frame_height", "frames")
    )
    # The last of each moment in this order is the best; of equals the one that came first.
    order = np.lexsort((-ranks[rows], width * height, frames > 0, at, senders[rows]))
    is_last = (np.diff(at[order]) != 0) | (np.diff(senders[rows][order]) != 0)
    is_kept = senders < 0
    is_kept[rows[order[np.append(is_last, True)]]] = True
    first = np.full(max(layered.values()) + 1, ranks.max())
    np.minimum.at(first, senders[rows], ranks[rows])
    ranks[rows] = first[senders[rows]]
    edges = np.cumsum([len(table.at) for table in tables])[:-1]
    parts = zip(tables, np.split(ranks, edges), np.split(is_kept, edges), strict=True)
    return [
        msgspec.structs.replace(table, ranks=own).taken(is_own)
        for table, own, is_own in parts
        if is_own.any()
    ]


def _layered(tables: Sequence[Table]) -> dict[StreamKey, int]:
    """The streams that are layers, with the number of what sends them."""
    senders: dict[StreamKey, Hashable] = {}
    keys: dict[Hashable, set[StreamKey]] = {}
    for table in tables:
        for saying in table.sayings:
            of = saying.key if saying.sender is None else (saying.key[0], saying.sender)
            senders.setdefault(saying.key, of)
        for place in np.unique(table.which).tolist():
            key = table.sayings[place].key
            keys.setdefault(senders[key], set()).add(key)
    several = [layers for layers in keys.values() if len(layers) > 1]
    return {key: number for number, layers in enumerate(several) for key in layers}


def _senders(table: Table, layered: Mapping[StreamKey, int]) -> Places:
    numbers = [layered.get(saying.key, -1) for saying in table.sayings]
    return np.array(numbers, dtype=np.intp)[table.which]
