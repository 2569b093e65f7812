"""The text of an uploaded file, and errors that name its lines."""

import codecs
from typing import Final

from aftercall.core.errors import Malformed, TooLarge
from aftercall.core.storable_json import storable

MOST_BREAKS: Final = 1_000_000
"""Lines of a file, empty ones included."""

LONGEST_TEXT: Final = 65_536
"""Characters of one line of a transcript."""

LONGEST_NAME: Final = 256
"""Characters of a speaker's name or id."""

_LOOKED_AT: Final = 400
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode_text(file: bytes) -> str:
    """The text of a file in UTF-8 or UTF-16, without a byte order mark; what no database stores is
    U+FFFD. Raises `Malformed` for another encoding, `TooLarge` for too many lines."""
    encoding = next((name for bom, name in _BOMS if file.startswith(bom)), None)
    try:
        text = file.decode(encoding or _guessed(file))
    except UnicodeDecodeError as error:
        number = file[: error.start].count(b"\n") + 1
        raise bad_line(number, "it is neither UTF-8 nor UTF-16") from error
    if text.count("\n") + text.count("\r") > MOST_BREAKS:
        raise TooLarge(f"The file has more than {MOST_BREAKS:,} lines.", code="too_large")
    return storable(text)


def _guessed(file: bytes) -> str:
    """UTF-16 without a mark has a NUL in every second byte of what is written in Latin letters."""
    start = file[:_LOOKED_AT]
    for name, first in (("utf-16-be", 0), ("utf-16-le", 1)):
        if len(start) >= 4 and start[first::2].count(0) > len(start) / 4 > start[
            1 - first :: 2
        ].count(0):
            return name
    return "utf-8"


def bad_line(number: int, problem: str) -> Malformed:
    """The error for a line of the file, numbered from 1."""
    return Malformed(f"Line {number}: {problem}.", code="bad_transcript")


def checked_text(text: str, number: int) -> str:
    """The text. Raises `Malformed` for one that is too long."""
    if len(text) > LONGEST_TEXT:
        raise bad_line(number, f"a text of more than {LONGEST_TEXT:,} characters")
    return text


def checked_name(name: str, number: int) -> str:
    """The name or id. Raises `Malformed` for one that is too long."""
    if len(name) > LONGEST_NAME:
        raise bad_line(number, f"a speaker's name or id of more than {LONGEST_NAME} characters")
    return name
