"""Levels of experience: the one definition behind sparklines, levels of participants and sessions,
headlines, lists, filters and overviews. `docs/explain/quality.md` explains it with examples.

A *moment* is a person's audio and video in one bucket of the session's time, on the opinion scale
1…5. Its *level* is 4 good, 3 fair, 2 poor or 1 bad. A person's *overall level* is the worst level
at or below which a tenth of the measured moments lie. A session has the worst overall level of its
people, and states for how many.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain, starmap
from typing import Annotated, Final

import msgspec

from aftercall.core.quality.experience.time_scale import TimeScale

AUDIO_LEVELS: Final = (3.8, 3.1, 2.6)
"""The least audio MOS of levels 4 (good), 3 (fair) and 2 (poor); lower values are level 1. The
words are those of a call analyser known to WebRTC engineers for these numbers."""

VIDEO_LEVELS: Final = (3.3, 2.6, 2.1)
"""The same for video. The model knows bits, not faces: it is some 0.65 too strict with still
scenes, and an unimpaired 720p picture at WebRTC's usual bitrate scores 3.6."""

Level = Annotated[int, msgspec.Meta(ge=0, le=4)]
"""4 good, 3 fair, 2 poor, 1 bad, 0 not judged."""

UNKNOWN: Final = 0
BAD: Final = 1
POOR: Final = 2
FAIR: Final = 3
GOOD: Final = 4

WORDS: Final = ("not judged", "bad", "poor", "fair", "good")
"""The words for the levels."""

ONE_IN: Final = 10
"""The share of the measured moments that the overall level rests on: one in ten. Chosen: a minute
and a half of a quarter of an hour is what people remember of a call."""


class Experience(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One person's moments: one entry for each bucket of the scale, `None` if unknown. A hard
    failure counts as 1.0. Values have two decimals, so that every reader computes the same
    levels."""

    scale: TimeScale
    mos_audio: list[float | None]
    mos_video: list[float | None]
    worst_stream: list[int]
    """The level of the worst single received stream in each bucket: evidence, not part of the
    level."""

    @property
    def levels(self) -> list[int]:
        """The level of each moment."""
        return levels_of(self.mos_audio, self.mos_video)


@lru_cache(4_096)
def level_of(mos_audio: float | None, mos_video: float | None) -> int:
    """The worse level of audio and video; 0 if neither is known. Moments have few different
    values."""
    levels = [_level(mos_audio, AUDIO_LEVELS), _level(mos_video, VIDEO_LEVELS)]
    return min((level for level in levels if level), default=UNKNOWN)


def _level(mos: float | None, leasts: Sequence[float]) -> int:
    if mos is None:
        return UNKNOWN
    return next((GOOD - place for place, least in enumerate(leasts) if mos >= least), BAD)


def levels_of(mos_audio: Sequence[float | None], mos_video: Sequence[float | None]) -> list[int]:
    """The level of each moment."""
    return list(starmap(level_of, zip(mos_audio, mos_video, strict=True)))


def overall_level(levels: Iterable[int]) -> int:
    """The worst level at or below which a tenth of the measured moments lie: their tenth percentile
    by nearest rank. 0 if none was measured."""
    every = levels if isinstance(levels, list) else list(levels)
    left = -(-(len(every) - every.count(UNKNOWN)) // ONE_IN)
    if not left:
        return UNKNOWN
    for level in (BAD, POOR, FAIR):
        left -= every.count(level)
        if left <= 0:
            return level
    return GOOD


def worst_tenth(values: Iterable[float | None], moments: int) -> float | None:
    """The MOS at or below which a tenth of all `moments` measured lie, for audio or video alone.
    `None` if fewer moments than that have one. Its level is never worse than the overall level."""
    known = sorted(value for value in values if value is not None)
    place = -(-moments // ONE_IN) - 1
    return known[place] if 0 <= place < len(known) else None


def worst_level(letters: Iterable[int]) -> tuple[int, int]:
    """The worst known level of people, and how many have it."""
    known = [letter for letter in letters if letter]
    worst = min(known, default=UNKNOWN)
    return worst, known.count(worst)


LevelCounts = tuple[int, int, int, int]
"""How many moments were bad, poor, fair and good."""


def level_counts(levels: Iterable[int]) -> LevelCounts:
    """How many levels are bad, poor, fair and good; unknown ones are not counted."""
    every = levels if isinstance(levels, list) else list(levels)
    return (every.count(BAD), every.count(POOR), every.count(FAIR), every.count(GOOD))


def sparkline_of(
    level_rows: Sequence[Sequence[int]], buckets: int, places: int
) -> tuple[list[LevelCounts], int]:
    """A session's sparkline: the level counts of all moments in each of at most `places` groups of
    buckets, and the number of buckets in a group. `level_rows` are the levels of each person."""
    width = max(1, -(-buckets // places))
    return [
        level_counts(chain.from_iterable(levels[start : start + width] for levels in level_rows))
        for start in range(0, buckets, width)
    ], width
