"""Dumps that are a JSON value a line."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from aftercall.core.storable_json import UNREADABLE, readable_json
from aftercall.ingest.dumps.dump_bytes import DumpBytes
from aftercall.ingest.dumps.entries import BadDump

LONGEST_LINE: Final = 16 * 1024**2
"""Chosen: the whole report of a conference of a thousand streams has four megabytes."""

MOST_REPAIRS: Final = 8 * 1024**2
"""Bytes of lines that are no JSON until further ones are not repaired; a megabyte takes up to half
a second."""

BROKEN: Final = object()
"""Stands for a line that is no JSON."""


def read_lines(data: DumpBytes) -> Iterator[Any]:
    """The values of the lines; `BROKEN` for one that cannot be read. Empty lines are skipped."""
    repairs = 0
    for line in _split(data):
        if line.strip():
            try:
                yield msgspec.json.decode(line)
            except UNREADABLE:
                repairs += len(line)
                yield _repaired(line) if repairs <= MOST_REPAIRS else BROKEN


def _repaired(line: bytes) -> Any:
    try:
        return msgspec.json.decode(readable_json(line))
    except UNREADABLE:
        return BROKEN


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
