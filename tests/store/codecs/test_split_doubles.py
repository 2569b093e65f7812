"""Doubles as integers: to the last bit, and small where browsers add decimals up."""

import random
import struct

from hypothesis import example, given
from hypothesis import strategies as st

from aftercall.store.codecs.delta_shuffle import LARGEST
from aftercall.store.codecs.split_doubles import join_doubles, split_doubles

DOUBLES = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30)


def bits_of(values: list[float]) -> bytes:
    return struct.pack(f"<{len(values)}d", *values)


@given(DOUBLES)
@example([0.0, -0.0])
@example([5e-324, -5e-324, 1.7976931348623157e308])
@example([0.1 + 0.2, 0.7 + 0.1])
def test_doubles_are_joined_to_the_last_bit(values: list[float]) -> None:
    assert bits_of(join_doubles(split_doubles([values])[0])) == bits_of(values)


@given(DOUBLES)
def test_both_columns_can_be_encoded(values: list[float]) -> None:
    split = split_doubles([values])[0]
    assert max(map(abs, split.units + split.rest)) < LARGEST


def test_decimals_have_no_errors() -> None:
    assert split_doubles([[0.25, 1.5, -3.0]])[0] == (2, [25, 150, -300], [0, 0, 0])


def test_sums_of_microseconds_keep_their_rounding_errors_apart() -> None:
    dice, total, values = random.Random(7), 0.0, []
    for _ in range(500):
        total += dice.randrange(9_000, 11_000) / 1_000_000
        values.append(total)
    split = split_doubles([values])[0]
    assert split.decimals == 6
    assert max(map(abs, split.rest)) < 64


def test_doubles_of_any_magnitude_are_kept_as_halves() -> None:
    dice = random.Random(7)
    split = split_doubles([[dice.random() * 2.0 ** dice.randrange(-300, 300) for _ in range(100)]])[
        0
    ]
    assert split.decimals is None
    assert 0 <= min(split.rest) <= max(split.rest) < 1 << 32


@given(st.lists(DOUBLES, max_size=6))
def test_columns_are_split_together_as_each_by_itself(columns: list[list[float]]) -> None:
    assert split_doubles(columns) == [split_doubles([column])[0] for column in columns]
