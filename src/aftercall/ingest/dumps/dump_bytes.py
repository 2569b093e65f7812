"""The bytes of a dump: uncompressed, within bounds, with their hash."""

import re
import zlib
from codecs import IncrementalDecoder, getincrementaldecoder
from hashlib import sha256
from typing import Final, Protocol

import zstandard

from aftercall.ingest.dumps.entries import BadDump

CHUNK: Final = 65_536
MOST_BYTES: Final = 2 * 1024**3
"""Uncompressed bytes of a dump that are read. Chosen: four times the largest one that was heard
of."""

FREE_BYTES: Final = 64 * 1024**2
MOST_RATIO: Final = 200
"""Beyond `FREE_BYTES`, a file that grows by more is a bomb: a dump grows by 10 to 40."""

MOST_TEXT: Final = 8 * 1024**2
"""The longest text. Chosen: an SDP of a large conference has some hundred kilobytes."""

_MOST_AT_ONCE: Final = 1024**2
GZIP: Final = b"\x1f\x8b"
ZSTD: Final = b"\x28\xb5\x2f\xfd"
_MARK: Final = b"\xef\xbb\xbf"
"""The byte order mark of UTF-8."""

_FIRST: Final = (b"{", b"[", b"R", b"<")
"""How the text of a dump begins, or of a page."""

_WINDOW: Final = 2**23
"""The memory that a zstd frame may ask for: 8 MB, what every decoder must have by RFC 8878."""

_QUOTE: Final = re.compile(rb'(?<!\\)"')


def _has_quote(data: bytes) -> bool:
    """Whether there is a quotation mark that is not escaped. Long numbers have none: `find` is ten
    times as fast on them as the expression."""
    at = data.find(b'"')
    if at < 0:
        return False
    return at == 0 or data[at - 1 : at] != b"\\" or _QUOTE.search(data, at) is not None


def _wide_encoding(head: bytes | bytearray) -> str | None:
    """The encoding of a text in UTF-16, by its mark or by the zeros beside its first letter."""
    for encoding, mark, letter in (("utf-16-le", b"\xff\xfe", 0), ("utf-16-be", b"\xfe\xff", 1)):
        zero = head[1 - letter : 2 - letter]
        if head.startswith(mark) or (zero == b"\0" and head[letter : letter + 1] in _FIRST):
            return encoding
    return None


class Readable(Protocol):
    """A file that is open for reading."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; none at the end."""


class DumpBytes:
    """Reads a file that may be compressed. Raises `BadDump` for one that is too large, a bomb, or
    broken from the start."""

    def __init__(self, file: Readable, *, most_bytes: int = MOST_BYTES) -> None:
        self._file = file
        self._most_bytes = most_bytes
        self._hash = sha256()
        self._pending = bytearray()
        self._is_done = False
        self._since_quote = 0
        self.read_bytes = 0
        """Of the file."""
        self.size = 0
        """Uncompressed."""
        self.is_cut = False
        """Whether the compressed data ended before their end."""
        self._wide: IncrementalDecoder | None = None
        """Decodes a text in UTF-16, as programs of Windows save it."""
        first = self._take()
        self._gzip = zlib.decompressobj(31) if first.startswith(GZIP) else None
        self._zstd = None
        if first.startswith(ZSTD):
            self._zstd = zstandard.ZstdDecompressor(max_window_size=_WINDOW).decompressobj()
        self._feed(first)
        while len(self._pending) < 4_096 and not self._is_done:
            self._fill()
        if self._pending.startswith(_MARK):
            del self._pending[: len(_MARK)]
        elif encoding := _wide_encoding(self._pending):
            self._wide = getincrementaldecoder(encoding)("replace")
            self._pending[:] = self._narrow(bytes(self._pending)).removeprefix(_MARK)

    @property
    def digest(self) -> str:
        """The hash of what was read so far, uncompressed."""
        return self._hash.hexdigest()

    def peek(self, size: int = 4_096) -> bytes:
        """The bytes to come, without taking them."""
        return bytes(self._pending[:size])

    def read(self, size: int = CHUNK) -> bytes:
        """The next bytes, uncompressed; none at the end."""
        while not self._pending and not self._is_done:
            self._fill()
        taken = bytes(self._pending[:size])
        del self._pending[:size]
        return taken

    def _take(self) -> bytes:
        chunk = self._file.read(CHUNK)
        self.read_bytes += len(chunk)
        if not chunk:
            self._is_done = True
        return chunk

    def _fill(self) -> None:
        self._feed(self._take())

    def _feed(self, chunk: bytes) -> None:
        decoder = self._gzip or self._zstd
        if decoder is None:
            self._add(chunk)
            return
        if not chunk:
            self.is_cut = not decoder.eof
            return
        try:
            if self._zstd is not None:
                self._expand(chunk)
            else:
                self._inflate(chunk)
        except (zlib.error, zstandard.ZstdError) as error:
            if self.size == 0:
                raise BadDump("The compressed file cannot be read.") from error
            self.is_cut = self._is_done = True

    def _inflate(self, chunk: bytes) -> None:
        """Decompress a part of a gzip file, which may have several members."""
        while chunk and self._gzip is not None:
            self._add(self._gzip.decompress(chunk, _MOST_AT_ONCE))
            chunk = self._gzip.unconsumed_tail
            if self._gzip.eof:
                chunk = self._gzip.unused_data
                if not chunk.startswith(GZIP):
                    return
                self._gzip = zlib.decompressobj(31)

    def _expand(self, chunk: bytes) -> None:
        """Decompress a part of a zstd file. 64 KB of it can hold gigabytes: in small pieces the
        bound stops it early."""
        for start in range(0, len(chunk), 128):
            if self._zstd is not None and not self._zstd.eof:
                self._add(self._zstd.decompress(chunk[start : start + 128]))

    def _narrow(self, data: bytes) -> bytes:
        return data if self._wide is None else self._wide.decode(data).encode()

    def _add(self, data: bytes) -> None:
        self.size += len(data)
        if self.size > self._most_bytes:
            raise BadDump(f"The dump is larger than {self._most_bytes // 1024**2} MB.")
        if self.size > FREE_BYTES and self.size > MOST_RATIO * max(self.read_bytes, 1):
            raise BadDump("The file is a bomb: it grows without end when it is uncompressed.")
        self._hash.update(data)
        data = self._narrow(data)
        self._pending += data
        if not _has_quote(data):
            self._since_quote += len(data)
        else:
            self._since_quote = 0
        if self._since_quote > MOST_TEXT:
            raise BadDump(f"A text of the dump is longer than {MOST_TEXT // 1024**2} MB.")
