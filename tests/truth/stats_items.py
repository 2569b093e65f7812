"""A getStats object as columns over the times at which a collector reads it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.truth.path_elements import Flags, Floats

GAUGES = frozenset(
    (
        *("jitter", "roundTripTime", "totalRoundTripTime", "currentRoundTripTime"),
        *("fractionLost", "audioLevel", "totalAudioEnergy", "totalSamplesDuration"),
        *("jitterBufferDelay", "totalFreezesDuration", "availableOutgoingBitrate"),
        *("framesPerSecond", "targetBitrate"),
    )
)
"""What is no whole number."""


@dataclass(eq=False, kw_only=True)
class Item:
    """One object. `fixed` is the same in every sample; a NaN in a column, or `None` in `words`,
    leaves the member out."""

    type: str
    id: str
    fixed: Mapping[str, Any] = field(default_factory=dict)
    columns: Mapping[str, Floats] = field(default_factory=dict)
    words: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    is_there: Flags
    made_at: Floats
    """Its `timestamp`, seconds into the call."""

    def at(self, place: int, epoch_ms: int) -> dict[str, Any]:
        members: dict[str, Any] = {
            "type": self.type,
            "id": self.id,
            "timestamp": round(epoch_ms + float(self.made_at[place]) * 1000, 3),
            **self.fixed,
        }
        for name, column in self.columns.items():
            value = float(column[place])
            if value == value:
                members[name] = round(value, 6) if name in GAUGES else round(value)
        for name, words in self.words.items():
            if words[place] is not None:
                members[name] = words[place]
        return members


def before(times: Floats, at: Floats) -> Floats:
    """How many of the ascending times have passed."""
    return np.searchsorted(times, at, side="right").astype(np.float64)


def summed(times: Floats, values: Floats, at: Floats) -> Floats:
    """The sum of the values up to each time; `times` ascend."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    return sums[np.searchsorted(times, at, side="right")]


def always(at: Floats) -> Flags:
    return np.ones(len(at), dtype=np.bool_)


def first(times: Floats) -> float:
    return float(times[0]) if len(times) else np.inf


def filled(values: Floats) -> Floats:
    """NaNs become the last value before them."""
    place = np.maximum.accumulate(np.where(np.isnan(values), -1, np.arange(len(values))))
    return np.where(place >= 0, values[place.clip(0)], np.nan)
