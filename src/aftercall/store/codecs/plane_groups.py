"""Planes of bytes compressed in groups of about the same entropy.

zstd has one code for all literals of a block. A byte of noise beside one that takes few values
makes the codes of both longer, so each group begins a block of its own.
"""

from collections.abc import Sequence
from itertools import groupby

import zstandard

from aftercall.store.codecs.trimmed import trimmed


def order_of(planes: Sequence[bytes]) -> list[int]:
    """The places of planes by their entropy."""
    entropies = [_bits(plane) for plane in planes]
    return sorted(range(len(planes)), key=entropies.__getitem__)


def compress(head: bytes, planes: Sequence[bytes], *, level: int) -> bytes:
    """The head and the planes, which are in the order of `order_of`, as one frame."""
    size = len(head) + sum(map(len, planes))
    frame = zstandard.ZstdCompressor(level=level, write_checksum=True).compressobj(size=size)
    parts = [frame.compress(head)]
    for _, group in groupby(planes, key=_bits):
        parts.append(frame.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK))
        parts.extend(frame.compress(plane) for plane in group)
    return trimmed(b"".join([*parts, frame.flush()]))


def take_apart(joined: bytes, lengths: Sequence[int], order: Sequence[int]) -> list[bytes]:
    """The planes of so many bytes each, which were joined in this order."""
    planes = [b""] * len(lengths)
    position = 0
    for place in order:
        end = position + lengths[place]
        planes[place] = joined[position:end]
        position = end
    return planes


def _bits(plane: bytes) -> int:
    """The entropy of a byte, in whole bits."""
    import numpy as np  # noqa: PLC0415 - numpy

    counts = np.bincount(np.frombuffer(plane, dtype=np.uint8))
    shares = counts[counts > 0] / len(plane)
    return round(float(-(shares * np.log2(shares)).sum()))
