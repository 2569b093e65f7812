"""JSON deflated (RFC 1951), as it is sent to most clients.

Each text ends on a byte boundary and marks no end of the stream, so that several of them, one
after the other, are one stream again: a text that occurs twice in a gzip answer is deflated once,
and one that is stored deflated not at all.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Final, NamedTuple

from isal import isal_zlib

from aftercall.core.errors import Bug

LEVEL: Final = 2
"""For JSON that is deflated for one answer."""

END: Final = b"\x03\x00"
"""An empty last block, which ends a stream."""

_RAW: Final = -15
"""zlib's value for no header and a window of 32 KB."""


class _Deflated(NamedTuple):
    """A text's length, its checksum (as in RFC 1952) and its deflated form."""

    size: int
    crc32: int
    deflated: bytes


def _deflated(pieces: Iterable[bytes | memoryview]) -> _Deflated:
    """The text that these pieces are."""
    packer = isal_zlib.compressobj(LEVEL, isal_zlib.DEFLATED, _RAW)
    size = crc32 = 0
    parts: list[bytes] = []
    for piece in pieces:
        size += len(piece)
        crc32 = isal_zlib.crc32(piece, crc32)
        parts.append(packer.compress(piece))
    return _Deflated(size, crc32, b"".join([*parts, packer.flush(isal_zlib.Z_FULL_FLUSH)]))


class DeflatedJson:
    """A piece of JSON, plain or deflated; the other form is computed on first use."""

    def __init__(self, plain: bytes | None = None) -> None:
        if plain is not None:
            self.plain = plain
        self._write: Callable[[], Iterable[bytes | memoryview]] | None = None

    @classmethod
    def from_deflated(cls, deflated: bytes, *, size: int, crc32: int) -> "DeflatedJson":
        """The inverse of `deflated`, `size` and `crc32`."""
        text = cls()
        text.deflated, text.size, text.crc32 = deflated, size, crc32
        return text

    @classmethod
    def from_writer(cls, write: Callable[[], Iterable[bytes | memoryview]]) -> "DeflatedJson":
        """A text that is written on first use, in pieces. `write` may raise `Bug`."""
        text = cls()
        text._write = write
        return text

    @property
    def is_written(self) -> bool:
        """Whether one of its forms is there already."""
        return "plain" in self.__dict__ or "deflated" in self.__dict__

    def deflate(self) -> None:
        """Write the deflated form, without keeping the plain one for it."""
        if self.is_written or self._write is None:
            _ = self.deflated
            return
        self.size, self.crc32, self.deflated = _deflated(self._write())

    @cached_property
    def plain(self) -> bytes:
        """Raises `Bug` for bytes that `deflated` did not make."""
        if self._write is not None and not self.is_written:
            return b"".join(self._write())
        try:
            plain = zlib.decompress(self.deflated + END, wbits=_RAW, bufsize=self.size)
        except zlib.error as error:
            raise Bug("A stored text cannot be inflated.", code="report_unreadable") from error
        if len(plain) != self.size:
            raise Bug("A stored text is not as long as it was.", code="report_unreadable")
        return plain

    def inflated_by(self, step: int) -> Iterator[bytes]:
        """The plain JSON in parts of at most `step` bytes, which are not kept."""
        if "plain" in self.__dict__:
            yield from (self.plain[at : at + step] for at in range(0, self.size, step))
            return
        self.deflate()
        inflating = zlib.decompressobj(wbits=_RAW)
        rest = self.deflated
        while part := inflating.decompress(rest, step):
            yield part
            rest = inflating.unconsumed_tail

    @cached_property
    def deflated(self) -> bytes:
        """The text without an end of the stream; put `END` after the last one."""
        return _deflated([self.plain]).deflated

    @cached_property
    def size(self) -> int:
        """Bytes of the plain text."""
        return len(self.plain)

    @cached_property
    def crc32(self) -> int:
        """Of the plain text, as in RFC 1952."""
        return isal_zlib.crc32(self.plain)
