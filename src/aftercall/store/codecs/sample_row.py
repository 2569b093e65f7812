"""The samples of a row: their JSON, compressed with a dictionary.

Most of a sample are names of members, which all samples have in common. The dictionary holds them,
which halves both the row and the time to compress it. A row names its dictionary by number; rows
of number 0 need none. A row of four samples takes a third less than four rows: the later ones
repeat the first but for their counters.
"""

import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import zstandard

LEVEL: Final = 3
"""zstd level of a sample: higher ones cost the intake more than they save."""

WRITTEN_WITH: Final = 40_001
"""The dictionary of new rows. Dictionaries of older rows stay in the folder."""

_FOLDER: Final = Path(__file__).with_name("dictionaries")
_SEVERAL: Final = b"["
"""Begins the text of several samples; a single one is an object."""

_NEXT: Final = b"],["
"""Between two samples; bodies are objects with lists of objects."""

_of_thread: Final = threading.local()
"""A compressor, and a decompressor for each dictionary, serve one thread at a time."""


class SampleBody(NamedTuple):
    """A sample of a row; `body` is a JSON object."""

    sequence: int
    at: int
    body: msgspec.Raw


_several: Final = msgspec.json.Decoder(list[SampleBody])


def join(samples: Sequence[tuple[int, int, bytes]]) -> bytes:
    """The text of a row of samples, each `(sequence, at, body)`. A single one is its body alone:
    the row's columns hold the rest."""
    if len(samples) == 1:
        return samples[0][2]
    return b"[%b]" % b",".join([b"[%d,%d,%b]" % sample for sample in samples])


def split(text: bytes, sequence: int, at: int) -> list[SampleBody]:
    """The inverse of `join`; `sequence` and `at` are the row's."""
    if text.startswith(_SEVERAL):
        return _several.decode(text)
    return [SampleBody(sequence, at, msgspec.Raw(text))]


def first_and_last(text: bytes) -> tuple[bytes, bytes] | None:
    """The bodies of the first and the last sample of a row; `None` if it holds one. Cut out where
    `join` put the commas, in a tenth of the time of `split`: a body that has such a comma in one of
    its texts gives what is no JSON."""
    if not text.startswith(_SEVERAL):
        return None
    first, last = text.find(_NEXT), text.rfind(_NEXT)
    if first < 0:
        return None
    return text[text.find(b"{") : first], text[text.find(b"{", last) : -2]


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
