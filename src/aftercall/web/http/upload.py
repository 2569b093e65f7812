"""Uploads: the files of a request's body, one as it is or several as `multipart/form-data`, passed
on while they come in."""

from collections.abc import AsyncIterator
from typing import Any, Final, Protocol

from litestar import Request
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from aftercall.core.errors import Malformed

_MULTIPART: Final = "multipart/form-data"
_MOST_PARTS: Final = 1_000
"""Parts of a body; what takes them has a lower limit of its own."""


class Files(Protocol):
    """Takes files one after the other."""

    async def begin_file(self, name: str) -> None: ...

    async def write(self, chunk: bytes) -> None: ...

    async def end_file(self) -> None: ...


async def receive_files(
    chunks: AsyncIterator[bytes], content_type: str, file_name: str, files: Files
) -> None:
    """Pass the files of a body on; one that is not multipart is a single file with this name.

    Raises `Malformed` for a body that is no valid multipart, and for a part that is no file.
    """
    kind, options = parse_options_header(content_type)
    if kind != _MULTIPART:
        await files.begin_file(file_name)
        async for chunk in chunks:
            await files.write(chunk)
        await files.end_file()
        return
    try:
        parser = PushMultipartParser(options.get("boundary", ""), max_segment_count=_MOST_PARTS)
        async for chunk in chunks:
            if chunk:
                await _pass_on(parser, chunk, files)
        parser.close()
    except (MultipartError, ValueError) as error:
        message = "The body is no valid multipart/form-data"
        raise Malformed(message, code="bad_multipart") from error


async def _pass_on(parser: PushMultipartParser, chunk: bytes, files: Files) -> None:
    for event in parser.parse(chunk):
        if isinstance(event, MultipartSegment):
            if not event.filename:
                message = "Each part of the body must be a file; options belong into the query"
                raise Malformed(message, code="bad_multipart")
            await files.begin_file(event.filename)
        elif event is None:
            await files.end_file()
        else:
            await files.write(bytes(event))


def declared_bytes(request: Request[Any, Any, Any]) -> int | None:
    """The length of the body, if the request declares one."""
    text = request.headers.get("content-length", "")
    return int(text) if text.isdecimal() and len(text) < 20 else None
