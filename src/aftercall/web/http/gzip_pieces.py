"""Answers put together from long pieces, which are written or inflated in a thread. To a client
that takes gzip the pieces go deflated; to another plain, those that are stored deflated one at a
time, each while the one before is on its way.

Inflated pieces stay in memory until their reader has them all. Where many do, further readers get
theirs inflated bit by bit.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from typing import Any, ClassVar, Final

from isal import isal_zlib
from litestar.types import Receive, Scope, Send

from aftercall.service.reports.deflate import END, DeflatedJson
from aftercall.web.http.request_body import headers_of

IN_A_THREAD_FROM: Final = 4 << 20
"""Bytes of a piece that are too many to be inflated between two requests."""

STEP: Final = 262_144
"""Bytes that are handed on at a time."""

MOST_HELD: Final = 64 << 20
"""Bytes of inflated pieces in memory, of all answers together; chosen: six reports of an hour."""

_GZIP_HEAD: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
"""RFC 1952: DEFLATE, no name, no time, no system."""

_WORD: Final = 0xFFFFFFFF


class PiecewiseResponse:
    """JSON with status 200, as an ASGI application. The same piece may occur several times."""

    held: ClassVar[int] = 0
    """Bytes of inflated pieces that the answers of this process keep."""

    def __init__(
        self,
        pieces: Sequence[bytes | DeflatedJson],
        *,
        in_a_thread_from: int = IN_A_THREAD_FROM,
        step: int = STEP,
        most_held: int = MOST_HELD,
    ) -> None:
        self._in_a_thread_from = in_a_thread_from
        self._step = step
        self._most_held = most_held
        texts = {id(piece): _text(piece) for piece in pieces}
        self._texts = [texts[id(piece)] for piece in pieces]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        accepted = headers_of(scope).get(b"accept-encoding", b"").decode("latin-1")
        headers = [(b"content-type", b"application/json"), (b"vary", b"accept-encoding")]
        await self._write(is_gzip=takes_gzip(accepted))
        if takes_gzip(accepted):
            headers.append((b"content-encoding", b"gzip"))
            size, parts = self._gzip_size(), self._gzip()
        else:
            size, parts = sum(text.size for text in self._texts), self._plain()
        headers.append((b"content-length", str(size).encode()))
        start: Any = {"type": "http.response.start", "status": 200, "headers": headers}
        await send(start)
        async with aclosing(parts):
            async for part in parts:
                for place in range(0, len(part), self._step):
                    step = part[place : place + self._step] if len(part) > self._step else part
                    body: Any = {"type": "http.response.body", "body": step, "more_body": True}
                    await send(body)
        last: Any = {"type": "http.response.body", "body": b"", "more_body": False}
        await send(last)

    async def _write(self, *, is_gzip: bool) -> None:
        """Have the pieces written whose JSON does not exist yet: an answer begins with its size."""
        unwritten = {id(text): text for text in self._texts if not text.is_written}
        if not unwritten:
            return
        is_kept = not is_gzip and PiecewiseResponse.held <= self._most_held // 2
        await asyncio.to_thread(_write_all, unwritten.values(), is_deflated=not is_kept)

    async def _plain(self) -> AsyncGenerator[bytes, None]:
        size = sum({id(text): text.size for text in self._texts}.values())
        if PiecewiseResponse.held and PiecewiseResponse.held + size > self._most_held:
            for text in self._texts:
                for part in text.inflated_by(self._step):
                    yield part
            return
        PiecewiseResponse.held += size
        try:
            for text in self._texts:
                if text.size >= self._in_a_thread_from:
                    yield await asyncio.to_thread(_plain, text)
                else:
                    yield text.plain
        finally:
            PiecewiseResponse.held -= size

    def _gzip_size(self) -> int:
        return len(_GZIP_HEAD) + sum(len(text.deflated) for text in self._texts) + len(END) + 8

    async def _gzip(self) -> AsyncGenerator[bytes, None]:
        crc32 = size = 0
        yield _GZIP_HEAD
        for text in self._texts:
            yield text.deflated
            crc32 = isal_zlib.crc32_combine(crc32, text.crc32, text.size)
            size += text.size
        yield END + crc32.to_bytes(4, "little") + (size & _WORD).to_bytes(4, "little")


def takes_gzip(accept_encoding: str) -> bool:
    """Whether a client that sends this `Accept-Encoding` takes gzip (RFC 9110 section 12.5.3)."""
    weights: dict[str, bool] = {}
    for each in accept_encoding.split(","):
        coding, _, parameter = each.partition(";")
        name, _, weight = parameter.partition("=")
        is_refused = name.strip().lower() == "q" and not weight.strip().strip("0.")
        weights[coding.strip().lower()] = not is_refused
    return weights.get("gzip", weights.get("*", False))


def _write_all(texts: Iterable[DeflatedJson], *, is_deflated: bool) -> None:
    for text in texts:
        if is_deflated:
            text.deflate()
        else:
            _ = text.plain


def _plain(text: DeflatedJson) -> bytes:
    return text.plain


def _text(piece: bytes | DeflatedJson) -> DeflatedJson:
    return DeflatedJson(piece) if isinstance(piece, bytes) else piece
