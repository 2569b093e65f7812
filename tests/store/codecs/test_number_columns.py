"""Columns of doubles in one block: to the last bit, whatever form they take."""

import random
from typing import Any

import numpy as np
import pytest
import zstandard
from hypothesis import example, given
from hypothesis import strategies as st

from aftercall.core.quality.report.listed_column import ListedColumn
from aftercall.store.codecs.number_columns import pack, unpack

VALUES = (
    st.floats()
    | st.sampled_from([float("nan"), 0.0, -0.0, 1.0, 0.1, 3.14])
    | st.integers(-(1 << 60), 1 << 60).map(float)
    | st.integers(0, 20_000).map(lambda number: number / 10_000)
)


def bits_of(columns: Any) -> list[bytes]:
    # Which NaN stands for what is not known does not matter.
    return [
        np.where(np.isnan(column), np.nan, column).astype(np.float64).tobytes()
        for column in (
            each.doubles if isinstance(each, ListedColumn) else np.asarray(each) for each in columns
        )
    ]


@given(st.lists(st.lists(VALUES, min_size=1, max_size=40), max_size=4))
@example([[float("nan")], [0.0, -0.0], [float("inf")] * 3, [1e300, 5e-324]])
@example([[float("nan"), 1.0] * 20, [2.5, float("nan")] * 20])
def test_columns_are_unpacked_to_the_last_bit(columns: list[list[float]]) -> None:
    head, found = unpack(pack({"names": ["a"]}, [np.array(column) for column in columns]))
    assert head == {"names": ["a"]}
    assert bits_of(found) == bits_of(columns)


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), min_size=40, max_size=80),
    st.lists(st.floats(0, 1), min_size=5, max_size=5),
)
def test_columns_of_few_values_are_unpacked(
    drawn: list[tuple[int, int]], values: list[float]
) -> None:
    columns = [
        np.array([float(lost) for lost, _ in drawn]),
        np.array([values[lost] for lost, _ in drawn]),
        np.array([values[lost] if other else np.nan for lost, other in drawn]),
    ]
    assert bits_of(unpack(pack(None, columns))[1]) == bits_of(columns)


def test_a_column_that_depends_on_another_takes_no_room_of_its_own() -> None:
    dice = random.Random(5)
    lost = np.array([float(dice.randrange(8)) for _ in range(2_000)])
    alone, both = pack(None, [lost]), pack(None, [lost, lost / 357])
    assert len(both) < len(alone) + 200


def test_columns_of_few_values_stay_listed() -> None:
    columns = [
        np.full(40, 2.5),
        np.array([1.0, 3.0] * 20),
        np.array([1.0, 3.0, np.nan, 3.0] * 10),
        np.arange(40.0),
    ]
    found = unpack(pack(None, columns))[1]
    values = [column.values if isinstance(column, ListedColumn) else None for column in found]
    assert values[:2] == [[2.5], [1.0, 3.0]]
    assert values[2] is not None
    assert values[2][:2] == [1.0, 3.0]
    assert np.isnan(values[2][2])
    assert values[3] is None


def test_noise_takes_hardly_more_bits_than_it_has() -> None:
    dice = random.Random(5)
    jitters = np.array([round(dice.random() / 50, 6) for _ in range(5_000)])
    assert len(pack(None, [jitters])) < 5_000 * 15.6 / 8


def test_a_damaged_block_is_noticed() -> None:
    block = bytearray(pack(None, [np.array([0.5, 7.25, 9.0])]))
    block[-6] ^= 1
    with pytest.raises(zstandard.ZstdError):
        unpack(bytes(block))
