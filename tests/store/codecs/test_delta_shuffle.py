"""Columns of numbers in planes: what is lifted is what was laid."""

import random
from itertools import accumulate

from hypothesis import example, given
from hypothesis import strategies as st

from aftercall.store.codecs.delta_shuffle import LARGEST, decode, encode, plane_lengths

NUMBERS = st.integers(-LARGEST, LARGEST) | st.integers(-300, 300)
COLUMNS = st.lists(st.lists(NUMBERS, min_size=1, max_size=12), max_size=6)


@given(COLUMNS)
@example([[LARGEST, -LARGEST, LARGEST, -LARGEST]])
@example([[7], [7, 7], [0, 256, 65_536]])
def test_decoded_columns_equal_the_encoded_ones(columns: list[list[int]]) -> None:
    heads, planes = encode(columns)
    assert [column.tolist() for column in decode(heads, planes)] == columns
    assert list(map(len, planes)) == plane_lengths(heads)


def test_a_column_takes_as_many_planes_as_its_deltas_have_bytes() -> None:
    steady = [1_000_000 + 5_000 * n for n in range(100)]
    dice = random.Random(3)
    wandering = list(accumulate(dice.randrange(-60, 60) for _ in range(100)))
    (counter, gauge), planes = encode([steady, wandering])
    assert counter == [100, 2, 0, 1_000_000, 5_000]
    assert gauge[:3] == [100, 1, 1]
    assert list(map(len, planes)) == [99]


def test_noise_is_stored_as_its_distances_from_the_median() -> None:
    dice = random.Random(3)
    noise = [1_000_000 + dice.randrange(120) for _ in range(101)]
    ((*head, middle),), planes = encode([noise])
    assert (head, middle) == ([101, 0, 1], sorted(noise)[50])
    assert list(map(len, planes)) == [101]


def test_columns_that_were_encoded_as_deltas_are_decoded() -> None:
    (column,) = decode([[4, 1, 1, 7]], [bytes([2, 0, 1])])
    assert column.tolist() == [7, 8, 8, 7]
