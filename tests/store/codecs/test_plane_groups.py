"""Planes in groups: taken apart again, and smaller than in one block."""

import random

import zstandard
from hypothesis import given
from hypothesis import strategies as st

from aftercall.store.codecs.plane_groups import compress, order_of, take_apart

PLANES = st.lists(st.binary(min_size=1, max_size=400) | st.just(b"\\0" * 300), max_size=8)


@given(st.binary(max_size=20), PLANES, st.sampled_from([3, 9]))
def test_planes_are_taken_apart_again(head: bytes, planes: list[bytes], level: int) -> None:
    order = order_of(planes)
    block = compress(head, [planes[place] for place in order], level=level)
    plain = zstandard.ZstdDecompressor().decompress(block)
    assert plain[: len(head)] == head
    assert take_apart(plain[len(head) :], list(map(len, planes)), order) == planes


def test_noise_does_not_lengthen_the_codes_of_few_values() -> None:
    dice = random.Random(3)
    planes = [dice.randbytes(2_000) for _ in range(10)]
    planes += [bytes(dice.choices(range(5), k=2_000)) for _ in range(10)]
    dice.shuffle(planes)
    grouped = compress(b"", [planes[place] for place in order_of(planes)], level=9)
    mixed = zstandard.ZstdCompressor(level=9).compress(b"".join(planes))
    assert len(grouped) < len(mixed) - 1_000
