"""Sets of small numbers as bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.store.codecs.bitset import decode, encode, members

SETS = st.sets(st.integers(0, 4_095)) | st.sets(st.integers(0, 65_535), max_size=5)


@given(SETS)
def test_a_set_comes_back_and_lists_its_members_in_order(numbers: set[int]) -> None:
    bits = sum(1 << number for number in numbers)
    assert decode(encode(bits)) == bits
    assert list(members(bits)) == sorted(numbers)


@given(SETS)
def test_a_set_takes_no_more_than_the_shorter_of_list_and_bitmap(numbers: set[int]) -> None:
    bitmap_bytes = max(numbers, default=-1) // 8 + 1
    size = len(encode(sum(1 << number for number in numbers)))
    assert size == 1 + min(2 * len(numbers), bitmap_bytes)


@pytest.mark.parametrize("stored", [b"", b"\x02abc", b"\x00abc"])
def test_other_bytes_are_refused(stored: bytes) -> None:
    with pytest.raises(ValueError, match="set of numbers"):
        decode(stored)
