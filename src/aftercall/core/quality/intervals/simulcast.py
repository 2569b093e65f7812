"""The simulcast layer that is judged, and the loss of all layers.

The remote end shows or forwards the largest layer that flows. A layer that is sent only now and
then is not what viewers see, so a layer must keep up with the busiest one: it must have half its
frames. The network loses packets of all layers alike.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec
import numpy as np

from aftercall.core.quality.interval_columns.columns import (
    BoolArray,
    FloatArray,
    IndexArray,
    all_nan,
    coalesce,
    fill_zero,
)
from aftercall.core.quality.interval_columns.interval_table import IntervalTable
from aftercall.core.quality.stats.track_tags import StreamKey

LEAST_SHARE: Final = 0.5
"""Of the frames of the busiest layer; of its bytes if frames are not reported. Chosen."""


def join_layers(table: IntervalTable) -> IntervalTable:
    """For each RTP sender and instant, the row of the layer that is judged, with the loss of all
    layers. All layers take the rank of the first."""
    layered = _layered(table)
    if not layered:
        return table
    numbers = [layered.get(description.key, -1) for description in table.descriptions]
    senders = np.array(numbers, dtype=np.intp)[table.description_index]
    rows = np.flatnonzero(senders >= 0)
    moments = _LayersByInstant.of(senders[rows], table.at[rows])
    layers = table.take(rows)
    kept = _best(layers, moments)
    is_kept = senders < 0
    is_kept[rows[kept]] = True
    joined = msgspec.structs.replace(table, ranks=_ranks(table, senders, rows))
    for name, column in _sums(layers, moments).items():
        if name in table.numbers:
            whole = table.numbers[name].copy()
            whole[rows] = column[moments.places]
            joined.numbers = {**joined.numbers, name: whole}
    return joined.take(is_kept)


class _LayersByInstant(NamedTuple):
    """The rows of layers, by RTP sender and instant; `places` gives for each row which of `total`
    groups it is in."""

    places: IndexArray
    total: int

    @classmethod
    def of(cls, senders: IndexArray, at: FloatArray) -> "_LayersByInstant":
        order = np.lexsort((at, senders))
        is_new = (np.diff(at[order], prepend=np.nan) != 0) | (
            np.diff(senders[order], prepend=-1) != 0
        )
        places = np.empty(len(order), dtype=np.intp)
        places[order] = np.cumsum(is_new) - 1
        return cls(places, int(is_new.sum()))

    def sums(self, column: FloatArray) -> FloatArray:
        """The sum of the known values of each group, NaN where none is known."""
        is_known = ~np.isnan(column)
        places = self.places[is_known]
        sums = np.bincount(places, column[is_known], self.total)
        return np.where(np.bincount(places, minlength=self.total) > 0, sums, np.nan)

    def greatest(self, column: FloatArray) -> FloatArray:
        found = np.zeros(self.total)
        np.maximum.at(found, self.places, column)
        return found


def _best(layers: IntervalTable, moments: _LayersByInstant) -> IndexArray:
    """The row of each group that is judged; of equal ones, that of the first layer."""
    frames, width, height = layers.columns("frames", "frame_width", "frame_height")
    media = fill_zero(layers.get("bytes_sent")) - fill_zero(layers.get("retransmitted_bytes_sent"))
    has_frames = ~np.isnan(moments.sums(frames))[moments.places]
    moved = np.where(has_frames, fill_zero(frames), media)
    keeps_up = moved >= LEAST_SHARE * moments.greatest(moved)[moments.places]
    size = fill_zero(width) * fill_zero(height)
    order = np.lexsort((-layers.ranks, media, size, keeps_up, moments.places))
    best: IndexArray = order[np.diff(moments.places[order], append=-1) != 0]
    return best


def _sums(layers: IntervalTable, moments: _LayersByInstant) -> dict[str, FloatArray]:
    """The loss of all layers together, by group."""
    sent, expected = layers.columns("packets_sent", "packets_expected")
    found = {
        name: moments.sums(layers.get(name))
        for name in ("packets_lost", "packets_lost_signed", "packets_expected")
    }
    weights = coalesce(expected, sent)
    for name in ("loss_percent", "residual_loss_percent"):
        percents = layers.get(name)
        known = np.where(np.isnan(percents), np.nan, weights)
        wholes = moments.sums(known)
        found[name] = np.divide(
            moments.sums(known * percents), wholes, out=all_nan(moments.total), where=wholes > 0
        )
    return found


def _ranks(table: IntervalTable, senders: IndexArray, rows: IndexArray) -> IndexArray:
    first = np.full(int(senders.max()) + 1, table.ranks.max())
    np.minimum.at(first, senders[rows], table.ranks[rows])
    is_layer: BoolArray = senders >= 0
    return np.where(is_layer, first[senders], table.ranks)


def _layered(table: IntervalTable) -> Mapping[StreamKey, int]:
    """The streams that are layers, with the number of their RTP sender."""
    senders: dict[StreamKey, tuple[str, str]] = {}
    keys: dict[tuple[str, str], set[StreamKey]] = {}
    for description in table.descriptions:
        if description.sender is not None:
            senders.setdefault(description.key, (description.key[0], description.sender))
    if len(senders) < 2:
        return {}
    for place in np.unique(table.description_index).tolist():
        key = table.descriptions[place].key
        if key in senders:
            keys.setdefault(senders[key], set()).add(key)
    several = [layers for layers in keys.values() if len(layers) > 1]
    return {key: number for number, layers in enumerate(several) for key in layers}
