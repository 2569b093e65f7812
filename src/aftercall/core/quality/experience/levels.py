"""How good a call was for each person: the one definition behind strips, letters, headlines,
lists, filters and overviews. `docs/explain/quality.md` explains it with examples.

A *moment* is a person's sound and picture in one bucket of the session's time, on the opinion
scale 1…5. Its *level* is 4 good, 3 fair, 2 poor or 1 bad. A person's *letter* is the worst level
at or below which a tenth of the measured moments lie. A session has the worst letter of its
people, and says for how many.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Final

import msgspec

from aftercall.core.quality.experience.time_scale import Scale

AUDIO_LEVELS: Final = (3.8, 3.1, 2.6)
"""The least MOS of levels 4 (good), 3 (fair) and 2 (poor) of a voice; what is lower is 1. The
words a call analyser known to WebRTC people puts to these numbers."""

VIDEO_LEVELS: Final = (3.3, 2.6, 2.1)
"""The same of a picture. The model knows bits, not faces: it is some 0.65 too strict with still
scenes, and an unhurt 720p picture at the bitrate WebRTC gives it comes to 3.6."""

Level = Annotated[int, msgspec.Meta(ge=0, le=4)]
"""4 good, 3 fair, 2 poor, 1 bad, 0 not judged."""

UNKNOWN: Final = 0
BAD: Final = 1
POOR: Final = 2
FAIR: Final = 3
GOOD: Final = 4

WORDS: Final = ("not judged", "bad", "poor", "fair", "good")
"""What the levels are called."""

ONE_IN: Final = 10
"""The share of the measured time that a letter rests on: one moment in ten. Chosen: a minute
and a half of a quarter of an hour is what people remember of a call."""


class Experience(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One person's moments: a place for each bucket of the scale, `None` where nothing is known.
    What was hard failure counts as 1.0. Values have two decimals, so that everybody who reads
    them finds the same levels."""

    scale: Scale
    mos_audio: list[float | None]
    mos_video: list[float | None]
    worst_stream: list[int]
    """The level of the worst single stream received in each bucket: evidence, no verdict."""

    @property
    def levels(self) -> list[int]:
        return levels_of(self.mos_audio, self.mos_video)


def level_of(mos_audio: float | None, mos_video: float | None) -> int:
    """The worse level of voice and picture; 0 when nothing is known."""
    levels = [_level(mos_audio, AUDIO_LEVELS), _level(mos_video, VIDEO_LEVELS)]
    return min((level for level in levels if level), default=UNKNOWN)


def _level(mos: float | None, leasts: Sequence[float]) -> int:
    if mos is None:
        return UNKNOWN
    return next((GOOD - place for place, least in enumerate(leasts) if mos >= least), BAD)


def levels_of(mos_audio: Sequence[float | None], mos_video: Sequence[float | None]) -> list[int]:
    """The level of each moment."""
    return [level_of(a, v) for a, v in zip(mos_audio, mos_video, strict=True)]


def overall_level(levels: Iterable[int]) -> int:
    """The worst level at or below which a tenth of the measured moments lie: their tenth
    percentile by nearest rank. 0 when none was measured."""
    known = sorted(level for level in levels if level)
    return known[-(-len(known) // ONE_IN) - 1] if known else UNKNOWN


def worst_tenth(values: Iterable[float | None], moments: int) -> float | None:
    """The value at or below which a tenth of all `moments` measured lie, for the sound or the
    picture alone. `None` where fewer moments than that have one. Its level is never worse than
    the letter."""
    known = sorted(value for value in values if value is not None)
    place = -(-moments // ONE_IN) - 1
    return known[place] if 0 <= place < len(known) else None


def worst_level(letters: Iterable[int]) -> tuple[int, int]:
    """The worst known letter, and how many people have it."""
    known = [letter for letter in letters if letter]
    worst = min(known, default=UNKNOWN)
    return worst, known.count(worst)


Shares = tuple[int, int, int, int]
"""How many moments were bad, poor, fair and good."""


def shares_of(levels: Iterable[int]) -> Shares:
    """How many are bad, poor, fair and good; unknown ones are in none."""
    counts = [0] * (GOOD + 1)
    for level in levels:
        counts[level] += 1
    return (counts[BAD], counts[POOR], counts[FAIR], counts[GOOD])


def sparkline_of(
    lanes: Sequence[Sequence[int]], buckets: int, places: int
) -> tuple[list[Shares], int]:
    """A session's strip: of everybody's moments in each of at most `places` places, how many
    were bad, poor, fair and good; and how many buckets go into one place."""
    width = max(1, -(-buckets // places))
    return [
        shares_of(level for lane in lanes for level in lane[start : start + width])
        for start in range(0, buckets, width)
    ], width
