import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.quality.experience.levels import (
    BAD,
    FAIR,
    GOOD,
    POOR,
    UNKNOWN,
    level_of,
    levels_of,
    overall_level,
    sparkline_of,
    worst_level,
    worst_tenth,
)

LEVELS = st.lists(st.integers(UNKNOWN, GOOD), max_size=60)
OPINIONS = st.none() | st.floats(1, 5).map(lambda mos: round(mos, 2))
MOMENTS = st.lists(st.tuples(OPINIONS, OPINIONS), max_size=60)


@pytest.mark.parametrize(
    ("mos", "level"),
    [(None, 0), (5.0, 4), (3.8, 4), (3.79, 3), (3.1, 3), (3.0, 2), (2.6, 2), (2.5, 1), (1.0, 1)],
)
def test_an_audio_mos_has_a_level(mos: float | None, level: int) -> None:
    assert level_of(mos, None) == level


@pytest.mark.parametrize(
    ("mos", "level"),
    [(None, 0), (5.0, 4), (3.3, 4), (3.29, 3), (2.6, 3), (2.5, 2), (2.1, 2), (2.0, 1), (1.0, 1)],
)
def test_a_video_mos_has_its_own_level(mos: float | None, level: int) -> None:
    assert level_of(None, mos) == level


def test_a_level_is_the_lower_of_audio_and_video() -> None:
    assert levels_of([4.5, None, 2.0, None], [2.4, 3.9, None, None]) == [2, 4, 1, 0]


@pytest.mark.parametrize(
    ("levels", "letter"),
    [
        ([], UNKNOWN),
        ([UNKNOWN] * 9, UNKNOWN),
        ([POOR], POOR),
        ([BAD] + [GOOD] * 9, BAD),
        ([BAD] + [GOOD] * 10, GOOD),
        ([BAD] + [GOOD] * 9 + [UNKNOWN] * 90, BAD),
        ([BAD] + [POOR] + [GOOD] * 18, POOR),
        ([BAD, POOR, FAIR] + [GOOD] * 27, FAIR),
    ],
)
def test_a_letter_is_the_worst_level_of_a_tenth_of_the_measured_time(
    levels: list[int], letter: int
) -> None:
    assert overall_level(levels) == letter


@given(LEVELS)
def test_at_least_a_tenth_of_the_time_was_as_bad_as_the_letter_and_less_was_worse(
    levels: list[int],
) -> None:
    known = [level for level in levels if level]
    letter = overall_level(levels)
    assert (letter == UNKNOWN) == (not known)
    if known:
        assert 10 * sum(level <= letter for level in known) >= len(known)
        assert 10 * sum(level < letter for level in known) < len(known)


@given(MOMENTS)
def test_no_figure_beside_a_letter_is_worse_than_the_letter(
    moments: list[tuple[float | None, float | None]],
) -> None:
    sound, picture = [each[0] for each in moments], [each[1] for each in moments]
    levels = levels_of(sound, picture)
    measured = sum(level != UNKNOWN for level in levels)
    figures = level_of(worst_tenth(sound, measured), worst_tenth(picture, measured))
    assert figures == UNKNOWN or figures >= overall_level(levels)


def test_values_for_less_than_a_tenth_of_the_time_have_no_worst_tenth() -> None:
    assert worst_tenth([1.0, 2.0], 20) == 2.0
    assert worst_tenth([1.0, 2.0], 21) is None
    assert worst_tenth([], 0) is None


def test_a_session_has_the_worst_letter_of_its_participants_and_its_count() -> None:
    assert worst_level([GOOD, POOR, UNKNOWN, POOR]) == (POOR, 2)
    assert worst_level([UNKNOWN]) == (UNKNOWN, 0)


@given(st.lists(st.lists(st.integers(0, 4), min_size=7, max_size=7), max_size=4), st.integers(1, 9))
def test_a_sparkline_counts_every_participants_buckets_once(
    lanes: list[list[int]], places: int
) -> None:
    strip, width = sparkline_of(lanes, 7, places)
    assert len(strip) <= places
    for place, counts in enumerate(strip):
        seen = [each for lane in lanes for each in lane[place * width : (place + 1) * width]]
        assert list(counts) == [seen.count(level) for level in (BAD, POOR, FAIR, GOOD)]
