"""Columns of integers as bytes that compress well: delta or delta of delta, zigzag, byte shuffle.

Counters grow evenly and gauges wander, so a column is stored as its deltas or, where those are
smaller, as the deltas of its deltas. Noise is smaller than its deltas: such a column is stored as
its distances from its median. Their bytes are shuffled into planes: high bytes are nearly all
alike, low ones are noise. Planes with as much noise stand together, and apart from others
(`store.codecs.plane_groups`).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Column = npt.NDArray[np.int64]
    Matrix = npt.NDArray[np.int64]

LARGEST: Final = 1 << 60
"""Numbers up to this, of either sign, can be encoded: the deltas of their deltas fit in 64 bits."""

_BYTES: Final = 8

Head = list[int]
"""The head of a column: how many numbers, the order of its deltas, how many planes, and the first
number (and, of order 2, the first delta); of order 0, the number that distances are from."""


def encode(columns: "Sequence[Sequence[int] | Column]") -> tuple[list[Head], list[bytes]]:
    """Encode columns, none of them empty; returns their heads, and their planes, the highest bytes
    of every column first and the lowest last."""
    heads: list[Head] = [[] for _ in columns]
    of_columns: list[list[bytes]] = [[] for _ in columns]
    # Nearly all columns of a peer are equally long: those of one length are encoded together.
    for places, matrix in _by_length(columns):
        for place, head, planes in zip(places, *_encode_matrix(matrix), strict=True):
            heads[place], of_columns[place] = head, planes
    return heads, [
        planes[-1 - level]
        for level in range(_BYTES)
        for planes in of_columns
        if len(planes) > level
    ]


def decode(heads: Sequence[Head], planes: Sequence[bytes]) -> "list[Column]":
    """The inverse of `encode`."""
    of_columns: list[list[bytes]] = [[] for _ in heads]
    left = iter(planes)
    for level in range(_BYTES):
        for (_, _, width, *_), found in zip(heads, of_columns, strict=True):
            if width > level:
                found.append(next(left))
    columns: list[Any] = [None for _ in heads]
    shapes: dict[tuple[int, int], list[int]] = {}
    for place, (count, order, *_) in enumerate(heads):
        shapes.setdefault((count, order), []).append(place)
    for (count, order), places in shapes.items():
        starts = [heads[place][3:] for place in places]
        found_planes = [of_columns[place] for place in places]
        matrix = _decode_matrix(count - order, order, starts, found_planes)
        for place, numbers in zip(places, matrix, strict=True):
            columns[place] = numbers
    return columns


def plane_lengths(heads: Sequence[Head]) -> list[int]:
    """How many bytes each plane has, in the order of `encode`."""
    return [
        count - order
        for level in range(_BYTES)
        for count, order, width, *_ in heads
        if width > level
    ]


def _by_length(columns: "Sequence[Sequence[int] | Column]") -> "list[tuple[list[int], Matrix]]":
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
    # The middle number, so that distances are as short as deltas at most.
    middles = np.partition(numbers, count // 2, axis=1)[:, count // 2]
    distances = numbers - middles[:, np.newaxis]
    orders = _orders(distances, once, twice) if count > 2 else [1] * len(numbers)
    zigzags = [_zigzag(distances), _zigzag(once), _zigzag(twice)]
    heads: list[Head] = []
    planes: list[list[bytes]] = []
    for row, order in enumerate(orders):
        starts = [int(numbers[row, 0]) if order else int(middles[row])]
        if order == 2:
            starts.append(int(once[row, 0]))
        rest = zigzags[order][row]
        width = (int(rest.max(initial=0)).bit_length() + 7) // 8
        shuffled = rest.view(np.uint8).reshape(-1, _BYTES).T if width else rest
        planes.append([shuffled[level].tobytes() for level in range(width)])
        heads.append([count, order, width, *starts])
    return heads, planes


def _orders(distances: "Matrix", once: "Matrix", twice: "Matrix") -> list[int]:
    """For each row the order of its smallest form; of equal ones, 1 before 2 before 0."""
    import numpy as np  # noqa: PLC0415 - numpy

    sizes = np.stack([_bits(once[:, 1:]), _bits(twice), _bits(distances[:, 2:])])
    orders: list[int] = np.array([1, 2, 0])[sizes.argmin(axis=0)].tolist()
    return orders


def _bits(numbers: "Matrix") -> Any:
    """About how many bits the numbers of each row have."""
    import numpy as np  # noqa: PLC0415 - numpy

    return np.log2(np.abs(numbers) + 1.0).sum(axis=1)


def _zigzag(numbers: "Matrix") -> "npt.NDArray[np.uint64]":
    """The sign moved to the lowest bit, so that the high bytes of small numbers are zero."""
    import numpy as np  # noqa: PLC0415 - numpy

    return ((numbers << 1) ^ (numbers >> 63)).view(np.uint64).astype("<u8", order="C", copy=False)


def _decode_matrix(
    length: int, order: int, starts: Sequence[Sequence[int]], planes: Sequence[Sequence[bytes]]
) -> "Matrix":
    """Columns with so many deltas each, whose planes come with the highest first."""
    import numpy as np  # noqa: PLC0415 - numpy

    shuffled = np.zeros((len(planes), length, _BYTES), dtype=np.uint8)
    for row, found in enumerate(planes):
        for level, plane in enumerate(reversed(found)):
            shuffled[row, :, level] = np.frombuffer(plane, dtype=np.uint8)
    zigzag = shuffled.reshape(len(planes), -1).view("<u8").reshape(len(planes), length)
    rest = (zigzag >> 1).astype(np.int64) ^ -(zigzag & 1).astype(np.int64)
    firsts = np.array(starts, dtype=np.int64)
    if order == 0:
        return rest + firsts
    for column in range(order - 1, -1, -1):
        rest = np.cumsum(np.concatenate([firsts[:, column : column + 1], rest], axis=1), axis=1)
    return rest
