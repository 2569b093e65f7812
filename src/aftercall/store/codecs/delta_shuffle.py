"""Columns of integers as bytes that compress well: delta or delta of delta, zigzag, byte shuffle.

Counters grow evenly and gauges wander, so a column is stored as its deltas or, where those are
smaller, as the deltas of its deltas. Their bytes are shuffled into planes, the highest bytes of
every column first and the lowest last: high bytes are nearly all alike, low ones are noise, and
zstd compresses them better apart.
"""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from operator import sub
from struct import pack, unpack
from typing import Final

LARGEST: Final = 1 << 60
"""Numbers up to this, of either sign, can be encoded: the deltas of their deltas fit in 64 bits."""

_BYTES: Final = 8

Head = list[int]
"""The head of a column: how many numbers, the order of its deltas (1 or 2), how many planes, and
the first number (and the first delta)."""


def encode(columns: Iterable[Sequence[int]]) -> tuple[list[Head], bytes]:
    """Encode columns, none of them empty; returns their heads and the bytes of their planes."""
    heads: list[Head] = []
    of_columns: list[list[bytes]] = []
    for column in columns:
        starts, rest = _reduced(column)
        planes = _planes(rest)
        heads.append([len(column), len(starts), len(planes), *starts])
        of_columns.append(planes)
    return heads, b"".join(
        planes[-1 - level]
        for level in range(_BYTES)
        for planes in of_columns
        if len(planes) > level
    )


def decode(heads: Sequence[Head], encoded: bytes) -> list[list[int]]:
    """The inverse of `encode`."""
    of_columns: list[list[bytes]] = [[] for _ in heads]
    position = 0
    for level in range(_BYTES):
        for (count, order, planes, *_), found in zip(heads, of_columns, strict=True):
            if planes > level:
                end = position + count - order
                found.append(encoded[position:end])
                position = end
    return [
        _restored(head[3:], _numbers(planes, head[0] - head[1]))
        for head, planes in zip(heads, of_columns, strict=True)
    ]


def differences(numbers: Sequence[int]) -> list[int]:
    """The difference of each number but the first from the one before."""
    return list(map(sub, numbers[1:], numbers))


def _reduced(numbers: Sequence[int]) -> tuple[list[int], list[int]]:
    """The first number (and the first delta), and the deltas of the smaller order."""
    once = differences(numbers)
    twice = differences(once)
    if len(once) > 1 and _bits(twice) < _bits(once[1:]):
        return [numbers[0], once[0]], twice
    return [numbers[0]], once


def _bits(numbers: Iterable[int]) -> int:
    return sum(map(int.bit_length, numbers))


def _restored(starts: list[int], rest: list[int]) -> list[int]:
    for start in reversed(starts):
        rest = list(accumulate(rest, initial=start))
    return rest


def _planes(numbers: list[int]) -> list[bytes]:
    """The bytes of numbers by place, the lowest first. Zigzag moves the sign to the lowest bit, so
    that the high bytes of small numbers are zero."""
    folded = [-2 * n - 1 if n < 0 else 2 * n for n in numbers]
    width = (max(folded, default=0).bit_length() + 7) // 8
    packed = pack(f"<{len(folded)}Q", *folded)
    return [packed[place::_BYTES] for place in range(width)]


def _numbers(planes: list[bytes], count: int) -> list[int]:
    """The inverse of `_planes`, for planes with the highest first."""
    packed = bytearray(count * _BYTES)
    for place, plane in enumerate(reversed(planes)):
        packed[place::_BYTES] = plane
    return [n >> 1 ^ -(n & 1) for n in unpack(f"<{count}Q", packed)]
