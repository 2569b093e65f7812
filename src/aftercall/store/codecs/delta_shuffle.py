"""Columns of integers as bytes that compress well: delta or delta of delta, zigzag, byte shuffle.

Counters grow evenly and gauges wander, so a column is stored as its deltas or, where those are
smaller, as the deltas of its deltas. Their bytes are shuffled into planes, the highest bytes of
every column first and the lowest last: high bytes are nearly all alike, low ones are noise, and
zstd compresses them better apart.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Matrix = npt.NDArray[np.int64]

LARGEST: Final = 1 << 60
"""Numbers up to this, of either sign, can be encoded: the deltas of their deltas fit in 64 bits."""

_BYTES: Final = 8

Head = list[int]
"""The head of a column: how many numbers, the order of its deltas (1 or 2), how many planes, and
the first number (and the first delta)."""


def encode(columns: Sequence[Sequence[int]]) -> tuple[list[Head], bytes]:
    """Encode columns, none of them empty; returns their heads and the bytes of their planes."""
    heads: list[Head] = [[] for _ in columns]
    of_columns: list[list[bytes]] = [[] for _ in columns]
    # Nearly all columns of a peer are equally long: those of one length are encoded together.
    for places, matrix in _by_length(columns):
        for place, head, planes in zip(places, *_encode_matrix(matrix), strict=True):
            heads[place], of_columns[place] = head, planes
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
    columns: list[list[int]] = [[] for _ in heads]
    shapes: dict[tuple[int, int], list[int]] = {}
    for place, (count, order, *_) in enumerate(heads):
        shapes.setdefault((count, order), []).append(place)
    for (count, order), places in shapes.items():
        starts = [heads[place][3:] for place in places]
        found_planes = [of_columns[place] for place in places]
        for place, numbers in zip(
            places, _decode_matrix(count - order, starts, found_planes), strict=True
        ):
            columns[place] = numbers
    return columns


def _by_length(columns: Sequence[Sequence[int]]) -> "list[tuple[list[int], Matrix]]":
    """The columns of each length as the rows of a matrix, with their places."""
    import numpy as np  # noqa: PLC0415 - numpy

    places: dict[int, list[int]] = {}
    for place, column in enumerate(columns):
        places.setdefault(len(column), []).append(place)
    return [
        (found, np.array([columns[place] for place in found], dtype=np.int64))
        for found in places.values()
    ]


def _encode_matrix(numbers: "Matrix") -> tuple[list[Head], list[list[bytes]]]:
    """The heads and planes of columns of one length, which are the rows of the matrix."""
    import numpy as np  # noqa: PLC0415 - numpy

    count = numbers.shape[1]
    once = np.diff(numbers)
    twice = np.diff(once)
    is_twice = _bits(twice) < _bits(once[:, 1:]) if count > 2 else np.zeros(len(numbers), bool)
    zigzag_once, zigzag_twice = _zigzag(once), _zigzag(twice)
    heads: list[Head] = []
    planes: list[list[bytes]] = []
    for row, order_is_two in enumerate(is_twice.tolist()):
        starts = [int(numbers[row, 0])]
        rest = zigzag_once[row]
        if order_is_two:
            starts.append(int(once[row, 0]))
            rest = zigzag_twice[row]
        width = (int(rest.max(initial=0)).bit_length() + 7) // 8
        shuffled = rest.view(np.uint8).reshape(-1, _BYTES).T if width else rest
        planes.append([shuffled[level].tobytes() for level in range(width)])
        heads.append([count, len(starts), width, *starts])
    return heads, planes


def _bits(numbers: "Matrix") -> Any:
    """About how many bits the numbers of each row have."""
    import numpy as np  # noqa: PLC0415 - numpy

    return np.log2(np.abs(numbers) + 1.0).sum(axis=1)


def _zigzag(numbers: "Matrix") -> "npt.NDArray[np.uint64]":
    """The sign moved to the lowest bit, so that the high bytes of small numbers are zero."""
    import numpy as np  # noqa: PLC0415 - numpy

    return ((numbers << 1) ^ (numbers >> 63)).view(np.uint64).astype("<u8", order="C", copy=False)


def _decode_matrix(
    length: int, starts: Sequence[Sequence[int]], planes: Sequence[Sequence[bytes]]
) -> list[list[int]]:
    """Columns with so many deltas each, whose planes come with the highest first."""
    import numpy as np  # noqa: PLC0415 - numpy

    shuffled = np.zeros((len(planes), length, _BYTES), dtype=np.uint8)
    for row, found in enumerate(planes):
        for level, plane in enumerate(reversed(found)):
            shuffled[row, :, level] = np.frombuffer(plane, dtype=np.uint8)
    zigzag = shuffled.reshape(len(planes), -1).view("<u8").reshape(len(planes), length)
    rest = (zigzag >> 1).astype(np.int64) ^ -(zigzag & 1).astype(np.int64)
    firsts = np.array(starts, dtype=np.int64)
    for column in range(firsts.shape[1] - 1, -1, -1):
        rest = np.cumsum(np.concatenate([firsts[:, column : column + 1], rest], axis=1), axis=1)
    decoded: list[list[int]] = rest.tolist()
    return decoded
