"""Dumps that are a JSON value a line."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from aftercall.core.storable_json import UNREADABLE
from aftercall.ingest.dumps.dump_bytes import DumpBytes
from aftercall.ingest.dumps.entries import BadDump

LONGEST_LINE: Final = 16 * 1024**2
"""Chosen: the whole report of a conference of a thousand streams has four megabytes."""

BROKEN: Final = object()
"""Stands for a line that is no JSON."""


def read_lines(data: DumpBytes) -> Iterator[Any]:
    """The values of the lines; `BROKEN` for one that cannot be read. Empty lines are skipped."""
    for line in _split(data):
        if line.strip():
            try:
                yield msgspec.json.decode(line)
            except UNREADABLE:
                yield BROKEN


def decode_text(text: str) -> Any:
    """The value in a text that is JSON, as Chrome writes states and descriptions; else the text."""
    if text[:1] in ("{", "[", '"'):
        try:
            return msgspec.json.decode(text)
        except (*UNREADABLE, UnicodeEncodeError):
            return text
    return text


def _split(data: DumpBytes) -> Iterator[bytes]:
    rest: list[bytes] = []
    length = 0
    while chunk := data.read():
        first, *others = chunk.split(b"\n")
        rest.append(first)
        length += len(first)
        if length > LONGEST_LINE:
            raise BadDump(f"A line of the dump is longer than {LONGEST_LINE // 1024**2} MB.")
        if others:
            yield b"".join(rest)
            yield from others[:-1]
            rest, length = [others[-1]], len(others[-1])
    if length:
        yield b"".join(rest)
