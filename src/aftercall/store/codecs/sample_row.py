"""A sample's JSON as stored in its row: compressed by itself, with a dictionary.

Most of a sample are names of members, which all samples have in common. The dictionary holds them,
which halves both the row and the time to compress it. A row names its dictionary by number; rows
of number 0 need none.
"""

import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import zstandard

LEVEL: Final = 3
"""zstd level of a sample: higher ones cost the intake more than they save."""

WRITTEN_WITH: Final = 40_001
"""The dictionary of new rows. Dictionaries of older rows stay in the folder."""

_FOLDER: Final = Path(__file__).with_name("dictionaries")
_of_thread: Final = threading.local()
"""A compressor, and a decompressor for each dictionary, serve one thread at a time."""


def compress_all(bodies: Sequence[bytes]) -> list[bytes]:
    """Compress bodies, none of them empty, each by itself. The interpreter lock is released once
    for all of them."""
    compressor: Any = getattr(_of_thread, "compressor", None)
    if compressor is None:
        dictionary = _dictionary(WRITTEN_WITH)
        compressor = _of_thread.compressor = zstandard.ZstdCompressor(
            level=LEVEL, dict_data=dictionary
        )
    return [each.tobytes() for each in compressor.multi_compress_to_buffer(list(bodies))]


def decompress(row: bytes) -> bytes:
    """The JSON of a row."""
    number = zstandard.get_frame_parameters(row).dict_id
    known: dict[int, zstandard.ZstdDecompressor] = _of_thread.__dict__.setdefault("known", {})
    if number not in known:
        known[number] = zstandard.ZstdDecompressor(dict_data=_dictionary(number))
    return known[number].decompress(row)


@cache
def _dictionary(number: int) -> zstandard.ZstdCompressionDict | None:
    if number == 0:
        return None
    dictionary = zstandard.ZstdCompressionDict((_FOLDER / f"samples-{number}.zdict").read_bytes())
    dictionary.precompute_compress(level=LEVEL)
    return dictionary
