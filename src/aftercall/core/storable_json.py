"""Repair of JSON whose writer got a text or a number wrong, without loss of the rest.

A text can hold characters that no database stores: NUL, half of a surrogate pair (as an escape, or
as three bytes in the manner of CESU-8), bytes that are no UTF-8. Each is replaced by U+FFFD, the
replacement character (Unicode, chapter 23.8). Numbers that JSON cannot express or no double can
hold become `null`.
"""

import re
from collections.abc import Callable
from math import isfinite
from typing import Final, TypeVar

import msgspec

T = TypeVar("T")

REPLACEMENT: Final = "\ufffd"
DEEPEST: Final = 100
"""The levels of arrays and objects that are read; deeper values become `null`."""

LARGEST: Final = 2_097_152
"""The size in bytes up to which a body is repaired in all ways, which costs up to half a second a
megabyte."""

UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""The errors that decoders raise for bytes that are no JSON."""

_DOUBTFUL: Final = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_PAIR: Final = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")
_HALF: Final = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
_ESCAPE: Final = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(?P<bad>u0000|u[dD][89a-fA-F][0-9a-fA-F]{2})"
    r"|.)",
    re.DOTALL,
)
_TEXT: Final = r'"(?:[^"\\]|\\.)*+"'
_DOUBTFUL_TOKEN: Final = re.compile(
    _TEXT
    + r"|[-+]?\b(?:NaN|nan|Infinity|infinity|Inf|inf)\b"
    + r"|-?\b[0-9]++(?:\.[0-9]++)?[eE][-+]?[0-9]++",
    re.DOTALL,
)
_BRACKET: Final = re.compile(_TEXT + r"|[\[{\]}]", re.DOTALL)
_CONTROL: Final = re.compile("[\x00-\x1f]")


def storable(text: str) -> str:
    """The text with U+FFFD for NUL and for unpaired surrogates, which no database stores."""
    kept = text.replace("\0", REPLACEMENT)
    return (
        kept
        if kept.isascii()
        else kept.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    )


def read_json(body: bytes, decode: Callable[[bytes], T]) -> T:
    """The result of `decode` for a body; if the body is no JSON, for the repaired body.

    Raises what `decode` raises for the repaired body.
    """
    plain = storable_json(body)
    try:
        return decode(plain)
    except UNREADABLE as error:
        if isinstance(error, msgspec.ValidationError) and "out of range" not in str(error):
            raise
    return decode(readable_json(body))


def storable_json(body: bytes) -> bytes:
    """The JSON with U+FFFD for escapes of characters that no database stores. A body without such
    escapes is returned unchanged, and the check costs next to nothing."""
    # Searching for one byte is many times as fast as searching for two.
    if b"\\" not in body or b"\\u" not in body or _DOUBTFUL.search(body) is None:
        return body
    return _mended_escapes(_decoded(body)).encode()


def readable_json(body: bytes) -> bytes:
    """The JSON with everything repaired that can be: escapes, bytes, control characters within
    texts, numbers, depth. The result may still be no JSON."""
    text = _decoded(body.removeprefix(b"\xef\xbb\xbf").rstrip(b"\0"))
    if len(body) > LARGEST:
        return _mended_escapes(text).encode()
    return _shallow(_DOUBTFUL_TOKEN.sub(_mended, text)).encode()


def _shallow(text: str) -> str:
    """The JSON with `null` for values deeper than `DEEPEST` levels."""
    pieces: list[str] = []
    depth = kept_to = 0
    for token in _BRACKET.finditer(text):
        if token[0] in "[{":
            depth += 1
            if depth == DEEPEST + 1:
                pieces += [text[kept_to : token.start()], "null"]
        elif token[0] in "]}":
            if depth == DEEPEST + 1:
                kept_to = token.end()
            depth -= 1
    return "".join([*pieces, text[kept_to:]]) if pieces and depth <= DEEPEST else text


def _decoded(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        whole = _PAIR.sub(lambda pair: _joined(pair[0]), body)
        return _HALF.sub(REPLACEMENT.encode(), whole).decode("utf-8", "replace")


def _joined(pair: bytes) -> bytes:
    halves = pair.decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass")
    return halves.decode("utf-16").encode()


def _mended(token: re.Match[str]) -> str:
    text = token[0]
    if text[0] == '"':
        return _mended_escapes(_CONTROL.sub(_escape, text))
    return text if isfinite(float(text)) else "null"


def _escape(control: re.Match[str]) -> str:
    return "\\ufffd" if control[0] == "\0" else f"\\u{ord(control[0]):04x}"


def _mended_escapes(text: str) -> str:
    return _ESCAPE.sub(lambda each: "\\ufffd" if each["bad"] else each[0], text)
