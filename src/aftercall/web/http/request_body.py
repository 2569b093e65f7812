"""Reading request bodies within bounds, as they are and decompressed."""

import gzip
import io
import zlib
from typing import Any, Final

import zstandard
from litestar.types import Receive, Scope

from aftercall.core.errors import Malformed, TooLarge

_CHUNK: Final = 65_536


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """The request's headers, names in lower case; of a repeated one, the last."""
    headers: Any = scope["headers"]
    return dict(headers)


async def read_body(
    receive: Receive, headers: dict[bytes, bytes], *, largest: int, largest_inflated: int
) -> bytes:
    """The whole body, decompressed.

    Raises `Malformed` for one that is too large before or after decompression (413), whose
    encoding is unknown, or that does not decompress.
    """
    declared = headers.get(b"content-length", b"")
    if declared.isdigit() and int(declared) > largest:
        raise _too_large(largest)
    chunks: list[bytes] = []
    size = 0
    while True:
        message: Any = await receive()
        if message["type"] == "http.disconnect":
            raise Malformed("The connection ended before the body did.", code="disconnected")
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > largest:
            raise _too_large(largest)
        chunks.append(chunk)
        if not message.get("more_body", False):
            break
    body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
    encoding = headers.get(b"content-encoding", b"").strip().lower()
    return inflated(body, encoding, largest_inflated)


def inflated(body: bytes, encoding: bytes, largest: int) -> bytes:
    """A body decompressed, never beyond `largest` bytes, whatever it claims to hold."""
    if encoding in (b"", b"identity"):
        if len(body) > largest:
            raise _too_large(largest)
        return body
    try:
        if encoding == b"gzip":
            plain = _read(gzip.GzipFile(fileobj=io.BytesIO(body)), largest)
        elif encoding == b"zstd":
            plain = _read(zstandard.ZstdDecompressor().stream_reader(body), largest)
        else:
            raise Malformed(
                "The content-encoding must be gzip or zstd, or left out.", code="bad_encoding"
            )
    except (OSError, EOFError, zlib.error, zstandard.ZstdError):
        raise Malformed(
            "The body does not decompress by its content-encoding.", code="bad_encoding"
        ) from None
    if len(plain) > largest:
        raise _too_large(largest)
    return plain


def _read(stream: Any, largest: int) -> bytes:
    plain: bytes = stream.read(largest + 1)
    while len(plain) <= largest and (more := stream.read(_CHUNK)):
        plain += more
    return plain


def _too_large(largest: int) -> Malformed:
    return TooLarge(f"The body is larger than {largest} bytes.", code="too_large")
