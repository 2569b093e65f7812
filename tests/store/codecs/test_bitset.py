"""Sets of small numbers as bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.store.codecs.bitset import STRIPES, Compared, decode, encode, members

STRIPED = st.builds(
    lambda places, first: {
        4_096 * stripe + first + place for stripe in range(8) for place in places
    },
    st.sets(st.integers(0, 300), min_size=40),
    st.integers(0, 3_000),
)
SETS = st.sets(st.integers(0, 4_095)) | st.sets(st.integers(0, 65_535), max_size=5) | STRIPED


@given(SETS)
def test_a_set_comes_back_and_lists_its_members_in_order(numbers: set[int]) -> None:
    bits = sum(1 << number for number in numbers)
    assert decode(encode(bits)) == bits
    assert list(members(bits)) == sorted(numbers)


@given(SETS)
def test_a_set_takes_no_more_than_the_shorter_of_list_and_bitmap(numbers: set[int]) -> None:
    bitmap_bytes = max(numbers, default=-1) // 8 + 1
    size = len(encode(sum(1 << number for number in numbers)))
    shorter = 1 + min(2 * len(numbers), bitmap_bytes)
    assert size == shorter or (max(numbers) >= 4_096 and size < shorter)


def test_the_same_places_of_several_stripes_take_a_short_bitmap_each() -> None:
    bits = sum(1 << 4_096 * stripe + place for stripe in range(5) for place in range(274))
    stored = encode(bits)
    assert stored[:1] == STRIPES
    assert len(stored) == 3 + 5 * 35
    assert decode(stored) == bits


@given(SETS, SETS)
def test_what_two_sets_share_is_counted(one: set[int], other: set[int]) -> None:
    compared = Compared(sum(1 << number for number in one))
    stored = encode(sum(1 << number for number in other))
    assert compared.count_shared(stored) == len(one & other)


@pytest.mark.parametrize(
    "stored", [b"", b"\x03abc", b"\x00abc", b"\x02abc", b"\x02\x02\x00abc", b"\x02\x00\x00"]
)
def test_other_bytes_are_refused(stored: bytes) -> None:
    with pytest.raises(ValueError, match="set of numbers"):
        decode(stored)
