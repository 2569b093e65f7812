"""A report's JSON as it lies in its row: compressed by itself."""

import threading
from collections.abc import Sequence
from typing import Any, Final

import zstandard

LEVEL: Final = 3
"""zstd level of a report: higher ones cost the intake more than they save."""

_local: Final = threading.local()
"""A compressor serves one thread at a time."""

decompress: Final = zstandard.ZstdDecompressor().decompress


def compress_all(bodies: Sequence[bytes]) -> list[bytes]:
    """Bodies compressed, each by itself; the interpreter is let go of once for all of them."""
    compressor: Any = getattr(_local, "compressor", None)
    if compressor is None:
        compressor = _local.compressor = zstandard.ZstdCompressor(level=LEVEL)
    return [each.tobytes() for each in compressor.multi_compress_to_buffer(list(bodies))]
