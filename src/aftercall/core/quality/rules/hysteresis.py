"""Hysteresis: when a condition becomes an issue, and when the issue is over.

A condition raises its issue if it holds in three of the last five samples. The issue is over after
three consecutive samples on the good side of a second, more lenient threshold, so that a value at
the edge does not flicker. A sample flagged `raises_alone` raises the issue by itself. An unknown
value is no evidence either way.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from aftercall.core.instants import EpochMs
from aftercall.core.quality.interval_columns.columns import BoolArray, FloatArray, IndexArray
from aftercall.core.quality.issues import (
    SEVERE_FROM,
    Issue,
    IssueName,
    Severity,
    StreamRef,
    severity_of,
)

RAISE_AFTER: Final = 3
WINDOW: Final = 5
CLEAR_AFTER: Final = 3
"""Three of five, as Twilio's client warns; three consecutive good samples to clear."""


class ConditionSamples(NamedTuple):
    """The measured values of a stream, sample by sample. `values` are by the name under which they
    are reported, NaN if unknown; `bad` says which of them are trouble. A sample may be neither good
    nor bad."""

    starts: FloatArray
    ends: FloatArray
    values: dict[str, FloatArray]
    bad: dict[str, BoolArray]
    raises_alone: BoolArray
    """So bad that one of them makes an issue."""
    is_good: BoolArray
    sections: IndexArray
    """A number that grows where the stream was interrupted: later samples are judged
    independently."""
    last_section: int
    """The section in which the stream ends, with or without samples."""


def single_section(
    starts: FloatArray,
    ends: FloatArray,
    measured: tuple[str, FloatArray],
    *,
    is_bad: BoolArray,
    is_good: BoolArray,
) -> ConditionSamples:
    """Samples of one named value, all of one section."""
    name, values = measured
    sections = np.zeros(len(starts), dtype=np.intp)
    raises_alone = np.zeros(len(starts), dtype=np.bool_)
    return ConditionSamples(
        starts, ends, {name: values}, {name: is_bad}, raises_alone, is_good, sections, 0
    )


class HysteresisRule(NamedTuple):
    """How samples become issues."""

    name: IssueName
    low_is_bad: bool = False
    raise_after: int = RAISE_AFTER
    raise_after_ms: int = 0
    """The least duration of trouble, however many samples show it."""
    window: int = WINDOW
    clear_after: int = CLEAR_AFTER

    def issues(self, ref: StreamRef, samples: ConditionSamples) -> list[Issue]:
        """The issues in order of time; the last one is open if it was not cleared."""
        found: list[Issue] = []
        is_bad = np.logical_or.reduce(list(samples.bad.values()))
        sections, counts = np.unique(samples.sections[is_bad], return_counts=True)
        raises_alone = samples.raises_alone & is_bad
        hard = np.unique(samples.sections[raises_alone])
        is_worth = (counts >= self.raise_after) | np.isin(sections, hard)
        for section in sections[is_worth].tolist():
            start, end = np.searchsorted(samples.sections, (section, section + 1)).tolist()
            within = slice(start, end)
            stretches = self._stretches(
                is_bad[within], raises_alone[within], samples.is_good[within]
            )
            for bad, is_cleared in stretches:
                first, last = start + bad[0], start + bad[-1]
                if samples.ends[last] - samples.starts[first] < self.raise_after_ms:
                    continue
                is_open = not is_cleared and section == samples.last_section
                found.append(self._issue(ref, samples, start + bad, is_open=is_open))
        return found

    def _stretches(
        self, is_bad: BoolArray, raises_alone: BoolArray, is_good: BoolArray
    ) -> Iterator[tuple[IndexArray, bool]]:
        """The bad samples of each period of trouble, and whether it was cleared."""
        bad = np.flatnonzero(is_bad)
        first, raising = self._raised(bad, raises_alone)
        clear = _ends_of_runs(is_good, self.clear_after)
        judged_from = 0
        while True:
            number = np.searchsorted(bad[first], judged_from)
            if number == len(first):
                return
            begun = first[number]
            number = np.searchsorted(clear, bad[raising[number]] + self.clear_after)
            if number == len(clear):
                yield bad[begun:], False
                return
            end = clear[number]
            yield bad[begun : np.searchsorted(bad, end)], True
            judged_from = end + 1

    def _raised(self, bad: IndexArray, raises_alone: BoolArray) -> tuple[IndexArray, IndexArray]:
        """The positions among the bad samples at which a period may begin, and those at which it is
        raised."""
        more = self.raise_after - 1
        many = np.flatnonzero(bad[more:] - bad[: len(bad) - more] < self.window)
        hard = np.flatnonzero(raises_alone[bad])
        first, raising = np.concatenate([many, hard]), np.concatenate([many + more, hard])
        order = np.lexsort((raising, first))
        return first[order], raising[order]

    def _issue(
        self, ref: StreamRef, samples: ConditionSamples, bad: IndexArray, *, is_open: bool
    ) -> Issue:
        times = {name: int(flags[bad].sum()) for name, flags in samples.bad.items()}
        lasting = [name for name, count in times.items() if count >= self.raise_after]
        counted = sorted(lasting or [name for name, count in times.items() if count])
        find_worst = np.nanmin if self.low_is_bad else np.nanmax
        worst = {name: float(find_worst(samples.values[name][bad])) for name in counted}
        lasted = slice(bad[0], bad[-1] + 1)
        typical = {name: float(np.nanmean(samples.values[name][lasted])) for name in counted}
        return Issue(
            name=self.name,
            severity=self._severity(samples, bad),
            stream=ref,
            first_at=EpochMs(int(samples.starts[bad[0]])),
            last_at=EpochMs(int(samples.ends[bad[-1]])),
            sample_count=len(bad),
            worst={name: round(value, 3) for name, value in worst.items()},
            typical={name: round(value, 3) for name, value in typical.items()},
            is_open=is_open,
        )

    def _severity(self, samples: ConditionSamples, bad: IndexArray) -> Severity:
        """The severity of the name; severe also if as many samples reach the severe threshold as
        raise an issue."""
        measure, least = SEVERE_FROM.get(self.name, ("", 0.0))
        if measure in samples.values and (
            np.count_nonzero(samples.values[measure][bad] >= least) >= self.raise_after
        ):
            return "severe"
        return severity_of(self.name)


def _ends_of_runs(flags: BoolArray, length: int) -> IndexArray:
    """The last place of every run of `length` set flags."""
    counts = np.concatenate([[0], np.cumsum(flags)])
    ends: IndexArray = np.flatnonzero(counts[length:] - counts[:-length] == length) + length - 1
    return ends
