"""Sets of small numbers as bytes: each number, where there are few; else a bitmap, or several.

In memory a set is an integer whose bits are its members, so that sets of thousands are intersected,
united and counted by one instruction of Python each.
"""

import re
import struct
from collections.abc import Iterator
from functools import cached_property
from typing import Final

LISTED: Final = b"\x00"
"""Numbers of two bytes each follow, little-endian."""

BITMAP: Final = b"\x01"
"""A bitmap follows, little-endian: its first bit is the number 0."""

STRIPES: Final = b"\x02"
"""Bitmaps of the same length follow, each of the next 4,096 numbers: first their length in bytes,
as two bytes, little-endian. Of many places of a few sessions this is by far the shortest."""

_STRIPE: Final = 4_096
_STRIPE_BYTES: Final = _STRIPE // 8
_MOST_BYTES: Final = 65_536 // 8
_EVERY: Final = (1 << _STRIPE) - 1

_FEW: Final = 32
"""Numbers that an integer takes up sooner than a bitmap is made; measured."""

_SMALL: Final = 400
"""Numbers that are a set of Python's sooner than stored lists are made bitmaps; measured."""

_FEW_LISTED: Final = {
    1 + 2 * count: struct.Struct(f"<x{count}H").unpack for count in range(_FEW + 1)
}
"""Reads so many bytes as a list, whose form is skipped."""

_RUNS: Final = re.compile(rb"[^\0]+").finditer
"""The bytes that hold any member: a set of few has long runs of others."""

_BIT_PLACES: Final = [[n for n in range(8) if byte >> n & 1] for byte in range(256)]


def encode(bits: int) -> bytes:
    """The shortest form of a set of numbers below 65,536."""
    bitmap_bytes = (bits.bit_length() + 7) // 8
    count = bits.bit_count()
    number = -(-bits.bit_length() // _STRIPE)
    if 1 < number < min(2 * count, bitmap_bytes):
        stripes = [bits >> _STRIPE * place & _EVERY for place in range(number)]
        width = (max(stripes).bit_length() + 7) // 8
        if 2 + number * width < min(2 * count, bitmap_bytes):
            bitmaps = (stripe.to_bytes(width, "little") for stripe in stripes)
            return STRIPES + width.to_bytes(2, "little") + b"".join(bitmaps)
    if 2 * count < bitmap_bytes:
        return LISTED + struct.pack(f"<{count}H", *members(bits))
    return BITMAP + bits.to_bytes(bitmap_bytes, "little")


def decode(stored: bytes) -> int:
    """The set that `encode` wrote. Raises `ValueError` when it wrote no such bytes."""
    form, body = stored[:1], stored[1:]
    if form == BITMAP:
        return int.from_bytes(body, "little")
    if form == STRIPES:
        return _decode_stripes(body)
    numbers = _listed(form, body)
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


def _decode_stripes(body: bytes) -> int:
    width = int.from_bytes(body[:2], "little")
    if not 0 < width <= _STRIPE_BYTES or (len(body) - 2) % width:
        raise ValueError("no encoded set of numbers")
    stripes = (body[place : place + width] for place in range(2, len(body), width))
    whole = b"".join(stripe.ljust(_STRIPE_BYTES, b"\0") for stripe in stripes)
    return int.from_bytes(whole, "little")


def _listed(form: bytes, body: bytes) -> tuple[int, ...]:
    if form != LISTED or len(body) % 2:
        raise ValueError("no encoded set of numbers")
    return struct.unpack(f"<{len(body) // 2}H", body)


class Compared:
    """A set with which many stored ones are compared."""

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self._is_small = bits.bit_count() <= _SMALL

    @cached_property
    def _bitmap(self) -> bytes:
        return self._bits.to_bytes(_MOST_BYTES, "little")

    @cached_property
    def _numbers(self) -> frozenset[int]:
        return frozenset(members(self._bits))

    def count_shared(self, stored: bytes) -> int:
        """How many numbers it shares with a set that `encode` wrote."""
        if stored[:1] == LISTED:
            if self._is_small:
                return len(self._numbers.intersection(_listed(LISTED, stored[1:])))
            if (read := _FEW_LISTED.get(len(stored))) is not None:
                shared, bitmap = 0, self._bitmap
                for number in read(stored):
                    shared += bitmap[number >> 3] >> (number & 7) & 1
                return shared
        return (self._bits & decode(stored)).bit_count()


def members(bits: int) -> Iterator[int]:
    """The numbers in a set, the smallest first."""
    data = bits.to_bytes((bits.bit_length() + 7) // 8, "little")
    for run in _RUNS(data):
        for place in range(run.start(), run.end()):
            for bit in _BIT_PLACES[data[place]]:
                yield place * 8 + bit
