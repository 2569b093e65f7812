"""Request bodies are read within bounds."""

import gzip
from collections.abc import Callable
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.errors import Malformed, TooLarge
from aftercall.web.http.request_body import inflated, read_body


async def read(
    *chunks: bytes, headers: dict[bytes, bytes] | None = None, largest: int = 100
) -> bytes:
    messages = [
        {"type": "http.request", "body": chunk, "more_body": number < len(chunks) - 1}
        for number, chunk in enumerate(chunks)
    ]
    return await read_body(
        _receiver(messages), headers or {}, largest=largest, largest_inflated=largest
    )


def _receiver(messages: list[dict[str, object]]) -> Any:
    async def receive() -> dict[str, object]:
        return messages.pop(0)

    return receive


async def test_chunks_are_joined_to_one_body() -> None:
    assert await read(b"ab", b"", b"cd") == b"abcd"


async def test_a_body_too_large_is_refused_by_its_length_or_while_reading() -> None:
    for attempt in (
        read(b"", headers={b"content-length": b"101"}),
        read(b"a" * 60, b"b" * 60),
    ):
        with pytest.raises(Malformed) as caught:
            await attempt
        assert isinstance(caught.value, TooLarge)


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [(b"gzip", gzip.compress), (b"zstd", zstandard.ZstdCompressor().compress)],
)
def test_a_decompression_bomb_is_refused(
    encoding: bytes, compress: Callable[[bytes], bytes]
) -> None:
    bomb = compress(b"\0" * 50_000_000)
    assert len(bomb) < 60_000
    with pytest.raises(Malformed) as caught:
        inflated(bomb, encoding, 1_000_000)
    assert isinstance(caught.value, TooLarge)


def test_an_invalid_compression_is_refused_as_malformed() -> None:
    for encoding in (b"gzip", b"zstd", b"br"):
        with pytest.raises(Malformed) as caught:
            inflated(b"neither", encoding, 100)
        assert caught.value.code == "bad_encoding"


@given(st.binary(max_size=2_000))
def test_compressed_bodies_are_decompressed(body: bytes) -> None:
    assert inflated(gzip.compress(body), b"gzip", 2_000) == body
    assert inflated(zstandard.ZstdCompressor().compress(body), b"zstd", 2_000) == body
    assert inflated(body, b"", 2_000) == body


@given(st.binary(max_size=300), st.sampled_from([b"gzip", b"zstd"]))
def test_any_bytes_decompress_or_are_malformed(body: bytes, encoding: bytes) -> None:
    try:
        assert len(inflated(body, encoding, 500)) <= 500
    except Malformed as error:
        assert error.code in ("bad_encoding", "too_large")
