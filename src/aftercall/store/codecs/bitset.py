"""Sets of small numbers as bytes: each number, where there are few; else a bitmap.

In memory a set is an integer whose bits are its members, so that sets of thousands are intersected,
united and counted by one instruction of Python each.
"""

import re
import struct
from collections.abc import Iterator
from typing import Final

LISTED: Final = b"\x00"
"""Numbers of two bytes each follow, little-endian."""

BITMAP: Final = b"\x01"
"""A bitmap follows, little-endian: its first bit is the number 0."""

_FEW: Final = 32
"""Numbers that an integer takes up sooner than a bitmap is made; measured."""

_RUNS: Final = re.compile(rb"[^\0]+").finditer
"""The bytes that hold any member: a set of few has long runs of others."""

_BIT_PLACES: Final = [[n for n in range(8) if byte >> n & 1] for byte in range(256)]


def encode(bits: int) -> bytes:
    """The shorter form of a set of numbers below 65,536."""
    bitmap_bytes = (bits.bit_length() + 7) // 8
    count = bits.bit_count()
    if 2 * count < bitmap_bytes:
        return LISTED + struct.pack(f"<{count}H", *members(bits))
    return BITMAP + bits.to_bytes(bitmap_bytes, "little")


def decode(stored: bytes) -> int:
    """The set that `encode` wrote. Raises `ValueError` when it wrote no such bytes."""
    form, body = stored[:1], stored[1:]
    if form == BITMAP:
        return int.from_bytes(body, "little")
    if form != LISTED or len(body) % 2:
        raise ValueError("no encoded set of numbers")
    numbers = struct.unpack(f"<{len(body) // 2}H", body)
    if len(numbers) <= _FEW:
        bits = 0
        for number in numbers:
            bits |= 1 << number
        return bits
    # Each change of an integer copies it whole; bytes are changed where they are.
    bitmap = bytearray((max(numbers) >> 3) + 1)
    for number in numbers:
        bitmap[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(bitmap, "little")


def members(bits: int) -> Iterator[int]:
    """The numbers in a set, the smallest first."""
    data = bits.to_bytes((bits.bit_length() + 7) // 8, "little")
    for run in _RUNS(data):
        for place in range(run.start(), run.end()):
            for bit in _BIT_PLACES[data[place]]:
                yield place * 8 + bit
